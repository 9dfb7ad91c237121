//! One fan's place in one match: a cursor and the policy that says when it moves.
//!
//! There is no queue. [`Subscription::read`] is live delivery, batching, tiers, delay, replay,
//! catching up and being slow, all in one: it looks at the log and gives the next frame, or says
//! when to look again.

use std::num::NonZero;

use crate::frame::{Coding, Frame, Reason};
use crate::hash::StateHash;
use crate::ids::{Cursor, Epoch};
use crate::log::{MatchLog, Split};
use crate::policy::{
    BATCH_WINDOW_US, DIGEST_PERIOD_US, Pace, Policy, PolicyName, Released, offset_us,
};

/// Who is further behind than this many events gets a snapshot instead.
pub const BEHIND_EVENTS_MAX: u64 = 16;

/// Clocks of scoring and gateway differ by less.
const CLOCKS_US: u64 = 1_000_000;

/// Whether a fan takes a snapshot instead of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SnapshotWish {
    /// When it is far behind.
    #[default]
    Auto,
    /// Never, as long as the events are there.
    Never,
    /// One at once, then as with `Auto`.
    Always,
}

/// A cursor over a match log.
#[derive(Debug, Clone)]
pub struct Subscription {
    policy: Policy,
    wish: SnapshotWish,
    /// The epoch that `seq` counts in; none until the first frame of a fan who came without one.
    epoch: Option<Epoch>,
    /// The last seq delivered.
    seq: u64,
    /// Which filling of the log `seq` was read from; none before the first read.
    generation: Option<u32>,
    /// A snapshot that is owed, whatever the distance.
    owed: Option<Reason>,
    /// Up to here the fan was told nothing only because nothing could be said before: these go out
    /// as events however many they are.
    due: u64,
    /// Since when the fan says that it has more than it is shown.
    doubted_us: Option<NonZero<u64>>,
    /// Whether what is released at the next read counts as behind.
    arrears: Arrears,
    window_until_us: u64,
    /// Whether it has once been told everything there was: only then delivery has a latency.
    caught_up: bool,
}

/// What a frame of a match brings, for whoever measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// The policy that released it.
    pub policy: PolicyName,
    /// How many events it holds; 0 for a snapshot.
    pub events: u64,
    /// When the last of them was accepted (Unix microseconds), for a fan that had caught up.
    pub accepted_us: Option<u64>,
    /// Whether the fan has all that is in the log: there is no more of it before that changes.
    pub is_all: bool,
}

/// Why a fan could not be told what was released already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrears {
    /// It could: whatever is released is news.
    None,
    /// It was not there.
    Absent,
    /// Its connection was busy with something else.
    Busy,
}

/// Whether a cursor that is ahead can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It is not ahead.
    None,
    /// It may be right until then, Unix microseconds.
    Until(u64),
    /// It can't, unless this log lacks something.
    Ripe,
}

/// What [`Subscription::read`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Send this, all of it, then read again.
    Frame(Frame, News),
    /// Nothing to send before this time (Unix microseconds), unless the log changes.
    Wait(Option<u64>),
    /// The cursor is ahead of this log: ask the leader, then [`Subscription::leader_said`].
    Ahead,
}

impl Subscription {
    /// A fan who has seen everything up to `after`, or has just come.
    pub fn new(policy: Policy, after: Option<Cursor>, wish: SnapshotWish) -> Self {
        let (epoch, seq) = after.map_or((None, 0), |cursor| (cursor.epoch, cursor.seq));
        let owed = match (wish, after) {
            (SnapshotWish::Always, _) => Some(Reason::Asked),
            (SnapshotWish::Auto, None) => Some(Reason::Joined),
            // Who names no cursor and wants every event gets them from the first.
            (SnapshotWish::Never, None) | (_, Some(_)) => None,
        };
        Self {
            policy,
            wish,
            epoch,
            seq,
            generation: None,
            owed,
            due: 0,
            doubted_us: None,
            arrears: Arrears::Absent,
            window_until_us: 0,
            caught_up: false,
        }
    }

