//! Access to one match by a link and a PIN. Both are made and checked with the token secret alone:
//! nothing is stored, and any instance can check what another made.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::keys::TokenKey;

/// The life of an access when nobody says otherwise.
pub const VALID_USUAL: Duration = Duration::from_secs(7 * 24 * 3600);
/// The longest life of an access.
pub const VALID_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest life of a token that an access gets.
pub const TOKEN_TTL_MAX: Duration = Duration::from_secs(12 * 3600);

/// What the secret is used for here. No token can stand for it: what a token signs holds no space.
const PURPOSE: &[u8] = b"grandstand match access 1";
const OF_KEY: u8 = b'k';
const OF_PIN: u8 = b'p';

const END_BYTES: usize = 4;
const SALT_BYTES: usize = 8;
const CODE_BYTES: usize = 16;
const KEY_BYTES: usize = END_BYTES + SALT_BYTES + CODE_BYTES;
const PINS: u64 = 1_000_000;

/// Makes and opens accesses.
pub struct AccessSecret(hmac::Key);

/// What whoever shall score is given: the key in a link, the PIN by another way.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// 38 characters of base64url.
    pub key: String,
    /// Six digits.
    pub pin: String,
    /// When both end, in Unix seconds.
    pub end_unix_s: u64,
}

/// A key that is ours, of the match and not past its end; what remains to be shown is the PIN.
pub struct Opened {
    /// When it ends, in Unix seconds.
    pub end_unix_s: u64,
    /// A name for the access, which gives nothing away: 16 hexadecimal digits.
    pub name: String,
    pin: String,
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccessError {
    /// It was not made here for this match.
    #[error("this is no key of the match")]
    NotOurs,
    /// It was, and its time is over.
    #[error("the access has ended")]
    Ended,
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system has no random bytes to make a key of")]
pub struct NoRandomness;

impl AccessSecret {
    /// The secret of accesses that belongs to the token secret.
    pub fn new(key: &TokenKey) -> Self {
        let token_secret = hmac::Key::new(HMAC_SHA256, key.as_bytes());
        let derived = hmac::sign(&token_secret, PURPOSE);
        Self(hmac::Key::new(HMAC_SHA256, derived.as_ref()))
    }

    /// A new access to the match from `now` on, for `valid` or as long as there may be.
    pub fn make(
        &self,
        match_id: &str,
        now: SystemTime,
        valid: Duration,
    ) -> Result<Access, NoRandomness> {
        let end_unix_s = unix_s(now).saturating_add(valid.min(VALID_MAX).as_secs());
        // Seconds in 32 bits last until 2106.
        let end = u32::try_from(end_unix_s).unwrap_or(u32::MAX);
        let mut key = [0; KEY_BYTES];
        key[..END_BYTES].copy_from_slice(&end.to_be_bytes());
        getrandom::fill(&mut key[END_BYTES..END_BYTES + SALT_BYTES]).map_err(|_| NoRandomness)?;
        let (said, code) = key.split_at_mut(END_BYTES + SALT_BYTES);
        code.copy_from_slice(&self.code(OF_KEY, match_id, said)[..CODE_BYTES]);
        Ok(Access {
            pin: self.pin(match_id, said),
            key: URL_SAFE_NO_PAD.encode(key),
            end_unix_s: u64::from(end),
        })
    }

    /// Checks a key for the match at `now`.
    pub fn open(&self, match_id: &str, key: &str, now: SystemTime) -> Result<Opened, AccessError> {
        let mut bytes = [0; KEY_BYTES];
        let read = URL_SAFE_NO_PAD.decode_slice(key, &mut bytes);
        if read != Ok(KEY_BYTES) {
            return Err(AccessError::NotOurs);
        }
        let (said, code) = bytes.split_at(END_BYTES + SALT_BYTES);
        let expected = self.code(OF_KEY, match_id, said);
        verify_slices_are_equal(code, &expected[..CODE_BYTES]).map_err(|_| AccessError::NotOurs)?;
        let (end, salt) = said.split_at(END_BYTES);
        let end_unix_s = end.iter().fold(0, |end, byte| end << 8 | u64::from(*byte));
        if unix_s(now) >= end_unix_s {
            return Err(AccessError::Ended);
        }
        Ok(Opened {
            end_unix_s,
            name: salt.iter().map(|byte| format!("{byte:02x}")).collect(),
            pin: self.pin(match_id, said),
        })
    }

    /// The code of one purpose over the match and what a key says of itself. The lengths of what
    /// stands before the match are fixed, so that nothing else has the same bytes.
    fn code(&self, purpose: u8, match_id: &str, said: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[purpose]);
        context.update(said);
        context.update(match_id.as_bytes());
        let mut code = [0; 32];
        code.copy_from_slice(context.sign().as_ref());
        code
    }

    /// Of 2^64 numbers each PIN has as many as the others but for one in ten million million.
    fn pin(&self, match_id: &str, said: &[u8]) -> String {
        let code = self.code(OF_PIN, match_id, said);
        let number = code[..8]
            .iter()
            .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % PINS)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access(secret)")
    }
}

