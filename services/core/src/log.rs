//! The match log: all events of a match in memory, with ready-made frames and the state at any seq.
//!
//! Fans hold cursors into it; what goes to many is encoded once per codec, when the first of them
//! reads it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};
use thiserror::Error;

use crate::frame::{Codec, Frame, SnapshotTail, event_json};
use crate::hash::StateHash;
use crate::ids::{Epoch, MatchId};
use crate::patch;
use crate::record::{EventPart, RecordParts};

/// A frame of several records holds at most this many events.
pub const FRAME_EVENTS_MAX: u64 = 64;
/// And at most this many bytes of events, counted as stored.
pub const FRAME_BYTES_MAX: usize = 16 * 1024;
/// How many events a segment has.
pub const SEGMENT_EVENTS: u64 = 64;
/// A state is kept every so many events, so that the state at any seq is a few patches away.
const CHECKPOINT_EVENTS: u64 = 64;
/// How many encoded snapshots are kept: head and what the few delayed policies look at.
const SNAPSHOTS_MAX: usize = 8;

/// All events of one match in one epoch, from seq 1 without a hole.
#[derive(Debug)]
pub struct MatchLog {
    match_id: MatchId,
    epoch: Epoch,
    events: Vec<LogEvent>,
    records: Vec<LogRecord>,
    state: Value,
    checkpoints: Vec<Checkpoint>,
    snapshots: Mutex<Vec<(u64, SnapshotTail)>>,
    encodes: [AtomicU64; Encoded::ALL.len()],
    /// How many events came since that was last asked.
    events_new: AtomicU64,
}

#[derive(Debug)]
struct LogEvent {
    part: EventPart,
    /// Index of the record that holds it.
    record: usize,
    json: OnceLock<Bytes>,
}

#[derive(Debug)]
struct LogRecord {
    body: Bytes,
    first_seq: u64,
    last_seq: u64,
    hash: StateHash,
    /// When policies count it as there, Unix microseconds.
    time_us: u64,
    accepted_us: u64,
    json_frame: OnceLock<Frame>,
    messagepack_frame: OnceLock<Frame>,
}

#[derive(Debug)]
struct Checkpoint {
    seq: u64,
    state: Value,
}

/// A record whose first seq is not the next one of the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("record starts at seq {found}, the log goes on at {next}")]
pub struct NotNext {
    /// What the log wants next.
    pub next: u64,
    /// What the record starts with.
    pub found: u64,
}

/// Whether a record's patches lead to the hash that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashCheck {
    /// They do.
    Right,
    /// They do not: whoever wrote the record has a bug, and somebody must know.
    Wrong,
}

impl MatchLog {
    /// A log without events.
    pub fn new(match_id: MatchId, epoch: Epoch) -> Self {
        Self {
            match_id,
            epoch,
            events: Vec::new(),
            records: Vec::new(),
            state: json!({}),
            checkpoints: Vec::new(),
            snapshots: Mutex::new(Vec::new()),
            encodes: Default::default(),
            events_new: AtomicU64::new(0),
        }
    }

    /// Takes the next record, received at `now_us` (Unix microseconds).
    ///
    /// The state is what the patches say. A record with a wrong hash is taken all the same: it is
    /// in the stream, so it did happen, and fans are not served by holding it back.
    pub fn push(&mut self, parts: RecordParts, now_us: u64) -> Result<HashCheck, NotNext> {
        let next = self.head() + 1;
        if parts.first_seq() != next {
            return Err(NotNext {
                next,
                found: parts.first_seq(),
            });
        }
        for event in &parts.events {
            patch::apply(&mut self.state, event.patch());
        }
        let check = match StateHash::of(&self.state) == parts.hash {
            true => HashCheck::Right,
            false => HashCheck::Wrong,
        };
        self.remember(parts, now_us);
        self.keep_checkpoint();
        Ok(check)
    }

