//! A record as the stream holds it, read from any of the three ways it arrives.

use std::collections::BTreeMap;

use async_nats::jetstream::message::StreamMessage;
use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use grandstand_core::ids::MatchId;

use crate::names::match_of;

/// One record of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Whose.
    pub match_id: MatchId,
    /// Its place in the stream of all matches.
    pub stream_sequence: u64,
    /// The place of the match's record before it, 0 if it is the first; known on the live feed only.
    pub last_stream_sequence: Option<u64>,
    /// When the stream stored it, in Unix microseconds.
    pub stored_at_us: i64,
    /// The headers that the writer gave it.
    pub headers: BTreeMap<String, String>,
    /// What the writer gave it.
    pub body: Bytes,
}

impl StoredRecord {
    /// A record that the server republished or sent as an answer to a direct get.
    pub(crate) fn from_message(message: Message) -> Option<Self> {
        let headers = message.headers.as_ref()?;
        Some(Self {
            match_id: match_of(text(headers, "Nats-Subject")?)?,
            stream_sequence: number(headers, "Nats-Sequence")?,
            last_stream_sequence: None,
            stored_at_us: stored_at_us(headers)?,
            headers: own_headers(headers),
            body: message.payload,
        })
    }

    /// A record off the live feed: there `Nats-Last-Sequence` speaks of the match (in the answers to
    /// a direct get it speaks of the answer before).
    pub(crate) fn from_live(message: Message) -> Option<Self> {
        let last = number(message.headers.as_ref()?, "Nats-Last-Sequence")?;
        let record = Self::from_message(message)?;
        Some(Self {
            last_stream_sequence: Some(last),
            ..record
        })
    }

    /// A record as the leader gives it.
    pub(crate) fn from_leader(message: StreamMessage) -> Option<Self> {
        Some(Self {
            match_id: match_of(&message.subject)?,
            stream_sequence: message.sequence,
            last_stream_sequence: None,
            stored_at_us: i64::try_from(message.time.unix_timestamp_nanos() / 1_000).ok()?,
            headers: own_headers(&message.headers),
            body: message.payload,
        })
    }
}

/// When the server says that it stored a message.
pub(crate) fn stored_at_us(headers: &HeaderMap) -> Option<i64> {
    let time = async_nats::datetime::parse_rfc3339(text(headers, "Nats-Time-Stamp")?).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000).ok()
}

/// The header `name`, as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(name).map(|value| value.as_str())
}

/// The header `name`, as a number.
pub(crate) fn number(headers: &HeaderMap, name: &'static str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// Whether `name` is a header of the server's, which no writer may set and no reader is shown.
pub(crate) fn is_nats_header(name: &str) -> bool {
    name.get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("nats-"))
}

/// The headers that the writer gave.
pub(crate) fn own_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, values)| (name.to_string(), values))
        .filter(|(name, _)| !is_nats_header(name))
        .filter_map(|(name, values)| Some((name, values.first()?.to_string())))
        .collect()
}