    /// Another policy; the cursor stays.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Another policy and wish; the cursor stays.
    pub fn change(&mut self, policy: Policy, wish: SnapshotWish) {
        self.policy = policy;
        self.wish = wish;
        if wish == SnapshotWish::Always {
            // One that is owed for another reason says more.
            self.owed.get_or_insert(Reason::Asked);
        }
    }

    /// Whether snapshots are taken.
    pub fn wish(&self) -> SnapshotWish {
        self.wish
    }

    /// The policy in force.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Where the fan stands; none before it was told anything.
    pub fn cursor(&self) -> Option<(Epoch, u64)> {
        Some((self.epoch?, self.seq))
    }

    /// Whether the fan says that it has more than it is shown, and it is not clear yet if it can.
    pub fn is_doubted(&self) -> bool {
        self.doubted_us.is_some()
    }

    /// The hash of the state where the fan stands, if a record ends there that it was shown: a
    /// cursor is only the fan's word, and a hash is enough to guess what comes next.
    pub fn hash(&self, log: &MatchLog) -> Option<StateHash> {
        let shown = self.epoch == Some(log.epoch()) && self.seq <= self.due;
        shown.then(|| log.hash_at(self.seq)).flatten()
    }

    /// The connection could not take anything for a while: what was released meanwhile counts as
    /// behind.
    pub fn was_busy(&mut self) {
        if self.arrears == Arrears::None {
            self.arrears = Arrears::Busy;
        }
    }

    /// The leader was asked about a cursor that is ahead, and its log ends below it: the log of
    /// that epoch was rolled back.
    pub fn leader_said(&mut self, log: &MatchLog, now_us: u64) {
        if let Doubt::Ripe = self.doubt(log, now_us) {
            self.start_over(Reason::RolledBack);
        }
    }

    /// The next frame for a connection that can take one. `generation` counts how often the log
    /// was filled anew.
    pub fn read(
        &mut self,
        log: &MatchLog,
        generation: u32,
        coding: impl Into<Coding>,
        now_us: u64,
    ) -> Read {
        let coding = coding.into();
        self.check_epoch(log, generation);
        let ripe_us = match self.doubt(log, now_us) {
            Doubt::None => None,
            Doubt::Until(ripe_us) => Some(ripe_us),
            Doubt::Ripe => return Read::Ahead,
        };
        let released = self.released(log, now_us);
        if self.owed.is_none() {
            self.owed = self.lacks(log, released);
        }
        self.due = self.due.max(released);
        self.arrears = Arrears::None;
        let seen = self.seq;
        let frame = match self.owed {
            Some(reason) => self.read_snapshot(log, coding, released, reason),
            None => self
                .read_events(log, coding, released)
                .map(|frame| (frame, self.seq - seen)),
        };
        let Some((frame, events)) = frame else {
            self.caught_up = true;
            // A snapshot is owed as soon as the policy shows as much as the fan has.
            let shown = match self.owed {
                Some(_) => released,
                None => self.seq.max(released),
            };
            let next_us = log.time_us(shown + 1);
            let wakes_us = self.policy.wakes_at(next_us, now_us, self.window_until_us);
            return Read::Wait(wakes_us.into_iter().chain(ripe_us).min());
        };
        self.epoch = Some(log.epoch());
        if self.window_until_us <= now_us {
            self.window_until_us = now_us + BATCH_WINDOW_US;
        }
        let accepted_us = log
            .accepted_us(self.seq)
            .filter(|_| self.caught_up && events > 0);
        Read::Frame(
            frame,
            News {
                policy: self.policy.name(),
                events,
                accepted_us,
                // Who is new is asked once more: a read that finds nothing more says that it has caught up.
                is_all: self.caught_up && self.seq == log.head(),
            },
        )
    }

    /// A cursor that counts in another life of the match is worth nothing here.
    fn check_epoch(&mut self, log: &MatchLog, generation: u32) {
        let other_epoch = self.epoch.is_some_and(|epoch| epoch != log.epoch());
        let refilled = self.generation.is_some_and(|seen| seen != generation);
        self.generation = Some(generation);
        if other_epoch || refilled {
            self.start_over(if refilled {
                Reason::RolledBack
            } else {
                Reason::OtherEpoch
            });
        }
    }

