//! Frames: messages as bytes ready for a socket, in the codec of the fan.
//!
//! `events` are assembled from stored bytes, so that one event is encoded once however many fans
//! there are; everything else is small and encoded by serde.

mod coding;
mod reason;

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde_json::Value;

use crate::hash::StateHash;
use crate::ids::{Epoch, MatchId};
use crate::wire;

pub use coding::{Coding, Deflater};
pub use reason::Reason;

/// How a fan reads: the WebSocket subprotocol that was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// `grandstand.v1.json`, text frames.
    Json,
    /// `grandstand.v1.msgpack`, binary frames.
    MessagePack,
}

/// A protocol ping that carries nothing, as a WebSocket's frame.
pub const PING: [u8; 2] = [0x89, 0];

/// What follows the events of a record as JSON: `],"hash":"0123456789abcdef"}`.
const JSON_RECORD_TAIL_BYTES: usize = 28;

/// One message, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// How it is encoded.
    pub codec: Codec,
    /// The message behind the head that a WebSocket wants, maybe with a ping in front; shared by
    /// all who get it.
    wire: Bytes,
    head_bytes: u8,
}

impl Frame {
    /// Encodes a small message.
    pub fn of(codec: Codec, message: &impl Serialize) -> Self {
        let mut out = wire::room(128);
        match codec {
            Codec::Json => serde_json::to_writer((&mut out).writer(), message)
                .expect("a message holds nothing that JSON lacks"),
            Codec::MessagePack => put_serialized(&mut out, message),
        }
        Self::sealed(codec, out)
    }

    fn sealed(codec: Codec, mut out: BytesMut) -> Self {
        let head_bytes = wire::put_head(codec, &mut out);
        Self::behind(codec, head_bytes, out)
    }

    /// As small as it is: it may be kept for long.
    fn behind(codec: Codec, head_bytes: u8, mut out: BytesMut) -> Self {
        if out.capacity() > out.len() {
            out = BytesMut::from(&out[..]);
        }
        Self {
            codec,
            wire: out.freeze(),
            head_bytes,
        }
    }

    /// The encoded message.
    pub fn bytes(&self) -> Bytes {
        self.wire.slice(usize::from(self.head_bytes)..)
    }

    /// The encoded message as a WebSocket's frame, head and all.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// As [`Frame::wire`], of a frame that is not needed any more.
    pub fn into_wire(self) -> Bytes {
        self.wire
    }

    /// The same message behind a protocol ping, in one piece.
    pub(crate) fn with_ping(&self) -> Self {
        Self {
            codec: self.codec,
            wire: [&PING[..], &self.wire].concat().into(),
            head_bytes: self.head_bytes + PING.len() as u8,
        }
    }

    /// The message of one that has a ping in front, out of the same bytes.
    pub(crate) fn without_ping(&self) -> Self {
        Self {
            codec: self.codec,
            wire: self.wire.slice(PING.len()..),
            head_bytes: self.head_bytes - PING.len() as u8,
        }
    }

