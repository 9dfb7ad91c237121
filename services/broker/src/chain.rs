//! Writing records under one subject, each only on top of the one before: a lost answer doubles
//! nothing, and whoever else writes there is noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessage;
use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;
use tokio::time::Instant;

use crate::api::{ANSWER_MAX, ApiError};
use crate::append::{EXPECTED, append_error, headers_bytes, plain_header};
use crate::connect::Broker;
use crate::history::{NO_MESSAGE, NO_STREAM};
use crate::names::RECORD_BYTES_MAX;
use crate::record::own_headers;
use crate::{AppendError, ReadError};

/// How long one record is tried: an election takes up to 8 s.
const RECORD_MAX: Duration = Duration::from_secs(20);
/// The first pause between two tries, and the longest; it doubles each time.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A record that is written once more, with the headers that it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedRecord {
    headers: HeaderMap,
    body: Bytes,
}

/// Why a record can't be written once more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CopiedRecordError {
    /// A header that no writer can give: its name is none or the server's own, or its value holds
    /// a control character.
    #[error("the header {0:?} can't be written")]
    BadHeader(String),
    /// It is larger than the stream takes.
    #[error("it has {bytes} bytes with its headers, and a record has at most {RECORD_BYTES_MAX}")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
}

impl CopiedRecord {
    /// The record with these headers and this body.
    pub fn new(headers: &BTreeMap<String, String>, body: Bytes) -> Result<Self, CopiedRecordError> {
        let pairs = headers.iter().map(|(name, value)| (&**name, &**value));
        let bytes = headers_bytes(pairs.clone()) + body.len();
        if bytes > RECORD_BYTES_MAX {
            return Err(CopiedRecordError::TooLarge { bytes });
        }
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let (header, text) = plain_header(name, value)
                .ok_or_else(|| CopiedRecordError::BadHeader(name.to_owned()))?;
            map.insert(header, text);
        }
        Ok(Self { headers: map, body })
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// Why a chain goes no further. What was written stays.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChainError {
    /// Somebody else wrote under the same subject.
    #[error("somebody else writes there: the newest record has the stream sequence {newest}")]
    Interfered {
        /// The stream sequence of what they wrote.
        newest: u64,
    },
    /// It was not taken, and won't be.
    #[error("{0}")]
    NotTaken(AppendError),
    /// There is no such stream.
    #[error("there is no stream {0}; run `grandstand ops provision`")]
    NoStream(&'static str),
    /// Nobody said within 20 s that it is stored. It may be.
    #[error("the broker did not say that it is stored: {0}")]
    Unavailable(String),
}

/// The end of a subject as this writer left it.
#[derive(Debug)]
pub(crate) struct Chain {
    broker: Broker,
    stream: &'static str,
    subject: String,
    /// The stream sequence of the newest message there, 0 for none.
    last: u64,
}

#[derive(Deserialize)]
struct Acknowledgement {
    stream: String,
    seq: u64,
}

#[derive(Deserialize)]
struct LeaderAnswer {
    message: RawMessage,
}

impl Chain {
    /// Goes on after the message with the stream sequence `last`; 0 is an empty subject.
    pub(crate) fn new(broker: Broker, stream: &'static str, subject: String, last: u64) -> Self {
        Self {
            broker,
            stream,
            subject,
            last,
        }
    }

    /// The subject.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    /// Writes the next record, trying until it is known to be stored or known not to be.
    pub(crate) async fn append(&mut self, record: &CopiedRecord) -> Result<u64, ChainError> {
        let give_up_at = Instant::now() + RECORD_MAX;
        let mut pause = PAUSE_FIRST;
        loop {
            let reason = match self.try_append(record).await? {
                Ok(stream_sequence) => return Ok(stream_sequence),
                Err(reason) => reason,
            };
            match self.newest().await {
                // A leader that has just woken may know less than we do.
                Ok(newest) if sequence(&newest) <= self.last => {}
                Ok(Some(newest)) if is_copy(&newest, record) => {
                    self.last = newest.sequence;
                    return Ok(newest.sequence);
                }
                Ok(newest) => {
                    let newest = sequence(&newest);
                    return Err(ChainError::Interfered { newest });
                }
                Err(error) => tracing::debug!(%error, "the leader does not say what is there"),
            }
            if Instant::now() + pause >= give_up_at {
                return Err(ChainError::Unavailable(reason));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// One try: stored, or perhaps not and why; an error if it can't be stored at all.
    async fn try_append(
        &mut self,
        record: &CopiedRecord,
    ) -> Result<Result<u64, String>, ChainError> {
        let mut headers = record.headers.clone();
        headers.insert(EXPECTED, self.last.to_string());
        let answer: Result<Acknowledgement, ApiError> = self
            .broker
            .ask(
                self.subject.clone(),
                Some(headers),
                record.body.clone(),
                ANSWER_MAX,
            )
            .await;
        let error = match answer {
            Ok(stored) if stored.stream == self.stream => {
                self.last = stored.seq;
                return Ok(Ok(stored.seq));
            }
            Ok(stored) => return Ok(Err(format!("the stream {} took it", stored.stream))),
            Err(error) => append_error(error),
        };
        match error {
            AppendError::Conflict | AppendError::Unknown { .. } => Ok(Err(error.to_string())),
            AppendError::MatchFull
            | AppendError::StreamFull
            | AppendError::TooLarge
            | AppendError::BadHeader(_) => Err(ChainError::NotTaken(error)),
        }
    }

    /// What the leader has as the newest under the subject.
    pub(crate) async fn newest(&self) -> Result<Option<StreamMessage>, ChainError> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{}", self.stream);
        let question = json!({ "last_by_subj": self.subject }).to_string();
        let answer = self
            .broker
            .ask::<LeaderAnswer>(subject, None, question.into(), ANSWER_MAX)
            .await;
        match answer {
            Ok(answer) => StreamMessage::try_from(answer.message)
                .map(Some)
                .map_err(|error| ChainError::Unavailable(error.to_string())),
            Err(ApiError::Refused { code, .. }) if code == NO_MESSAGE => Ok(None),
            Err(ApiError::Refused { code, .. }) if code == NO_STREAM => {
                Err(ChainError::NoStream(self.stream))
            }
            Err(error) => Err(ChainError::Unavailable(ReadError::from(error).to_string())),
        }
    }
}

fn sequence(message: &Option<StreamMessage>) -> u64 {
    message.as_ref().map_or(0, |message| message.sequence)
}

fn is_copy(stored: &StreamMessage, record: &CopiedRecord) -> bool {
    stored.payload == record.body && own_headers(&stored.headers) == own_headers(&record.headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_written_is_known_before() {
        let copy = |name: &str, value: &str, bytes: usize| {
            let headers = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            CopiedRecord::new(&headers, Bytes::from(vec![0; bytes])).map(|_| ())
        };
        assert_eq!(copy("A", "x", 10), Ok(()));
        for (name, value) in [("A", "x\r\ny"), ("A b", "x"), ("Nats-TTL", "1s"), ("", "x")] {
            let refused = CopiedRecordError::BadHeader(name.to_owned());
            assert_eq!(copy(name, value, 10), Err(refused));
        }
        let largest = RECORD_BYTES_MAX - headers_bytes([("A", "x")].into_iter());
        assert_eq!(copy("A", "x", largest), Ok(()));
        let bytes = RECORD_BYTES_MAX + 1;
        assert_eq!(
            copy("A", "x", largest + 1),
            Err(CopiedRecordError::TooLarge { bytes })
        );
    }
}
