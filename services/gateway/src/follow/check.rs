//! What is looked at without being told: tips of quiet matches, the leader's word, the broker's
//! health, the life of the stream, and what nobody reads any more.

use std::collections::HashSet;

use grandstand_broker::{ReadError, StoredRecord};
use grandstand_core::follow::Outcome;
use grandstand_core::ids::MatchId;

use super::Follow;
use crate::feeds::Content;
use crate::freshness::Freshness;
use crate::read;

/// A quiet match is asked for its tip this often.
const TIP_US: u64 = 2_000_000;
/// Each match by its leader this often, since a replica may lag.
const LEADER_US: u64 = 10_000_000;
/// How many leaders are asked at once.
const LEADER_ASKS_MAX: usize = 16;
/// How many matches one question for tips names.
const TIPS_MAX: usize = 500;
/// How often the life of the stream is asked for.
const INCARNATION_US: u64 = 30_000_000;
/// How long a match stays in memory that nobody reads.
const IDLE_READY_US: u64 = 60_000_000;
/// How long it is remembered that a match is not there.
pub(crate) const ABSENT_US: u64 = 5_000_000;
/// How often what nobody reads is looked for.
const EVICT_US: u64 = 1_000_000;
/// How long after a failed read it is tried again.
const RETRY_US: u64 = 500_000;

/// When each look is due, Unix microseconds.
#[derive(Debug, Default)]
pub(super) struct Checks {
    tips_us: u64,
    tips_asked: bool,
    leaders_asked: HashSet<MatchId>,
    incarnation_us: u64,
    incarnation_asked: bool,
    directory_us: u64,
    directory_asked: bool,
    evict_us: u64,
    retries: HashSet<MatchId>,
    retry_us: u64,
}

impl Checks {
    /// Something may have been missed: ask for all tips now.
    pub(super) fn hurry(&mut self) {
        self.tips_us = 0;
        self.tips_asked = false;
    }

    /// Reading a match failed: try again in a moment.
    pub(super) fn retry_fill(&mut self, match_id: MatchId) {
        self.retries.insert(match_id);
    }
}

impl Follow {
    /// What is due now.
    pub(super) fn tick(&mut self) {
        let now_us = self.clock.now_us();
        self.judge_freshness();
        self.start_backfills(now_us);
        if self.checks.incarnation_us <= now_us {
            self.ask_incarnation();
        }
        if !self.listed && !self.checks.directory_asked && self.checks.directory_us <= now_us {
            self.checks.directory_asked = true;
            self.jobs.spawn(read::directory(self.broker.clone()));
        }
        if self.checks.tips_us <= now_us && !self.checks.tips_asked {
            self.ask_tips(now_us);
        }
        if self.checks.evict_us <= now_us {
            self.checks.evict_us = now_us + EVICT_US;
            self.feeds.evict(now_us, IDLE_READY_US, ABSENT_US);
        }
        if self.checks.retry_us <= now_us {
            self.checks.retry_us = now_us + RETRY_US;
            self.fill_queue.extend(self.checks.retries.drain());
        }
        self.judge_gaps(now_us);
    }

    /// Asks for the tips of matches that were quiet, and the leaders of those that were not asked
    /// for long.
    fn ask_tips(&mut self, now_us: u64) {
        self.checks.tips_us = now_us + TIP_US;
        let mut quiet = Vec::new();
        let mut leaders = Vec::new();
        for slot in self.feeds.all() {
            match &*slot.read() {
                Content::Loading { .. } => {}
                Content::Absent { .. } if !slot.has_readers() => {}
                Content::Absent { .. } => quiet.push(slot.match_id().clone()),
                Content::Ready(ready) => {
                    quiet.push(slot.match_id().clone());
                    if ready.leader_checked_us + LEADER_US <= now_us {
                        leaders.push(slot.match_id().clone());
                    }
                }
            }
        }
        for match_id in leaders {
            if self.checks.leaders_asked.len() < LEADER_ASKS_MAX {
                self.spawn_leader_tip(match_id);
            }
        }
        for chunk in quiet.chunks(TIPS_MAX) {
            self.checks.tips_asked = true;
            self.jobs
                .spawn(read::tips(self.broker.clone(), chunk.to_vec()));
        }
    }

    /// Tips came, of those of `asked` that have any.
    pub(super) fn tips(
        &mut self,
        asked: Vec<MatchId>,
        found: Result<Vec<(MatchId, u64)>, ReadError>,
    ) {
        self.checks.tips_asked = false;
        let tips = match found {
            Ok(tips) => tips,
            Err(error) => {
                tracing::debug!(%error, matches = asked.len(), "nobody says tips");
                return;
            }
        };
        for (match_id, stream_sequence) in tips {
            self.tip(&match_id, stream_sequence);
        }
    }

