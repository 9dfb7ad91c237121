//! Logs that changed under us: read again once what changes them has come to rest. A match that is
//! brought back writes its records within a moment, and its fans are told once, at its end.

use std::collections::HashMap;

use grandstand_core::ids::MatchId;

use super::Follow;
use crate::feeds::{Content, Slot};

/// So long nothing may have come that belongs to another log than ours.
const REST_US: u64 = 200_000;
/// A log that comes to no rest is read after this all the same.
const RESTLESS_US: u64 = 3_000_000;

/// The logs that changed, each once. Bounded by the matches in memory.
#[derive(Debug, Default)]
pub(super) struct Changed(HashMap<MatchId, Times>);

#[derive(Debug)]
struct Times {
    first_us: u64,
    last_us: u64,
}

impl Changed {
    /// A log changed, or goes on to; whether that is news.
    fn note(&mut self, match_id: &MatchId, now_us: u64) -> bool {
        if let Some(times) = self.0.get_mut(match_id) {
            times.last_us = now_us;
            return false;
        }
        let times = Times {
            first_us: now_us,
            last_us: now_us,
        };
        self.0.insert(match_id.clone(), times);
        true
    }

    /// Takes out what is to be read now.
    fn take_due(&mut self, now_us: u64) -> Vec<MatchId> {
        let is_due = |times: &mut Times| {
            times.last_us + REST_US <= now_us || times.first_us + RESTLESS_US <= now_us
        };
        let due = self.0.extract_if(|_, times| is_due(times));
        due.map(|(match_id, _)| match_id).collect()
    }
}

impl Follow {
    /// Reads a log again that is not the one we followed.
    pub(super) fn refill(&mut self, slot: &Slot) {
        let match_id = slot.match_id();
        // Whoever reads it now is told of what has passed by meanwhile.
        if self.filling.contains(match_id) {
            return;
        }
        if !matches!(&*slot.read(), Content::Ready(_)) {
            return self.fill_queue.push(match_id.clone(), &self.directory);
        }
        if self.changed.note(match_id, self.clock.now_us()) {
            tracing::error!(%match_id, "the log changed under us; reading it again");
            metrics::counter!("grandstand_logs_changed_total").increment(1);
        }
    }

    /// Has the logs read that have come to rest.
    pub(super) fn read_changed(&mut self, now_us: u64) {
        for match_id in self.changed.take_due(now_us) {
            self.fill_queue.push(match_id, &self.directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_again_when_it_rests_or_never_does() {
        let [a, b] = ["a", "b"].map(|name| MatchId::new(name).unwrap());
        let mut changed = Changed::default();
        assert!(changed.note(&a, 1_000_000) && changed.note(&b, 1_000_000));

        assert_eq!(changed.take_due(1_199_999), []);
        assert_eq!(changed.take_due(1_200_000).len(), 2);

        let mut reads = 0;
        for now_us in (2_000_000..8_000_000).step_by(100_000) {
            changed.note(&a, now_us);
            reads += changed.take_due(now_us).len();
        }
        assert_eq!(reads, 1, "after three seconds, and then again from anew");
    }
}
