//! Presence: what a gateway says of itself to its peers and to operators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::MatchId;

/// How many matches a gateway names with their fans.
pub const MATCHES_TOLD_MAX: usize = 200;

/// A gateway that is alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceBody {
    /// Its name.
    pub name: String,
    /// Where fans reach it.
    pub url: String,
    /// Where operators and its peers reach it.
    pub admin_url: String,
    /// When it started, Unix microseconds.
    pub started_us: u64,
    /// The version that runs there.
    pub version: String,
    /// Fans connected over WebSocket.
    pub connections: u64,
    /// The most that it takes.
    pub connections_max: u64,
    /// How many fans read each match, the most read first to be named: [`MATCHES_TOLD_MAX`] of them.
    pub fans: BTreeMap<MatchId, u64>,
    /// The sum over all matches, named or not.
    pub fans_total: u64,
    /// Whether it hears that scores are accepted.
    pub fresh: bool,
    /// Unix microseconds of what it knows for sure.
    pub as_of_us: u64,
}

/// Why stored bytes are no presence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("what is stored is no gateway's presence: {0}")]
pub struct PresenceBodyError(String);

impl PresenceBody {
    /// The bytes that are stored: JSON.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("text, numbers and maps with text keys are always JSON")
    }

    /// Reads what a gateway stored; members of a newer version are passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, PresenceBodyError> {
        serde_json::from_slice(bytes).map_err(|e| PresenceBodyError(e.to_string()))
    }

    /// Takes how many fans read each match: the total, and the most read by name.
    pub fn count_fans(&mut self, fans: impl IntoIterator<Item = (MatchId, u64)>) {
        let mut fans: Vec<_> = fans.into_iter().filter(|(_, count)| *count > 0).collect();
        self.fans_total = fans.iter().map(|(_, count)| count).sum();
        fans.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
        fans.truncate(MATCHES_TOLD_MAX);
        self.fans = fans.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_names_the_matches_with_the_most_fans_and_fits_the_bucket() {
        let mut body = PresenceBody {
            name: "n".repeat(64),
            url: "http://[::1]:65535".to_owned(),
            admin_url: "http://[::1]:65535".to_owned(),
            started_us: u64::MAX,
            version: "0.1.0".to_owned(),
            connections: u64::MAX,
            connections_max: u64::MAX,
            fans: BTreeMap::new(),
            fans_total: 0,
            fresh: true,
            as_of_us: u64::MAX,
        };
        let fans = (0..500).map(|n| (MatchId::new(format!("{n:064}")).unwrap(), n));
        body.count_fans(fans);
        assert_eq!(body.fans.len(), MATCHES_TOLD_MAX);
        assert_eq!(body.fans.values().min(), Some(&300));
        assert_eq!(body.fans_total, 499 * 500 / 2);
        let bytes = body.encode();
        assert!(bytes.len() < 32 * 1024, "{}", bytes.len());
        assert_eq!(PresenceBody::decode(&bytes), Ok(body));
    }
}
