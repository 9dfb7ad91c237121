//! Writing a lost match anew out of its records, and wiping one.

use bytes::Bytes;
use grandstand_core::ids::MatchId;
use serde::Deserialize;
use serde_json::json;

use crate::chain::{Chain, ChainError, CopiedRecord};
use crate::connect::Broker;
use crate::history::ReadError;
use crate::names::{SCORES, scores_subject};

/// Purging waits for the disk.
const PURGE_ANSWER_MAX: std::time::Duration = std::time::Duration::from_secs(30);

/// A match that is being written anew.
#[derive(Debug)]
pub struct Import {
    chain: Chain,
}

#[derive(Deserialize)]
struct Purged {
    purged: u64,
}

impl Broker {
    /// Writes a match anew, after its record with the stream sequence `after`; 0 if it has none.
    pub fn import(&self, match_id: &MatchId, after: u64) -> Import {
        let subject = scores_subject(match_id);
        Import {
            chain: Chain::new(self.clone(), SCORES, subject, after),
        }
    }

    /// Deletes every record of a match for good; returns how many there were. The operators' role
    /// alone may.
    pub async fn purge(&self, match_id: &MatchId) -> Result<u64, ReadError> {
        let subject = format!("$JS.API.STREAM.PURGE.{SCORES}");
        let question = json!({ "filter": scores_subject(match_id) }).to_string();
        let done: Purged = self
            .ask(subject, None, Bytes::from(question), PURGE_ANSWER_MAX)
            .await?;
        Ok(done.purged)
    }
}

impl Import {
    /// Writes the next record; returns its stream sequence once it is known to be stored.
    pub async fn append(&mut self, record: &CopiedRecord) -> Result<u64, ChainError> {
        self.chain.append(record).await
    }
}
