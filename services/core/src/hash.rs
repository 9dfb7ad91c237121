//! Canonical JSON and the hash of a state, by which a client proves that it holds the right one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The canonical JSON of `value` (RFC 8785).
///
/// For documents that pass [`crate::value::check`], RFC 8785 is plain JSON over sorted keys: keys
/// are ASCII, numbers are small integers, and serde_json escapes text as the RFC asks.
pub fn canonical(value: &Value) -> String {
    // serde_json's maps are sorted by key as long as nobody turns on its `preserve_order`; a test
    // below would fail then.
    value.to_string()
}

/// The first 16 hex digits of SHA-256 over a state's canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateHash([u8; 16]);

impl StateHash {
    /// The hash of `state`.
    pub fn of(state: &Value) -> Self {
        Self::of_canonical(&canonical(state))
    }

    /// The hash of a document that is canonical JSON already.
    pub fn of_canonical(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let mut hex = [0; 16];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(digest.iter()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        Self(hex)
    }

    /// The hash as its 16 hex digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ever made of hex digits")
    }
}

/// The first 128 bits of SHA-256 over the canonical JSON of `value`, as 32 hex digits: enough that
/// two different posts under one id never pass for a repeat.
pub fn digest(value: &Value) -> String {
    let digest = Sha256::digest(canonical(value).as_bytes());
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl std::fmt::Display for StateHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for StateHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for StateHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let hex: [u8; 16] = text
            .as_bytes()
            .try_into()
            .map_err(|_| serde::de::Error::custom("a state hash has 16 hex digits"))?;
        if hex.iter().all(|b| HEX.contains(b)) {
            Ok(Self(hex))
        } else {
            Err(serde::de::Error::custom("a state hash has 16 hex digits"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_hash_of_design_md_holds() {
        let state = json!({"strip": {"title": "Żubr v \"Ä\"", "status": "live"},
            "innings": {"i10": {"runs": 7}, "i2": {"runs": -1}}});
        assert_eq!(StateHash::of(&state).as_str(), "e181beed229e08a0");
    }

    proptest! {
        #[test]
        fn our_canonical_form_is_rfc_8785s(value in crate::proptests::document()) {
            let reference = serde_json_canonicalizer::to_string(&value).expect("plain document");
            prop_assert_eq!(canonical(&value), reference);
        }
    }
}
