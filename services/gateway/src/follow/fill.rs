//! Reading logs: whole ones when somebody first asks, and what is missing from those in memory.

use std::sync::Arc;

use grandstand_broker::{ReadError, StoredRecord};
use grandstand_core::connection::{Feed, Standings};
use grandstand_core::follow::{Follower, Outcome, Whom};
use grandstand_core::headers::Visibility;
use grandstand_core::ids::MatchId;
use grandstand_core::message::Status;

use super::Follow;
use crate::feeds::{Content, Ready, Slot};
use crate::read::{self, Arrived, Found, Log};

/// How many whole logs are read at once.
const FILLS_MAX: usize = 4;
/// How many gaps are filled at once.
const BACKFILLS_MAX: usize = 32;

impl Follow {
    /// Starts reading whole logs, a few at a time, each match once.
    pub(super) fn start_fills(&mut self) {
        if self.incarnation.is_none() {
            return;
        }
        while self.filling.len() < FILLS_MAX {
            let Some(match_id) = self.fill_queue.pop() else {
                return;
            };
            // Nobody may have waited so long for it.
            if self.feeds.slot(&match_id).is_some() && self.filling.insert(match_id.clone()) {
                self.jobs.spawn(read::log(self.broker.clone(), match_id));
            }
        }
    }

    /// A whole log was read.
    pub(super) fn filled(&mut self, match_id: MatchId, found: Result<Option<Log>, ReadError>) {
        self.filling.remove(&match_id);
        let Some(slot) = self.feeds.slot(&match_id) else {
            return;
        };
        let now_us = self.clock.now_us();
        match found {
            Ok(Some(log)) => self.fill(&slot, log, now_us),
            Ok(None) => self.not_there(&slot, now_us),
            Err(error) => {
                tracing::warn!(%match_id, %error, "a match can't be read now; trying again");
                // The next tick finds it still loading, or still with its gap.
                self.checks.retry_fill(match_id);
            }
        }
    }

    /// The leader has no record of it.
    fn not_there(&mut self, slot: &Slot, now_us: u64) {
        self.gaps.remove(slot.match_id());
        let mut content = slot.write();
        if matches!(&*content, Content::Loading { passed_by: 1.. }) {
            // It was created while the leader was asked.
            *content = Content::Loading { passed_by: 0 };
            return self.checks.retry_fill(slot.match_id().clone());
        }
        *content = Content::Absent { checked_us: now_us };
        drop(content);
        self.directory.forget(slot.match_id());
        slot.wake();
    }

    /// Takes a whole log for what was known of the match.
    fn fill(&mut self, slot: &Slot, log: Log, now_us: u64) {
        let newest = match read::headers(&log.newest.headers) {
            Ok(headers) => headers,
            Err(error) => {
                tracing::error!(match_id = %slot.match_id(), %error, "a record can't be read");
                return self.checks.retry_fill(slot.match_id().clone());
            }
        };
        let Some(incarnation) = self.incarnation else {
            return self.checks.retry_fill(slot.match_id().clone());
        };
        let arrived = self.arrived(slot.match_id(), log.records).into_iter();
        // A replica that lags may still hold an earlier match of this name.
        let arrived = arrived.filter(|arrived| arrived.headers.created_us == newest.created_us);
        let arrivals = arrived.map(|arrived| arrived.arrival).collect();
        let epoch = Self::epoch(newest.created_us, incarnation);
        let tip = log.newest.stream_sequence;
        let outcome = {
            let mut content = slot.write();
            if !matches!(&*content, Content::Ready(_)) {
                let budget = Arc::clone(self.feeds.budget());
                let follower = Follower::new(slot.match_id().clone(), epoch, budget);
                let passed_by = match &*content {
                    Content::Loading { passed_by } => *passed_by,
                    Content::Absent { .. } | Content::Ready(_) => 0,
                };
                *content = Content::Ready(Box::new(Ready::empty(follower, passed_by, now_us)));
            }
            let Content::Ready(ready) = &mut *content else {
                return;
            };
            ready.visibility = newest.visibility;
            ready.feed.delay_s = newest.delay_s;
            let tip = tip.max(std::mem::take(&mut ready.passed_by));
            ready.feed.follower.refill(epoch, arrivals, tip, now_us)
        };
        metrics::counter!("grandstand_fills_total").increment(1);
        // Whoever wanted it meanwhile has it; to read it again would look like a rollback.
        self.fill_queue
            .retain(|match_id| match_id != slot.match_id());
        self.settle(slot, outcome);
        self.keep_to_budget(now_us);
    }

