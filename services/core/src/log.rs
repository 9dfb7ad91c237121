//! The match log: all events of a match in memory, with ready-made frames and the state at any seq.
//!
//! Fans hold cursors into it; what goes to many is encoded once per codec, when the first of them
//! reads it.

mod budget;
mod evict;
mod ready;
mod state;
mod stored;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use thiserror::Error;

pub use budget::{Encoded, LogBudget};
pub use evict::EVENTS_KEPT_MIN;

use crate::frame::{Codec, Coding, Frame, Reason, SnapshotTail};
use crate::hash::StateHash;
use crate::ids::{Epoch, MatchId};
use crate::log::budget::Share;
use crate::log::evict::Evicted;
use crate::log::ready::Ready;
use crate::log::state::{HeadState, Packed};
use crate::log::stored::{JsonRecord, Place, StoredRecord};
use crate::patch;
use crate::record::{self, RecordParts};

/// A frame of several records holds at most this many events.
pub const FRAME_EVENTS_MAX: u64 = 64;
/// And at most this many bytes of events, counted as stored.
pub const FRAME_BYTES_MAX: usize = 16 * 1024;
/// How many events a segment has.
pub const SEGMENT_EVENTS: u64 = 64;
/// A state is kept every so many events, so that the state at any seq is a few patches away.
const CHECKPOINT_EVENTS: u64 = 64;

/// The events of one match in one epoch without a hole: from seq 1, or from a later one where the
/// oldest were evicted.
#[derive(Debug)]
pub struct MatchLog {
    match_id: MatchId,
    epoch: Epoch,
    /// All that is not here any more.
    evicted: Evicted,
    events: Vec<Place>,
    records: Vec<StoredRecord>,
    /// What the records have on the heap beside their JSON.
    records_bytes: usize,
    state: HeadState,
    checkpoints: Vec<Checkpoint>,
    ready: Mutex<Ready>,
    share: Share,
}

#[derive(Debug)]
struct Checkpoint {
    seq: u64,
    state: Packed,
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
    /// A log without events, which takes its bytes from `budget`.
    pub fn new(match_id: MatchId, epoch: Epoch, budget: Arc<LogBudget>) -> Self {
        let mut log = Self {
            match_id,
            epoch,
            evicted: Evicted::none(),
            events: Vec::new(),
            records: Vec::new(),
            records_bytes: 0,
            state: HeadState::empty(),
            checkpoints: Vec::new(),
            ready: Mutex::default(),
            share: Share::new(budget),
        };
        log.count_kept();
        log
    }

    /// The same match from its beginning, maybe in another epoch.
    pub(crate) fn begin_again(&self, epoch: Epoch) -> Self {
        Self::new(self.match_id.clone(), epoch, Arc::clone(&self.share.budget))
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
        let canonical = self.state.change(|state| {
            for event in &parts.events {
                patch::apply(state, event.patch());
            }
        });
        let check = match StateHash::of_canonical(&canonical) == parts.hash {
            true => HashCheck::Right,
            false => HashCheck::Wrong,
        };
        self.remember(&parts, now_us);
        self.keep_checkpoint(canonical);
        self.count_kept();
        Ok(check)
    }

    fn remember(&mut self, parts: &RecordParts, now_us: u64) {
        let previous_us = match self.records.last() {
            Some(record) => record.time_us,
            None => self.evicted.time_us,
        };
        // A scorer's server whose clock runs ahead must not hold its events back here.
        let time_us = stored::accepted_us(parts).min(now_us).max(previous_us);
        let record = StoredRecord::new(&self.match_id, self.epoch, parts, time_us);
        let number = self.evicted.records + self.records.len() as u32;
        self.events.extend(record.places(number, parts));
        self.records_bytes += record.bytes();
        self.records.push(record);
        self.share.budget.count_events(parts.events.len());
    }

