//! Appending a record to a match: the only lock there is, and the only write that fans ever see.

use std::str::FromStr;
use std::time::Duration;

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use grandstand_core::ids::MatchId;
use serde::Deserialize;
use thiserror::Error;

use crate::api::ApiError;
use crate::connect::Broker;
use crate::names::{RECORD_BYTES_MAX, SCORES, scores_subject};

pub(crate) const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";
/// JetStream's codes for a sequence that is not the expected one, and for one that another write in
/// flight may change.
const CONFLICT: [u64; 2] = [10071, 10164];
/// JetStream's codes for a message or its headers being too large.
const TOO_LARGE: [u64; 2] = [10054, 10097];
/// JetStream's code for a message that the stream did not store, with the reason in words.
const NOT_STORED: u64 = 10077;

/// Why a record was not appended, or not known to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppendError {
    /// Something else was appended in between, or is being: fold again from the leader. It does not
    /// mean that this record is not stored: an earlier try of it may be what is in the way, and a
    /// server that leads no more refuses what the leader stores.
    #[error("another record was appended to this match")]
    Conflict,
    /// The match has as many records as a match may have.
    #[error("this match is full")]
    MatchFull,
    /// The stream has as many bytes as it may have: an operator must act.
    #[error("the stream of scores is full")]
    StreamFull,
    /// The record is larger than the stream takes; it was not sent, or was refused.
    #[error("a record has at most {RECORD_BYTES_MAX} bytes, headers included")]
    TooLarge,
    /// A header can't be written: its name is none, it begins with `Nats-`, or its value holds a
    /// control character. Nothing was sent.
    #[error("the header {0} can't be written")]
    BadHeader(&'static str),
    /// No answer that says: the record may be stored, now or later. Fold again from the leader.
    #[error("whether the record is stored is unknown: {reason}")]
    Unknown {
        /// What happened, for the log.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Acknowledgement {
    stream: String,
    seq: u64,
}

impl Broker {
    /// Appends one record and returns its stream sequence, if the newest record of the match is the
    /// one with the stream sequence `expected_last` (0: there is none).
    ///
    /// It returns within `deadline`, but what it sent may be stored later; the expected sequence
    /// makes that harmless.
    pub async fn append(
        &self,
        match_id: &MatchId,
        expected_last: u64,
        headers: &[(&'static str, String)],
        body: Bytes,
        deadline: Duration,
    ) -> Result<u64, AppendError> {
        let pairs = headers.iter().map(|(name, value)| (*name, &**value));
        if headers_bytes(pairs) + body.len() > RECORD_BYTES_MAX {
            return Err(AppendError::TooLarge);
        }
        let mut map = header_map(headers)?;
        map.insert(EXPECTED, expected_last.to_string());
        let answer = self
            .ask(scores_subject(match_id), Some(map), body, deadline)
            .await;
        let stored: Acknowledgement = answer.map_err(append_error)?;
        if stored.stream != SCORES {
            let reason = format!("the stream {} took it", stored.stream);
            return Err(AppendError::Unknown { reason });
        }
        Ok(stored.seq)
    }
}

pub(crate) fn append_error(error: ApiError) -> AppendError {
    match error {
        ApiError::Refused { code, .. } if CONFLICT.contains(&code) => AppendError::Conflict,
        ApiError::Refused { code, .. } if TOO_LARGE.contains(&code) => AppendError::TooLarge,
        // The same code stands for faults of the disk, after which nobody knows.
        ApiError::Refused {
            code: NOT_STORED,
            description,
        } => match description.as_str() {
            "maximum messages per subject exceeded" => AppendError::MatchFull,
            "maximum bytes exceeded" | "maximum messages exceeded" => AppendError::StreamFull,
            _ => AppendError::Unknown {
                reason: description,
            },
        },
        other => AppendError::Unknown {
            reason: other.to_string(),
        },
    }
}

/// What the headers take in a stored message, ours and the expected sequence.
pub(crate) fn headers_bytes<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> usize {
    const LINE: usize = ": \r\n".len();
    const U64_DIGITS_MAX: usize = 20;
    let frame = "NATS/1.0\r\n\r\n".len() + EXPECTED.len() + LINE + U64_DIGITS_MAX;
    let ours: usize = headers
        .map(|(name, value)| name.len() + value.len() + LINE)
        .sum();
    frame + ours
}

/// Headers that the client can send: it panics at some that it can't.
pub(crate) fn header_map(headers: &[(&'static str, String)]) -> Result<HeaderMap, AppendError> {
    let mut map = HeaderMap::new();
    for (name, text) in headers {
        let (header, value) = plain_header(name, text).ok_or(AppendError::BadHeader(name))?;
        map.insert(header, value);
    }
    Ok(map)
}

/// A header of a writer's own that the client can send.
pub(crate) fn plain_header(name: &str, text: &str) -> Option<(HeaderName, HeaderValue)> {
    let ours = !name.is_empty() && !crate::record::is_nats_header(name);
    let plain = !text.chars().any(char::is_control);
    match (HeaderName::from_str(name), HeaderValue::from_str(text)) {
        (Ok(header), Ok(value)) if ours && plain => Some((header, value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_would_break_the_protocol_is_refused() {
        for (name, value) in [
            ("A", "x\r\ny"),
            ("A", "x\u{7}"),
            ("A b", "x"),
            ("", "x"),
            ("nats-ttl", "1s"),
        ] {
            let refused = header_map(&[(name, value.to_owned())]);
            assert_eq!(
                refused,
                Err(AppendError::BadHeader(name)),
                "{name} {value:?}"
            );
        }
        assert!(header_map(&[("Strip", r#"{"title":"Żubr"}"#.to_owned())]).is_ok());
    }

    #[test]
    fn a_fault_of_the_disk_is_not_taken_for_a_full_stream() {
        let refused = |code, description: &str| {
            append_error(ApiError::Refused {
                code,
                description: description.to_owned(),
            })
        };
        assert_eq!(refused(10164, "in flight"), AppendError::Conflict);
        assert_eq!(
            refused(10077, "maximum bytes exceeded"),
            AppendError::StreamFull
        );
        assert!(matches!(
            refused(10077, "input/output error"),
            AppendError::Unknown { .. }
        ));
        assert!(matches!(
            refused(10008, "no quorum"),
            AppendError::Unknown { .. }
        ));
        assert_eq!(
            refused(10077, "maximum messages exceeded"),
            AppendError::StreamFull
        );
        assert_eq!(
            refused(10077, "maximum messages per subject exceeded"),
            AppendError::MatchFull
        );
        for code in TOO_LARGE {
            assert_eq!(refused(code, "too large"), AppendError::TooLarge);
        }
    }

    #[test]
    fn headers_take_what_they_take_on_the_wire() {
        let wire = "NATS/1.0\r\n\
             Strip: {}\r\n\
             A: bc\r\n\
             Nats-Expected-Last-Subject-Sequence: 18446744073709551615\r\n\
             \r\n";
        let counted = headers_bytes([("Strip", "{}"), ("A", "bc")].into_iter());
        assert_eq!(counted, wire.len());
    }
}