impl Access {
    /// The page's address below whatever host serves it. The secret stands in the fragment, which
    /// browsers do not send and nobody logs.
    pub fn link(&self, match_id: &str) -> String {
        format!("/#match={match_id}&key={}", self.key)
    }
}

impl Opened {
    /// Whether this is the PIN; it takes as long for every wrong one.
    pub fn has_pin(&self, pin: &str) -> bool {
        verify_slices_are_equal(pin.as_bytes(), self.pin.as_bytes()).is_ok()
    }
}

fn unix_s(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> AccessSecret {
        AccessSecret::new(&TokenKey::new(&text.repeat(40)).unwrap())
    }

    fn at(unix_s: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(unix_s)
    }

    fn why_not(secret: &AccessSecret, match_id: &str, key: &str, unix_s: u64) -> AccessError {
        match secret.open(match_id, key, at(unix_s)) {
            Ok(_) => panic!("{key} opens {match_id}"),
            Err(error) => error,
        }
    }

    #[test]
    fn any_instance_with_the_secret_opens_what_another_made() {
        let valid = Duration::from_secs(60);
        let access = secret("s").make("final", at(1_000), valid).unwrap();
        let opened = secret("s").open("final", &access.key, at(1_059)).ok();

        let opened = opened.expect("it opens");
        assert_eq!((access.end_unix_s, opened.end_unix_s), (1_060, 1_060));
        assert!(opened.has_pin(&access.pin));
        assert_eq!((access.pin.len(), access.key.len()), (6, 38));
        assert_eq!(
            access.link("final"),
            format!("/#match=final&key={}", access.key)
        );
        assert!(!opened.name.is_empty() && !access.key.contains(&opened.name));
    }

    #[test]
    fn an_access_ends_when_it_says_and_within_30_days() {
        let secret = secret("s");
        let access = secret
            .make("final", at(0), Duration::from_secs(60))
            .unwrap();
        assert!(secret.open("final", &access.key, at(59)).is_ok());
        assert_eq!(
            why_not(&secret, "final", &access.key, 60),
            AccessError::Ended
        );
        let long = secret.make("final", at(0), VALID_MAX * 2).unwrap();
        assert_eq!(long.end_unix_s, VALID_MAX.as_secs());
    }

    #[test]
    fn no_other_secret_and_no_other_match_is_opened() {
        let ours = secret("s");
        let access = ours.make("final", at(0), VALID_USUAL).unwrap();
        for (secret, match_id) in [
            (&ours, "finals"),
            (&ours, "fina"),
            (&ours, ""),
            (&secret("t"), "final"),
        ] {
            let error = why_not(secret, match_id, &access.key, 1);
            assert_eq!(error, AccessError::NotOurs, "{match_id}");
        }
    }

    #[test]
    fn a_key_that_is_cut_long_or_changed_anywhere_is_not_ours() {
        let secret = secret("s");
        let access = secret.make("final", at(0), VALID_USUAL).unwrap();
        let key = &access.key;
        for cut in 0..key.len() {
            assert_eq!(
                why_not(&secret, "final", &key[..cut], 1),
                AccessError::NotOurs
            );
        }
        for changed in [format!("{key}A"), format!("{key}="), format!("{key} ")] {
            assert_eq!(why_not(&secret, "final", &changed, 1), AccessError::NotOurs);
        }
        let bytes = URL_SAFE_NO_PAD.decode(key).unwrap();
        for (place, bit) in (0..bytes.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            let error = why_not(&secret, "final", &changed, 1);
            assert_eq!(error, AccessError::NotOurs, "byte {place}, bit {bit}");
        }
    }

    #[test]
    fn only_the_pin_of_the_key_is_right() {
        let secret = secret("s");
        let access = secret.make("final", at(0), VALID_USUAL).unwrap();
        let opened = secret.open("final", &access.key, at(1)).ok().unwrap();
        let right: Vec<u32> = (0..1_000_000)
            .filter(|pin| opened.has_pin(&format!("{pin:06}")))
            .collect();
        assert_eq!(right, [access.pin.parse::<u32>().unwrap()]);
        for wrong in ["", "0", &format!("{} ", access.pin), &access.pin[..5]] {
            assert!(!opened.has_pin(wrong), "{wrong:?}");
        }
        let pins: std::collections::BTreeSet<_> = (0..50)
            .map(|_| secret.make("final", at(0), VALID_USUAL).unwrap().pin)
            .collect();
        assert!(
            pins.len() > 40,
            "each access has a PIN of its own: {pins:?}"
        );
    }

    #[test]
    fn a_signature_of_a_token_is_no_code_of_a_key() {
        let key = TokenKey::new(&"s".repeat(40)).unwrap();
        let secret = AccessSecret::new(&key);
        let access = secret.make("final", at(0), VALID_USUAL).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&access.key).unwrap();
        let said = &bytes[..END_BYTES + SALT_BYTES];
        let direct = hmac::Key::new(HMAC_SHA256, key.as_bytes());
        let message = [&[OF_KEY], said, b"final"].concat();
        let code = &hmac::sign(&direct, &message).as_ref()[..CODE_BYTES].to_vec();
        let forged = URL_SAFE_NO_PAD.encode([said, code].concat());
        assert_eq!(why_not(&secret, "final", &forged, 1), AccessError::NotOurs);
    }
}
