//! One key-value bucket: values with a time to live, each written by whoever knows what it replaces.
//!
//! What a bucket needs of JetStream is in its definition under `nats/streams`. The client library's
//! own buckets lose the time to live on every second write, so the calls are made by hand.

mod read;

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::api::{ANSWER_MAX, ApiError};
use crate::connect::Broker;
use crate::history::ReadError;

/// How many writes of one bucket wait for their answers; the next ones wait here.
const IN_FLIGHT_MAX: usize = 256;
const TTL: &str = "Nats-TTL";
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";
/// JetStream's code for a sequence that is not the expected one; its words end in the real one.
const WRONG_LAST: u64 = 10071;
/// JetStream's codes for what a bucket won't take: too large a value, a bucket that is full, a time
/// to live of less than a second.
const NOT_TAKEN: [u64; 4] = [10054, 10097, 10077, 10165];

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// Which write of the bucket it was: what a later write expects to replace.
    pub revision: u64,
    /// When the bucket took it, in Unix microseconds by the server's clock.
    pub stored_at_us: i64,
    /// What the writer gave it.
    pub body: Bytes,
}

/// How much a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSize {
    /// Keys that have not expired.
    pub keys: u64,
    /// What they take in the server.
    pub bytes: u64,
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BucketError {
    /// The bucket is not there, or nobody answered: ask again later.
    #[error("the bucket does not answer: {0}")]
    Away(String),
    /// An answer that makes no sense, by what it was about: asking again won't help.
    #[error("the bucket's answer is not understood: {0}")]
    Malformed(&'static str),
}

/// Why a value was not written, or not known to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Somebody else wrote the key: theirs stays.
    #[error("the key was written by somebody else, with revision {revision}")]
    Superseded {
        /// Theirs; or this writer's own, if an earlier write of its own ended in `Unknown`.
        revision: u64,
    },
    /// Nothing stands under the key any more: it expired, or the bucket was made anew.
    #[error("nothing is there to be replaced")]
    Gone,
    /// The bucket did not take it, and won't later: it is not there, full, or out of reach.
    #[error("the bucket did not take it: {0}")]
    Away(String),
    /// No answer that says: it may be written, now or later.
    #[error("whether it was written is unknown: {0}")]
    Unknown(String),
}

impl From<ReadError> for BucketError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Malformed(what) => Self::Malformed(what),
            ReadError::Unavailable(reason) => Self::Away(reason),
            ReadError::NoStream => Self::Away("there is no such bucket".to_owned()),
        }
    }
}

impl From<ApiError> for BucketError {
    fn from(error: ApiError) -> Self {
        Self::Away(error.to_string())
    }
}

/// A bucket, and the bound on its writes; clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    broker: Broker,
    name: &'static str,
    in_flight: Arc<Semaphore>,
}

#[derive(Deserialize)]
struct Written {
    seq: u64,
}

#[derive(Deserialize)]
struct Info {
    state: InfoState,
}

#[derive(Deserialize)]
struct InfoState {
    messages: u64,
    bytes: u64,
}

impl Bucket {
    pub(crate) fn new(broker: Broker, name: &'static str) -> Self {
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        Self {
            broker,
            name,
            in_flight,
        }
    }

    /// Writes `body` under `key` for `ttl`, if what stands there has the revision `expected` (0:
    /// nothing stands there; none: whatever does). Returns the new revision.
    pub(crate) async fn write(
        &self,
        key: &str,
        body: Bytes,
        expected: Option<u64>,
        ttl: Duration,
    ) -> Result<u64, WriteError> {
        self.connected().map_err(WriteError::Away)?;
        let turn = tokio::time::timeout(ANSWER_MAX, self.in_flight.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(WriteError::Away("too many writes wait for it".to_owned()));
        };
        let mut headers = HeaderMap::new();
        headers.insert(TTL, format!("{}s", ttl.as_secs()));
        if let Some(revision) = expected {
            headers.insert(EXPECTED, revision.to_string());
        }
        let answer = self
            .broker
            .ask(self.subject(key), Some(headers), body, ANSWER_MAX)
            .await;
        let written: Written = answer.map_err(write_error)?;
        Ok(written.seq)
    }

    /// How much the bucket holds.
    pub(crate) async fn size(&self) -> Result<BucketSize, BucketError> {
        self.connected().map_err(BucketError::Away)?;
        let subject = format!("$JS.API.STREAM.INFO.{}", self.stream());
        let info: Info = self
            .broker
            .ask(subject, None, Bytes::new(), ANSWER_MAX)
            .await?;
        Ok(BucketSize {
            keys: info.state.messages,
            bytes: info.state.bytes,
        })
    }

    /// What is asked while the connection is away would wait in the client, and be sent, late, once
    /// it is back.
    fn connected(&self) -> Result<(), String> {
        match self.broker.is_connected() {
            true => Ok(()),
            false => Err("there is no connection to NATS".to_owned()),
        }
    }

    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{key}", self.name)
    }

    fn stream(&self) -> String {
        format!("KV_{}", self.name)
    }
}

fn write_error(error: ApiError) -> WriteError {
    match error {
        ApiError::NobodyThere => WriteError::Away(error.to_string()),
        ApiError::Refused { code, .. } if NOT_TAKEN.contains(&code) => {
            WriteError::Away(error.to_string())
        }
        ApiError::Refused {
            code: WRONG_LAST,
            description,
        } => match description.rsplit(' ').next().map(str::parse) {
            Some(Ok(0)) => WriteError::Gone,
            Some(Ok(revision)) => WriteError::Superseded { revision },
            _ => WriteError::Unknown(description),
        },
        ApiError::Refused { .. } | ApiError::NoAnswer(_) => WriteError::Unknown(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_stands_there_and_nothing_is_guessed() {
        let refused = |code, description: &str| {
            write_error(ApiError::Refused {
                code,
                description: description.to_owned(),
            })
        };
        assert_eq!(
            refused(10071, "wrong last sequence: 17"),
            WriteError::Superseded { revision: 17 }
        );
        assert_eq!(refused(10071, "wrong last sequence: 0"), WriteError::Gone);
        assert!(matches!(
            refused(10077, "maximum bytes exceeded"),
            WriteError::Away(_)
        ));
        for (code, description) in [
            (10071, "wrong last sequence"),
            (10164, "in flight"),
            (10008, "no quorum"),
        ] {
            assert!(matches!(refused(code, description), WriteError::Unknown(_)));
        }
    }
}
