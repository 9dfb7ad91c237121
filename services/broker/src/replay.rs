//! Copying records of a match to a subject of their own, where whoever likes may read them: never
//! where gateways or scorers look.

use std::fmt;
use std::str::FromStr;

use async_nats::{HeaderName, HeaderValue};
use grandstand_core::ids::MatchId;
use thiserror::Error;

use crate::chain::{Chain, ChainError, CopiedRecord, CopiedRecordError};
use crate::connect::Broker;
use crate::names::REPLAYS;
use crate::record::StoredRecord;

/// The header that says where the record stands in the stream of scores.
const ORIGIN: HeaderName = HeaderName::from_static("Grandstand-Origin-Sequence");
const RUN_BYTES_MAX: usize = 64;

/// The name of a replay among all replays: `[a-z0-9-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplayRun(String);

/// Not the name of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} names no replay: 1 to 64 of a-z, 0-9 and '-' do")]
pub struct ReplayRunError(String);

impl FromStr for ReplayRun {
    type Err = ReplayRunError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        match (1..=RUN_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(ReplayRunError(text.to_owned())),
        }
    }
}

impl fmt::Display for ReplayRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a replay does not begin, or ends early.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// Its subject holds something already.
    #[error(
        "{subject} holds a replay already, up to stream sequence {newest}; give another name to this one"
    )]
    Taken {
        /// The subject.
        subject: String,
        /// What its newest message has.
        newest: u64,
    },
    /// A record of the match is none that can be copied.
    #[error("the record with stream sequence {stream_sequence} can't be copied: {error}")]
    Record {
        /// Which.
        stream_sequence: u64,
        /// Why.
        error: CopiedRecordError,
    },
    /// It was not written.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// A replay that is being written.
#[derive(Debug)]
pub struct Replay {
    chain: Chain,
}

impl Broker {
    /// Begins to write `replay.<run>.<match>`, which must be empty.
    pub async fn replay(&self, run: &ReplayRun, match_id: &MatchId) -> Result<Replay, ReplayError> {
        let subject = format!("replay.{run}.{match_id}");
        let chain = Chain::new(self.clone(), REPLAYS, subject, 0);
        match chain.newest().await? {
            None => Ok(Replay { chain }),
            Some(newest) => Err(ReplayError::Taken {
                subject: chain.subject().to_owned(),
                newest: newest.sequence,
            }),
        }
    }
}

impl Replay {
    /// The subject that it is written to.
    pub fn subject(&self) -> &str {
        self.chain.subject()
    }

    /// Writes the next record, with the headers that it has and its place in the stream of scores.
    pub async fn append(&mut self, record: &StoredRecord) -> Result<u64, ReplayError> {
        let stream_sequence = record.stream_sequence;
        let copied = CopiedRecord::new(&record.headers, record.body.clone()).map_err(|error| {
            ReplayError::Record {
                stream_sequence,
                error,
            }
        })?;
        let origin = HeaderValue::from(stream_sequence);
        Ok(self.chain.append(&copied.with(ORIGIN, origin)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_token_of_a_subject() {
        for good in ["a", "2026-11-24", &"x".repeat(64)] {
            assert_eq!(good.parse::<ReplayRun>().unwrap().to_string(), good);
        }
        for bad in ["", "a.b", "*", ">", "A", "a b", &"x".repeat(65)] {
            assert!(bad.parse::<ReplayRun>().is_err(), "{bad}");
        }
    }
}
