//! When a gateway writes which session to the bucket, and what it makes of the answer. The shell
//! writes what [`SessionKeeper::next`] gives, many at once, and hands in what came of it.
//!
//! Each write expects the revision that this gateway wrote last, so that a late one never replaces
//! what a fan's newer gateway wrote. Only the first write of a session that was taken over expects
//! nothing: the fan is here. Whoever finds another's write reads it: the newer connection stays.

mod answers;
mod kept;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::Arc;

use crate::session::{SessionBody, SessionId, Wishes};
use crate::session_keeper::kept::{Kept, Sessions};

pub use answers::{Found, Verdict, Written};

/// Changes within so long are one write.
const COALESCE_US: u64 = 1_000_000;
/// How long a session outlives its last write: a fan's leaving is not told any later.
const TTL_US: u64 = 900_000_000;
/// So many are written together, so often: 500 a second. One by one each would wake the broker and us,
/// which takes several times what a write takes.
const BURST_WRITES: u32 = 50;
const BURST_EVERY_US: u64 = 100_000;
/// How many writes wait for their answers.
const IN_FLIGHT_MAX: usize = 256;
/// How often the bucket is tried while it is away.
const RETRY_US: u64 = 1_000_000;
/// How often one session is written only to find out whether the bucket still has them.
const PROBE_US: u64 = 2_000_000;
/// How many fans who have left wait for it to be written; of more it is not told.
const CLOSED_MAX: usize = 20_000;

/// All sessions of a gateway.
#[derive(Debug)]
pub struct SessionKeeper {
    /// The gateway's name.
    gateway: String,
    sessions: Sessions,
    /// When each session that is not in flight is written next: time and place.
    due: BTreeSet<(u64, u32)>,
    holders: u32,
    in_flight: usize,
    closed: usize,
    /// When the last burst of writes began, and how many of it have gone.
    burst: (u64, u32),
    probe_us: u64,
    /// When the bucket is tried again, while it is away.
    retry_us: Option<u64>,
    /// When it was last found that the bucket had lost what was written.
    lost_us: u64,
}

/// Which connection of a session: the newest alone has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    at: u32,
    number: u32,
}

/// Where a session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This gateway has just made it.
    New,
    /// A fan brought it along.
    TakenOver,
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
    pub body: SessionBody,
    /// The revision that it replaces; none: whatever is there.
    pub expected: Option<u64>,
}

impl SessionKeeper {
    /// The sessions of the fans of `gateway`, none as yet.
    pub fn new(gateway: String) -> Self {
        Self {
            gateway,
            sessions: Sessions::default(),
            due: BTreeSet::new(),
            holders: 0,
            in_flight: 0,
            closed: 0,
            burst: (0, 0),
            probe_us: 0,
            retry_us: None,
            lost_us: 0,
        }
    }

    /// A connection of the fan `sub` follows something for the first time.
    pub fn open(
        &mut self,
        id: SessionId,
        sub: Option<Arc<str>>,
        wishes: Wishes,
        origin: Origin,
        now_us: u64,
    ) -> Holder {
        self.holders = self.holders.wrapping_add(1);
        let mut kept = Kept {
            id,
            holder: self.holders,
            origin,
            since_us: now_us,
            sub,
            wishes,
            updated_us: now_us,
            dirty: true,
            expected: match origin {
                Origin::New => Some(0),
                Origin::TakenOver => None,
            },
            in_question: false,
            in_flight: false,
            due_us: now_us + COALESCE_US,
            written_us: 0,
            closed_us: None,
        };
        let at = match self.sessions.find(id) {
            Some((at, before)) => {
                kept.in_flight = before.in_flight;
                self.due.remove(&(before.due_us, at));
                self.closed -= usize::from(before.closed_us.is_some());
                *before = kept;
                at
            }
            None => self.sessions.add(kept),
        };
        self.schedule(at, now_us + COALESCE_US);
        Holder {
            at,
            number: self.holders,
        }
    }

