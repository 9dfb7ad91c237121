//! Sessions of two gateways in one bucket: fans that move between them, a bucket that is away, slow,
//! or made anew.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;

use bytes::Bytes;
use grandstand_core::session::SessionId;
use grandstand_core::session_keeper::{
    Found, Holder, Origin, SessionKeeper, Step, Verdict, Write, Written,
};
use proptest::prelude::*;

const S: u64 = 1_000_000;

/// A bucket as NATS has it: the revision is the sequence of the stream.
#[derive(Default)]
struct Bucket {
    sequence: u64,
    stored: BTreeMap<SessionId, (u64, Bytes)>,
    away: bool,
}

impl Bucket {
    fn write(&mut self, write: &Write) -> Written {
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

    fn make_anew(&mut self) {
        // A new bucket counts from 1. That another gateway's write then has the very number that
        // this one expects is left out: among few sessions it would happen all the time.
        self.sequence += 1_000;
        self.stored.clear();
    }

    /// The gateway and the wish that are stored; empty for none.
    fn says(&self, n: u128) -> String {
        let Some((_, body)) = self.stored.get(&id(n)) else {
            return String::new();
        };
        let text = str::from_utf8(body).unwrap();
        let words: Vec<&str> = text.split(' ').collect();
        format!("{} {}", words[0], words[2])
    }
}

/// A connection's hold on a session.
#[derive(Clone, Copy)]
struct Held {
    n: u128,
    holder: Holder,
    since_us: u64,
}

/// A gateway. Its bodies are its name, when the connection began, and what the fan wishes.
struct Gateway {
    name: &'static str,
    keeper: SessionKeeper,
    /// Writes that were sent and not answered yet.
    open: Vec<(Write, Written)>,
    writes: Vec<u64>,
}

impl Gateway {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            keeper: SessionKeeper::default(),
            open: Vec::new(),
            writes: Vec::new(),
        }
    }

    fn body(&self, since_us: u64, text: &str) -> Bytes {
        Bytes::from(format!("{} {since_us} {text}", self.name))
    }

    fn open(&mut self, n: u128, text: &str, origin: Origin, now_us: u64) -> Held {
        let body = self.body(now_us, text);
        let holder = self.keeper.open(id(n), body, origin, now_us);
        Held {
            n,
            holder,
            since_us: now_us,
        }
    }

    fn change(&mut self, held: &Held, text: &str, now_us: u64) {
        let body = self.body(held.since_us, text);
        self.keeper.change(id(held.n), held.holder, body, now_us);
    }

    fn close(&mut self, held: &Held, now_us: u64) {
        let body = self.body(held.since_us, "closed");
        self.keeper.close(id(held.n), held.holder, body, now_us);
    }

    /// Does what is due, without answering writes; what it did.
    fn send(&mut self, bucket: &mut Bucket, now_us: u64) -> usize {
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
                            since_us: since_us(body),
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

    fn answer(&mut self, now_us: u64) -> Vec<Verdict> {
        let open = std::mem::take(&mut self.open);
        let verdicts = open
            .iter()
            .map(|(write, written)| self.keeper.wrote(write, *written, now_us));
        verdicts.collect()
    }

    /// Lets time pass, with answers that come at once.
    fn pass(&mut self, bucket: &mut Bucket, from_us: u64, to_us: u64) {
        for now_us in (from_us..=to_us).step_by(10_000) {
            self.send(bucket, now_us);
            self.answer(now_us);
        }
    }
}

fn since_us(body: &[u8]) -> u64 {
    let text = str::from_utf8(body).unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

fn id(n: u128) -> SessionId {
    SessionId::new(n)
}

#[test]
fn a_first_subscribe_and_what_follows_within_a_second_are_one_write() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    let holder = a.open(1, "one", Origin::New, 10 * S);
    a.change(&holder, "two", 10 * S + S / 2);
    a.pass(&mut bucket, 10 * S, 11 * S - 1);
    assert_eq!(bucket.says(1), "");
    a.pass(&mut bucket, 11 * S, 60 * S);
    assert_eq!(bucket.says(1), "a two");
    let probes = a.writes.len();
    assert!(
        (20..30).contains(&probes),
        "{probes}: one every 2 s to see whether it is there"
    );
}

