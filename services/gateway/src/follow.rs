//! The one writer of all matches in memory: it takes what the live feed brings, has gaps filled,
//! and tells readers.
//!
//! One event's way: [`Follow::record`] -> [`grandstand_core::follow::Follower::live`] -> the log ->
//! [`Slot::wake`] -> the [`crate::shard`]s whose fans follow it.

mod changed;
mod check;
mod fill;
mod health;
mod life;
mod queue;
mod room;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use grandstand_broker::{Broker, LiveFeed, LiveItem, StoredRecord};
use grandstand_core::follow::Outcome;
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::message::Status;
use grandstand_server::readiness::Check;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::directory::Directory;
use crate::feeds::{Content, Feeds, Ready, Slot};
use crate::freshness::{Canaries, Freshness};
use crate::read::{self, Arrived, Found};
use crate::sign::FreshSign;
use crate::strips::Strips;

pub(crate) use check::ABSENT_US;

/// How often gaps, tips and freshness are looked at.
const TICK: Duration = Duration::from_millis(50);
/// A gap is told as `stale` once it is older than this: most are closed before anybody could read.
const GAP_TOLD_US: u64 = 500_000;

/// The follower of all matches.
pub(crate) struct Follow {
    broker: Broker,
    feeds: Arc<Feeds>,
    directory: Arc<Directory>,
    strips: Arc<Strips>,
    clock: Clock,
    readiness: Check,
    sign: FreshSign,
    jobs: JoinSet<Found>,
    fill_queue: queue::FillQueue,
    filling: HashSet<MatchId>,
    /// Matches with a gap, and since when.
    gaps: HashMap<MatchId, u64>,
    backfilling: HashSet<MatchId>,
    changed: changed::Changed,
    checks: check::Checks,
    life: life::Life,
    canaries: Canaries,
    freshness: Freshness,
    incarnation: Option<u64>,
    listed: bool,
    /// When room for logs is looked for next.
    room_us: u64,
}

impl Follow {
    /// A follower that writes to `feeds` and `directory`.
    pub(crate) fn new(
        broker: Broker,
        feeds: Arc<Feeds>,
        directory: Arc<Directory>,
        strips: Arc<Strips>,
        clock: Clock,
        readiness: Check,
        sign: FreshSign,
    ) -> Self {
        Self {
            broker,
            feeds,
            directory,
            strips,
            clock,
            readiness,
            sign,
            jobs: JoinSet::new(),
            fill_queue: queue::FillQueue::default(),
            filling: HashSet::new(),
            gaps: HashMap::new(),
            backfilling: HashSet::new(),
            changed: changed::Changed::default(),
            checks: check::Checks::default(),
            life: life::Life::default(),
            canaries: Canaries::awaited(clock.now_us()),
            freshness: Freshness::Fresh,
            incarnation: None,
            listed: false,
            room_us: 0,
        }
    }

    /// Follows until `stop`.
    pub(crate) async fn run(mut self, mut live: LiveFeed, stop: CancellationToken) {
        let feeds = Arc::clone(&self.feeds);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.ask_incarnation();
        health::tell_stale(self.freshness);
        loop {
            // Everything that an arm holds across its await is kept in `self` or `live`, so that
            // another arm's turn loses nothing.
            tokio::select! {
                () = stop.cancelled() => break,
                item = live.next() => match item {
                    Some(item) => self.live(item),
                    None => {
                        tracing::error!("the connection to the broker is closed for good");
                        self.canaries = Canaries::default();
                        self.judge_freshness();
                        break;
                    }
                },
                Some(job) = self.jobs.join_next() => match job {
                    Ok(found) => self.found(found),
                    Err(error) => tracing::error!(%error, "a read job ended abnormally"),
                },
                wishes = feeds.wishes() => {
                    wishes.fill.into_iter().for_each(|match_id| self.fill_queue.push(match_id, &self.directory));
                    wishes.ask_leader.into_iter().for_each(|match_id| self.want_leader(match_id));
                }
                _ = tick.tick() => self.tick(),
            }
            self.start_fills();
        }
        self.jobs.shutdown().await;
    }

    fn live(&mut self, item: LiveItem) {
        match item {
            LiveItem::Record(record) => self.record(record),
            LiveItem::Canary {
                number, sent_at_us, ..
            } => {
                self.canaries.heard(number, sent_at_us, self.clock.now_us());
                self.judge_freshness();
            }
            LiveItem::Disconnected => tracing::warn!("the broker is out of reach"),
            LiveItem::Interrupted(why) => {
                // Each message that was dropped is told: no log line for each.
                tracing::debug!(?why, "the live feed was interrupted; asking for all tips");
                self.checks.hurry();
                self.ask_incarnation();
            }
        }
    }

    /// A record that is committed.
    fn record(&mut self, record: StoredRecord) {
        let match_id = record.match_id.clone();
        let stream_sequence = record.stream_sequence;
        let now_us = self.clock.now_us();
        match (read::arrived(record), self.incarnation) {
            (Ok(arrived), Some(incarnation)) => {
                self.list(&match_id, &arrived, incarnation, now_us);
                self.take(&match_id, arrived, incarnation, now_us);
                self.strips.publish(now_us);
            }
            // Before we know which life of the stream this is, it only passes by.
            (Ok(_), None) => self.pass_by(&match_id, stream_sequence),
            (Err(error), _) => {
                tracing::error!(%match_id, %error, "a record can't be read");
                metrics::counter!("grandstand_records_unreadable_total").increment(1);
                self.pass_by(&match_id, stream_sequence);
            }
        }
    }