    fn keep_checkpoint(&mut self, state: String) {
        let last = match self.checkpoints.last() {
            Some(checkpoint) => checkpoint.seq,
            None => self.evicted.seq,
        };
        if self.head() >= last + CHECKPOINT_EVENTS {
            self.checkpoints.push(Checkpoint {
                seq: self.head(),
                state: Packed::of_canonical(state),
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
        self.evicted.seq + self.events.len() as u64
    }

    /// Up to this seq events are no longer kept; 0 while all are. The state there is.
    pub fn evicted(&self) -> u64 {
        self.evicted.seq
    }

    /// The hash of the state at `seq`, where a record ends there.
    pub fn hash_at(&self, seq: u64) -> Option<StateHash> {
        if seq == self.evicted.seq {
            return self.evicted.hash;
        }
        let record = self.record_of(seq)?;
        (record.last_seq == seq).then_some(record.hash)
    }

    /// When the event `seq` was accepted, Unix microseconds.
    pub fn accepted_us(&self, seq: u64) -> Option<u64> {
        if seq > 0 && seq == self.evicted.seq {
            return Some(self.evicted.accepted_us);
        }
        Some(self.record_of(seq)?.accepted_us)
    }

    /// When policies count the event `seq` as there, Unix microseconds; never falls with `seq`. Of
    /// those that are no longer kept it is when the last of them was.
    pub fn time_us(&self, seq: u64) -> Option<u64> {
        if (1..=self.evicted.seq).contains(&seq) {
            return Some(self.evicted.time_us);
        }
        Some(self.record_of(seq)?.time_us)
    }

    /// The last seq of the newest record that was there at `time_us`; 0 for none, or for one whose
    /// state is no longer kept.
    pub fn seq_at(&self, time_us: u64) -> u64 {
        let count = self
            .records
            .partition_point(|record| record.time_us <= time_us);
        match count.checked_sub(1) {
            Some(index) => self.records[index].last_seq,
            None if self.evicted.time_us <= time_us => self.evicted.seq,
            None => 0,
        }
    }

    /// The last seq of the record that holds `seq`.
    pub fn record_end(&self, seq: u64) -> Option<u64> {
        Some(self.record_of(seq)?.last_seq)
    }

    fn record_of(&self, seq: u64) -> Option<&StoredRecord> {
        Some(self.record(self.place(seq)?))
    }

    fn record(&self, place: &Place) -> &StoredRecord {
        &self.records[(place.record - self.evicted.records) as usize]
    }

    fn place(&self, seq: u64) -> Option<&Place> {
        let index = seq.checked_sub(self.evicted.seq + 1)?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// The places of the events after `after` up to `to`.
    fn places(&self, after: u64, to: u64) -> &[Place] {
        let index = |seq: u64| seq.saturating_sub(self.evicted.seq) as usize;
        self.events.get(index(after)..index(to)).unwrap_or_default()
    }

    /// The frame that takes a fan from `after` towards `to`, a record's end, and the seq it ends
    /// at. One record goes whole, in a frame that all share; several are packed by whole records
    /// up to the frame limits, and `Split::Records` lets a record be cut that passes them. Several
    /// are shared by who asks for the same shortly after.
    pub fn frame(
        &self,
        coding: impl Into<Coding>,
        after: u64,
        to: u64,
        split: Split,
    ) -> Option<(Frame, u64)> {
        let coding = coding.into();
        let first = self.record_of(after + 1)?;
        let to = to.min(self.head());
        if first.last_seq >= to && first.first_seq == after + 1 {
            return Some((self.record_frame(coding, first), first.last_seq));
        }
        let end = self.frame_end(after, to, split);
        let make = || self.events_frame(coding.codec, after, end);
        let wanted = (coding, after, end);
        Some((self.ready().passage(&self.share, wanted, make), end))
    }

    /// Where a frame ends that starts after `after`: at a record's end within the limits if there
    /// is one.
    fn frame_end(&self, after: u64, to: u64, split: Split) -> u64 {
        let (mut bytes, mut end, mut record_end) = (0, after, after);
        while end < to {
            let Some(event) = self.place(end + 1) else {
                break;
            };
            bytes += event.len();
            if end > after && (end - after >= FRAME_EVENTS_MAX || bytes > FRAME_BYTES_MAX) {
                break;
            }
            end += 1;
            if self.record(event).last_seq == end {
                record_end = end;
            }
        }
        match split {
            _ if record_end > after => record_end,
            Split::Records => end,
            Split::Never => self.record_end(after + 1).unwrap_or(end),
        }
    }

    fn record_frame(&self, coding: Coding, record: &StoredRecord) -> Frame {
        let frame = match coding.codec {
            Codec::Json => &self.json(record).frame,
            Codec::MessagePack => record.frame(),
        };
        match coding.deflates {
            true => record.deflated(frame, &self.share).clone(),
            false => frame.clone(),
        }
    }

    /// A record's JSON, made once.
    fn json<'a>(&self, record: &'a StoredRecord) -> &'a JsonRecord {
        let places = self.places(record.first_seq - 1, record.last_seq);
        record.json(&self.match_id, self.epoch, places, &self.share)
    }

    /// The events after `after` up to `to` as one `events` message.
    fn events_frame(&self, codec: Codec, after: u64, to: u64) -> Frame {
        let events = self.places(after, to).iter().map(|place| {
            let record = self.record(place);
            match codec {
                Codec::Json => record.event_json(self.json(record), place),
                Codec::MessagePack => record.event(place),
            }
        });
        Frame::of_events(codec, &self.match_id, self.epoch, events, self.hash_at(to))
    }

    /// Segment `n`, seq 64n+1 to 64n+64, once all its events are released up to `released` and
    /// while they are kept.
    pub fn segment(&self, codec: Codec, n: u64, released: u64) -> Option<Frame> {
        let after = n.checked_mul(SEGMENT_EVENTS)?;
        let to = after.checked_add(SEGMENT_EVENTS)?;
        if after < self.evicted.seq || to > released.min(self.head()) {
            return None;
        }
        let make = || self.events_frame(codec, after, to);
        Some(self.ready().segment(&self.share, codec, n, make))
    }

    /// The state at `seq`, or at the last that is no longer kept, if that is later.
    pub fn state_at(&self, seq: u64) -> Value {
        if seq >= self.head() {
            return self.state.to_document();
        }
        let before = self
            .checkpoints
            .partition_point(|checkpoint| checkpoint.seq <= seq);
        let (at, state) = match before.checked_sub(1).map(|index| &self.checkpoints[index]) {
            Some(checkpoint) => (checkpoint.seq, &checkpoint.state),
            None => (self.evicted.seq, &self.evicted.state),
        };
        let mut state = state.parse();
        for place in self.places(at, seq) {
            let event = record::read_event(self.record(place).event(place));
            patch::apply(&mut state, &event["patch"]);
        }
        state
    }

    /// The state at `seq` for a fan who gets it for `reason`, encoded once for all.
    pub fn snapshot(&self, coding: impl Into<Coding>, seq: u64, reason: Reason) -> Frame {
        let coding = coding.into();
        let codec = coding.codec;
        let encode = || {
            self.share.budget.count_encode(match codec {
                Codec::Json => Encoded::SnapshotJson,
                Codec::MessagePack => Encoded::SnapshotMessagePack,
            });
            SnapshotTail::new(codec, seq, &self.state_at(seq))
        };
        let make =
            |tail: &SnapshotTail| Frame::of_snapshot(&self.match_id, self.epoch, reason, tail);
        let wanted = (coding, seq, reason);
        self.ready().snapshot(&self.share, wanted, encode, make)
    }

    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a record that passes the frame limits may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Frames always end where a record ends.
    Never,
    /// A catching-up reader who wants every event takes bounded frames.
    Records,
}
