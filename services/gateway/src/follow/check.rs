//! What is looked at without being told: the tips of all matches, the leader's word, and what
//! nobody reads any more.

use std::collections::{HashMap, HashSet};

use grandstand_broker::ReadError;
use grandstand_core::follow::Outcome;
use grandstand_core::ids::MatchId;

use super::Follow;
use crate::feeds::Content;
use crate::read;

/// Every match is asked for its tip this often.
const TIP_US: u64 = 2_000_000;
/// Each match by its leader this often, since a replica may lag.
const LEADER_US: u64 = 10_000_000;
/// How many leaders are asked at once.
const LEADER_ASKS_MAX: usize = 16;
/// How many matches one question for tips names.
const TIPS_MAX: usize = 500;
/// How many questions for tips may be open, before another round waits for one of them to end.
const TIPS_OPEN_MAX: usize = 32;
/// How long a match stays in memory that nobody reads.
const IDLE_READY_US: u64 = 60_000_000;
/// How long it is remembered that a match is not there.
pub(crate) const ABSENT_US: u64 = 5_000_000;
/// How often what nobody reads is looked for.
const EVICT_US: u64 = 1_000_000;
/// How long after a failed read it is tried again.
const RETRY_US: u64 = 500_000;

/// What is due when (Unix microseconds), and what is asked now. Sets of matches in memory, so that
/// they are as bounded as these.
#[derive(Debug, Default)]
pub(super) struct Checks {
    tips_us: u64,
    tips_open: usize,
    leaders_asked: HashSet<MatchId>,
    /// Matches that were not asked for long.
    leaders_due: HashSet<MatchId>,
    /// Matches with a fan who waits for what the leader says.
    leaders_wanted: HashSet<MatchId>,
    /// Those of them that were asked for him: an answer that was under way before says nothing.
    leaders_asked_for_fans: HashSet<MatchId>,
    /// Those who lacked what we have by their last word alone.
    leaders_doubted: HashSet<MatchId>,
    evict_us: u64,
    /// Matches whose reading failed, and leaders that did not answer a fan.
    fills_again: HashSet<MatchId>,
    leaders_again: HashSet<MatchId>,
    retry_us: u64,
}

impl Checks {
    /// Something may have been missed: ask for all tips now.
    pub(super) fn hurry(&mut self) {
        self.tips_us = 0;
    }

    /// Reading a match failed: try again in a moment.
    pub(super) fn retry_fill(&mut self, match_id: MatchId) {
        self.fills_again.insert(match_id);
    }
}

impl Follow {
    /// What is due now.
    pub(super) fn tick(&mut self) {
        let now_us = self.clock.now_us();
        self.judge_freshness();
        self.look_at_life(now_us);
        self.look_at_list(now_us);
        if self.checks.tips_us <= now_us && self.checks.tips_open < TIPS_OPEN_MAX {
            self.ask_tips(now_us);
        }
        if self.checks.evict_us <= now_us {
            self.checks.evict_us = now_us + EVICT_US;
            self.feeds.evict(now_us, IDLE_READY_US, ABSENT_US);
            let feeds = &self.feeds;
            self.fill_queue
                .retain(|match_id| feeds.slot(match_id).is_some());
        }
        if self.checks.retry_us <= now_us {
            self.checks.retry_us = now_us + RETRY_US;
            for match_id in self.checks.fills_again.drain() {
                self.fill_queue.push(match_id, &self.directory);
            }
            let again = self.checks.leaders_again.drain();
            self.checks.leaders_wanted.extend(again);
            let doubted = self.checks.leaders_doubted.drain();
            self.checks.leaders_due.extend(doubted);
        }
        self.ask_leaders();
        self.read_changed(now_us);
        self.start_backfills(now_us);
        self.judge_gaps(now_us);
        self.strips.publish(now_us);
        self.keep_to_budget(now_us);
    }

