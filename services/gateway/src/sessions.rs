//! The sessions of this gateway's fans: what each wishes goes to the bucket by one task, and what a
//! fan brings along is read from it. Delivery never waits for either.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use grandstand_broker::{Broker, BucketError, SessionKey, Sessions, WriteError};
use grandstand_core::connection::SessionRefusal;
use grandstand_core::ids::MatchId;
use grandstand_core::session::{SessionBody, SessionId, SessionWish};
use grandstand_core::session_keeper::{
    Found, Holder, Origin, SessionKeeper, Step, Verdict, Write, Written,
};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// How many fans' sessions are read at once; others are told to subscribe.
const READS_MAX: usize = 64;
/// How long a fan waits for its session.
const READ_MAX: Duration = Duration::from_secs(1);
/// How long the end of this gateway waits for its fans' sessions to be closed.
const CLOSING_MAX: Duration = Duration::from_secs(1);

/// All sessions of a gateway.
pub(crate) struct FanSessions {
    keeper: Mutex<SessionKeeper>,
    changed: Notify,
    bucket: Sessions,
    reads: Semaphore,
    gateway: String,
    clock: Clock,
}

/// A connection's hold on a session.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) id: SessionId,
    holder: Holder,
    since_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stays {
    Open,
    Closed,
}

/// What a job came back with.
enum Done {
    Wrote(Write, Result<u64, WriteError>),
    Read(SessionId, Found),
    Tried(bool),
}

impl FanSessions {
    /// Sessions that are written in the name of `gateway`, over a connection of their own.
    pub(crate) fn new(buckets: &Broker, gateway: String, clock: Clock) -> Self {
        Self {
            keeper: Mutex::new(SessionKeeper::default()),
            changed: Notify::new(),
            bucket: buckets.sessions(),
            reads: Semaphore::new(READS_MAX),
            gateway,
            clock,
        }
    }

    /// A fan follows something for the first time on this connection.
    pub(crate) fn open(
        &self,
        id: SessionId,
        sub: Option<&str>,
        wishes: BTreeMap<MatchId, SessionWish>,
        origin: Origin,
    ) -> Held {
        let since_us = self.clock.now_us();
        let body = self.body(sub, since_us, wishes, Stays::Open);
        let holder = self.keeper().open(id, body, origin, since_us);
        self.changed.notify_one();
        Held {
            id,
            holder,
            since_us,
        }
    }

    /// The fan follows something else, or otherwise.
    pub(crate) fn change(
        &self,
        held: &Held,
        sub: Option<&str>,
        wishes: BTreeMap<MatchId, SessionWish>,
    ) {
        let body = self.body(sub, held.since_us, wishes, Stays::Open);
        let now_us = self.clock.now_us();
        self.keeper().change(held.id, held.holder, body, now_us);
        self.changed.notify_one();
    }

    /// The fan has left.
    pub(crate) fn close(
        &self,
        held: &Held,
        sub: Option<&str>,
        wishes: BTreeMap<MatchId, SessionWish>,
    ) {
        let body = self.body(sub, held.since_us, wishes, Stays::Closed);
        let now_us = self.clock.now_us();
        self.keeper().close(held.id, held.holder, body, now_us);
        self.changed.notify_one();
    }

    fn body(
        &self,
        sub: Option<&str>,
        since_us: u64,
        subscriptions: BTreeMap<MatchId, SessionWish>,
        stays: Stays,
    ) -> Bytes {
        let body = SessionBody {
            sub: sub.map(str::to_owned),
            gateway: self.gateway.clone(),
            since_us,
            subscriptions,
            updated_us: self.clock.now_us(),
            closed: stays == Stays::Closed,
        };
        // One that fits: it is kept for as long as the fan is there.
        Bytes::from(body.encode().into_boxed_slice())
    }

    /// What the fan `sub` wished in the session that it names.
    pub(crate) async fn find(
        &self,
        id: SessionId,
        sub: Option<String>,
    ) -> Result<BTreeMap<MatchId, SessionWish>, SessionRefusal> {
        let stored = self.read(id).await;
        // What was not written yet, or can't be read, may still be known here.
        let body = match stored {
            Ok(Some(body)) => body,
            Ok(None) => self.kept(id).ok_or(SessionRefusal::Unknown)?,
            Err(refusal) => self.kept(id).ok_or(refusal)?,
        };
        match SessionBody::decode(&body) {
            Ok(body) if body.sub == sub => Ok(body.subscriptions),
            Ok(_) => Err(SessionRefusal::Foreign),
            Err(error) => {
                tracing::error!(%error, "a session can't be read");
                Err(SessionRefusal::Unknown)
            }
        }
    }

