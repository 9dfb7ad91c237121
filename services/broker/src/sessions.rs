//! Sessions of fans, as any gateway finds them again: bodies under the hash of a secret id.

use std::fmt::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::bucket::{Bucket, BucketError, BucketSize, StoredValue, WriteError};
use crate::connect::Broker;

/// How long a session outlives its last write.
const SESSION_TTL: Duration = Duration::from_secs(15 * 60);
/// Half of the hexadecimal digits of a key.
const KEY_BYTES: usize = 32;

/// Where a session stands: the SHA-256 of its id, in hexadecimal. Whoever reads the bucket learns no
/// id that he could present.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(String);

impl SessionKey {
    /// The key of the session with this id.
    pub fn of(id: u128) -> Self {
        let mut text = String::with_capacity(2 * KEY_BYTES);
        for byte in Sha256::digest(id.to_be_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    fn from_text(text: String) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 2 * KEY_BYTES && text.bytes().all(plain)).then_some(Self(text))
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bucket of sessions. Clones share the bound on writes that wait for their answers.
///
/// Take it from a connection of its own ([`Broker::connect`] again): a burst of sessions then stands
/// in nobody's way.
#[derive(Debug, Clone)]
pub struct Sessions {
    bucket: Bucket,
    ttl: Duration,
}

impl Broker {
    /// The bucket of sessions.
    pub fn sessions(&self) -> Sessions {
        Sessions {
            bucket: Bucket::new(self.clone(), "sessions"),
            ttl: SESSION_TTL,
        }
    }
}

impl Sessions {
    /// With another time to live than the usual 15 min, in whole seconds; for tests and measurements.
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// What was last written under `key`; none if it expired or never was there. A replica may
    /// answer with the write before: a write that expects it is then [`WriteError::Superseded`].
    pub async fn read(&self, key: &SessionKey) -> Result<Option<StoredValue>, BucketError> {
        self.bucket.read(&key.0).await
    }

    /// Writes `body` under `key` and gives it its full time to live, if what stands there has the
    /// revision `expected` (0: nothing stands there; none: whatever does). Returns the new revision.
    ///
    /// Many may wait at once; each waits 4 s at most. One that ended in [`WriteError::Unknown`] may
    /// still be written later, which an `expected` makes harmless.
    pub async fn write(
        &self,
        key: &SessionKey,
        body: Bytes,
        expected: Option<u64>,
    ) -> Result<u64, WriteError> {
        self.bucket.write(&key.0, body, expected, self.ttl).await
    }

    /// Up to `sessions_max` of all sessions, by key. For operators: a gateway reads only what it knows
    /// the key of.
    pub async fn list(
        &self,
        sessions_max: usize,
    ) -> Result<Vec<(SessionKey, StoredValue)>, BucketError> {
        let listed = self.bucket.list(sessions_max).await?;
        let named = listed
            .into_iter()
            .map(|(key, stored)| Some((SessionKey::from_text(key)?, stored)));
        // What no gateway wrote is no session.
        Ok(named.flatten().collect())
    }

    /// How many sessions there are, and what they take in the server; for operators.
    pub async fn size(&self) -> Result<BucketSize, BucketError> {
        self.bucket.size().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_hash_of_the_ids_bytes() {
        let key = SessionKey::of(0);
        let of_sixteen_zeros = "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb";
        assert_eq!(key.to_string(), of_sixteen_zeros);
        assert_ne!(SessionKey::of(1), SessionKey::of(1 << 64));
        assert_eq!(SessionKey::from_text(key.to_string()), Some(key));
        for bad in ["", "xyz", &"A".repeat(64), &"0".repeat(63)] {
            assert_eq!(SessionKey::from_text(bad.to_owned()), None);
        }
    }
}
