//! Following a match in the stream: which record is the next one, which one is missing, and when
//! the log changed under us (design.md section 5). Pure: the shell reads and listens as told.

use std::sync::Arc;

use crate::ids::{Epoch, MatchId};
use crate::log::{HashCheck, LogBudget, MatchLog};
use crate::record::RecordParts;

/// Back-fills that ask any replica before the leader is asked.
const REPLICA_ROUNDS: u32 = 3;
/// The first pause before the leader is asked again; it doubles each time.
const PAUSE_FIRST_US: u64 = 50_000;
/// The longest pause before the leader is asked again.
const PAUSE_MAX_US: u64 = 2_000_000;
/// For so long a healthy leader must not have had a record before a match is called damaged.
const DAMAGED_AFTER_US: u64 = 30_000_000;
/// A leader that was frozen may know less for some 20 ms: only one that says so again after this
/// has lost what we have.
const LOST_AFTER_US: u64 = 250_000;
/// The pause before a damaged match is looked at again: only an operator mends it.
const PAUSE_DAMAGED_US: u64 = 30_000_000;
/// The pause after somebody did not answer.
const PAUSE_FAILED_US: u64 = 500_000;

/// A record out of the stream, with its place there.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Its sequence in the stream.
    pub stream_sequence: u64,
    /// Stream sequence of the record before it in this match, where the reader was told.
    pub last_stream_sequence: Option<u64>,
    /// What it holds.
    pub parts: RecordParts,
}

/// The log of one match and its place in the stream.
#[derive(Debug)]
pub struct Follower {
    log: MatchLog,
    /// How often the log was filled anew.
    generation: u32,
    /// Stream sequence of the newest record in the log.
    stream_sequence: u64,
    gap: Option<Gap>,
    loss: Option<Loss>,
    wrong_hashes: u64,
}

/// Records that we have and the leader does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Loss {
    /// When the leader first said so.
    since_us: u64,
    /// When it last did.
    last_us: u64,
}

/// Records that we know of and do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    /// The newest stream sequence that we know to be there.
    until: u64,
    rounds: u32,
    /// When to ask next.
    ask_us: u64,
    /// Since when a leader that answers has not had it.
    leader_lacks_since_us: Option<u64>,
    /// The log in the stream has a hole itself: reading it all again gives the same.
    broken: bool,
}

/// Whom to ask for what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Any replica: cheap, and may lag.
    Replica,
    /// The leader.
    Leader,
}

/// What a record made of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log now.
    Taken,
    /// We have it already.
    Known,
    /// Something before it is missing: see [`Follower::backfill`].
    Gap,
    /// The log is not the one we followed: fill again from the leader.
    Changed,
}

/// The next back-fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// Read the records after this stream sequence.
    pub after: u64,
    /// From whom.
    pub whom: Whom,
    /// Not before this time (Unix microseconds).
    pub at_us: u64,
}

impl Follower {
    /// Follows a match whose log is still empty, and takes its bytes from `budget`.
    pub fn new(match_id: MatchId, epoch: Epoch, budget: Arc<LogBudget>) -> Self {
        Self {
            log: MatchLog::new(match_id, epoch, budget),
            generation: 0,
            stream_sequence: 0,
            gap: None,
            loss: None,
            wrong_hashes: 0,
        }
    }

    /// The log as far as it is known.
    pub fn log(&self) -> &MatchLog {
        &self.log
    }

    /// See [`MatchLog::evict_caches`].
    pub fn evict_caches(&mut self) {
        self.log.evict_caches();
    }

    /// See [`MatchLog::evict_oldest`].
    pub fn evict_oldest(&mut self) -> bool {
        self.log.evict_oldest()
    }

    /// How often the log was filled anew: a cursor into an earlier filling is worth nothing.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Stream sequence of the newest record in the log, 0 for none.
    pub fn stream_sequence(&self) -> u64 {
        self.stream_sequence
    }

    /// How many records named a hash that their patches do not lead to, since this was last asked.
    pub fn take_wrong_hashes(&mut self) -> u64 {
        std::mem::take(&mut self.wrong_hashes)
    }

    /// Whether a record is known to be missing.
    pub fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// Whether a record will not come, or not stay: a healthy leader has lacked it for long, or the
    /// log in the stream has a hole.
    pub fn is_damaged(&self, now_us: u64) -> bool {
        self.gap.is_some_and(|gap| gap.is_damaged(now_us))
            || self.loss.is_some_and(|loss| loss.lasts(DAMAGED_AFTER_US))
    }

    /// Whether the leader lacks what we have, by its last word.
    pub fn leader_lacks(&self) -> bool {
        self.loss.is_some()
    }

    /// Whether the leader has lost what we have, by more than one word.
    pub fn is_lost(&self) -> bool {
        self.loss.is_some_and(|loss| loss.lasts(LOST_AFTER_US))
    }

    /// A record from the live feed.
    pub fn live(&mut self, arrival: Arrival, now_us: u64) -> Outcome {
        if arrival.stream_sequence <= self.stream_sequence {
            return Outcome::Known;
        }
        match arrival.last_stream_sequence {
            Some(last) if last > self.stream_sequence => {
                self.miss(arrival.stream_sequence, now_us);
                Outcome::Gap
            }
            Some(last) if last < self.stream_sequence => Outcome::Changed,
            Some(_) | None => self.take(arrival, now_us),
        }
    }