    async fn read(&self, id: SessionId) -> Result<Option<Bytes>, SessionRefusal> {
        let Ok(_turn) = self.reads.try_acquire() else {
            return Err(SessionRefusal::Unavailable);
        };
        let key = SessionKey::of(id.bits());
        match timeout(READ_MAX, self.bucket.read(&key)).await {
            Ok(Ok(stored)) => Ok(stored.map(|stored| stored.body)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a session was not read");
                Err(SessionRefusal::Unavailable)
            }
            Err(_) => Err(SessionRefusal::Unavailable),
        }
    }

    fn kept(&self, id: SessionId) -> Option<Bytes> {
        self.keeper().body(id)
    }

    /// Writes what is due until `stop`, and then what fans who have left owe, for a moment.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut jobs = JoinSet::new();
        let mut closing_until = None;
        loop {
            let now_us = self.clock.now_us();
            let step = self.keeper().next(now_us);
            let until_us = match step {
                Step::Write(write) => {
                    jobs.spawn(store(self.bucket.clone(), write));
                    continue;
                }
                Step::Read(id) => {
                    jobs.spawn(look(self.bucket.clone(), id));
                    continue;
                }
                Step::Try => {
                    jobs.spawn(reach(self.bucket.clone()));
                    continue;
                }
                Step::Wait(until_us) => until_us,
            };
            if closing_until.is_some() && !self.keeper().owes_closes() {
                break;
            }
            tokio::select! {
                () = stop.cancelled(), if closing_until.is_none() => {
                    closing_until = Some(tokio::time::Instant::now() + CLOSING_MAX);
                }
                () = until(closing_until) => break,
                Some(done) = jobs.join_next() => match done {
                    Ok(done) => self.answered(done),
                    Err(error) => tracing::error!(%error, "a write of a session ended abnormally"),
                },
                () = self.changed.notified() => {}
                () = until(until_us.map(|at_us| self.clock.instant(at_us))) => {}
            }
        }
        jobs.shutdown().await;
    }

    fn answered(&self, done: Done) {
        let now_us = self.clock.now_us();
        let mut keeper = self.keeper();
        let verdict = match done {
            Done::Wrote(write, result) => keeper.wrote(&write, written(result), now_us),
            Done::Read(id, found) => keeper.read(id, found, now_us),
            Done::Tried(away) => {
                keeper.tried(away, now_us);
                Verdict::Open
            }
        };
        tell_bucket("sessions", keeper.bucket_is_up());
        match verdict {
            Verdict::Stored => count("grandstand_sessions_written_total"),
            Verdict::Superseded => count("grandstand_sessions_superseded_total"),
            Verdict::Failed => count("grandstand_sessions_failed_total"),
            Verdict::Open => {}
        }
    }

    fn keeper(&self) -> MutexGuard<'_, SessionKeeper> {
        // Nobody panics while holding it; if somebody did, what is inside is still whole.
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a bucket answers.
pub(crate) fn tell_bucket(bucket: &'static str, is_up: bool) {
    let up = if is_up { 1.0 } else { 0.0 };
    metrics::gauge!("grandstand_bucket_up", "bucket" => bucket).set(up);
}

fn count(name: &'static str) {
    metrics::counter!(name).increment(1);
}

async fn store(bucket: Sessions, write: Write) -> Done {
    let key = SessionKey::of(write.id.bits());
    let result = bucket.write(&key, write.body.clone(), write.expected).await;
    Done::Wrote(write, result)
}

async fn look(bucket: Sessions, id: SessionId) -> Done {
    let found = match bucket.read(&SessionKey::of(id.bits())).await {
        Ok(None) => Found::Nothing,
        Ok(Some(stored)) => Found::Stored {
            revision: stored.revision,
            // What can't be read is nobody's, and may be replaced.
            since_us: SessionBody::decode(&stored.body).map_or(0, |body| body.since_us),
        },
        Err(error) => {
            tracing::debug!(%error, "a session was not read");
            Found::Away
        }
    };
    Done::Read(id, found)
}

/// Whether the bucket answers at all: no session has this id.
async fn reach(bucket: Sessions) -> Done {
    let read = bucket.read(&SessionKey::of(0)).await;
    Done::Tried(matches!(read, Err(BucketError::Away(_))))
}

fn written(result: Result<u64, WriteError>) -> Written {
    match result {
        Ok(revision) => Written::Stored(revision),
        Err(WriteError::Superseded { .. }) => Written::Superseded,
        Err(WriteError::Gone) => Written::Gone,
        Err(WriteError::Away(reason)) => {
            tracing::debug!(reason, "a session was not written");
            Written::Away
        }
        Err(WriteError::Unknown(reason)) => {
            tracing::debug!(reason, "whether a session was written is unknown");
            Written::Unknown
        }
    }
}

async fn until(instant: Option<tokio::time::Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
