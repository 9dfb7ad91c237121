//! A record as one line of NDJSON, as `tail` prints it.

use std::collections::BTreeMap;

use grandstand_broker::StoredRecord;
use grandstand_core::hash::StateHash;
use grandstand_core::ids::MatchId;
use grandstand_core::record::RecordParts;
use serde::Serialize;
use serde_json::Value;

/// `{match, headers, events, hash}`: all that a record holds, known to this version or not.
#[derive(Serialize)]
pub(crate) struct RecordLine<'a> {
    #[serde(rename = "match")]
    match_id: &'a MatchId,
    headers: &'a BTreeMap<String, String>,
    events: Vec<&'a Value>,
    hash: StateHash,
}

impl<'a> RecordLine<'a> {
    /// The line of `record`, whose body was taken apart into `parts`.
    pub(crate) fn new(record: &'a StoredRecord, parts: &'a RecordParts) -> Self {
        Self {
            match_id: &record.match_id,
            headers: &record.headers,
            events: parts.events.iter().map(|event| &event.document).collect(),
            hash: parts.hash,
        }
    }
}