    /// Somebody says that a match goes as far as `stream_sequence`.
    fn tip(&mut self, match_id: &MatchId, stream_sequence: u64) {
        let Some(slot) = self.feeds.slot(match_id) else {
            return;
        };
        let now_us = self.clock.now_us();
        let outcome = match &mut *slot.write() {
            Content::Loading { .. } => return,
            // It is there after all.
            Content::Absent { .. } => Outcome::Changed,
            Content::Ready(ready) => {
                if stream_sequence <= ready.feed.follower.stream_sequence()
                    && !ready.leader_answer_due
                {
                    return;
                }
                ready.feed.follower.tip(stream_sequence, now_us);
                Outcome::Gap
            }
        };
        self.settle(&slot, outcome);
        self.start_backfills(now_us);
    }

    /// Asks the leader on behalf of a fan whose cursor is ahead of us.
    pub(super) fn ask_leader(&mut self, match_id: MatchId) {
        if let Some(slot) = self.feeds.slot(&match_id)
            && let Content::Ready(ready) = &mut *slot.write()
        {
            ready.leader_answer_due = true;
        }
        // One that is under way may have been asked before the fan came.
        self.jobs
            .spawn(read::leader_tip(self.broker.clone(), match_id));
    }

    fn spawn_leader_tip(&mut self, match_id: MatchId) {
        if self.checks.leaders_asked.insert(match_id.clone()) {
            self.jobs
                .spawn(read::leader_tip(self.broker.clone(), match_id));
        }
    }

    /// The leader says how far a match goes.
    pub(super) fn leader_said(&mut self, match_id: MatchId, found: Result<u64, ReadError>) {
        self.checks.leaders_asked.remove(&match_id);
        match found {
            Ok(stream_sequence) => {
                if let Some(slot) = self.feeds.slot(&match_id)
                    && let Content::Ready(ready) = &mut *slot.write()
                {
                    ready.leader_checked_us = self.clock.now_us();
                }
                self.tip(&match_id, stream_sequence);
            }
            Err(error) => {
                tracing::debug!(%match_id, %error, "the leader does not answer");
                let due = self
                    .feeds
                    .slot(&match_id)
                    .is_some_and(|slot| match &*slot.read() {
                        Content::Ready(ready) => ready.leader_answer_due,
                        Content::Loading { .. } | Content::Absent { .. } => false,
                    });
                if due {
                    self.spawn_leader_tip(match_id);
                }
            }
        }
    }

    pub(super) fn ask_incarnation(&mut self) {
        self.checks.incarnation_us = self.clock.now_us() + INCARNATION_US;
        if !self.checks.incarnation_asked {
            self.checks.incarnation_asked = true;
            self.jobs.spawn(read::incarnation(self.broker.clone()));
        }
    }

    /// Which life of the stream this is; another than before makes every log worth nothing.
    pub(super) fn incarnation_is(&mut self, found: Result<u64, ReadError>) {
        self.checks.incarnation_asked = false;
        match found {
            Ok(incarnation) => {
                let before = self.incarnation.replace(incarnation);
                if before.is_some_and(|before| before != incarnation) {
                    tracing::error!(
                        incarnation,
                        "the stream has another life; reading everything again"
                    );
                    self.listed = false;
                    let slots = self.feeds.all();
                    slots.iter().for_each(|slot| self.refill(slot));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the stream does not say which life it has");
                self.checks.incarnation_us = self.clock.now_us() + RETRY_US;
            }
        }
    }

    /// The newest record of every match: from now on the list is whole.
    pub(super) fn directory_is(&mut self, found: Result<Vec<StoredRecord>, ReadError>) {
        self.checks.directory_asked = false;
        let (records, Some(incarnation)) = (found, self.incarnation) else {
            return;
        };
        match records {
            Ok(records) => {
                let now_us = self.clock.now_us();
                for record in records {
                    let match_id = record.match_id.clone();
                    match read::arrived(record) {
                        Ok(arrived) => self.list(&match_id, &arrived, incarnation, now_us),
                        Err(error) => tracing::error!(%match_id, %error, "a record can't be read"),
                    }
                }
                self.listed = true;
                self.readiness.ready();
            }
            Err(error) => {
                tracing::warn!(%error, "the list of matches can't be read; trying again");
                self.checks.directory_us = self.clock.now_us() + RETRY_US;
            }
        }
    }

    /// Looks at the canaries; everybody is told when they say something else than before.
    pub(super) fn judge_freshness(&mut self) {
        let now_us = self.clock.now_us();
        let freshness = self.canaries.freshness(now_us);
        if freshness == self.freshness {
            return;
        }
        let before = std::mem::replace(&mut self.freshness, freshness);
        tracing::info!(?before, now = ?freshness, "what the broker accepts arrives otherwise");
        metrics::gauge!("grandstand_stale").set(if freshness == Freshness::Stale {
            1.0
        } else {
            0.0
        });
        for slot in self.feeds.all() {
            self.settle(&slot, Outcome::Known);
        }
    }

    /// A gap that has lasted is told, and so is damage.
    fn judge_gaps(&mut self, now_us: u64) {
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