    /// Starts the back-fills that are due.
    pub(super) fn start_backfills(&mut self, now_us: u64) {
        let with_gap: Vec<MatchId> = self.gaps.keys().cloned().collect();
        for match_id in with_gap {
            let Some(slot) = self.feeds.slot(&match_id) else {
                self.gaps.remove(&match_id);
                continue;
            };
            let due = match &*slot.read() {
                Content::Ready(ready) => ready.feed.follower.backfill(),
                Content::Loading { .. } | Content::Absent { .. } => None,
            };
            if self.backfilling.len() >= BACKFILLS_MAX {
                return;
            }
            if let Some(due) = due.filter(|due| due.at_us <= now_us)
                && !self.filling.contains(&match_id)
                && self.backfilling.insert(match_id.clone())
            {
                self.jobs.spawn(read::missing(
                    self.broker.clone(),
                    match_id,
                    due.after,
                    due.whom,
                ));
            }
        }
    }

    /// What was missing was read, or not.
    pub(super) fn backfilled(
        &mut self,
        match_id: MatchId,
        whom: Whom,
        found: Result<Vec<StoredRecord>, ReadError>,
    ) {
        self.backfilling.remove(&match_id);
        let Some(slot) = self.feeds.slot(&match_id) else {
            return;
        };
        let now_us = self.clock.now_us();
        let outcome = match found {
            Ok(records) => {
                let arrived = self.arrived(&match_id, records);
                match &mut *slot.write() {
                    Content::Ready(ready) => ready.backfilled(arrived, whom, now_us),
                    Content::Loading { .. } | Content::Absent { .. } => return,
                }
            }
            Err(error) => {
                tracing::debug!(%match_id, %error, "a back-fill got no answer");
                match &mut *slot.write() {
                    Content::Ready(ready) => ready.feed.follower.backfill_failed(whom, now_us),
                    Content::Loading { .. } | Content::Absent { .. } => return,
                }
                Outcome::Gap
            }
        };
        self.settle(&slot, outcome);
    }

    /// Takes records apart up to the first that can't be read.
    fn arrived(&self, match_id: &MatchId, records: Vec<StoredRecord>) -> Vec<Arrived> {
        let mut taken_apart = Vec::with_capacity(records.len());
        for record in records {
            match read::arrived(record) {
                Ok(arrived) => taken_apart.push(arrived),
                Err(error) => {
                    tracing::error!(%match_id, %error, "a record can't be read");
                    metrics::counter!("grandstand_records_unreadable_total").increment(1);
                    break;
                }
            }
        }
        taken_apart
    }

    /// A job has ended.
    pub(super) fn found(&mut self, found: Found) {
        match found {
            Found::Log(match_id, found) => self.filled(match_id, found),
            Found::Missing(match_id, whom, found) => self.backfilled(match_id, whom, found),
            Found::Tips(asked, found) => self.tips(asked, found),
            Found::LeaderTip(match_id, found) => self.leader_said(match_id, found),
            Found::Incarnation(found) => self.incarnation_is(found),
            Found::Directory(found) => self.directory_is(found),
            Found::Wiped(found) => self.wiped(found),
        }
    }
}

impl Ready {
    fn empty(follower: Follower, passed_by: u64, now_us: u64) -> Self {
        Self {
            feed: Feed {
                follower,
                status: Status::Live,
                as_of_us: now_us,
                delay_s: 0,
                leader_answers: 0,
                standings: Standings::default(),
            },
            // Until the newest record says otherwise.
            visibility: Visibility::Private,
            passed_by,
            leader_checked_us: now_us,
            leader_has_said: false,
        }
    }

    fn backfilled(&mut self, arrived: Vec<Arrived>, whom: Whom, now_us: u64) -> Outcome {
        let follower = &mut self.feed.follower;
        let created_us = follower.log().epoch().created_us;
        let before = follower.stream_sequence();
        let (mut arrivals, mut newest) = (Vec::with_capacity(arrived.len()), None);
        for Arrived { arrival, headers } in arrived {
            if headers.created_us != created_us {
                return Outcome::Changed;
            }
            newest = Some((arrival.stream_sequence, headers));
            arrivals.push(arrival);
        }
        let outcome = follower.backfilled(arrivals, whom, now_us);
        // What is older than what we have says nothing of who may see the match now.
        if let Some((stream_sequence, headers)) = newest
            && stream_sequence > before
            && stream_sequence == follower.stream_sequence()
        {
            self.visibility = headers.visibility;
            self.feed.delay_s = headers.delay_s;
        }
        outcome
    }
}