    /// The newest record of the match, by somebody who may lag.
    pub fn tip(&mut self, stream_sequence: u64, now_us: u64) {
        if stream_sequence > self.stream_sequence {
            self.miss(stream_sequence, now_us);
        }
    }

    /// The newest record of the match by its leader, 0 for none.
    pub fn leader_tip(&mut self, stream_sequence: u64, now_us: u64) {
        self.tip(stream_sequence, now_us);
        let lacks = stream_sequence < self.stream_sequence;
        self.loss = lacks.then(|| Loss {
            since_us: self.loss.map_or(now_us, |loss| loss.since_us),
            last_us: now_us,
        });
    }

    /// What a back-fill read, in order. `whom` was asked.
    pub fn backfilled(&mut self, arrivals: Vec<Arrival>, whom: Whom, now_us: u64) -> Outcome {
        let before = self.stream_sequence;
        for arrival in arrivals {
            if arrival.stream_sequence <= self.stream_sequence {
                continue;
            }
            if self.take(arrival, now_us) == Outcome::Changed {
                match self.gap {
                    Some(gap) if gap.broken => break,
                    _ => return Outcome::Changed,
                }
            }
        }
        let progress = self.stream_sequence > before;
        match &mut self.gap {
            Some(gap) if progress => gap.go_on(now_us),
            Some(gap) => gap.lacked(whom, now_us),
            None if progress => return Outcome::Taken,
            None => return Outcome::Known,
        }
        Outcome::Gap
    }

    /// A back-fill that got no answer: an outage, which says nothing about the log. The other one
    /// is asked next.
    pub fn backfill_failed(&mut self, whom: Whom, now_us: u64) {
        if let Some(gap) = &mut self.gap {
            gap.rounds = match whom {
                Whom::Replica => REPLICA_ROUNDS,
                Whom::Leader => 0,
            };
            gap.ask_us = now_us + PAUSE_FAILED_US;
            gap.leader_lacks_since_us = None;
        }
    }

    /// What to read next, if something is missing.
    pub fn backfill(&self) -> Option<Backfill> {
        let gap = self.gap?;
        Some(Backfill {
            after: self.stream_sequence,
            whom: match gap.rounds < REPLICA_ROUNDS {
                true => Whom::Replica,
                false => Whom::Leader,
            },
            at_us: gap.ask_us,
        })
    }

    /// Starts over with the log as somebody has it who may lag; `tip` is how far it goes.
    pub fn refill(
        &mut self,
        epoch: Epoch,
        arrivals: Vec<Arrival>,
        tip: u64,
        now_us: u64,
    ) -> Outcome {
        self.log = self.log.begin_again(epoch);
        self.generation = self.generation.wrapping_add(1);
        self.stream_sequence = 0;
        self.gap = None;
        self.loss = None;
        for arrival in arrivals {
            let stream_sequence = arrival.stream_sequence;
            if self.take(arrival, now_us) == Outcome::Changed {
                self.miss(stream_sequence.max(tip), now_us);
                if let Some(gap) = &mut self.gap {
                    gap.broken = true;
                    gap.lacked(Whom::Leader, now_us);
                }
                return Outcome::Gap;
            }
        }
        self.tip(tip, now_us);
        match self.gap {
            Some(_) => Outcome::Gap,
            None => Outcome::Taken,
        }
    }

    fn take(&mut self, arrival: Arrival, now_us: u64) -> Outcome {
        match self.log.push(arrival.parts, now_us) {
            Ok(check) => {
                self.stream_sequence = arrival.stream_sequence;
                self.loss = None;
                self.wrong_hashes += u64::from(check == HashCheck::Wrong);
                if self
                    .gap
                    .is_some_and(|gap| gap.until <= self.stream_sequence)
                {
                    self.gap = None;
                }
                Outcome::Taken
            }
            Err(_) => Outcome::Changed,
        }
    }

    fn miss(&mut self, until: u64, now_us: u64) {
        match &mut self.gap {
            Some(gap) => gap.until = gap.until.max(until),
            None => {
                self.gap = Some(Gap {
                    until,
                    rounds: 0,
                    ask_us: now_us,
                    leader_lacks_since_us: None,
                    broken: false,
                });
            }
        }
    }
}

impl Loss {
    fn lasts(&self, for_us: u64) -> bool {
        self.last_us.saturating_sub(self.since_us) >= for_us
    }
}

impl Gap {
    fn is_damaged(&self, now_us: u64) -> bool {
        let lacks = |since_us: u64| now_us.saturating_sub(since_us) >= DAMAGED_AFTER_US;
        self.broken || self.leader_lacks_since_us.is_some_and(lacks)
    }

    /// A part came: whoever gave it may have more.
    fn go_on(&mut self, now_us: u64) {
        self.rounds = 0;
        self.ask_us = now_us;
        self.leader_lacks_since_us = None;
    }

    /// Nothing came from somebody who answered.
    fn lacked(&mut self, whom: Whom, now_us: u64) {
        self.rounds = self.rounds.saturating_add(1);
        if whom == Whom::Leader {
            self.leader_lacks_since_us.get_or_insert(now_us);
        }
        let pause_us = match self.rounds.checked_sub(REPLICA_ROUNDS) {
            _ if self.is_damaged(now_us) => PAUSE_DAMAGED_US,
            None => 0,
            Some(doublings) => (PAUSE_FIRST_US << doublings.min(8)).min(PAUSE_MAX_US),
        };
        self.ask_us = now_us + pause_us;
    }
}