    /// Nothing that the fan has is of use any more.
    fn start_over(&mut self, reason: Reason) {
        self.owed = Some(reason);
        (self.seq, self.due, self.epoch, self.doubted_us) = (0, 0, None, None);
    }

    /// Whether the fan says that it has what there is not. One who is kept behind is told so only
    /// when all that it can have is shown by its own policy too: else who guesses a seq and is, or
    /// is not, told that it is too high knows how far the match has come.
    fn doubt(&mut self, log: &MatchLog, now_us: u64) -> Doubt {
        let lag_us = self.policy.lag_us();
        let shown = match lag_us {
            0 => log.head(),
            // What is no longer kept was there, though the time that it is known to have come at may
            // be later than its own.
            _ => self.released(log, now_us).max(log.evicted()),
        };
        if self.epoch != Some(log.epoch()) || self.seq <= shown {
            self.doubted_us = None;
            return Doubt::None;
        }
        self.doubted_us = self.doubted_us.or(NonZero::new(now_us));
        let since_us = self.doubted_us.map_or(now_us, NonZero::get);
        let ripe_us = match lag_us {
            0 => now_us,
            _ => since_us + lag_us + CLOCKS_US,
        };
        match ripe_us <= now_us {
            true => Doubt::Ripe,
            false => Doubt::Until(ripe_us),
        }
    }

    fn released(&self, log: &MatchLog, now_us: u64) -> u64 {
        match self.policy.released(log, now_us, self.window_until_us) {
            Released::UpTo(seq) => seq.max(self.due),
            Released::SameAsBefore => self.due,
        }
    }

    /// Why events can't bring the fan to what is released, if so.
    fn lacks(&self, log: &MatchLog, released: u64) -> Option<Reason> {
        match () {
            () if self.seq < log.evicted() => Some(Reason::Evicted),
            () if self.is_behind(log, released) => Some(Reason::Behind),
            () => None,
        }
    }

    /// Behind counts what the policy had released before the connection could take it, and not
    /// the events of one record, window or mark.
    fn is_behind(&self, log: &MatchLog, released: u64) -> bool {
        let from = self.seq.max(self.due);
        let far = released.saturating_sub(from) > BEHIND_EVENTS_MAX;
        if !far || self.wish == SnapshotWish::Never || log.record_end(from + 1) == Some(released) {
            return false;
        }
        let (Some(first_us), Some(last_us)) = (log.time_us(from + 1), log.time_us(released)) else {
            return false;
        };
        match (self.arrears, self.policy.pace) {
            (Arrears::None, _) => false,
            (Arrears::Absent, _) | (Arrears::Busy, Pace::Realtime) => true,
            (Arrears::Busy, Pace::Batch) => last_us - first_us >= BATCH_WINDOW_US,
            (Arrears::Busy, Pace::Digest { phase }) => {
                mark_index(first_us, phase) != mark_index(last_us, phase)
            }
        }
    }

    fn read_snapshot(
        &mut self,
        log: &MatchLog,
        coding: Coding,
        released: u64,
        reason: Reason,
    ) -> Option<(Frame, u64)> {
        // Never back, and never more than the policy shows: a cursor is only the fan's word. And
        // no state that is no longer kept: the next that is will be released.
        if released == 0 || released < self.seq.max(log.evicted()) {
            return None;
        }
        self.owed = None;
        self.seq = released;
        Some((log.snapshot(coding, released, reason), 0))
    }

    fn read_events(&mut self, log: &MatchLog, coding: Coding, released: u64) -> Option<Frame> {
        if released <= self.seq {
            return None;
        }
        let split = match self.wish {
            SnapshotWish::Never => Split::Records,
            SnapshotWish::Auto | SnapshotWish::Always => Split::Never,
        };
        let (frame, seq) = log.frame(coding, self.seq, released, split)?;
        self.seq = seq;
        Some(frame)
    }
}

/// Which mark shows an event of `time_us` first.
fn mark_index(time_us: u64, phase: u8) -> u64 {
    (time_us + DIGEST_PERIOD_US - offset_us(phase)).div_ceil(DIGEST_PERIOD_US)
}