    /// An `events` message of events that are encoded already; `hash` where the last of them ends
    /// a record.
    pub fn of_events<'a>(
        codec: Codec,
        match_id: &MatchId,
        epoch: Epoch,
        events: impl ExactSizeIterator<Item = &'a [u8]>,
        hash: Option<StateHash>,
    ) -> Self {
        let out = match codec {
            Codec::Json => json_events(match_id, epoch, events, hash),
            Codec::MessagePack => {
                let mut out = messagepack_head(match_id, epoch, if hash.is_some() { 5 } else { 4 });
                put_text(&mut out, "events");
                put_array_len(&mut out, events.len());
                for event in events {
                    out.put_slice(event);
                }
                if let Some(hash) = hash {
                    put_text(&mut out, "hash");
                    put_text(&mut out, hash.as_str());
                }
                out
            }
        };
        Self::sealed(codec, out)
    }

    /// An `events` message of one whole record as JSON, and where each event is in its wire.
    pub(crate) fn of_json_record(
        match_id: &MatchId,
        epoch: Epoch,
        events: &[Bytes],
        hash: StateHash,
    ) -> (Self, Box<[Range<u32>]>) {
        let texts = events.iter().map(|event| &event[..]);
        let frame = Self::of_events(Codec::Json, match_id, epoch, texts, Some(hash));
        let mut end = (frame.wire.len() - JSON_RECORD_TAIL_BYTES) as u32;
        let mut places: Vec<Range<u32>> = Vec::with_capacity(events.len());
        for event in events.iter().rev() {
            let start = end - event.len() as u32;
            places.push(start..end);
            // A comma is between two.
            end = start - 1;
        }
        places.reverse();
        (frame, places.into())
    }

    /// An `events` message out of one whole record for a MessagePack fan: the stored bytes as they
    /// are, with the first one replaced by a head.
    pub fn of_record_body(match_id: &MatchId, epoch: Epoch, body: &[u8]) -> Self {
        let mut out = messagepack_head(match_id, epoch, 5);
        out.put_slice(body.get(1..).unwrap_or_default());
        Self::sealed(Codec::MessagePack, out)
    }

    /// A `snapshot` message around a state that is encoded already.
    pub fn of_snapshot(
        match_id: &MatchId,
        epoch: Epoch,
        reason: Reason,
        tail: &SnapshotTail,
    ) -> Self {
        let mut out = wire::room(160 + tail.bytes.len());
        match tail.codec {
            Codec::Json => {
                let head = format!(
                    r#"{{"type":"snapshot","match":"{match_id}","epoch":"{epoch}","reason":"{}","#,
                    reason.as_str()
                );
                out.put_slice(head.as_bytes());
            }
            Codec::MessagePack => {
                out.put_u8(0x87);
                for (name, value) in [
                    ("type", "snapshot"),
                    ("match", match_id.as_str()),
                    ("epoch", &epoch.to_string()),
                    ("reason", reason.as_str()),
                ] {
                    put_text(&mut out, name);
                    put_text(&mut out, value);
                }
            }
        }
        out.put_slice(&tail.bytes);
        Self::sealed(tail.codec, out)
    }
}

/// The part of a snapshot that is the same for everybody: seq, hash and state, encoded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotTail {
    codec: Codec,
    bytes: Bytes,
}

impl SnapshotTail {
    /// How it is encoded.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The tail of a snapshot that was made of it, which shares its bytes.
    pub(crate) fn of_frame(frame: &Frame, tail_bytes: usize) -> Self {
        Self {
            codec: frame.codec,
            bytes: frame.wire.slice(frame.wire.len() - tail_bytes..),
        }
    }

