//! What came of a write or a read, and what follows from it for the session.

use super::{RETRY_US, SessionKeeper, TTL_US, Write};
use crate::session::SessionId;

/// A session is written again so long after its last write, and up to [`REFRESH_SPREAD_US`] later.
const REFRESH_US: u64 = 240_000_000;
const REFRESH_SPREAD_US: u64 = 60_000_000;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored, with this revision.
    Stored(u64),
    /// Somebody else's is there.
    Superseded,
    /// What it should replace is not there any more.
    Gone,
    /// It is not stored: the bucket is away.
    Away,
    /// It may be stored.
    Unknown,
}

/// What a read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A session of a connection that began at this time (Unix microseconds).
    Stored {
        /// What a write that replaces it expects.
        revision: u64,
        /// See [`crate::session::SessionBody::since_us`].
        since_us: u64,
    },
    /// Nothing.
    Nothing,
    /// Nobody answers.
    Away,
}

/// What an answer meant, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A session is stored.
    Stored,
    /// Another gateway has it: it is not written here any more.
    Superseded,
    /// It is tried again.
    Failed,
    /// Nothing to be counted.
    Open,
}

impl SessionKeeper {
    /// A write was answered.
    pub fn wrote(&mut self, write: &Write, written: Written, now_us: u64) -> Verdict {
        self.in_flight -= 1;
        self.answered(matches!(written, Written::Away | Written::Unknown), now_us);
        let lost_us = self.lost_us;
        let Some((at, kept)) = self.sessions.find(write.id) else {
            return Verdict::Open;
        };
        kept.in_flight = false;
        if kept.holder != write.holder.number {
            // The fan came again meanwhile, and that is written in its turn.
            let due_us = kept.due_us;
            self.schedule(at, due_us);
            return match written {
                Written::Stored(_) => Verdict::Stored,
                _ => Verdict::Open,
            };
        }
        match written {
            Written::Stored(revision) => {
                (kept.expected, kept.written_us) = (Some(revision), now_us);
                self.settle(at, now_us);
                Verdict::Stored
            }
            Written::Superseded => {
                (kept.in_question, kept.dirty) = (true, true);
                self.schedule(at, now_us);
                Verdict::Open
            }
            Written::Gone => {
                (kept.expected, kept.dirty) = (Some(0), true);
                let lost = kept.written_us > lost_us;
                self.schedule(at, now_us);
                if lost {
                    self.all_lost(now_us);
                }
                Verdict::Open
            }
            Written::Away | Written::Unknown => {
                self.again(at, now_us);
                Verdict::Failed
            }
        }
    }

    /// A read was answered.
    pub fn read(&mut self, id: SessionId, found: Found, now_us: u64) -> Verdict {
        self.in_flight -= 1;
        self.answered(found == Found::Away, now_us);
        let Some((at, kept)) = self.sessions.find(id) else {
            return Verdict::Open;
        };
        kept.in_flight = false;
        match found {
            // The fan came again meanwhile: whose it was is of no matter.
            _ if !kept.in_question => {
                let due_us = kept.due_us;
                self.schedule(at, due_us);
            }
            Found::Stored { since_us, .. } if since_us > kept.since_us => {
                self.forget(at);
                return Verdict::Superseded;
            }
            // Our own, by a write whose outcome was unknown, or of a connection before.
            Found::Stored { revision, .. } => {
                (kept.expected, kept.in_question) = (Some(revision), false);
                self.schedule(at, now_us);
            }
            Found::Nothing => {
                (kept.expected, kept.in_question) = (Some(0), false);
                self.schedule(at, now_us);
            }
            Found::Away => {
                self.again(at, now_us);
                return Verdict::Failed;
            }
        }
        Verdict::Open
    }

    /// A try was answered, or not.
    pub fn tried(&mut self, away: bool, now_us: u64) {
        self.in_flight -= 1;
        self.answered(away, now_us);
    }

    fn answered(&mut self, away: bool, now_us: u64) {
        self.retry_us = away.then_some(now_us + RETRY_US);
    }

    /// A session was stored: the next write is for what changed meanwhile, or to keep it alive.
    fn settle(&mut self, at: u32, now_us: u64) {
        let Some(kept) = self.sessions.get(at) else {
            return;
        };
        match (kept.dirty, kept.closed_us) {
            (true, _) => self.schedule(at, kept.due_us),
            (false, Some(_)) => self.forget(at),
            (false, None) => {
                let spread_us = kept.id.bits() as u64 % REFRESH_SPREAD_US;
                self.schedule(at, now_us + REFRESH_US + spread_us);
            }
        }
    }

    /// A write failed: the same again, unless it says that a fan has left and is late for that.
    fn again(&mut self, at: u32, now_us: u64) {
        let Some(kept) = self.sessions.get_mut(at) else {
            return;
        };
        kept.dirty = true;
        match kept.closed_us {
            Some(closed_us) if kept.is_untouched() || closed_us.get() + TTL_US <= now_us => {
                self.forget(at);
            }
            _ => self.schedule(at, now_us + RETRY_US),
        }
    }

    /// The bucket was made anew: everything is put there again.
    fn all_lost(&mut self, now_us: u64) {
        self.lost_us = now_us;
        let lost = self.sessions.iter_mut().filter_map(|(at, kept)| {
            let stored = kept.written_us > 0 && !kept.in_flight;
            stored.then(|| {
                (kept.expected, kept.dirty) = (Some(0), true);
                at
            })
        });
        let lost: Vec<u32> = lost.collect();
        lost.into_iter().for_each(|at| self.schedule(at, now_us));
    }
}