    fn remember(&mut self, parts: RecordParts, now_us: u64) {
        let accepted_us = parts.events.last().map_or(0, |event| event.ts);
        let previous_us = self.records.last().map_or(0, |record| record.time_us);
        self.records.push(LogRecord {
            first_seq: parts.first_seq(),
            last_seq: parts.last_seq(),
            hash: parts.hash,
            // A scorer's server whose clock runs ahead must not hold its events back here.
            time_us: accepted_us.min(now_us).max(previous_us),
            accepted_us,
            body: parts.body,
            json_frame: OnceLock::new(),
            messagepack_frame: OnceLock::new(),
        });
        let record = self.records.len() - 1;
        *self.events_new.get_mut() += parts.events.len() as u64;
        self.events
            .extend(parts.events.into_iter().map(|part| LogEvent {
                part,
                record,
                json: OnceLock::new(),
            }));
    }

    fn keep_checkpoint(&mut self) {
        let last = self
            .checkpoints
            .last()
            .map_or(0, |checkpoint| checkpoint.seq);
        if self.head() >= last + CHECKPOINT_EVENTS {
            self.checkpoints.push(Checkpoint {
                seq: self.head(),
                state: self.state.clone(),
            });
        }
    }

    /// The match.
    pub fn match_id(&self) -> &MatchId {
        &self.match_id
    }

    /// The epoch that its seqs count in.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The newest seq, 0 while there is none.
    pub fn head(&self) -> u64 {
        self.events.len() as u64
    }

    /// How much of each kind was encoded since this was last asked.
    pub fn take_encodes(&self) -> impl Iterator<Item = (Encoded, u64)> {
        let counts = Encoded::ALL.iter().zip(&self.encodes);
        counts.map(|(encoded, count)| (*encoded, count.swap(0, Ordering::Relaxed)))
    }

    /// How many events came since this was last asked.
    pub fn take_events_new(&self) -> u64 {
        self.events_new.swap(0, Ordering::Relaxed)
    }

