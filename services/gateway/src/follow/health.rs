//! How far what is shown can be trusted: the broker's canaries, gaps that last, damage.

use grandstand_core::follow::Outcome;
use grandstand_core::ids::MatchId;
use grandstand_core::message::Status;

use super::Follow;
use crate::feeds::Content;
use crate::freshness::Freshness;
use crate::sign::Hearing;

impl Follow {
    /// Looks at the canaries; everybody is told when they say something else than before.
    pub(super) fn judge_freshness(&mut self) {
        let now_us = self.clock.now_us();
        let freshness = self.canaries.freshness(now_us);
        metrics::gauge!("grandstand_broker_lag_seconds").set(self.canaries.lag_s(now_us));
        self.sign.tell(Hearing {
            stale: freshness == Freshness::Stale,
            heard_us: self.canaries.newest_heard_us(),
        });
        if freshness == self.freshness {
            return;
        }
        let before = std::mem::replace(&mut self.freshness, freshness);
        tracing::info!(?before, now = ?freshness, "what the broker accepts arrives otherwise");
        tell_stale(freshness);
        let status = match freshness {
            Freshness::Fresh => Status::Live,
            Freshness::Delayed => Status::Delayed,
            Freshness::Stale => Status::Stale,
        };
        self.strips.trust(status, self.as_of_us(now_us));
        for slot in self.feeds.all() {
            self.settle(&slot, Outcome::Known);
        }
    }

    /// A gap that has lasted is told, and so is damage.
    pub(super) fn judge_gaps(&mut self, now_us: u64) {
        let lasting: Vec<MatchId> = self.gaps.keys().cloned().collect();
        for match_id in lasting {
            let Some(slot) = self.feeds.slot(&match_id) else {
                continue;
            };
            let changed = match &*slot.read() {
                Content::Ready(ready) => ready.feed.status != self.status(&match_id, ready, now_us),
                Content::Loading { .. } | Content::Absent { .. } => false,
            };
            if changed {
                self.settle(&slot, Outcome::Known);
            }
        }
    }
}

/// Told at the start too: what is not there can't be watched.
pub(super) fn tell_stale(freshness: Freshness) {
    let stale = match freshness {
        Freshness::Stale => 1.0,
        Freshness::Fresh | Freshness::Delayed => 0.0,
    };
    metrics::gauge!("grandstand_stale").set(stale);
}
