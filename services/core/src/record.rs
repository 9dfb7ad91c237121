//! The record: the events of one post, as one message of the stream.
//!
//! The body is MessagePack, a map of two in this order: `{events: […], hash}`. Fans who read
//! MessagePack get these bytes with only the first one replaced (see [`crate::message`]), so the
//! order and the first byte are part of the contract.

use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::event::Event;
use crate::hash::StateHash;

/// The first byte of a record: a MessagePack map of two.
pub const FIRST_BYTE: u8 = 0x82;
/// How many events one post may hold.
pub const EVENTS_MAX: usize = 100;
/// The largest record body; the stream takes 128 KiB with its headers.
pub const BODY_BYTES_MAX: usize = 120 * 1024;
/// How deep a record may nest: the record, its list, an event, its patch, and a state's eight.
const DEPTH_MAX: usize = 32;

/// The events of one post and the hash of the state after them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// 1 to 100 events with consecutive seqs.
    pub events: Vec<Event>,
    /// The hash of the state after the last of them.
    pub hash: StateHash,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a record: {0}")]
pub struct RecordError(String);

impl Record {
    /// The bytes that are stored.
    pub fn encode(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).expect("a record holds nothing that MessagePack lacks")
    }

    /// Reads stored bytes; members that this version does not know are passed over.
    pub fn decode(body: &[u8]) -> Result<Self, RecordError> {
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(body);
        deserializer.set_max_depth(DEPTH_MAX);
        let record =
            Self::deserialize(&mut deserializer).map_err(|e| RecordError(e.to_string()))?;
        if record.events.is_empty() {
            return Err(RecordError("it holds no event".to_owned()));
        }
        Ok(record)
    }
}

/// A record as a reader passes it on: each event's own bytes beside what has to be known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordParts {
    /// The whole body as it is stored.
    pub body: Bytes,
    /// Its events in order.
    pub events: Vec<EventPart>,
    /// The hash of the state after the last of them.
    pub hash: StateHash,
}

/// One event of a [`RecordParts`].
#[derive(Debug, Clone, PartialEq)]
pub struct EventPart {
    /// Its number in the match.
    pub seq: u64,
    /// When it was accepted, Unix microseconds.
    pub ts: u64,
    /// The whole event with everything that its writer put in, known here or not.
    pub document: Value,
    /// The same as stored MessagePack.
    pub bytes: Bytes,
    /// Where that begins in the record's body.
    pub starts_at: usize,
}

impl EventPart {
    /// The event's change of state.
    pub fn patch(&self) -> &Value {
        &self.document["patch"]
    }
}

impl RecordParts {
    /// Takes a stored body apart without losing what is unknown.
    pub fn decode(body: Bytes) -> Result<Self, RecordError> {
        let mut rest: &[u8] = &body;
        if rmp::decode::read_map_len(&mut rest).map_err(malformed)? != 2 || body[0] != FIRST_BYTE {
            return Err(RecordError("it is not a map of two".to_owned()));
        }
        expect_key(&mut rest, "events")?;
        let count = rmp::decode::read_array_len(&mut rest).map_err(malformed)?;
        if count == 0 || count as usize > EVENTS_MAX {
            return Err(RecordError(format!("it holds {count} events")));
        }
        let mut events = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let start = body.len() - rest.len();
            let document = read_value(&mut rest)?;
            let bytes = start..body.len() - rest.len();
            events.push(event_part(document, &body, bytes)?);
        }
        let follows = |pair: &[EventPart]| pair[0].seq.checked_add(1) == Some(pair[1].seq);
        if !events.windows(2).all(follows) {
            return Err(RecordError("its seqs are not consecutive".to_owned()));
        }
        expect_key(&mut rest, "hash")?;
        let hash = serde_json::from_value(read_value(&mut rest)?).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(RecordError("bytes follow its end".to_owned()));
        }
        Ok(Self { body, events, hash })
    }

    /// The seq of its first event.
    pub fn first_seq(&self) -> u64 {
        self.events.first().map_or(0, |event| event.seq)
    }

    /// The seq of its last event.
    pub fn last_seq(&self) -> u64 {
        self.events.last().map_or(0, |event| event.seq)
    }
}

