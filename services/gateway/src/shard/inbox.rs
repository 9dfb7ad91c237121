//! What the rest of the gateway tells a shard: connections that arrive, matches that changed, and
//! what came of its errands. Many tellings are one wake-up.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use grandstand_core::connection::Connection;
use grandstand_core::ids::MatchId;
use grandstand_core::message::Wish;
use grandstand_core::session::SessionId;
use grandstand_server::token::TokenError;
use mio::net::TcpStream;
use mio::{Registry, Token, Waker};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::{Identity, Viewer};
use crate::entrance::Place;
use crate::fan_session::Found;

/// How many connections wait to be taken in; who comes after them waits to be handed over.
const ARRIVALS_MAX: usize = 1024;

/// A fan whose handshake is done.
pub(crate) struct Arrival {
    pub(crate) socket: TcpStream,
    /// What the client said already.
    pub(crate) early: Bytes,
    pub(crate) identity: Identity,
    pub(crate) connection: Connection,
    /// What it asked for in its query.
    pub(crate) wishes: Vec<Wish>,
    /// Held for as long as the fan is there, so that it counts as a connection.
    pub(crate) place: Place,
}

/// Which connection asked: places are used again, arrivals are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FanKey {
    pub(super) index: u32,
    pub(super) arrival: u64,
}

/// What came of an errand.
pub(super) enum Answer {
    /// Who shows the newer token.
    Viewer(Result<Viewer, TokenError>),
    /// What was wished in a session; the number is the asker's.
    Session(u32, SessionId, Found),
}

/// What a shard has not seen yet.
#[derive(Default)]
pub(super) struct Mail {
    pub(super) arrivals: Vec<(Arrival, OwnedSemaphorePermit)>,
    /// At most one for each errand, which are bounded.
    pub(super) answers: Vec<(FanKey, Answer)>,
    /// Bounded by the matches in memory.
    pub(super) changed: HashSet<MatchId>,
    /// The strips of live matches did.
    pub(super) strips_changed: bool,
    pub(super) order: Order,
    /// The shard was woken and has not looked yet.
    is_told: bool,
    /// Nobody looks any more.
    is_closed: bool,
}

/// How a shard goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Order {
    #[default]
    Serve,
    /// Everybody is told to go.
    Drain,
    /// The same, and nobody comes any more.
    End,
    /// At once, told or not.
    Abandon,
}

/// The way to one shard.
pub(crate) struct Inbox {
    mail: Mutex<Mail>,
    waker: Waker,
    room: Arc<Semaphore>,
}

impl Inbox {
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self {
            mail: Mutex::new(Mail::default()),
            waker: Waker::new(registry, token)?,
            room: Arc::new(Semaphore::new(ARRIVALS_MAX)),
        })
    }

    /// Hands a fan over, once there is room.
    pub(super) async fn arrive(&self, arrival: Arrival) {
        // Never closed; were it, the fan would be let go.
        if let Ok(permit) = Arc::clone(&self.room).acquire_owned().await {
            self.tell(|mail| mail.arrivals.push((arrival, permit)));
        }
    }

    /// A match that somebody follows here changed.
    pub(crate) fn changed(&self, match_id: &MatchId) {
        self.tell(|mail| {
            if !mail.changed.contains(match_id) {
                mail.changed.insert(match_id.clone());
            }
        });
    }

    /// The strips of live matches changed, and somebody follows them here.
    pub(crate) fn strips_changed(&self) {
        self.tell(|mail| mail.strips_changed = true);
    }

    pub(super) fn answer(&self, key: FanKey, answer: Answer) {
        self.tell(|mail| mail.answers.push((key, answer)));
    }

    /// An order stands until a stricter one comes.
    pub(super) fn order(&self, order: Order) {
        self.tell(|mail| mail.order = mail.order.max(order));
    }

    fn tell(&self, put: impl FnOnce(&mut Mail)) {
        let mut mail = self.mail();
        if mail.is_closed {
            return;
        }
        put(&mut mail);
        if !std::mem::replace(&mut mail.is_told, true)
            && let Err(error) = self.waker.wake()
        {
            // It looks by itself before long.
            tracing::error!(%error, "a shard was not woken");
        }
    }

    /// Takes out everything.
    pub(super) fn take(&self) -> Mail {
        let mut mail = self.mail();
        let order = mail.order;
        let next = Mail {
            order,
            ..Mail::default()
        };
        std::mem::replace(&mut mail, next)
    }

    /// Nobody looks any more: what is in it, and what would still come, is dropped.
    pub(super) fn close(&self) {
        let closed = Mail {
            is_closed: true,
            ..Mail::default()
        };
        let left = std::mem::replace(&mut *self.mail(), closed);
        drop(left);
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        // Nobody panics while holding it; if somebody did, what is inside is still whole.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
