//! A connection's place in the lobby, held by whoever serves it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use metrics::Gauge;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::cost::RequestCost;
use super::lobby::{AtDoor, Lobby};

/// The most that passes from one look at the door to the next, which are half as far apart.
const PASSES_MAX: Duration = Duration::from_millis(200);

/// The lobby of one listener, with its clock.
pub(super) struct Lobbies {
    places: Mutex<Lobby<AbortHandle>>,
    /// How long its door was attended to. A process that stood still owes that time to its guests,
    /// whose requests it has not read meanwhile.
    attended_us: AtomicU64,
    looked: Mutex<Instant>,
    /// Somebody left.
    pub(super) room: Notify,
    cost: RequestCost,
    taken: Gauge,
}

/// What is done with a connection after its upgrade.
type Handover = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One connection's place. Dropped, it is free again.
pub(super) struct Guest {
    lobby: Arc<Lobbies>,
    number: u64,
    /// Requests that it has answered.
    pub(super) answered: Arc<AtomicU64>,
    handover: Mutex<Option<Handover>>,
}

/// A connection's place in the lobby, an extension of every request. What upgrades a connection
/// counts it from then on; what keeps one for long without an upgrade, such as a stream of events,
/// counts it by itself and says so.
#[derive(Clone)]
pub struct ConnectionSlot(pub(super) Arc<Guest>);

impl ConnectionSlot {
    /// The connection is counted elsewhere: its place in the lobby is free.
    pub fn leave(&self) {
        self.0.leave();
    }

    /// What is done with the connection once the answer has upgraded it, by its own task: a task
    /// for that alone would cost more than most of what it does. It ends with the listener, like a
    /// request; a connection that is not upgraded forgets it.
    pub fn after_upgrade(&self, handover: impl Future<Output = ()> + Send + 'static) {
        *lock(&self.0.handover) = Some(Box::pin(handover));
    }
}

impl Lobbies {
    pub(super) fn new(max: usize, cost: RequestCost) -> Self {
        Self {
            places: Mutex::new(Lobby::new(max)),
            attended_us: AtomicU64::new(0),
            looked: Mutex::new(Instant::now()),
            room: Notify::new(),
            cost,
            taken: metrics::gauge!("grandstand_http_connections"),
        }
    }

    /// Somebody looks at the door.
    pub(super) fn attend(&self) {
        let mut looked = lock(&self.looked);
        let passed = looked.elapsed().min(PASSES_MAX);
        *looked = Instant::now();
        self.attended_us
            .fetch_add(passed.as_micros() as u64, Ordering::Relaxed);
    }

    fn now_us(&self) -> u64 {
        self.attended_us.load(Ordering::Relaxed)
    }

    pub(super) fn at_door(&self) -> AtDoor<AbortHandle> {
        self.places().at_door(self.now_us())
    }

    /// The holder of a place that was just given.
    pub(super) fn guest(self: &Arc<Self>, number: u64) -> Guest {
        self.taken.increment(1.0);
        Guest {
            lobby: Arc::clone(self),
            number,
            answered: Arc::default(),
            handover: Mutex::default(),
        }
    }

    /// How the holder of a place is told to go.
    pub(super) fn name(&self, number: u64, task: AbortHandle) {
        self.places().name(number, task);
    }

    fn places(&self) -> MutexGuard<'_, Lobby<AbortHandle>> {
        lock(&self.places)
    }
}

impl Guest {
    /// A request has come.
    pub(super) fn asks(&self) {
        self.lobby.places().asks(self.number);
    }

    /// What is to be done after an upgrade, if anybody said so.
    pub(super) fn take_handover(&self) -> Option<Handover> {
        lock(&self.handover).take()
    }

    fn is_answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.lobby.cost.answered();
        let now_us = self.lobby.now_us();
        self.lobby.places().is_answered(self.number, now_us);
    }

    fn leave(&self) {
        self.lobby.places().leave(self.number);
        self.lobby.room.notify_one();
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.leave();
        self.lobby.taken.decrement(1.0);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nobody panics while holding one; if somebody did, what is inside is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer's body, which says when hyper is done with it.
pub(super) struct Answer {
    body: Body,
    guest: Option<Arc<Guest>>,
}

impl Answer {
    pub(super) fn new(body: Body, guest: Arc<Guest>) -> Self {
        Self {
            body,
            guest: Some(guest),
        }
    }

    /// Of an upgrade: the connection is no longer one that speaks HTTP.
    pub(super) fn of_upgrade(body: Body) -> Self {
        Self { body, guest: None }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(guest) = &self.guest {
            guest.is_answered();
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
