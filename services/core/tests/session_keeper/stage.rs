//! A bucket, and gateways that keep sessions in it.

use std::collections::BTreeMap;

use grandstand_core::ids::MatchId;
use grandstand_core::session::{SessionBody, SessionId, SessionWish, Wishes};
use grandstand_core::session_keeper::{
    Found, Holder, Origin, SessionKeeper, Step, Verdict, Write, Written,
};

pub(crate) const S: u64 = 1_000_000;

/// A bucket as NATS has it: the revision is the sequence of the stream.
#[derive(Default)]
pub(crate) struct Bucket {
    pub(crate) sequence: u64,
    pub(crate) stored: BTreeMap<SessionId, (u64, SessionBody)>,
    pub(crate) away: bool,
}

impl Bucket {
    pub(crate) fn write(&mut self, write: &Write) -> Written {
        if self.away {
            return Written::Away;
        }
        let there = self
            .stored
            .get(&write.id)
            .map_or(0, |(revision, _)| *revision);
        match write.expected {
            Some(expected) if expected != there && there == 0 => return Written::Gone,
            Some(expected) if expected != there => return Written::Superseded,
            _ => {}
        }
        self.sequence += 1;
        let stored = (self.sequence, write.body.clone());
        self.stored.insert(write.id, stored);
        Written::Stored(self.sequence)
    }

    pub(crate) fn make_anew(&mut self) {
        // A new bucket counts from 1. That another gateway's write then has the very number that
        // this one expects is left out: among few sessions it would happen all the time.
        self.sequence += 1_000;
        self.stored.clear();
    }

    /// The gateway and the wish that are stored; empty for none.
    pub(crate) fn says(&self, n: u128) -> String {
        let Some((_, body)) = self.stored.get(&id(n)) else {
            return String::new();
        };
        let wished = match body.closed {
            true => "closed",
            false => body.subscriptions.keys().next().map_or("", MatchId::as_str),
        };
        format!("{} {wished}", body.gateway)
    }
}

/// A connection's hold on a session.
pub(crate) type Held = Holder;

/// A gateway whose fans wish one match each.
pub(crate) struct Gateway {
    pub(crate) name: &'static str,
    pub(crate) keeper: SessionKeeper,
    /// Writes that were sent and not answered yet.
    pub(crate) open: Vec<(Write, Written)>,
    pub(crate) writes: Vec<u64>,
}

impl Gateway {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            keeper: SessionKeeper::new(name.to_owned()),
            open: Vec::new(),
            writes: Vec::new(),
        }
    }

    pub(crate) fn open(&mut self, n: u128, text: &str, origin: Origin, now_us: u64) -> Held {
        let sub = Some("ann".into());
        self.keeper.open(id(n), sub, wishes(text), origin, now_us)
    }

    pub(crate) fn change(&mut self, held: &Held, text: &str, now_us: u64) {
        self.keeper.change(*held, wishes(text), now_us);
    }

    pub(crate) fn close(&mut self, held: &Held, now_us: u64) {
        self.keeper.close(*held, now_us);
    }

    /// Does what is due, without answering writes; what it did.
    pub(crate) fn send(&mut self, bucket: &mut Bucket, now_us: u64) -> usize {
        for count in 0.. {
            assert!(count < 10_000, "it never waits");
            match self.keeper.next(now_us) {
                Step::Write(write) => {
                    let twice = self.open.iter().any(|(other, _)| other.id == write.id);
                    assert!(!twice, "two writes of one session are under way");
                    self.writes.push(now_us);
                    let written = bucket.write(&write);
                    self.open.push((write, written));
                }
                Step::Read(id) => {
                    let found = match bucket.stored.get(&id) {
                        _ if bucket.away => Found::Away,
                        None => Found::Nothing,
                        Some((revision, body)) => Found::Stored {
                            revision: *revision,
                            since_us: body.since_us,
                        },
                    };
                    self.keeper.read(id, found, now_us);
                }
                Step::Try => self.keeper.tried(bucket.away, now_us),
                Step::Wait(Some(at_us)) => {
                    assert!(at_us > now_us, "it waits for what is past");
                    return count;
                }
                Step::Wait(None) => return count,
            }
        }
        unreachable!()
    }

    pub(crate) fn answer(&mut self, now_us: u64) -> Vec<Verdict> {
        let open = std::mem::take(&mut self.open);
        let verdicts = open
            .iter()
            .map(|(write, written)| self.keeper.wrote(write, *written, now_us));
        verdicts.collect()
    }

    /// Lets time pass, with answers that come at once.
    pub(crate) fn pass(&mut self, bucket: &mut Bucket, from_us: u64, to_us: u64) {
        for now_us in (from_us..=to_us).step_by(10_000) {
            self.send(bucket, now_us);
            self.answer(now_us);
        }
    }
}

fn wishes(text: &str) -> Wishes {
    Wishes::One((MatchId::new(text).unwrap(), SessionWish::default()))
}

pub(crate) fn id(n: u128) -> SessionId {
    SessionId::new(n)
}