    /// A fan follows something else, or otherwise.
    pub fn change(&mut self, holder: Holder, wishes: Wishes, now_us: u64) {
        let Some(kept) = self.held(holder) else {
            return;
        };
        (kept.wishes, kept.updated_us) = (wishes, now_us);
        let due_us = match std::mem::replace(&mut kept.dirty, true) {
            true => kept.due_us,
            false => now_us + COALESCE_US,
        };
        self.schedule(holder.at, due_us);
    }

    /// A fan has left.
    pub fn close(&mut self, holder: Holder, now_us: u64) {
        let full = self.closed >= CLOSED_MAX;
        let Some(kept) = self.held(holder) else {
            return;
        };
        if (kept.is_untouched() || full) && !kept.in_flight {
            self.forget(holder.at);
            return;
        }
        (kept.updated_us, kept.dirty, kept.closed_us) = (now_us, true, NonZero::new(now_us));
        self.closed += 1;
        self.schedule(holder.at, now_us);
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
        let Some((due_us, at)) = self.due.first().copied() else {
            return self.look(now_us);
        };
        // What waits to be written anyway is no probe.
        let clean = self.sessions.get(at).is_some_and(|kept| !kept.dirty);
        let at_us = match clean {
            true => due_us.min(self.probe_us),
            false => due_us,
        };
        let at_us = at_us.max(self.burst_due_us());
        if now_us < at_us {
            return Step::Wait(Some(at_us));
        }
        self.send(at, now_us)
    }

    /// What this gateway would write of a session.
    pub fn body(&self, id: SessionId) -> Option<SessionBody> {
        Some(self.sessions.seek(id)?.body(&self.gateway))
    }

    /// When the first session is to be written (Unix microseconds): who waits for a step looks again
    /// when this changes.
    pub fn first_due_us(&self) -> Option<u64> {
        self.due.first().map(|(due_us, _)| *due_us)
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

    /// When the next write may go.
    fn burst_due_us(&self) -> u64 {
        match self.burst {
            (began_us, BURST_WRITES..) => began_us + BURST_EVERY_US,
            _ => 0,
        }
    }

    fn held(&mut self, holder: Holder) -> Option<&mut Kept> {
        let kept = self.sessions.get_mut(holder.at)?;
        (kept.holder == holder.number && kept.closed_us.is_none()).then_some(kept)
    }

    fn look(&mut self, now_us: u64) -> Step {
        if self.in_flight > 0 || now_us < self.probe_us {
            return Step::Wait((self.in_flight == 0).then_some(self.probe_us));
        }
        self.probe_us = now_us + PROBE_US;
        self.in_flight += 1;
        Step::Try
    }

    fn send(&mut self, at: u32, now_us: u64) -> Step {
        self.probe_us = now_us + PROBE_US;
        self.burst = match self.burst {
            (began_us, sent) if now_us < began_us + BURST_EVERY_US => (began_us, sent + 1),
            _ => (now_us, 1),
        };
        let Some(kept) = self.sessions.get_mut(at) else {
            // Every place that is due is taken; were it not so, it is not due any more.
            self.due.pop_first();
            return Step::Wait(Some(now_us));
        };
        self.due.remove(&(kept.due_us, at));
        self.in_flight += 1;
        kept.in_flight = true;
        if kept.in_question {
            return Step::Read(kept.id);
        }
        kept.dirty = false;
        Step::Write(Write {
            id: kept.id,
            holder: Holder {
                at,
                number: kept.holder,
            },
            body: kept.body(&self.gateway),
            expected: kept.expected,
        })
    }

    fn schedule(&mut self, at: u32, due_us: u64) {
        let Some(kept) = self.sessions.get_mut(at) else {
            return;
        };
        self.due.remove(&(kept.due_us, at));
        kept.due_us = due_us;
        if !kept.in_flight {
            self.due.insert((due_us, at));
        }
    }

    fn forget(&mut self, at: u32) {
        if let Some(kept) = self.sessions.remove(at) {
            self.due.remove(&(kept.due_us, at));
            self.closed -= usize::from(kept.closed_us.is_some());
        }
    }
}
