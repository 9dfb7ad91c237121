//! Room in memory: when all logs together have more than they may, some give back what they have.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use grandstand_core::follow::Follower;

use super::{Content, Feeds, Slot, lock};

/// How many gave something back.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    /// Logs that gave what they can make again.
    pub(crate) caches: u64,
    /// Logs that nobody read, and that are gone.
    pub(crate) logs: u64,
    /// Times that a log gave its oldest events.
    pub(crate) events: u64,
}

impl Feeds {
    /// Makes room for an eighth of the budget if it is used up: first by what can be made again,
    /// of those first that nobody reads, then by whole logs that nobody reads, then by the oldest
    /// events of the largest logs. While even that is not enough no more matches are let in.
    pub(crate) fn make_room(&self) -> Given {
        let mut given = Given::default();
        if self.budget.is_over() {
            let bytes_wanted = self.budget.bytes_max() / 8 * 7;
            given.caches = self.evict_caches(bytes_wanted);
            given.logs = self.evict_idle(bytes_wanted);
            given.events = self.evict_oldest(bytes_wanted);
        }
        self.is_full.store(self.budget.is_over(), Ordering::Relaxed);
        given
    }

    fn evict_caches(&self, bytes_wanted: u64) -> u64 {
        let mut slots: Vec<_> = self
            .all()
            .into_iter()
            .filter_map(|slot| {
                let bytes = slot.of_log(|follower| follower.log().bytes_cached())?;
                Some((slot.has_readers(), Reverse(bytes), slot))
            })
            .collect();
        slots.sort_by_key(|(has_readers, bytes, _)| (*has_readers, *bytes));
        let mut count = 0;
        for (_, Reverse(bytes), slot) in slots {
            if self.budget.bytes() <= bytes_wanted {
                break;
            }
            if bytes > 0 && slot.of_log_mut(Follower::evict_caches).is_some() {
                count += 1;
            }
        }
        count
    }

    fn evict_idle(&self, bytes_wanted: u64) -> u64 {
        let mut slots = self.all();
        slots.sort_by_key(|slot| lock(&slot.readers).idle_since_us);
        let mut count = 0;
        for slot in slots {
            if self.budget.bytes() <= bytes_wanted {
                break;
            }
            // Who opens a match holds this lock until it counts as a reader.
            let mut slots = lock(&self.slots);
            let is_here = slots
                .by_id
                .get(&slot.match_id)
                .is_some_and(|here| Arc::ptr_eq(here, &slot));
            if is_here && !slot.has_readers() && slot.of_log(|_| ()).is_some() {
                slots.by_id.remove(&slot.match_id);
                drop(slots);
                // The last to have it, most likely, and with it its log.
                drop(slot);
                count += 1;
            }
        }
        count
    }

    fn evict_oldest(&self, bytes_wanted: u64) -> u64 {
        let slots = self.all();
        let bytes = |index: usize| slots[index].of_log(|follower| follower.log().bytes());
        let mut largest: BinaryHeap<(u64, usize)> = (0..slots.len())
            .filter_map(|index| Some((bytes(index)?, index)))
            .collect();
        let mut count = 0;
        while self.budget.bytes() > bytes_wanted
            && let Some((_, index)) = largest.pop()
        {
            if slots[index].of_log_mut(Follower::evict_oldest) == Some(true) {
                count += 1;
                largest.extend(bytes(index).map(|bytes| (bytes, index)));
            }
        }
        count
    }
}

impl Slot {
    fn of_log<R>(&self, look: impl FnOnce(&Follower) -> R) -> Option<R> {
        match &*self.read() {
            Content::Ready(ready) => Some(look(&ready.feed.follower)),
            Content::Loading { .. } | Content::Absent { .. } => None,
        }
    }

    fn of_log_mut<R>(&self, change: impl FnOnce(&mut Follower) -> R) -> Option<R> {
        match &mut *self.write() {
            Content::Ready(ready) => Some(change(&mut ready.feed.follower)),
            Content::Loading { .. } | Content::Absent { .. } => None,
        }
    }
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