#[test]
fn a_late_close_never_overwrites_the_newer_gateway() {
    let (mut bucket, mut a, mut b) = (Bucket::default(), Gateway::new("a"), Gateway::new("b"));
    let at_a = a.open(1, "one", Origin::New, 0);
    a.pass(&mut bucket, 0, 2 * S);
    b.open(1, "two", Origin::TakenOver, 2 * S);
    b.pass(&mut bucket, 2 * S, 4 * S);
    a.close(&at_a, 4 * S);
    a.pass(&mut bucket, 4 * S, 6 * S);
    assert_eq!(bucket.says(1), "b two");
    assert!(a.keeper.is_empty());
}

#[test]
fn a_close_that_comes_first_is_overwritten_by_the_newer_gateway() {
    let (mut bucket, mut a, mut b) = (Bucket::default(), Gateway::new("a"), Gateway::new("b"));
    let at_a = a.open(1, "one", Origin::New, 0);
    a.pass(&mut bucket, 0, 2 * S);
    b.open(1, "two", Origin::TakenOver, 2 * S);
    a.close(&at_a, 2 * S);
    a.pass(&mut bucket, 2 * S, 2 * S + S / 2);
    assert_eq!(bucket.says(1), "a closed");
    b.pass(&mut bucket, 2 * S, 4 * S);
    assert_eq!(bucket.says(1), "b two");
}

#[test]
fn who_takes_a_session_over_and_leaves_at_once_leaves_it_as_it_was() {
    let (mut bucket, mut a, mut b) = (Bucket::default(), Gateway::new("a"), Gateway::new("b"));
    a.open(1, "one", Origin::New, 0);
    a.pass(&mut bucket, 0, 2 * S);
    let at_b = b.open(1, "none", Origin::TakenOver, 2 * S);
    b.close(&at_b, 2 * S + 1);
    b.pass(&mut bucket, 2 * S, 4 * S);
    assert_eq!(bucket.says(1), "a one");
    assert!(b.keeper.is_empty());
}

#[test]
fn a_newer_connection_of_the_same_gateway_alone_has_a_say() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    let old = a.open(1, "one", Origin::New, 0);
    a.send(&mut bucket, S);
    a.open(1, "two", Origin::TakenOver, S);
    a.answer(S);
    a.close(&old, S + 1);
    a.pass(&mut bucket, S, 4 * S);
    assert_eq!(bucket.says(1), "a two");
}

#[test]
fn a_bucket_that_was_made_anew_has_every_session_again_within_seconds() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    for n in 0..1_000 {
        a.open(n, "x", Origin::New, 0);
    }
    a.pass(&mut bucket, 0, 4 * S);
    assert_eq!(bucket.stored.len(), 1_000);
    bucket.away = true;
    a.pass(&mut bucket, 10 * S, 20 * S);
    assert!(!a.keeper.bucket_is_up());
    bucket.away = false;
    bucket.make_anew();
    a.pass(&mut bucket, 20 * S, 27 * S);
    assert!(a.keeper.bucket_is_up());
    assert_eq!(bucket.stored.len(), 1_000);
    let again = a.writes.iter().filter(|at_us| **at_us >= 20 * S).count();
    assert!(again < 1_010, "{again} writes for 1,000 sessions");
}

#[test]
fn a_write_whose_outcome_was_unknown_is_recognised() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    let holder = a.open(1, "one", Origin::New, 0);
    a.send(&mut bucket, S);
    for (_, written) in &mut a.open {
        *written = Written::Unknown;
    }
    assert_eq!(a.answer(S), [Verdict::Failed]);
    a.change(&holder, "two", 2 * S);
    a.pass(&mut bucket, 2 * S, 5 * S);
    assert_eq!(bucket.says(1), "a two");
}

#[test]
fn the_pace_is_500_a_second() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    for n in 0..3_000 {
        a.open(n, "x", Origin::New, 0);
    }
    for now_us in (0..5 * S).step_by(1_000) {
        a.send(&mut bucket, now_us);
        a.answer(now_us);
    }
    for second in 1..4 {
        let within = |at_us: &&u64| (second * S..(second + 1) * S).contains(*at_us);
        let count = a.writes.iter().filter(within).count();
        assert!((490..=512).contains(&count), "{count} in second {second}");
    }
    a.writes.clear();
    // Without an answer no more than 256 are under way.
    let mut b = Gateway::new("b");
    for n in 0..1_000 {
        b.open(n, "x", Origin::TakenOver, 0);
    }
    for now_us in (0..10 * S).step_by(1_000) {
        b.send(&mut bucket, now_us);
    }
    assert_eq!(b.open.len(), 256);
}

