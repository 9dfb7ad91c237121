//! The door to the house: who comes in by a long-lived connection, what those are told who do not,
//! and how full it is.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use grandstand_core::ids::MatchId;
use grandstand_core::message::Wish;
use grandstand_server::address::network;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::serve::{RequestCost, RequestCounts, process_cpu};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::access::Viewer;
use crate::admission::{Admission, Bounds, Refusal, Who};
use crate::feeds::Share;
use crate::poll_pace::{PollPace, Seen};

/// How often it is looked at how full it is.
const BEAT: Duration = Duration::from_secs(1);
/// How much a new measure of the CPU weighs in the headroom.
const CPU_WEIGHT: f64 = 0.2;

/// The door of one gateway.
pub(crate) struct Entrance {
    admission: Mutex<Admission>,
    pace: Mutex<PollPace>,
    /// Of its own, so that nobody can choose names that count together.
    keys: RandomState,
    connections_max: usize,
    cores: usize,
    /// What plain HTTP takes.
    pub(crate) cost: RequestCost,
    sent_away: AtomicU64,
    waits: Arc<Semaphore>,
    /// Whether an operator was told of an address at its bound.
    is_told: AtomicBool,
}

/// What somebody comes for, first of all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sought<'a> {
    /// A match.
    Match(&'a MatchId),
    /// The strips of all live matches.
    Live,
    /// It is not known.
    Any,
}

impl<'a> Sought<'a> {
    /// By the wishes of a query.
    pub(crate) fn of(wishes: &'a [Wish]) -> Self {
        match wishes.first() {
            Some(Wish::Match(subscribe)) => Self::Match(&subscribe.match_id),
            Some(Wish::Strips(_)) => Self::Live,
            None => Self::Any,
        }
    }

    /// What to poll for it.
    pub(crate) fn poll_url(self) -> String {
        match self {
            Self::Match(match_id) => format!("/v1/matches/{match_id}/events"),
            Self::Live => "/v1/live".to_owned(),
            Self::Any => "/v1/matches".to_owned(),
        }
    }
}

/// A connection's place, for as long as it is there.
pub(crate) struct Place {
    entrance: Arc<Entrance>,
    who: Who,
}

impl Entrance {
    pub(crate) fn new(bounds: Bounds, polls_max: usize, cores: usize) -> Self {
        Self {
            admission: Mutex::new(Admission::new(bounds)),
            pace: Mutex::new(PollPace::new(cores)),
            keys: RandomState::new(),
            connections_max: bounds.connections_max,
            cores: cores.max(1),
            cost: RequestCost::default(),
            sent_away: AtomicU64::new(0),
            waits: Arc::new(Semaphore::new((polls_max / 2).min(Semaphore::MAX_PERMITS))),
            is_told: AtomicBool::new(false),
        }
    }

    /// A problem if nobody could come in, whoever it is: asked before a token is looked at, so that
    /// a full house costs little.
    pub(crate) fn look(&self, sought: Sought<'_>) -> Result<(), Problem> {
        match lock(&self.admission).has_room() {
            true => Ok(()),
            false => Err(self.problem(Refusal::OverCapacity, sought)),
        }
    }