    /// How long it is.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Encodes the state at `seq`.
    pub fn new(codec: Codec, seq: u64, state: &Value) -> Self {
        let canonical = crate::hash::canonical(state);
        let hash = StateHash::of_canonical(&canonical);
        let bytes = match codec {
            Codec::Json => format!(r#""seq":{seq},"hash":"{hash}","state":{canonical}}}"#).into(),
            Codec::MessagePack => {
                let mut out = BytesMut::new();
                put_text(&mut out, "seq");
                put_serialized(&mut out, &seq);
                put_text(&mut out, "hash");
                put_text(&mut out, hash.as_str());
                put_text(&mut out, "state");
                put_serialized(&mut out, state);
                out.freeze()
            }
        };
        Self { codec, bytes }
    }
}

/// One event's JSON, out of what its writer stored.
pub fn event_json(document: &Value) -> Bytes {
    document.to_string().into()
}

fn json_events<'a>(
    match_id: &MatchId,
    epoch: Epoch,
    events: impl ExactSizeIterator<Item = &'a [u8]>,
    hash: Option<StateHash>,
) -> BytesMut {
    let head = format!(r#"{{"type":"events","match":"{match_id}","epoch":"{epoch}","events":["#);
    let mut out = wire::room(512);
    out.put_slice(head.as_bytes());
    for (index, event) in events.enumerate() {
        if index > 0 {
            out.put_u8(b',');
        }
        out.put_slice(event);
    }
    out.put_u8(b']');
    if let Some(hash) = hash {
        out.put_slice(format!(r#","hash":"{hash}""#).as_bytes());
    }
    out.put_u8(b'}');
    out
}

/// The head of an `events` message: a map of `members` that opens with type, match and epoch.
fn messagepack_head(match_id: &MatchId, epoch: Epoch, members: u8) -> BytesMut {
    let mut out = wire::room(512);
    out.put_u8(0x80 | members);
    for (name, value) in [
        ("type", "events"),
        ("match", match_id.as_str()),
        ("epoch", &epoch.to_string()),
    ] {
        put_text(&mut out, name);
        put_text(&mut out, value);
    }
    out
}

fn put_text(out: &mut BytesMut, text: &str) {
    rmp::encode::write_str(&mut out.writer(), text).expect("memory takes what is written to it");
}

fn put_array_len(out: &mut BytesMut, len: usize) {
    let len = u32::try_from(len).expect("a frame holds few events");
    rmp::encode::write_array_len(&mut out.writer(), len)
        .expect("memory takes what is written to it");
}

fn put_serialized(out: &mut BytesMut, value: &impl Serialize) {
    rmp_serde::encode::write_named(&mut out.writer(), value)
        .expect("neither a message nor a state holds what MessagePack lacks");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(frame: &Frame) -> Value {
        match frame.codec {
            Codec::Json => serde_json::from_slice(&frame.bytes()).unwrap(),
            Codec::MessagePack => rmp_serde::from_slice(&frame.bytes()).unwrap(),
        }
    }

    #[test]
    fn both_codecs_say_the_same() {
        let match_id = MatchId::new("m").unwrap();
        let epoch = "5.1".parse().unwrap();
        let state = json!({"strip": {"title": "Ä \"x\"", "status": "live"}, "n": -3});
        let hash = StateHash::of(&state);
        let documents = [
            json!({"seq": 1, "patch": {"n": -3}}),
            json!({"seq": 2, "patch": {}}),
        ];
        let packed: Vec<_> = documents
            .iter()
            .map(|d| rmp_serde::to_vec_named(d).unwrap())
            .collect();
        let texts: Vec<_> = documents.iter().map(event_json).collect();

        for hash in [Some(hash), None] {
            let json = Frame::of_events(
                Codec::Json,
                &match_id,
                epoch,
                texts.iter().map(|t| &t[..]),
                hash,
            );
            let packed = Frame::of_events(
                Codec::MessagePack,
                &match_id,
                epoch,
                packed.iter().map(|t| &t[..]),
                hash,
            );
            let mut expected =
                json!({"type": "events", "match": "m", "epoch": "5.1", "events": documents});
            if let Some(hash) = hash {
                expected["hash"] = json!(hash);
            }
            assert_eq!(read(&json), expected);
            assert_eq!(read(&packed), expected);
        }
        for codec in [Codec::Json, Codec::MessagePack] {
            let tail = SnapshotTail::new(codec, 9, &state);
            let frame = Frame::of_snapshot(&match_id, epoch, Reason::Joined, &tail);
            assert_eq!(
                read(&frame),
                json!({"type": "snapshot", "match": "m", "epoch": "5.1", "reason": "joined",
                    "seq": 9, "hash": hash, "state": state})
            );
        }
    }

    #[test]
    fn a_whole_record_goes_out_as_it_is_stored() {
        let body = rmp_serde::to_vec_named(&json!({"events": [{"seq": 1}], "hash": "00"})).unwrap();
        let frame =
            Frame::of_record_body(&MatchId::new("m").unwrap(), "5.1".parse().unwrap(), &body);
        assert!(frame.bytes().ends_with(&body[1..]));
        assert_eq!(
            read(&frame),
            json!({"type": "events", "match": "m", "epoch": "5.1", "events": [{"seq": 1}], "hash": "00"})
        );
    }
}
