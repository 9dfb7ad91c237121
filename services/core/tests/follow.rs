//! Following one match in a stream that loses, repeats, lags, and starts over: what is in the log
//! is always the beginning of one life of the match, and in the end all of the newest.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

use bytes::Bytes;
use grandstand_core::event::{Event, Op};
use grandstand_core::follow::{Arrival, Backfill, Follower, Outcome, Whom};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use grandstand_core::log::LogBudget;
use grandstand_core::record::{Record, RecordParts};
use proptest::prelude::*;
use serde_json::{Value, json};

const START_US: u64 = 1_790_000_000_000_000;

/// The match as the stream holds it, and as it held it before each change.
struct Stream {
    life: u64,
    incarnation: u64,
    last_sequence: u64,
    /// Newest last; a replica that lags shows an older one.
    views: Vec<Vec<Arrival>>,
}

impl Stream {
    fn new() -> Self {
        Self {
            life: 1,
            incarnation: 1,
            last_sequence: 0,
            views: vec![Vec::new()],
        }
    }

    fn view(&self, lag: usize) -> &[Arrival] {
        &self.views[(self.views.len() - 1).saturating_sub(lag)]
    }

    fn publish(&mut self, count: u64) -> Arrival {
        let mut view = self.view(0).to_vec();
        let seq = view.last().map_or(0, |last| last.parts.last_seq());
        self.last_sequence += 2;
        let arrival = Arrival {
            stream_sequence: self.last_sequence,
            last_stream_sequence: Some(view.last().map_or(0, |last| last.stream_sequence)),
            parts: record(self.life, seq, count),
        };
        view.push(arrival.clone());
        self.views.push(view);
        arrival
    }

    /// The match is purged; whoever creates it again begins at seq 1.
    fn recreate(&mut self) {
        self.life += 1;
        self.views.push(Vec::new());
        self.publish(1);
    }

    /// A backup is restored that ends at `keep` records; the stream goes on at its old number.
    fn restore(&mut self, keep: usize) {
        self.incarnation += 1;
        let view: Vec<Arrival> = self.view(0).iter().take(keep).cloned().collect();
        self.last_sequence = view.last().map_or(0, |last| last.stream_sequence);
        // Every replica holds the backup; none remembers what came after.
        self.views = vec![view];
        self.publish(1);
    }
}

fn record(life: u64, after: u64, count: u64) -> RecordParts {
    let event = |seq| Event {
        seq,
        ts: START_US + seq,
        id: EventId::new(format!("e{seq}")).unwrap(),
        kind: "thing".to_owned(),
        data: None,
        patch: json!({"life": life, "n": seq}),
        op: Op::Add,
        reference: None,
        at: None,
        tags: vec![],
    };
    let record = Record {
        events: (after + 1..=after + count).map(event).collect(),
        hash: StateHash::of(&state(life, after + count)),
    };
    RecordParts::decode(Bytes::from(record.encode())).unwrap()
}

fn state(life: u64, seq: u64) -> Value {
    json!({"life": life, "n": seq})
}

/// What a gateway does around a follower.
struct Shell {
    stream: Stream,
    follower: Follower,
    now_us: u64,
    refills: u32,
}

impl Shell {
    fn new() -> Self {
        Self {
            stream: Stream::new(),
            follower: Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded()),
            now_us: START_US,
            refills: 0,
        }
    }

    fn live(&mut self, arrival: Arrival) {
        let outcome = self.follower.live(arrival, self.now_us);
        self.refill_if(outcome, 0);
    }

    fn backfill(&mut self, lag: usize, answers: bool) {
        let Some(Backfill { after, whom, at_us }) = self.follower.backfill() else {
            return;
        };
        self.now_us = self.now_us.max(at_us);
        if !answers {
            return self.follower.backfill_failed(whom, self.now_us);
        }
        let view = match whom {
            Whom::Replica => self.stream.view(lag),
            Whom::Leader => self.stream.view(0),
        };
        let missing = view
            .iter()
            .filter(|arrival| arrival.stream_sequence > after);
        let missing = missing.cloned().map(unchained).collect();
        let outcome = self.follower.backfilled(missing, whom, self.now_us);
        if outcome != Outcome::Changed {
            assert_eq!(outcome == Outcome::Gap, self.follower.has_gap());
        }
        self.refill_if(outcome, lag);
    }

    fn refill_if(&mut self, outcome: Outcome, lag: usize) {
        if outcome == Outcome::Changed {
            self.refill(lag);
        }
    }

    fn refill(&mut self, lag: usize) {
        self.refills += 1;
        let records = self
            .stream
            .view(lag)
            .iter()
            .cloned()
            .map(unchained)
            .collect();
        let tip = self
            .stream
            .view(0)
            .last()
            .map_or(0, |last| last.stream_sequence);
        let epoch = epoch(self.stream.life, self.stream.incarnation);
        self.follower.refill(epoch, records, tip, self.now_us);
        assert!(!self.follower.is_damaged(self.now_us), "nothing is");
    }

    /// The log is the beginning of one life.
    fn check(&mut self) {
        assert_eq!(self.follower.take_wrong_hashes(), 0, "lives are not mixed");
        let log = self.follower.log();
        let life = log.state_at(log.head())["life"].as_u64().unwrap_or(0);
        match log.head() {
            0 => assert_eq!(log.state_at(0), json!({})),
            head => assert_eq!(log.state_at(head), state(life, head)),
        }
    }
}