    fn list(&self, match_id: &MatchId, arrived: &Arrived, incarnation: u64, now_us: u64) {
        let Arrived { arrival, headers } = arrived;
        self.directory.take(
            match_id,
            arrival.stream_sequence,
            headers,
            &arrival.parts,
            incarnation,
            now_us,
        );
    }

    fn take(&mut self, match_id: &MatchId, arrived: Arrived, incarnation: u64, now_us: u64) {
        let Some(slot) = self.feeds.slot(match_id) else {
            return;
        };
        let outcome = match &mut *slot.write() {
            Content::Loading { passed_by } => {
                *passed_by = arrived.arrival.stream_sequence.max(*passed_by);
                return;
            }
            Content::Absent { .. } => Outcome::Changed,
            Content::Ready(ready) => ready.take(arrived, incarnation, now_us),
        };
        self.settle(&slot, outcome);
    }

    fn pass_by(&mut self, match_id: &MatchId, stream_sequence: u64) {
        let Some(slot) = self.feeds.slot(match_id) else {
            return;
        };
        let now_us = self.clock.now_us();
        match &mut *slot.write() {
            Content::Loading { passed_by } => *passed_by = stream_sequence.max(*passed_by),
            Content::Absent { .. } => {}
            Content::Ready(ready) => ready.feed.follower.tip(stream_sequence, now_us),
        }
        self.settle(&slot, Outcome::Gap);
    }

    /// After a log was written: readers are told, gaps remembered, a log that changed read anew.
    fn settle(&mut self, slot: &Slot, outcome: Outcome) {
        if outcome == Outcome::Changed {
            self.refill(slot);
        }
        let now_us = self.clock.now_us();
        let mut content = slot.write();
        let Content::Ready(ready) = &mut *content else {
            return;
        };
        match (
            ready.feed.follower.has_gap(),
            self.gaps.contains_key(slot.match_id()),
        ) {
            (true, false) => {
                metrics::counter!("grandstand_gaps_found_total").increment(1);
                self.gaps.insert(slot.match_id().clone(), now_us);
            }
            (false, true) => {
                metrics::counter!("grandstand_gaps_filled_total").increment(1);
                self.gaps.remove(slot.match_id());
            }
            _ => {}
        }
        if ready.leader_has_said && !ready.feed.follower.has_gap() {
            ready.leader_has_said = false;
            ready.feed.leader_answers += 1;
        }
        let wrong_hashes = ready.feed.follower.take_wrong_hashes();
        ready.feed.status = self.status(slot.match_id(), ready, now_us);
        ready.feed.as_of_us = self.as_of_us(now_us);
        drop(content);
        slot.wake();
        if wrong_hashes > 0 {
            tracing::error!(match_id = %slot.match_id(), "patches do not lead to the hash that their record names");
            metrics::counter!("grandstand_hashes_wrong_total").increment(wrong_hashes);
            // It may be the end of one log on the beginning of another.
            self.ask_incarnation();
        }
    }

    fn status(&self, match_id: &MatchId, ready: &Ready, now_us: u64) -> Status {
        let gap_told = self
            .gaps
            .get(match_id)
            .is_some_and(|since_us| since_us + GAP_TOLD_US <= now_us);
        match self.freshness {
            _ if ready.feed.follower.is_damaged(now_us) => Status::Damaged,
            Freshness::Stale => Status::Stale,
            _ if gap_told || ready.feed.follower.is_lost() => Status::Stale,
            Freshness::Delayed => Status::Delayed,
            Freshness::Fresh => Status::Live,
        }
    }

    /// Until when we know all there is: now, or when the last canary was heard.
    fn as_of_us(&self, now_us: u64) -> u64 {
        match self.freshness {
            Freshness::Fresh => now_us,
            Freshness::Delayed | Freshness::Stale => self.canaries.heard_us(),
        }
    }

    fn epoch(created_us: u64, incarnation: u64) -> Epoch {
        Epoch {
            created_us,
            incarnation,
        }
    }
}

impl Ready {
    fn take(&mut self, arrived: Arrived, incarnation: u64, now_us: u64) -> Outcome {
        let Arrived { arrival, headers } = arrived;
        let stream_sequence = arrival.stream_sequence;
        let follower = &mut self.feed.follower;
        let outcome = match follower.log().epoch() == Follow::epoch(headers.created_us, incarnation)
        {
            true => follower.live(arrival, now_us),
            false => Outcome::Changed,
        };
        match outcome {
            Outcome::Taken => {
                self.visibility = headers.visibility;
                self.feed.delay_s = headers.delay_s;
            }
            // Whoever reads the log anew may have begun before this was in it.
            Outcome::Changed => self.passed_by = self.passed_by.max(stream_sequence),
            Outcome::Known | Outcome::Gap => {}
        }
        outcome
    }
}
