//! Sessions: what a fan may resume at another gateway. A wish and no credential: whose it is and
//! what was wished, never what was granted.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::MatchId;
use crate::policy::PolicyName;

/// The id of a session: 128 random and secret bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    // Two words, since one of 16 bytes would have all that holds it aligned to that.
    high: u64,
    low: u64,
}

/// Why a text is no session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a session is 32 of 0-9 and a-f, as a welcome names it")]
pub struct NoSessionId;

impl SessionId {
    /// The session of these bits.
    pub fn new(bits: u128) -> Self {
        Self {
            high: (bits >> 64) as u64,
            low: bits as u64,
        }
    }

    /// Its bits.
    pub fn bits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.bits())
    }
}

/// Whoever knows the id may take the session's wishes: it is in no log.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(…)")
    }
}

impl FromStr for SessionId {
    type Err = NoSessionId;

    fn from_str(text: &str) -> Result<Self, NoSessionId> {
        let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(plain) {
            return Err(NoSessionId);
        }
        u128::from_str_radix(text, 16)
            .map(Self::new)
            .map_err(|_| NoSessionId)
    }
}

/// What is stored of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionBody {
    /// Whose it is; absent for a fan without a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The gateway that wrote it, by name.
    pub gateway: String,
    /// When the connection that holds it began, Unix microseconds by the gateway's clock: of two
    /// that write, the newer one stays.
    pub since_us: u64,
    /// The matches that are followed.
    pub subscriptions: BTreeMap<MatchId, SessionWish>,
    /// When the fan last changed any of it or left, Unix microseconds by the gateway's clock.
    pub updated_us: u64,
    /// Whether the fan has left.
    #[serde(default, skip_serializing_if = "is_open")]
    pub closed: bool,
}

/// How a match is followed, as wished and not as granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionWish {
    /// Absent: the best that the tier grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// Seconds behind the head.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_s: u32,
}

/// The matches that a fan follows and how, each once. Most follow one, and that takes no more room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wishes {
    /// One match.
    One((MatchId, SessionWish)),
    /// None, or several.
    Many(Box<[(MatchId, SessionWish)]>),
}

impl Wishes {
    /// All of them.
    pub fn as_slice(&self) -> &[(MatchId, SessionWish)] {
        match self {
            Self::One(wish) => std::slice::from_ref(wish),
            Self::Many(wishes) => wishes,
        }
    }
}

impl FromIterator<(MatchId, SessionWish)> for Wishes {
    fn from_iter<I: IntoIterator<Item = (MatchId, SessionWish)>>(wishes: I) -> Self {
        let mut wishes = wishes.into_iter();
        match (wishes.next(), wishes.next()) {
            (Some(one), None) => Self::One(one),
            (first, second) => Self::Many(first.into_iter().chain(second).chain(wishes).collect()),
        }
    }
}

/// Why stored bytes are no session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("what is stored is no session: {0}")]
pub struct SessionBodyError(String);

impl SessionBody {
    /// The bytes that are stored: JSON.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("text, numbers and maps with text keys are always JSON")
    }

    /// Reads what a gateway stored; members of a newer version are passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, SessionBodyError> {
        serde_json::from_slice(bytes).map_err(|e| SessionBodyError(e.to_string()))
    }
}

fn is_open(closed: &bool) -> bool {
    !closed
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_is_32_digits_and_nothing_else() {
        let id = SessionId::new(0xa1);
        assert_eq!(id.to_string(), "000000000000000000000000000000a1");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in [
            "",
            "a1",
            "000000000000000000000000000000A1",
            "+00000000000000000000000000000a1",
            "000000000000000000000000000000a1 ",
            "0000000000000000000000000000000a1",
            "ä00000000000000000000000000000a",
        ] {
            assert_eq!(bad.parse::<SessionId>(), Err(NoSessionId), "{bad:?}");
        }
        assert!(!format!("{id:?}").contains("a1"), "it is a secret");
    }

    #[test]
    fn a_stored_session_reads_back_and_a_newer_one_too() {
        let wish = SessionWish {
            policy: Some(PolicyName::Batch),
            delay_s: 30,
        };
        let (a, b) = (MatchId::new("a").unwrap(), MatchId::new("b").unwrap());
        let body = SessionBody {
            sub: Some("ann".to_owned()),
            gateway: "g-1".to_owned(),
            since_us: 1_790_000_000_000_000,
            subscriptions: BTreeMap::from([(a, wish), (b, SessionWish::default())]),
            updated_us: 1_790_000_000_123_456,
            closed: true,
        };
        assert_eq!(SessionBody::decode(&body.encode()), Ok(body.clone()));
        let newer = String::from_utf8(body.encode())
            .unwrap()
            .replacen('{', r#"{"newer":[1],"#, 1);
        assert_eq!(SessionBody::decode(newer.as_bytes()), Ok(body));
        let least = br#"{"gateway":"g","since_us":1,"subscriptions":{"a":{}},"updated_us":1}"#;
        assert_eq!(SessionBody::decode(least).unwrap().sub, None);
        assert!(SessionBody::decode(b"{}").is_err());
        assert!(SessionBody::decode(b"\xff").is_err());
    }
}