/// Only the live feed tells what came before.
fn unchained(arrival: Arrival) -> Arrival {
    Arrival {
        last_stream_sequence: None,
        ..arrival
    }
}

fn match_id() -> MatchId {
    MatchId::new("m").unwrap()
}

fn epoch(created_us: u64, incarnation: u64) -> Epoch {
    Epoch {
        created_us,
        incarnation,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Publish { count: u64, copies: usize },
    Again { index: usize },
    Tip { lag: usize },
    Backfill { lag: usize, answers: bool },
    Recreate,
    Restore { keep: usize, lag: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let lag = 0usize..4;
    prop_oneof![
        8 => (1u64..5, 0usize..3).prop_map(|(count, copies)| Step::Publish { count, copies }),
        2 => (0usize..20).prop_map(|index| Step::Again { index }),
        3 => lag.clone().prop_map(|lag| Step::Tip { lag }),
        6 => (lag.clone(), prop::bool::weighted(0.8))
            .prop_map(|(lag, answers)| Step::Backfill { lag, answers }),
        1 => Just(Step::Recreate),
        1 => (0usize..20, lag).prop_map(|(keep, lag)| Step::Restore { keep, lag }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_never_a_mixture_and_in_the_end_whole(steps in prop::collection::vec(step(), 1..60)) {
        let mut shell = Shell::new();
        let one_life = steps.iter().all(|step| !matches!(step, Step::Recreate | Step::Restore { .. }));
        for step in steps {
            match step {
                Step::Publish { count, copies } => {
                    let arrival = shell.stream.publish(count);
                    for _ in 0..copies {
                        shell.live(arrival.clone());
                    }
                }
                // Late on its way, by another route.
                Step::Again { index } => if let Some(arrival) = shell.stream.view(0).get(index).cloned() {
                    shell.live(arrival);
                },
                Step::Tip { lag } => if let Some(tip) = shell.stream.view(lag).last() {
                    let tip = tip.stream_sequence;
                    shell.follower.tip(tip, shell.now_us);
                },
                Step::Backfill { lag, answers } => shell.backfill(lag, answers),
                Step::Recreate => shell.stream.recreate(),
                Step::Restore { keep, lag } => {
                    shell.stream.restore(keep);
                    shell.refill(lag);
                }
            }
            shell.check();
        }
        // The tip check finds what the live feed lost.
        let tip = shell.stream.view(0).last().map_or(0, |last| last.stream_sequence);
        shell.follower.tip(tip, shell.now_us);
        let refills = shell.refills;
        for _ in 0..6 {
            shell.backfill(0, true);
        }
        prop_assert!(!shell.follower.has_gap(), "a gap ends with the leader's answer");
        prop_assert!(shell.refills <= refills + 1, "a changed log is read again once");
        if one_life {
            prop_assert_eq!(shell.refills, 0, "what is only lost is not read anew");
        }
        shell.check();
        let head = shell.stream.view(0).last().map_or(0, |last| last.parts.last_seq());
        prop_assert_eq!(shell.follower.log().head(), head);
        if head > 0 {
            prop_assert_eq!(shell.follower.log().state_at(head), state(shell.stream.life, head));
        }
    }
}

#[test]
fn a_record_that_only_the_leader_has_is_asked_of_it_and_a_lost_one_is_damage() {
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    let mut now_us = START_US;
    follower.tip(5, now_us);
    let mut asked = Vec::new();
    while !follower.is_damaged(now_us) {
        let backfill = follower.backfill().expect("it is still missing");
        now_us = now_us.max(backfill.at_us);
        asked.push(backfill.whom);
        follower.backfilled(Vec::new(), backfill.whom, now_us);
    }
    assert_eq!(
        asked[..4],
        [Whom::Replica, Whom::Replica, Whom::Replica, Whom::Leader]
    );
    assert!(asked.len() < 60, "pauses grow: {} rounds", asked.len());
    assert!(now_us >= START_US + 30_000_000);
    follower.backfilled(Vec::new(), Whom::Leader, now_us);
    let next = follower.backfill().expect("it is still missing");
    assert!(
        next.at_us >= now_us + 30_000_000,
        "what is lost is not asked for all the time"
    );
}

#[test]
fn who_does_not_answer_is_not_the_only_one_asked() {
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    follower.tip(5, START_US);
    let mut asked = Vec::new();
    for _ in 0..4 {
        let backfill = follower.backfill().expect("it is still missing");
        asked.push(backfill.whom);
        follower.backfill_failed(backfill.whom, backfill.at_us);
        let next = follower.backfill().expect("it is still missing");
        assert!(next.at_us > backfill.at_us, "an outage is not hammered");
    }
    assert_eq!(
        asked,
        [Whom::Replica, Whom::Leader, Whom::Replica, Whom::Leader]
    );
    assert!(
        !follower.is_damaged(START_US + 60_000_000),
        "an outage is no damage"
    );
}

#[test]
fn a_leader_that_gives_a_part_has_not_lost_the_rest() {
    let mut stream = Stream::new();
    (0..100).for_each(|_| drop(stream.publish(1)));
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    let mut now_us = START_US;
    follower.tip(200, now_us);
    for arrival in stream.view(0).iter().take(60).cloned() {
        now_us += 1_000_000;
        follower.backfilled(vec![arrival], Whom::Leader, now_us);
    }
    assert!(follower.has_gap() && !follower.is_damaged(now_us));
}

#[test]
fn a_log_with_a_hole_in_the_stream_is_damaged_and_not_read_for_ever() {
    let mut stream = Stream::new();
    (0..5).for_each(|_| drop(stream.publish(1)));
    let mut records: Vec<Arrival> = stream.view(0).iter().cloned().map(unchained).collect();
    records.remove(2);
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());

    let outcome = follower.refill(epoch(1, 1), records.clone(), 10, START_US);

    assert_eq!((outcome, follower.log().head()), (Outcome::Gap, 2));
    assert!(follower.is_damaged(START_US), "fans are told");
    let backfill = follower.backfill().expect("somebody may mend it");
    assert!(backfill.at_us >= START_US + 30_000_000);
    let rest = records.split_off(2);
    assert_eq!(
        follower.backfilled(rest, Whom::Leader, backfill.at_us),
        Outcome::Gap,
        "the same again is no news"
    );
    let whole: Vec<Arrival> = stream.view(0).iter().cloned().map(unchained).collect();
    assert_eq!(
        follower.backfilled(whole, Whom::Leader, backfill.at_us),
        Outcome::Taken
    );
    assert!(!follower.is_damaged(backfill.at_us) && !follower.has_gap());
}

#[test]
fn a_record_that_follows_an_older_one_than_ours_is_another_log() {
    let mut stream = Stream::new();
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    for _ in 0..3 {
        let outcome = follower.live(stream.publish(1), START_US);
        assert_eq!(outcome, Outcome::Taken);
    }
    let fits_by_seq = Arrival {
        last_stream_sequence: Some(2),
        ..stream.publish(1)
    };
    assert_eq!(follower.live(fits_by_seq, START_US), Outcome::Changed);
}

#[test]
fn a_gap_grows_with_what_is_known() {
    let mut stream = Stream::new();
    (0..4).for_each(|_| drop(stream.publish(1)));
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    follower.tip(4, START_US);
    follower.tip(8, START_US);
    let part = stream.view(2).iter().cloned().map(unchained).collect();
    assert_eq!(
        follower.backfilled(part, Whom::Replica, START_US),
        Outcome::Gap
    );
    let rest = stream.view(0).iter().cloned().map(unchained).collect();
    assert_eq!(
        follower.backfilled(rest, Whom::Replica, START_US),
        Outcome::Taken
    );
}

#[test]
fn damage_counts_only_while_the_leader_answers() {
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    follower.tip(5, START_US);
    follower.backfilled(Vec::new(), Whom::Leader, START_US);
    follower.backfill_failed(Whom::Leader, START_US + 20_000_000);
    follower.backfilled(Vec::new(), Whom::Leader, START_US + 35_000_000);
    assert!(!follower.is_damaged(START_US + 35_000_000));
    assert!(follower.is_damaged(START_US + 65_000_000));
}
