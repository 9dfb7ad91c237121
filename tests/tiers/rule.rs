//! From when on an event may be seen, by a clock of our own.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// The distance of two marks.
pub(crate) const MARK_US: u64 = 5_000_000;
/// How many phases the marks of WebSockets have.
const PHASES: u64 = 50;

/// What a tier was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Digest,
    Batch,
    Realtime,
}

/// By which kind of door something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Socket,
    Get,
}

/// Something that was seen: that a match has come as far as `seq`.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) door: Door,
    pub(crate) what: &'static str,
    pub(crate) match_id: String,
    pub(crate) seq: u64,
    pub(crate) at_us: u64,
}

/// When each seq of each match was accepted, and how far behind the match keeps everybody.
pub(crate) struct Accepted {
    pub(crate) times_us: BTreeMap<String, Vec<u64>>,
    pub(crate) delays_s: BTreeMap<String, u64>,
}

impl Accepted {
    /// Fails if anything was seen too early. The marks of all sockets of one viewer must be those
    /// of one phase, whichever it is.
    pub(crate) fn check(&self, viewer: &str, pace: Pace, delay_s: u64, seen: &[Seen]) {
        for one in seen.iter().filter(|one| one.seq > 0) {
            let shown_us = match (one.door, pace) {
                (Door::Get, Pace::Digest | Pace::Batch) => mark(self.behind(one, delay_s), 0),
                _ => self.behind(one, delay_s),
            };
            assert!(
                self.accepted_us(one) <= shown_us,
                "{viewer} ({pace:?}, {delay_s} s behind) sees it {} ms early: {one:?}",
                (self.accepted_us(one) - shown_us) / 1_000
            );
        }
        if pace != Pace::Digest {
            return;
        }
        let sockets = seen
            .iter()
            .filter(|one| one.seq > 0 && one.door == Door::Socket);
        let sockets: Vec<&Seen> = sockets.collect();
        let fits = |phase: u64| {
            let may = |one: &&Seen| self.accepted_us(one) <= mark(self.behind(one, delay_s), phase);
            sockets.iter().all(may)
        };
        assert!(
            (0..PHASES).any(fits),
            "{viewer} looks at the marks of several phases"
        );
    }

    fn behind(&self, one: &Seen, delay_s: u64) -> u64 {
        one.at_us - delay_s.max(self.delays_s[&one.match_id]) * 1_000_000
    }

    fn accepted_us(&self, one: &Seen) -> u64 {
        self.times_us[&one.match_id][one.seq as usize - 1]
    }
}

/// The last mark of a phase that is not after `time_us`.
fn mark(time_us: u64, phase: u64) -> u64 {
    let offset_us = phase * (MARK_US / PHASES);
    (time_us - offset_us) / MARK_US * MARK_US + offset_us
}

pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
