//! When a gateway writes which session to the bucket, and what it makes of the answer. The shell
//! writes what [`SessionKeeper::next`] gives, many at once, and hands in what came of it.
//!
//! Each write expects the revision that this gateway wrote last, so that a late one never replaces
//! what a fan's newer gateway wrote. Only the first write of a session that was taken over expects
//! nothing: the fan is here. Whoever finds another's write reads it: the newer connection stays.

mod answers;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::session::SessionId;

pub use answers::{Found, Verdict, Written};

/// Changes within so long are one write.
const COALESCE_US: u64 = 1_000_000;
/// How long a session outlives its last write: a fan's leaving is not told any later.
const TTL_US: u64 = 900_000_000;
/// The distance of two writes: 500 a second.
const PACE_US: u64 = 2_000;
/// How much of an idle time may be made up for: 10 writes at once.
const BURST_US: u64 = 20_000;
/// How many writes wait for their answers.
const IN_FLIGHT_MAX: usize = 256;
/// How often the bucket is tried while it is away.
const RETRY_US: u64 = 1_000_000;
/// How often one session is written only to find out whether the bucket still has them.
const PROBE_US: u64 = 2_000_000;
/// How many fans who have left wait for it to be written; of more it is not told.
const CLOSED_MAX: usize = 20_000;

/// All sessions of a gateway.
#[derive(Debug, Default)]
pub struct SessionKeeper {
    sessions: BTreeMap<SessionId, Kept>,
    /// When each session that is not in flight is written next.
    due: BTreeSet<(u64, SessionId)>,
    holders: u64,
    in_flight: usize,
    closed: usize,
    /// When the next write may go.
    pace_us: u64,
    probe_us: u64,
    /// When the bucket is tried again, while it is away.
    retry_us: Option<u64>,
    /// When it was last found that the bucket had lost what was written.
    lost_us: u64,
}

/// Which connection of a session: the newest alone has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(u64);

/// Where a session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This gateway has just made it.
    New,
    /// A fan brought it along.
    TakenOver,
}

#[derive(Debug)]
struct Kept {
    holder: Holder,
    origin: Origin,
    /// When this holder came.
    since_us: u64,
    body: Bytes,
    /// Whether `body` is not known to be stored.
    dirty: bool,
    /// The revision that the next write replaces; none: whatever is there.
    expected: Option<u64>,
    /// Whether somebody else's write is there, and a read shall tell which is newer.
    in_question: bool,
    in_flight: bool,
    due_us: u64,
    /// When a write of this holder was last confirmed; 0 before.
    written_us: u64,
    closed_us: Option<u64>,
}

/// What the shell does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Write this; then [`SessionKeeper::wrote`].
    Write(Write),
    /// Read whose this session is; then [`SessionKeeper::read`].
    Read(SessionId),
    /// Nothing is kept: read anything, then [`SessionKeeper::tried`].
    Try,
    /// Nothing to do before this time (Unix microseconds), unless a session changes or an answer
    /// comes.
    Wait(Option<u64>),
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which session.
    pub id: SessionId,
    /// Whose write it is.
    pub holder: Holder,
    /// What to store.
    pub body: Bytes,
    /// The revision that it replaces; none: whatever is there.
    pub expected: Option<u64>,
}

impl Kept {
    /// Who took a session over and wrote nothing yet leaves it as it was when it goes: the fan may
    /// be elsewhere.
    fn is_untouched(&self) -> bool {
        self.origin == Origin::TakenOver && self.written_us == 0
    }
}

impl SessionKeeper {
    /// A fan's connection follows something for the first time.
    pub fn open(&mut self, id: SessionId, body: Bytes, origin: Origin, now_us: u64) -> Holder {
        self.holders += 1;
        let holder = Holder(self.holders);
        let before = self.sessions.remove(&id);
        if let Some(before) = &before {
            self.due.remove(&(before.due_us, id));
            self.closed -= usize::from(before.closed_us.is_some());
        }
        let kept = Kept {
            holder,
            origin,
            since_us: now_us,
            body,
            dirty: true,
            expected: match origin {
                Origin::New => Some(0),
                Origin::TakenOver => None,
            },
            in_question: false,
            in_flight: before.is_some_and(|before| before.in_flight),
            due_us: now_us + COALESCE_US,
            written_us: 0,
            closed_us: None,
        };
        if !kept.in_flight {
            self.due.insert((kept.due_us, id));
        }
        self.sessions.insert(id, kept);
        holder
    }