    /// A place for a viewer who comes from `address`.
    pub(crate) fn enter(
        self: &Arc<Self>,
        viewer: &Viewer,
        address: Option<IpAddr>,
        sought: Sought<'_>,
    ) -> Result<Place, Problem> {
        let who = self.who(viewer, address);
        let entered = lock(&self.admission).enter(who);
        entered.map_err(|refusal| {
            if refusal == Refusal::TooManyOfAddress && !self.is_told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    ?address,
                    "an address has as many connections as it may have; if it is a proxy's, name it with --trusted-proxies (said once)"
                );
            }
            self.problem(refusal, sought)
        })?;
        Ok(Place {
            entrance: Arc::clone(self),
            who,
        })
    }

    /// This machine counts for nobody: who calls from it is a tool, or a proxy whose
    /// `--trusted-proxies` was forgotten, behind which everybody would seem to be one.
    fn who(&self, viewer: &Viewer, address: Option<IpAddr>) -> Who {
        let counted = address.filter(|address| !address.to_canonical().is_loopback());
        let Some(address) = counted else {
            return Who::default();
        };
        let key = |hash: u64| (hash as u32).max(1);
        Who {
            user: viewer
                .sub()
                .map_or(0, |sub| key(self.keys.hash_one(("user", sub)))),
            address: key(self.keys.hash_one(("address", network(address)))),
        }
    }

    fn problem(&self, refusal: Refusal, sought: Sought<'_>) -> Problem {
        let (kind, detail) = match refusal {
            Refusal::OverCapacity => (
                ProblemKind::OverCapacity,
                "Poll poll_url after poll_after_ms, and connect again after Retry-After.",
            ),
            Refusal::TooManyOfUser => (
                ProblemKind::TooManyConnections,
                "You have as many connections as one user may have: close one, or poll poll_url after poll_after_ms.",
            ),
            Refusal::TooManyOfAddress => (
                ProblemKind::TooManyConnections,
                "There are as many connections from your address as there may be: sign in, or poll poll_url after poll_after_ms.",
            ),
        };
        let after_ms = self.send_away();
        Problem::new(kind)
            .detail(detail)
            .member("poll_url", sought.poll_url())
            .member("poll_after_ms", after_ms)
            .retry_after_s(u64::from(after_ms).div_ceil(1_000))
    }

    /// A problem for who finds no room of another kind.
    pub(crate) fn no_room(&self, sought: Sought<'_>) -> Problem {
        self.problem(Refusal::OverCapacity, sought)
    }

    /// A place to wait in for news over plain HTTP, if there is one. Waiting takes at most half of
    /// the places there, so that others find one too.
    pub(crate) fn wait(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.waits).try_acquire_owned().ok()
    }

    /// How long who polls must leave it alone, in milliseconds; 0 while there is CPU to spare.
    pub(crate) fn poll_pause_ms(&self) -> u64 {
        u64::from(lock(&self.pace).pause_ms())
    }

    /// Somebody is told to poll: when first, in milliseconds.
    pub(crate) fn send_away(&self) -> u32 {
        self.sent_away.fetch_add(1, Ordering::Relaxed);
        lock(&self.pace).tell_ms()
    }

    /// Looks again and again how full it is, until `stop`. A gateway that is full is ready all the
    /// same: taken out of the balancer it would be unreachable for those whom it told to poll, and
    /// its share of new fans would fill the others; who finds no room is told what to do.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        stop.run_until_cancelled(self.beat_again_and_again()).await;
    }

    async fn beat_again_and_again(&self) {
        let mut every = tokio::time::interval(BEAT);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut began, mut cpu) = (Instant::now(), process_cpu());
        let (mut counts, mut sent, mut busy) = (RequestCounts::default(), 0, 0.0);
        loop {
            every.tick().await;
            let elapsed = began.elapsed();
            began += elapsed;
            let now = self.cost.counts();
            let sent_now = self.sent_away.load(Ordering::Relaxed);
            let seen = Seen {
                elapsed_us: elapsed.as_micros() as u64,
                answered: now.answered - counts.answered,
                measured: now.measured - counts.measured,
                measured_us: (now.measured_ns - counts.measured_ns) / 1_000,
                sent: sent_now - sent,
            };
            (counts, sent) = (now, sent_now);
            let after_ms = {
                let mut pace = lock(&self.pace);
                pace.beat(seen);
                pace.after_ms()
            };
            metrics::gauge!("grandstand_poll_after_seconds").set(f64::from(after_ms) / 1_000.0);

            let cpu_now = process_cpu();
            let whole = elapsed.as_secs_f64().max(0.001) * self.cores as f64;
            let share = cpu_now.saturating_sub(cpu).as_secs_f64() / whole;
            cpu = cpu_now;
            busy += CPU_WEIGHT * (share - busy);
            metrics::gauge!("grandstand_headroom").set(self.headroom(busy));
        }
    }

    /// What is left of that which is scarcest, places or CPU, from 0 to 1.
    fn headroom(&self, busy: f64) -> f64 {
        let taken = lock(&self.admission).taken() as f64 / self.connections_max.max(1) as f64;
        (1.0 - taken.max(busy)).clamp(0.0, 1.0)
    }
}

impl Place {
    /// Whose share of the unknown matches it asks for from.
    pub(crate) fn share(&self) -> Share {
        match (self.who.user, self.who.address) {
            (0, 0) => Share::Nobodys,
            (0, address) => Share::Of(address),
            (user, _) => Share::Of(user),
        }
    }

    /// When who is told to poll by this connection's door may first do so, in milliseconds.
    pub(crate) fn send_away(&self) -> u32 {
        self.entrance.send_away()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.entrance.admission).leave(self.who);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nobody panics while holding one; if somebody did, what is inside is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "entrance_tests.rs"]
mod tests;
