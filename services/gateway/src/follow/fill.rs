//! Reading logs: whole ones when somebody first asks, and what is missing from those in memory.

use grandstand_broker::{ReadError, StoredRecord};
use grandstand_core::connection::Feed;
use grandstand_core::follow::{Arrival, Follower, Outcome, Whom};
use grandstand_core::headers::Headers;
use grandstand_core::ids::MatchId;
use grandstand_core::message::Status;

use super::Follow;
use crate::feeds::{Content, Ready, Slot};
use crate::read::{self, Arrived, Found, Log};

/// How many whole logs are read at once.
const FILLS_MAX: usize = 4;

impl Follow {
    /// Starts reading whole logs, a few at a time, each match once.
    pub(super) fn start_fills(&mut self) {
        if self.incarnation.is_none() {
            return;
        }
        while self.filling.len() < FILLS_MAX {
            let Some(match_id) = self.fill_queue.pop_front() else {
                return;
            };
            if self.filling.insert(match_id.clone()) {
                self.jobs.spawn(read::log(self.broker.clone(), match_id));
            }
        }
    }

    /// Reads a log again that is not the one we followed.
    pub(super) fn refill(&mut self, slot: &Slot) {
        if matches!(&*slot.read(), Content::Ready(_)) {
            tracing::error!(match_id = %slot.match_id(), "the log changed under us; reading it again");
            metrics::counter!("grandstand_logs_changed_total").increment(1);
        }
        let match_id = slot.match_id().clone();
        if !self.filling.contains(&match_id) && !self.fill_queue.contains(&match_id) {
            self.fill_queue.push_back(match_id);
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
            Ok(None) => {
                self.gaps.remove(&match_id);
                *slot.write() = Content::Absent { checked_us: now_us };
                slot.wake();
            }
            Err(error) => {
                tracing::warn!(%match_id, %error, "a match can't be read now; trying again");
                // The next tick finds it still loading, or still with its gap.
                self.checks.retry_fill(match_id);
            }
        }
    }

    fn fill(&mut self, slot: &Slot, log: Log, now_us: u64) {
        let (arrivals, newest) = self.arrivals(slot.match_id(), log.records);
        let (Some(headers), Some(incarnation)) = (newest, self.incarnation) else {
            return self.checks.retry_fill(slot.match_id().clone());
        };
        let epoch = Self::epoch(headers.created_us, incarnation);
        let outcome = {
            let mut content = slot.write();
            match &mut *content {
                Content::Ready(ready) => {
                    ready.visibility = headers.visibility;
                    ready.feed.delay_s = headers.delay_s;
                    let outcome = ready.feed.follower.refill(epoch, arrivals, now_us);
                    ready.feed.follower.tip(log.tip, now_us);
                    outcome
                }
                Content::Loading { .. } | Content::Absent { .. } => {
                    let passed_by = match &*content {
                        Content::Loading { passed_by } => *passed_by,
                        _ => 0,
                    };
                    let mut follower = Follower::new(slot.match_id().clone(), epoch);
                    let outcome = follower.backfilled(arrivals, Whom::Leader, now_us);
                    follower.tip(log.tip.max(passed_by), now_us);
                    *content = Content::Ready(Box::new(Ready {
                        feed: Feed {
                            follower,
                            status: Status::Live,
                            as_of_us: now_us,
                            delay_s: headers.delay_s,
                            leader_answers: 0,
                        },
                        visibility: headers.visibility,
                        checked_us: now_us,
                        leader_checked_us: now_us,
                        leader_answer_due: false,
                    }));
                    outcome
                }
            }
        };
        metrics::counter!("grandstand_fills_total").increment(1);
        match outcome {
            // A log that does not even follow itself would be read for ever.
            Outcome::Changed => {
                tracing::error!(match_id = %slot.match_id(), "the log in the stream has a hole");
                self.settle(slot, Outcome::Gap);
            }
            outcome => self.settle(slot, outcome),
        }
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
            if let Some(due) = due.filter(|due| due.at_us <= now_us)
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
                let (arrivals, headers) = self.arrivals(&match_id, records);
                match &mut *slot.write() {
                    Content::Ready(ready) => {
                        if let Some(headers) = headers {
                            ready.visibility = headers.visibility;
                            ready.feed.delay_s = headers.delay_s;
                        }
                        ready.feed.follower.backfilled(arrivals, whom, now_us)
                    }
                    Content::Loading { .. } | Content::Absent { .. } => return,
                }
            }
            Err(error) => {
                tracing::debug!(%match_id, %error, "a back-fill got no answer");
                match &mut *slot.write() {
                    Content::Ready(ready) => ready.feed.follower.backfill_failed(now_us),
                    Content::Loading { .. } | Content::Absent { .. } => return,
                }
                Outcome::Gap
            }
        };
        self.settle(&slot, outcome);
    }

    /// Takes records apart up to the first that can't be read, and the headers of the newest.
    fn arrivals(
        &self,
        match_id: &MatchId,
        records: Vec<StoredRecord>,
    ) -> (Vec<Arrival>, Option<Headers>) {
        let mut arrivals = Vec::with_capacity(records.len());
        let mut newest = None;
        for record in records {
            match read::arrived(record) {
                Ok(Arrived { arrival, headers }) => {
                    arrivals.push(arrival);
                    newest = Some(headers);
                }
                Err(error) => {
                    tracing::error!(%match_id, %error, "a record can't be read");
                    metrics::counter!("grandstand_records_unreadable_total").increment(1);
                    break;
                }
            }
        }
        (arrivals, newest)
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
        }
    }
}