    fn count_encode(&self, encoded: Encoded) {
        self.encodes[encoded as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The state at the head.
    pub fn state(&self) -> &Value {
        &self.state
    }

    /// The hash of the state at `seq`, where a record ends there.
    pub fn hash_at(&self, seq: u64) -> Option<StateHash> {
        let record = self.record_of(seq)?;
        (record.last_seq == seq).then_some(record.hash)
    }

    /// When the event `seq` was accepted, Unix microseconds.
    pub fn accepted_us(&self, seq: u64) -> Option<u64> {
        Some(self.record_of(seq)?.accepted_us)
    }

    /// When policies count the event `seq` as there, Unix microseconds; never falls with `seq`.
    pub fn time_us(&self, seq: u64) -> Option<u64> {
        Some(self.record_of(seq)?.time_us)
    }

    /// The last seq of the newest record that was there at `time_us`; 0 for none.
    pub fn seq_at(&self, time_us: u64) -> u64 {
        let count = self
            .records
            .partition_point(|record| record.time_us <= time_us);
        count
            .checked_sub(1)
            .map_or(0, |index| self.records[index].last_seq)
    }

    /// The last seq of the record that holds `seq`.
    pub fn record_end(&self, seq: u64) -> Option<u64> {
        Some(self.record_of(seq)?.last_seq)
    }

    fn record_of(&self, seq: u64) -> Option<&LogRecord> {
        self.records.get(self.event(seq)?.record)
    }

    fn event(&self, seq: u64) -> Option<&LogEvent> {
        self.events.get(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// The frame that takes a fan from `after` towards `to`, a record's end, and the seq it ends
    /// at. One record goes whole, in a frame that all share; several are packed by whole records
    /// up to the frame limits, and `Split::Records` lets a record be cut that passes them.
    pub fn frame(&self, codec: Codec, after: u64, to: u64, split: Split) -> Option<(Frame, u64)> {
        let first = self.record_of(after + 1)?;
        let to = to.min(self.head());
        if first.last_seq >= to && first.first_seq == after + 1 {
            return Some((self.record_frame(codec, first), first.last_seq));
        }
        let end = self.frame_end(after, to, split);
        Some((self.events_frame(codec, after, end), end))
    }

    /// Where a frame ends that starts after `after`: at a record's end within the limits if there
    /// is one.
    fn frame_end(&self, after: u64, to: u64, split: Split) -> u64 {
        let (mut bytes, mut end, mut record_end) = (0, after, after);
        while end < to {
            let Some(event) = self.event(end + 1) else {
                break;
            };
            bytes += event.part.bytes.len();
            if end > after && (end - after >= FRAME_EVENTS_MAX || bytes > FRAME_BYTES_MAX) {
                break;
            }
            end += 1;
            if self.records[event.record].last_seq == end {
                record_end = end;
            }
        }
        match split {
            _ if record_end > after => record_end,
            Split::Records => end,
            Split::Never => self.record_end(after + 1).unwrap_or(end),
        }
    }

    fn record_frame(&self, codec: Codec, record: &LogRecord) -> Frame {
        let cell = match codec {
            Codec::Json => &record.json_frame,
            Codec::MessagePack => &record.messagepack_frame,
        };
        cell.get_or_init(|| match codec {
            Codec::Json => self.events_frame(codec, record.first_seq - 1, record.last_seq),
            Codec::MessagePack => {
                self.count_encode(Encoded::RecordMessagePack);
                Frame::of_record_body(&self.match_id, self.epoch, &record.body)
            }
        })
        .clone()
    }

    /// The events after `after` up to `to` as one `events` message.
    fn events_frame(&self, codec: Codec, after: u64, to: u64) -> Frame {
        let range = after as usize..to as usize;
        let events = self.events.get(range).unwrap_or_default().iter();
        let bytes = events.map(|event| match codec {
            Codec::Json => &event.json.get_or_init(|| {
                self.count_encode(Encoded::EventJson);
                event_json(&event.part.document)
            })[..],
            Codec::MessagePack => &event.part.bytes[..],
        });
        Frame::of_events(codec, &self.match_id, self.epoch, bytes, self.hash_at(to))
    }

    /// Segment `n`, seq 64n+1 to 64n+64, once all its events are released up to `released`.
    pub fn segment(&self, codec: Codec, n: u64, released: u64) -> Option<Frame> {
        let after = n.checked_mul(SEGMENT_EVENTS)?;
        let to = after.checked_add(SEGMENT_EVENTS)?;
        (to <= released.min(self.head())).then(|| self.events_frame(codec, after, to))
    }

    /// The state at `seq`.
    pub fn state_at(&self, seq: u64) -> Value {
        if seq >= self.head() {
            return self.state.clone();
        }
        let before = self
            .checkpoints
            .partition_point(|checkpoint| checkpoint.seq <= seq);
        let (mut at, mut state) = match before.checked_sub(1).map(|index| &self.checkpoints[index])
        {
            Some(checkpoint) => (checkpoint.seq, checkpoint.state.clone()),
            None => (0, json!({})),
        };
        while at < seq {
            at += 1;
            if let Some(event) = self.event(at) {
                patch::apply(&mut state, event.part.patch());
            }
        }
        state
    }

    /// The encoded state at `seq`, made at most once while it is asked for.
    pub fn snapshot(&self, codec: Codec, seq: u64) -> SnapshotTail {
        let mut snapshots = self
            .snapshots
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = snapshots
            .iter()
            .find(|(at, tail)| *at == seq && tail.codec() == codec);
        if let Some((_, tail)) = found {
            return tail.clone();
        }
        self.count_encode(match codec {
            Codec::Json => Encoded::SnapshotJson,
            Codec::MessagePack => Encoded::SnapshotMessagePack,
        });
        let tail = SnapshotTail::new(codec, seq, &self.state_at(seq));
        if snapshots.len() == SNAPSHOTS_MAX {
            snapshots.remove(0);
        }
        snapshots.push((seq, tail.clone()));
        tail
    }
}

/// What is encoded here, each at most once however many read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoded {
    /// One event as JSON.
    EventJson,
    /// The frame of one record, around its stored bytes.
    RecordMessagePack,
    /// A state as JSON.
    SnapshotJson,
    /// A state as MessagePack.
    SnapshotMessagePack,
}

impl Encoded {
    /// All there are, in order.
    pub const ALL: [Self; 4] = [
        Self::EventJson,
        Self::RecordMessagePack,
        Self::SnapshotJson,
        Self::SnapshotMessagePack,
    ];
}

/// Whether a record that passes the frame limits may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Frames always end where a record ends.
    Never,
    /// A catching-up reader who wants every event takes bounded frames.
    Records,
}