fn event_part(
    document: Value,
    body: &Bytes,
    bytes: Range<usize>,
) -> Result<EventPart, RecordError> {
    let number = |name: &str| {
        document[name]
            .as_u64()
            .ok_or_else(|| RecordError(format!("an event has no {name}")))
    };
    let (seq, ts) = (number("seq")?, number("ts")?);
    if !document["patch"].is_object() {
        return Err(RecordError("an event has no patch".to_owned()));
    }
    Ok(EventPart {
        seq,
        ts,
        document,
        starts_at: bytes.start,
        bytes: body.slice(bytes),
    })
}

/// An event out of a record that was taken apart before.
pub(crate) fn read_event(mut bytes: &[u8]) -> Value {
    read_value(&mut bytes).expect("it was read when the record was taken apart")
}

fn expect_key(rest: &mut &[u8], name: &str) -> Result<(), RecordError> {
    match read_value(rest)? {
        Value::String(key) if key == name => Ok(()),
        _ => Err(RecordError(format!("{name} is not where it belongs"))),
    }
}

fn read_value(rest: &mut &[u8]) -> Result<Value, RecordError> {
    let mut deserializer = rmp_serde::Deserializer::new(&mut *rest);
    deserializer.set_max_depth(DEPTH_MAX);
    Value::deserialize(&mut deserializer).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> RecordError {
    RecordError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Op;
    use crate::ids::EventId;
    use proptest::prelude::*;
    use serde_json::json;

    fn event(seq: u64, data: Value, patch: Value) -> Event {
        Event {
            seq,
            ts: 1_790_000_000_000_000 + seq,
            id: EventId::new(format!("e{seq}")).unwrap(),
            kind: "delivery".to_owned(),
            data: Some(data),
            patch,
            op: Op::Add,
            reference: None,
            at: None,
            tags: vec![],
        }
    }

    proptest! {
        #[test]
        fn a_record_comes_apart_into_the_bytes_of_its_events(
            documents in prop::collection::vec(crate::proptests::document(), 1..6)
        ) {
            let events: Vec<Event> = documents.iter().zip(7..)
                .map(|(document, seq)| event(seq, document.clone(), document.clone())).collect();
            let record = Record { events, hash: StateHash::of(&json!({})) };
            let body = Bytes::from(record.encode());

            let parts = RecordParts::decode(body.clone()).unwrap();

            prop_assert_eq!(body[0], FIRST_BYTE);
            prop_assert_eq!(Record::decode(&body).unwrap(), record.clone());
            for (part, event) in parts.events.iter().zip(&record.events) {
                prop_assert_eq!(&part.bytes[..], &rmp_serde::to_vec_named(event).unwrap()[..]);
                prop_assert_eq!(&part.document, &serde_json::to_value(event).unwrap());
            }
            prop_assert_eq!(parts.hash, record.hash);
        }

        #[test]
        fn no_bytes_panic_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in 0usize..400) {
            let _ = RecordParts::decode(Bytes::from(bytes));
            let record = Record { events: vec![event(1, json!({"a": 1}), json!({}))], hash: StateHash::of(&json!({})) };
            let mut body = record.encode();
            body.truncate(cut.min(body.len() - 1));
            prop_assert!(RecordParts::decode(Bytes::from(body)).is_err());
        }
    }

    #[test]
    fn a_member_that_we_do_not_know_is_kept() {
        let mut newer = serde_json::to_value(event(1, json!({}), json!({}))).unwrap();
        newer["wagon"] = json!({"x": 1});
        let body = rmp_serde::to_vec_named(&json!({"events": [newer], "hash": "0123456789abcdef"}))
            .unwrap();
        let parts = RecordParts::decode(Bytes::from(body)).unwrap();
        assert_eq!(parts.events[0].document["wagon"], json!({"x": 1}));
    }

    #[test]
    fn a_hole_inside_a_record_is_refused() {
        let record = Record {
            events: vec![
                event(1, json!({}), json!({})),
                event(3, json!({}), json!({})),
            ],
            hash: StateHash::of(&json!({})),
        };
        assert!(RecordParts::decode(Bytes::from(record.encode())).is_err());
    }
}