    /// A fan follows something else, or otherwise.
    pub fn change(&mut self, id: SessionId, holder: Holder, body: Bytes, now_us: u64) {
        let Some(kept) = self.held(id, holder) else {
            return;
        };
        kept.body = body;
        let due_us = match std::mem::replace(&mut kept.dirty, true) {
            true => kept.due_us,
            false => now_us + COALESCE_US,
        };
        self.schedule(id, due_us);
    }

    /// A fan has left.
    pub fn close(&mut self, id: SessionId, holder: Holder, body: Bytes, now_us: u64) {
        let full = self.closed >= CLOSED_MAX;
        let Some(kept) = self.held(id, holder) else {
            return;
        };
        if (kept.is_untouched() || full) && !kept.in_flight {
            self.forget(id);
            return;
        }
        (kept.body, kept.dirty, kept.closed_us) = (body, true, Some(now_us));
        self.closed += 1;
        self.schedule(id, now_us);
    }

    /// What to do next.
    pub fn next(&mut self, now_us: u64) -> Step {
        if let Some(retry_us) = self.retry_us {
            // One at a time: each costs its time-out.
            if self.in_flight > 0 {
                return Step::Wait(None);
            }
            if now_us < retry_us {
                return Step::Wait(Some(retry_us));
            }
        }
        if self.in_flight >= IN_FLIGHT_MAX {
            return Step::Wait(None);
        }
        let Some((due_us, id)) = self.due.first().copied() else {
            return self.look(now_us);
        };
        // What waits to be written anyway is no probe.
        let clean = self.sessions.get(&id).is_some_and(|kept| !kept.dirty);
        let at_us = match clean {
            true => due_us.min(self.probe_us),
            false => due_us,
        };
        let at_us = at_us.max(self.pace_us);
        if now_us < at_us {
            return Step::Wait(Some(at_us));
        }
        self.send(id, now_us)
    }

    /// What this gateway would write of a session.
    pub fn body(&self, id: SessionId) -> Option<Bytes> {
        Some(self.sessions.get(&id)?.body.clone())
    }

    /// Whether no session is kept.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Whether fans have left of whom the bucket does not know it yet.
    pub fn owes_closes(&self) -> bool {
        self.closed > 0
    }

    /// Whether the bucket answers, as far as is known.
    pub fn bucket_is_up(&self) -> bool {
        self.retry_us.is_none()
    }

    fn held(&mut self, id: SessionId, holder: Holder) -> Option<&mut Kept> {
        let kept = self.sessions.get_mut(&id)?;
        (kept.holder == holder && kept.closed_us.is_none()).then_some(kept)
    }

    fn look(&mut self, now_us: u64) -> Step {
        if self.in_flight > 0 || now_us < self.probe_us {
            return Step::Wait((self.in_flight == 0).then_some(self.probe_us));
        }
        self.probe_us = now_us + PROBE_US;
        self.in_flight += 1;
        Step::Try
    }

    fn send(&mut self, id: SessionId, now_us: u64) -> Step {
        self.probe_us = now_us + PROBE_US;
        self.pace_us = (self.pace_us + PACE_US).max(now_us.saturating_sub(BURST_US));
        let Some(kept) = self.sessions.get_mut(&id) else {
            // Every id that is due is kept; were it not so, it is not due any more.
            self.due.pop_first();
            return Step::Wait(Some(now_us));
        };
        self.due.remove(&(kept.due_us, id));
        self.in_flight += 1;
        kept.in_flight = true;
        if kept.in_question {
            return Step::Read(id);
        }
        kept.dirty = false;
        Step::Write(Write {
            id,
            holder: kept.holder,
            body: kept.body.clone(),
            expected: kept.expected,
        })
    }

    fn schedule(&mut self, id: SessionId, due_us: u64) {
        let Some(kept) = self.sessions.get_mut(&id) else {
            return;
        };
        self.due.remove(&(kept.due_us, id));
        kept.due_us = due_us;
        if !kept.in_flight {
            self.due.insert((due_us, id));
        }
    }

    fn forget(&mut self, id: SessionId) {
        if let Some(kept) = self.sessions.remove(&id) {
            self.due.remove(&(kept.due_us, id));
            self.closed -= usize::from(kept.closed_us.is_some());
        }
    }
}