#[test]
fn a_session_is_kept_alive_while_the_fan_is_there() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    for n in 0..50 {
        a.open(n, "x", Origin::New, 0);
    }
    a.pass(&mut bucket, 0, 2 * S);
    let before = bucket.sequence;
    for now_us in (2 * S..302 * S).step_by(50_000) {
        a.send(&mut bucket, now_us);
        a.answer(now_us);
    }
    let newest = bucket.stored.values().map(|(revision, _)| *revision).min();
    assert!(newest.unwrap() > before, "each was written again");
}

/// What happens, one after the other.
#[derive(Debug, Clone)]
enum Event {
    /// The fan of this session connects here; the connection it had is noticed to be gone later.
    Come(u128, usize),
    Change(u128),
    /// A gateway notices that the connection before the last is gone.
    NoticeOld(u128),
    Leave(u128),
    Away(bool),
    MakeAnew,
    /// Answers that are under way are lost.
    LoseAnswers(usize),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let session = 0..4_u128;
    prop_oneof![
        4 => (session.clone(), 0..2_usize).prop_map(|(n, at)| Event::Come(n, at)),
        2 => session.clone().prop_map(Event::Change),
        2 => session.clone().prop_map(Event::NoticeOld),
        1 => session.prop_map(Event::Leave),
        1 => any::<bool>().prop_map(Event::Away),
        1 => Just(Event::MakeAnew),
        2 => (0..2_usize).prop_map(Event::LoseAnswers),
        6 => (1..3_000_u64).prop_map(|ms| Event::Pass(ms * 1_000)),
    ]
}

/// One session as the world sees it.
#[derive(Default)]
struct Fan {
    /// Where it is connected: gateway, hold, what it wished last.
    here: Option<(usize, Held, String)>,
    old: Vec<(usize, Held)>,
    came: bool,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// However fans move and the bucket fares: once it is quiet, the bucket has what the newest
    /// gateway of each connected fan says.
    #[test]
    fn the_newest_gateway_has_the_last_word(events in prop::collection::vec(event(), 1..60)) {
        let mut bucket = Bucket::default();
        let mut gateways = [Gateway::new("a"), Gateway::new("b")];
        let mut fans: BTreeMap<u128, Fan> = BTreeMap::new();
        let mut now_us = S;
        let mut changes = 0;
        for event in events {
            match event {
                Event::Come(n, at) => {
                    let fan = fans.entry(n).or_default();
                    fan.old.extend(fan.here.take().map(|(at, held, _)| (at, held)));
                    now_us += 1;
                    changes += 1;
                    let wish = format!("{changes}");
                    let origin = if fan.came { Origin::TakenOver } else { Origin::New };
                    fan.came = true;
                    let held = gateways[at].open(n, &wish, origin, now_us);
                    fan.here = Some((at, held, wish));
                }
                Event::Change(n) => {
                    if let Some((at, held, wish)) = fans.entry(n).or_default().here.as_mut() {
                        changes += 1;
                        *wish = format!("{changes}");
                        gateways[*at].change(held, wish, now_us);
                    }
                }
                Event::NoticeOld(n) => {
                    for (at, held) in std::mem::take(&mut fans.entry(n).or_default().old) {
                        gateways[at].close(&held, now_us);
                    }
                }
                Event::Leave(n) => {
                    if let Some((at, held, _)) = fans.entry(n).or_default().here.take() {
                        gateways[at].close(&held, now_us);
                    }
                }
                Event::Away(away) => bucket.away = away,
                Event::MakeAnew => bucket.make_anew(),
                Event::LoseAnswers(at) => {
                    for (_, written) in &mut gateways[at].open {
                        *written = Written::Unknown;
                    }
                }
                Event::Pass(us) => {
                    for _ in 0..4 {
                        now_us += us / 4;
                        for gateway in &mut gateways {
                            gateway.answer(now_us);
                            gateway.send(&mut bucket, now_us);
                        }
                    }
                }
            }
        }
        bucket.away = false;
        // Long enough that everything is written again: two first writes within a second have no
        // order, and the newer connection finds the other's then.
        for _ in 0..2_000 {
            now_us += S / 2;
            for gateway in &mut gateways {
                gateway.answer(now_us);
                gateway.send(&mut bucket, now_us);
            }
        }
        for (n, fan) in &fans {
            if let Some((at, _, wish)) = &fan.here {
                let expected = format!("{} {wish}", gateways[*at].name);
                prop_assert_eq!(bucket.says(*n), expected);
            }
        }
        for gateway in &gateways {
            prop_assert!(!gateway.keeper.owes_closes(), "a close is never forgotten");
        }
    }
}
