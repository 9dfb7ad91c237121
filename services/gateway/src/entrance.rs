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
mod tests {
    use axum::response::IntoResponse;
    use grandstand_core::message::StripsWish;
    use grandstand_core::policy::PolicyName;

    use super::*;

    #[test]
    fn a_place_takes_few_bytes() {
        assert_eq!(size_of::<Place>(), 16);
    }

    #[test]
    fn the_headroom_is_that_of_what_is_scarcest() {
        let bounds = Bounds {
            connections_max: 4,
            user_max: 0,
            address_max: 0,
            anonymous_max: 0,
        };
        let entrance = Entrance::new(bounds, 10, 2);
        assert_eq!(entrance.headroom(0.25), 0.75);
        for left in [0.75, 0.5, 0.25, 0.0] {
            lock(&entrance.admission).enter(Who::default()).unwrap();
            assert_eq!(entrance.headroom(0.1), f64::min(left, 0.9));
        }
        assert!(entrance.look(Sought::Any).is_err());
        assert_eq!(entrance.headroom(1.7), 0.0);
    }

    #[test]
    fn waiting_takes_half_of_the_places_for_a_moment() {
        let bounds = Bounds {
            connections_max: 1,
            user_max: 0,
            address_max: 0,
            anonymous_max: 0,
        };
        let entrance = Entrance::new(bounds, 10, 2);
        let mut waits: Vec<_> = (0..5).map(|_| entrance.wait().unwrap()).collect();
        assert!(entrance.wait().is_none());
        waits.pop();
        assert!(entrance.wait().is_some());
    }

    fn entrance() -> Entrance {
        let bounds = Bounds {
            connections_max: 1,
            user_max: 0,
            address_max: 0,
            anonymous_max: 0,
        };
        Entrance::new(bounds, 10, 2)
    }

    #[test]
    fn a_user_counts_wherever_he_is_an_address_by_its_network_and_this_machine_for_nobody() {
        let entrance = entrance();
        let who = |sub: Option<&str>, address: &str| {
            let viewer = Viewer::with(sub, PolicyName::Realtime);
            entrance.who(&viewer, Some(address.parse().unwrap()))
        };
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(who(Some("ann"), here), Who::default(), "{here}");
        }
        let viewer = Viewer::with(Some("ann"), PolicyName::Realtime);
        assert_eq!(entrance.who(&viewer, None), Who::default());

        let [anonymous, ann] = [None, Some("ann")].map(|sub| who(sub, "203.0.113.1"));
        assert_eq!((anonymous.user, anonymous.address), (0, ann.address));
        assert!(ann.user != 0 && ann.address != 0);
        let elsewhere = who(Some("ann"), "203.0.113.2");
        assert_eq!(elsewhere.user, ann.user);
        assert_ne!(elsewhere.address, ann.address);
        assert_ne!(who(Some("bob"), "203.0.113.1").user, ann.user);
        let line = who(None, "2001:db8:1:2::1");
        assert_eq!(who(None, "2001:db8:1:2:3::3"), line);
        assert_ne!(who(None, "2001:db8:1:3::1"), line);
        assert_eq!(who(None, "::ffff:203.0.113.1"), anonymous);
    }

    #[test]
    fn who_finds_no_room_is_told_what_to_poll_and_when_and_counts_as_one_who_will() {
        let entrance = entrance();
        let match_id = MatchId::new("m").unwrap();
        let sought = [
            (Sought::Match(&match_id), "/v1/matches/m/events"),
            (Sought::Live, "/v1/live"),
            (Sought::Any, "/v1/matches"),
        ];
        let refusals = [
            (Refusal::OverCapacity, 503),
            (Refusal::TooManyOfUser, 429),
            (Refusal::TooManyOfAddress, 429),
        ];
        for (sought, poll_url) in sought {
            for (refusal, status) in refusals {
                let problem = entrance.problem(refusal, sought);
                assert_eq!(problem.status().as_u16(), status);
                let document = problem.document();
                assert_eq!(document["poll_url"], poll_url);
                let after_ms = document["poll_after_ms"].as_u64().unwrap();
                let response = problem.into_response();
                let retry_after = response.headers()["retry-after"].to_str().unwrap();
                let retry_after_ms = 1_000 * retry_after.parse::<u64>().unwrap();
                // In whole seconds, and not before.
                assert!((after_ms..after_ms + 1_000).contains(&retry_after_ms));
            }
        }
        assert_eq!(entrance.sent_away.load(Ordering::Relaxed), 9);
    }

    #[test]
    fn what_a_query_wishes_first_is_what_is_sought() {
        let strips = Wish::Strips(StripsWish::default());
        assert_eq!(Sought::of(&[strips]).poll_url(), "/v1/live");
        assert_eq!(Sought::of(&[]).poll_url(), "/v1/matches");
    }

    #[test]
    fn unknown_matches_are_of_the_users_share_and_without_a_token_of_the_addresses() {
        let entrance = Arc::new(entrance());
        for (user, address, share) in [
            (0, 0, Share::Nobodys),
            (0, 7, Share::Of(7)),
            (5, 7, Share::Of(5)),
        ] {
            let place = Place {
                entrance: Arc::clone(&entrance),
                who: Who { user, address },
            };
            assert_eq!(place.share(), share);
        }
    }
}
