//! The sessions of this gateway's fans: what each wishes goes to the bucket by one task, and what a
//! fan brings along is read from it. Delivery never waits for either.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use grandstand_broker::{Broker, BucketError, SessionKey, Sessions, WriteError};
use grandstand_core::connection::SessionRefusal;
use grandstand_core::ids::MatchId;
use grandstand_core::session::{SessionBody, SessionId, SessionWish, Wishes};
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
    clock: Clock,
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
            keeper: Mutex::new(SessionKeeper::new(gateway)),
            changed: Notify::new(),
            bucket: buckets.sessions(),
            reads: Semaphore::new(READS_MAX),
            clock,
        }
    }

    /// A fan follows something for the first time on this connection.
    pub(crate) fn open(
        &self,
        id: SessionId,
        sub: Option<Arc<str>>,
        wishes: Wishes,
        origin: Origin,
    ) -> Holder {
        self.tell(|keeper, now_us| keeper.open(id, sub, wishes, origin, now_us))
    }

    /// The fan follows something else, or otherwise.
    pub(crate) fn change(&self, holder: Holder, wishes: Wishes) {
        self.tell(|keeper, now_us| keeper.change(holder, wishes, now_us));
    }

    /// The fan has left.
    pub(crate) fn close(&self, holder: Holder) {
        self.tell(|keeper, now_us| keeper.close(holder, now_us));
    }

    /// Thousands come at once, and few of them make a write due sooner: only those wake the writer.
    fn tell<R>(&self, tell: impl FnOnce(&mut SessionKeeper, u64) -> R) -> R {
        let now_us = self.clock.now_us();
        let mut keeper = self.keeper();
        let before = keeper.first_due_us();
        let told = tell(&mut keeper, now_us);
        let is_changed = keeper.first_due_us() != before;
        drop(keeper);
        if is_changed {
            self.changed.notify_one();
        }
        told
    }

    /// What the fan `sub` wished in the session that it names.
    pub(crate) async fn find(
        &self,
        id: SessionId,
        sub: Option<Arc<str>>,
    ) -> Result<BTreeMap<MatchId, SessionWish>, SessionRefusal> {
        let stored = self.read(id).await;
        // What was not written yet, or can't be read, may still be known here.
        let kept = || self.keeper().body(id);
        let body = match stored {
            Ok(Some(body)) => SessionBody::decode(&body).map_err(|error| {
                tracing::error!(%error, "a session can't be read");
                SessionRefusal::Unknown
            })?,
            Ok(None) => kept().ok_or(SessionRefusal::Unknown)?,
            Err(refusal) => kept().ok_or(refusal)?,
        };
        match body.sub.as_deref() == sub.as_deref() {
            true => Ok(body.subscriptions),
            false => Err(SessionRefusal::Foreign),
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
    let body = Bytes::from(write.body.encode());
    let result = bucket.write(&key, body, write.expected).await;
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
