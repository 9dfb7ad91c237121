//! What a server's message says, as far as a checker needs it. Thousands of fans get the same bytes:
//! they are read once, and recognised after that, so that a fan costs a comparison.

use std::rc::Rc;

use serde::Deserialize;

use crate::args::Codec;

/// How many messages are remembered; more than differ at any one time.
const REMEMBERED: usize = 1_024;
/// A message differs from its neighbours at its end: there is its hash, or its seq.
const TAIL_BYTES: usize = 48;

/// A message.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// The connection is taken.
    Welcome,
    /// Events of a match.
    Events {
        /// Which match and epoch.
        place: Place,
        /// Each with its seq and when it was accepted, Unix microseconds.
        events: Vec<(u64, u64)>,
    },
    /// A state of a match.
    Snapshot {
        /// Which match and epoch.
        place: Place,
        /// Where the state stands.
        seq: u64,
        /// Why it came.
        reason: String,
    },
    /// Something is refused.
    Error(String),
    /// The fan shall come again elsewhere.
    Goaway,
    /// Anything else: a heartbeat, a pong, what newer servers say.
    Other,
}

/// A match in one of its lives. Shared: each fan keeps one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) match_id: String,
    pub(crate) epoch: String,
}

/// Where a seq counts.
pub(crate) type Place = Rc<Life>;

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "match")]
    match_id: Option<String>,
    epoch: Option<String>,
    seq: Option<u64>,
    reason: Option<String>,
    code: Option<String>,
    events: Option<Vec<WireEvent>>,
}

#[derive(Deserialize)]
struct WireEvent {
    seq: u64,
    ts: u64,
}

/// Reads messages, and remembers them.
pub(crate) struct MessageReader {
    codec: Codec,
    remembered: Vec<Option<(Vec<u8>, Rc<Message>)>>,
    places: Vec<Place>,
}

impl MessageReader {
    /// A reader of one subprotocol.
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            codec,
            remembered: vec![None; REMEMBERED],
            places: Vec::new(),
        }
    }

    /// What the bytes say; none if that can't be read.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Option<Rc<Message>> {
        let slot = slot_of(bytes);
        if let Some((known, message)) = &self.remembered[slot]
            && known == bytes
        {
            return Some(Rc::clone(message));
        }
        let message = Rc::new(self.decode(bytes)?);
        self.remembered[slot] = Some((bytes.to_vec(), Rc::clone(&message)));
        Some(message)
    }

    fn decode(&mut self, bytes: &[u8]) -> Option<Message> {
        let wire: Wire = match self.codec {
            Codec::Json => serde_json::from_slice(bytes).ok()?,
            Codec::Msgpack => rmp_serde::from_slice(bytes).ok()?,
        };
        Some(match wire.kind.as_str() {
            "welcome" => Message::Welcome,
            "events" => Message::Events {
                place: self.place(wire.match_id?, wire.epoch?),
                events: wire.events?.iter().map(|e| (e.seq, e.ts)).collect(),
            },
            "snapshot" => Message::Snapshot {
                place: self.place(wire.match_id?, wire.epoch?),
                seq: wire.seq?,
                reason: wire.reason?,
            },
            "error" => Message::Error(wire.code?),
            "goaway" => Message::Goaway,
            _ => Message::Other,
        })
    }

    fn place(&mut self, match_id: String, epoch: String) -> Place {
        let life = Life { match_id, epoch };
        if let Some(known) = self.places.iter().find(|known| ***known == life) {
            return Rc::clone(known);
        }
        let place = Rc::new(life);
        self.places.push(Rc::clone(&place));
        place
    }
}

/// FNV over the length and the end.
fn slot_of(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
    let mixed = tail.iter().fold(bytes.len() as u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    (mixed >> 20) as usize % REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_codecs_are_read_alike_whatever_else_they_say() {
        let event = |seq: u64| json!({"seq": seq, "ts": 17, "id": "e", "type": "count", "patch": {"seq": 9}});
        let documents = [
            json!({"type": "events", "match": "m", "epoch": "1.1", "events": [event(4), event(5)], "hash": "00"}),
            json!({"type": "snapshot", "match": "m", "epoch": "1.1", "seq": 7, "state": {"seq": 1}, "reason": "behind"}),
            json!({"type": "welcome", "session": "00"}),
            json!({"type": "error", "code": "unknown_match"}),
            json!({"type": "tomorrow"}),
        ];
        let mut as_json = MessageReader::new(Codec::Json);
        let mut as_msgpack = MessageReader::new(Codec::Msgpack);
        for document in &documents {
            let text = document.to_string().into_bytes();
            let packed = rmp_serde::to_vec_named(document).unwrap();
            let read = as_json.read(&text).unwrap();
            assert_eq!(read, as_msgpack.read(&packed).unwrap());
            assert!(Rc::ptr_eq(&read, &as_json.read(&text).unwrap()));
        }
        assert_eq!(as_json.places.len(), 1);
        let place = Rc::clone(&as_json.places[0]);
        assert_eq!(
            *as_json.read(documents[0].to_string().as_bytes()).unwrap(),
            Message::Events {
                place,
                events: vec![(4, 17), (5, 17)]
            }
        );
    }

    #[test]
    fn what_differs_is_told_apart_even_in_the_same_slot() {
        let mut reader = MessageReader::new(Codec::Json);
        let text = |seq: u64| {
            let pad = "x".repeat(TAIL_BYTES);
            format!(
                r#"{{"type":"snapshot","match":"m","epoch":"1.1","reason":"joined","seq":{seq},"pad":"{pad}"}}"#
            )
        };
        assert_eq!(slot_of(text(3).as_bytes()), slot_of(text(4).as_bytes()));
        for seq in [3, 4, 3] {
            let read = reader.read(text(seq).as_bytes()).unwrap();
            assert!(matches!(*read, Message::Snapshot { seq: found, .. } if found == seq));
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        let mut reader = MessageReader::new(Codec::Json);
        for bytes in [&b""[..], b"{", b"{}", b"\x81", br#"{"type":"events"}"#] {
            assert!(reader.read(bytes).is_none());
        }
    }
}
