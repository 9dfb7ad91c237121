//! What a log takes of the budget, and what it can give back: first what it can make again, then
//! its oldest events.

use std::sync::PoisonError;

use crate::hash::StateHash;
use crate::log::state::Packed;
use crate::log::stored::{Place, StoredRecord};
use crate::log::{Checkpoint, MatchLog, SEGMENT_EVENTS};
use crate::subscription::BEHIND_EVENTS_MAX;

/// The newest events are always kept: whoever is a little behind gets no snapshot for want of
/// memory, and a match that goes on costs its fans nothing.
pub const EVENTS_KEPT_MIN: u64 = 64;

/// Where a log begins: behind the last event that is no longer kept.
#[derive(Debug)]
pub(super) struct Evicted {
    /// The end of a record, 0 if nothing is.
    pub(super) seq: u64,
    /// How many records.
    pub(super) records: u32,
    pub(super) state: Packed,
    /// Of the state, where a record left it.
    pub(super) hash: Option<StateHash>,
    /// When the last of them counted as there, Unix microseconds.
    pub(super) time_us: u64,
    pub(super) accepted_us: u64,
}

impl Evicted {
    pub(super) fn none() -> Self {
        Self {
            seq: 0,
            records: 0,
            state: Packed::empty(),
            hash: None,
            time_us: 0,
            accepted_us: 0,
        }
    }
}

impl MatchLog {
    /// What it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.share.bytes()
    }

    /// How much of that it can make again.
    pub fn bytes_cached(&self) -> u64 {
        self.share.cached() + self.state.bytes_packable()
    }

    /// Gives back what it can make again: segments, snapshots, the JSON and the deflated frames of
    /// all records but those that fans who are hardly behind still read, and the head's state as a
    /// document. The states
    /// in between stay: a delayed fan's snapshot would else cost a walk through the whole log.
    pub fn evict_caches(&mut self) {
        let ready = self.ready.get_mut().unwrap_or_else(PoisonError::into_inner);
        ready.clear(&self.share);
        let recent = self.head().saturating_sub(BEHIND_EVENTS_MAX);
        let old = self
            .records
            .iter_mut()
            .filter(|record| record.last_seq <= recent);
        self.share.uncache(old.map(StoredRecord::forget_made).sum());
        self.state.pack();
        self.events.shrink_to_fit();
        self.records.shrink_to_fit();
        self.count_kept();
    }

    /// Gives back its oldest events, a quarter of them and at least 64; false if it has no more of
    /// them than are always kept.
    pub fn evict_oldest(&mut self) -> bool {
        let most = self.head().saturating_sub(EVENTS_KEPT_MIN);
        let wish = SEGMENT_EVENTS.max(self.events.len() as u64 / 4);
        let upto = most.min(self.evicted.seq + wish);
        // Whole records: a first one that holds more than the wish goes all the same.
        let goes = |record: &StoredRecord| record.last_seq <= most;
        let count = self
            .records
            .partition_point(|record| record.last_seq <= upto)
            .max(usize::from(self.records.first().is_some_and(goes)));
        let Some(last) = count.checked_sub(1).map(|index| &self.records[index]) else {
            return false;
        };
        let evicted = Evicted {
            seq: last.last_seq,
            records: self.evicted.records + count as u32,
            state: Packed::of(&self.state_at(last.last_seq)),
            hash: Some(last.hash),
            time_us: last.time_us,
            accepted_us: last.accepted_us,
        };
        let events = (evicted.seq - self.evicted.seq) as usize;
        for mut record in self.records.drain(..count) {
            self.records_bytes -= record.bytes();
            self.share.uncache(record.forget_made());
        }
        self.events.drain(..events);
        self.checkpoints
            .retain(|checkpoint| checkpoint.seq > evicted.seq);
        self.evicted = evicted;
        self.evict_caches();
        true
    }

    /// Counts what is kept anew.
    pub(super) fn count_kept(&mut self) {
        let checkpoints = self
            .checkpoints
            .iter()
            .map(|checkpoint| checkpoint.state.bytes());
        let kept = self.records_bytes
            + self.events.capacity() * size_of::<Place>()
            + self.records.capacity() * size_of::<StoredRecord>()
            + self.checkpoints.capacity() * size_of::<Checkpoint>()
            + checkpoints.sum::<usize>()
            + self.evicted.state.bytes()
            + self.state.bytes()
            + size_of::<Self>();
        self.share.set_kept(kept);
    }
}
