//! One record as a log holds it: the frame that MessagePack fans get, which is its stored bytes
//! behind a head, its JSON once somebody has read that, and both deflated.

use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;

use crate::frame::{Codec, Frame, event_json};
use crate::hash::StateHash;
use crate::heap::shared_bytes;
use crate::ids::{Epoch, MatchId};
use crate::log::budget::{Encoded, Share};
use crate::record::{self, RecordParts};

#[derive(Debug)]
pub(super) struct StoredRecord {
    frame: Frame,
    json: OnceLock<Box<JsonRecord>>,
    deflated: OnceLock<Box<DeflatedRecord>>,
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
    pub(super) hash: StateHash,
    /// When policies count it as there, Unix microseconds.
    pub(super) time_us: u64,
    pub(super) accepted_us: u64,
}

/// A record as JSON.
#[derive(Debug)]
pub(super) struct JsonRecord {
    pub(super) frame: Frame,
    /// Where each event is in the frame's wire.
    places: Box<[Range<u32>]>,
}

/// A record's frames deflated, each once somebody has taken it so.
#[derive(Debug, Default)]
struct DeflatedRecord {
    json: OnceLock<Frame>,
    messagepack: OnceLock<Frame>,
}

/// Where an event is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The number of its record in the log, evicted ones counted too.
    pub(super) record: u32,
    /// Which of its events it is.
    index: u16,
    /// Where it is in the wire of the record's frame.
    bytes: Range<u32>,
}

impl StoredRecord {
    pub(super) fn new(match_id: &MatchId, epoch: Epoch, parts: &RecordParts, time_us: u64) -> Self {
        Self {
            // The body itself may hold on to the buffer that it was received in.
            frame: Frame::of_record_body(match_id, epoch, &parts.body),
            json: OnceLock::new(),
            deflated: OnceLock::new(),
            first_seq: parts.first_seq(),
            last_seq: parts.last_seq(),
            hash: parts.hash,
            time_us,
            accepted_us: accepted_us(parts),
        }
    }

    /// Where its events are, as the record of that number.
    pub(super) fn places(&self, record: u32, parts: &RecordParts) -> impl Iterator<Item = Place> {
        let head_bytes = self.frame.wire().len() - parts.body.len();
        parts.events.iter().zip(0..).map(move |(event, index)| {
            let start = (head_bytes + event.starts_at) as u32;
            Place {
                record,
                index,
                bytes: start..start + event.bytes.len() as u32,
            }
        })
    }

    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The stored bytes of the event at `place`.
    pub(super) fn event(&self, place: &Place) -> &[u8] {
        slice(self.frame.wire(), &place.bytes)
    }

    /// The JSON of the event at `place`, out of the whole record's.
    pub(super) fn event_json<'a>(&self, json: &'a JsonRecord, place: &Place) -> &'a [u8] {
        slice(json.frame.wire(), &json.places[usize::from(place.index)])
    }

    /// Its JSON, of the events at `places`; made once, and counted in `share` then.
    pub(super) fn json(
        &self,
        match_id: &MatchId,
        epoch: Epoch,
        places: &[Place],
        share: &Share,
    ) -> &JsonRecord {
        self.json.get_or_init(|| {
            let encode = |place| {
                share.budget.count_encode(Encoded::EventJson);
                event_json(&record::read_event(self.event(place)))
            };
            let texts: Vec<Bytes> = places.iter().map(encode).collect();
            let (frame, places) = Frame::of_json_record(match_id, epoch, &texts, self.hash);
            let json = Box::new(JsonRecord { frame, places });
            share.cache(json.bytes());
            json
        })
    }

    /// `frame`, one of its own, deflated; made once, and counted in `share` then.
    pub(super) fn deflated(&self, frame: &Frame, share: &Share) -> &Frame {
        let deflated = self.deflated.get_or_init(|| {
            share.cache(size_of::<DeflatedRecord>());
            Box::default()
        });
        let place = match frame.codec {
            Codec::Json => &deflated.json,
            Codec::MessagePack => &deflated.messagepack,
        };
        place.get_or_init(|| {
            let deflated = share.budget.deflated(Encoded::RecordDeflated, frame);
            share.cache(shared_bytes(deflated.wire()));
            deflated
        })
    }

    /// Forgets what it can make again; how many bytes that frees.
    pub(super) fn forget_made(&mut self) -> usize {
        let json = self.json.take().map_or(0, |json| json.bytes());
        let deflated = self.deflated.take();
        json + deflated.map_or(0, |deflated| deflated.bytes())
    }

    /// What it keeps on the heap beside what it can make again.
    pub(super) fn bytes(&self) -> usize {
        shared_bytes(self.frame.wire())
    }
}

impl JsonRecord {
    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.places) + shared_bytes(self.frame.wire())
    }
}

impl DeflatedRecord {
    fn bytes(&self) -> usize {
        let frames = [&self.json, &self.messagepack].into_iter();
        let wires = frames.filter_map(|frame| Some(shared_bytes(frame.get()?.wire())));
        size_of::<Self>() + wires.sum::<usize>()
    }
}

impl Place {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// When scoring accepted a record, Unix microseconds.
pub(super) fn accepted_us(parts: &RecordParts) -> u64 {
    parts.events.last().map_or(0, |event| event.ts)
}

fn slice<'a>(wire: &'a Bytes, range: &Range<u32>) -> &'a [u8] {
    &wire[range.start as usize..range.end as usize]
}