    /// Asks for the tips of all matches, and finds those whose leader was not asked for long.
    fn ask_tips(&mut self, now_us: u64) {
        self.checks.tips_us = now_us + TIP_US;
        self.checks.leaders_due.clear();
        let mut matches = Vec::new();
        for slot in self.feeds.all() {
            match &*slot.read() {
                Content::Loading { .. } => continue,
                Content::Absent { .. } if !slot.has_readers() => continue,
                Content::Absent { .. } => {}
                Content::Ready(ready) if ready.leader_checked_us + LEADER_US <= now_us => {
                    self.checks.leaders_due.insert(slot.match_id().clone());
                }
                Content::Ready(_) => {}
            }
            matches.push(slot.match_id().clone());
        }
        for chunk in matches.chunks(TIPS_MAX) {
            self.checks.tips_open += 1;
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
        self.checks.tips_open = self.checks.tips_open.saturating_sub(1);
        let tips = match found {
            Ok(tips) => tips,
            Err(error) => {
                tracing::debug!(%error, matches = asked.len(), "nobody says tips");
                return;
            }
        };
        let tips: HashMap<MatchId, u64> = tips.into_iter().collect();
        for match_id in asked {
            let stream_sequence = tips.get(&match_id).copied().unwrap_or(0);
            self.doubt(&match_id, stream_sequence);
            self.tip(&match_id, stream_sequence);
        }
    }

    /// Whoever has less than we do lags, or it is gone: the leader knows.
    fn doubt(&mut self, match_id: &MatchId, stream_sequence: u64) {
        let Some(slot) = self.feeds.slot(match_id) else {
            return;
        };
        if let Content::Ready(ready) = &*slot.read() {
            let follower = &ready.feed.follower;
            let has_less = stream_sequence < follower.stream_sequence();
            if has_less && !follower.is_damaged(self.clock.now_us()) {
                self.checks.leaders_due.insert(match_id.clone());
            }
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
            Content::Absent { .. } if stream_sequence > 0 => Outcome::Changed,
            Content::Absent { .. } => return,
            Content::Ready(ready) => {
                let follower = &mut ready.feed.follower;
                if stream_sequence <= follower.stream_sequence() && !ready.leader_has_said {
                    return;
                }
                follower.tip(stream_sequence, now_us);
                Outcome::Gap
            }
        };
        self.settle(&slot, outcome);
    }

    /// A fan's cursor is ahead of us: the leader shall say how far the match goes.
    pub(super) fn want_leader(&mut self, match_id: MatchId) {
        self.checks.leaders_wanted.insert(match_id);
    }

    /// Asks leaders, first those that fans wait for, a few at a time and each match once.
    fn ask_leaders(&mut self) {
        let Checks {
            leaders_asked,
            leaders_due,
            leaders_wanted,
            ..
        } = &self.checks;
        let free = LEADER_ASKS_MAX.saturating_sub(leaders_asked.len());
        let next = leaders_wanted.iter().chain(leaders_due);
        let next = next.filter(|match_id| !leaders_asked.contains(*match_id));
        let next: Vec<MatchId> = next.take(free).cloned().collect();
        for match_id in next {
            self.checks.leaders_due.remove(&match_id);
            if self.checks.leaders_wanted.remove(&match_id) {
                self.checks.leaders_asked_for_fans.insert(match_id.clone());
            }
            if self.checks.leaders_asked.insert(match_id.clone()) {
                self.jobs
                    .spawn(read::leader_tip(self.broker.clone(), match_id));
            }
        }
    }

    /// The leader says how far a match goes.
    pub(super) fn leader_said(&mut self, match_id: MatchId, found: Result<u64, ReadError>) {
        self.checks.leaders_asked.remove(&match_id);
        let for_fans = self.checks.leaders_asked_for_fans.remove(&match_id);
        match found {
            Ok(stream_sequence) => {
                self.leader_tip(&match_id, stream_sequence, for_fans);
            }
            Err(error) => {
                tracing::debug!(%match_id, %error, "the leader does not answer");
                if for_fans {
                    self.checks.leaders_again.insert(match_id);
                }
            }
        }
        self.ask_leaders();
    }

    /// The leader's word is the last one, also where it has less than we do.
    fn leader_tip(&mut self, match_id: &MatchId, stream_sequence: u64, for_fans: bool) {
        let Some(slot) = self.feeds.slot(match_id) else {
            return;
        };
        let now_us = self.clock.now_us();
        let mut was_or_is_lost = false;
        if let Content::Ready(ready) = &mut *slot.write() {
            ready.leader_checked_us = now_us;
            ready.leader_has_said |= for_fans;
            let follower = &mut ready.feed.follower;
            let was_lost = follower.is_lost();
            follower.leader_tip(stream_sequence, now_us);
            was_or_is_lost = was_lost || follower.is_lost();
            match (was_lost, follower.is_lost()) {
                (false, true) => {
                    tracing::error!(%match_id, has = stream_sequence, "the leader has lost what we have of this match");
                    metrics::counter!("grandstand_logs_lost_total").increment(1);
                }
                (false, false) if follower.leader_lacks() => {
                    self.checks.leaders_doubted.insert(match_id.clone());
                }
                _ => {}
            }
        }
        self.tip(match_id, stream_sequence);
        if was_or_is_lost {
            self.settle(&slot, Outcome::Known);
            if stream_sequence == 0 {
                self.directory.forget(match_id);
            }
        }
    }
}
