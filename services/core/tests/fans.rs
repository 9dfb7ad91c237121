//! Fans over random interleavings of publish, stall, cut, resume, policy change and loss: each sees
//! each seq once and in order, or a snapshot that says why, and all end at the same state.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;

use bytes::Bytes;
use grandstand_core::connection::{
    Connection, FanRights, Feed, MatchView, Matches, Output, Settings,
};
use grandstand_core::event::{Event, Op};
use grandstand_core::follow::{Arrival, Follower, Outcome, Whom};
use grandstand_core::frame::Codec;
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Cursor, Epoch, EventId, MatchId};
use grandstand_core::message::{Status, Subscribe};
use grandstand_core::policy::PolicyName;
use grandstand_core::record::{Record, RecordParts};
use grandstand_core::subscription::{BEHIND_EVENTS_MAX, SnapshotWish};
use grandstand_core::{patch, value};
use proptest::prelude::*;
use serde_json::{Value, json};

const START_US: u64 = 1_790_000_000_000_000;

/// What the stream holds, and what a gateway made of it.
struct World {
    now_us: u64,
    state: Value,
    stream: Vec<Arrival>,
    /// How many events there are.
    head: u64,
    feed: RefCell<Feed>,
}

impl Matches for World {
    fn look<R>(&self, _: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        look(MatchView::Ready(&self.feed.borrow()))
    }
}

impl World {
    fn new() -> Self {
        let follower = Follower::new(match_id(), epoch());
        Self {
            now_us: START_US,
            state: json!({}),
            stream: Vec::new(),
            head: 0,
            feed: RefCell::new(Feed {
                follower,
                status: Status::Live,
                as_of_us: START_US,
                delay_s: 0,
                leader_answers: 0,
            }),
        }
    }

    /// A scorer posts `count` events; `lost` says that the live feed drops the record.
    fn publish(&mut self, count: u64, lost: bool) {
        let mut events = Vec::new();
        for index in 0..count {
            let seq = self.head + 1 + index;
            let mut after = self.state.clone();
            after["strip"] = json!({"title": "m", "status": "live"});
            after[format!("k{}", seq % 7)] = json!({"n": seq, "t": "ä"});
            if seq.is_multiple_of(5) {
                after.as_object_mut().unwrap().remove("k1");
            }
            let event = Event {
                seq,
                ts: self.now_us + index,
                id: EventId::new(format!("e{seq}")).unwrap(),
                kind: "thing".to_owned(),
                data: Some(json!({"seq": seq})),
                patch: patch::diff(&self.state, &after),
                op: Op::Add,
                reference: None,
                at: None,
                tags: vec![],
            };
            self.state = after;
            events.push(event);
        }
        value::check_state(&self.state).expect("a plain state");
        self.head += count;
        let record = Record {
            events,
            hash: StateHash::of(&self.state),
        };
        let arrival = Arrival {
            stream_sequence: self.stream.last().map_or(0, |last| last.stream_sequence) + 3,
            last_stream_sequence: Some(self.stream.last().map_or(0, |last| last.stream_sequence)),
            parts: RecordParts::decode(Bytes::from(record.encode())).unwrap(),
        };
        self.stream.push(arrival.clone());
        if !lost {
            let outcome = self.feed.borrow_mut().follower.live(arrival, self.now_us);
            assert!(
                matches!(outcome, Outcome::Taken | Outcome::Gap),
                "{outcome:?}"
            );
        }
    }

    /// The tip check and the back-fill that it leads to.
    fn repair(&mut self) {
        let mut feed = self.feed.borrow_mut();
        if let Some(tip) = self.stream.last() {
            feed.follower.tip(tip.stream_sequence, self.now_us);
        }
        while let Some(backfill) = feed.follower.backfill() {
            let missing = self
                .stream
                .iter()
                .filter(|arrival| arrival.stream_sequence > backfill.after);
            let missing = missing.cloned().map(|arrival| Arrival {
                last_stream_sequence: None,
                ..arrival
            });
            let outcome = feed
                .follower
                .backfilled(missing.collect(), backfill.whom, self.now_us);
            assert_eq!(outcome, Outcome::Taken);
        }
        feed.leader_answers += 1;
    }

    fn feed(&self) -> Ref<'_, Feed> {
        self.feed.borrow()
    }
}

/// A client of fifteen lines, which applies patches and knows nothing else.
struct Fan {
    connection: Connection,
    codec: Codec,
    wish: SnapshotWish,
    delay_s: u32,
    seq: u64,
    state: Value,
    snapshots: BTreeMap<String, u32>,
    statuses: u32,
}

impl Fan {
    fn new(
        world: &World,
        codec: Codec,
        policy: PolicyName,
        wish: SnapshotWish,
        delay_s: u32,
        phase: u64,
    ) -> Self {
        let mut fan = Self {
            connection: connection(codec, phase, world.now_us),
            codec,
            wish,
            delay_s,
            seq: 0,
            state: json!({}),
            snapshots: BTreeMap::new(),
            statuses: 0,
        };
        fan.connection
            .subscribe(subscribe(policy, wish, delay_s, None));
        fan
    }

    fn cut_and_resume(&mut self, world: &World, policy: PolicyName) {
        let after = match self.seq {
            0 => Cursor::START,
            seq => Cursor {
                epoch: Some(epoch()),
                seq,
            },
        };
        self.connection = connection(self.codec, 7, world.now_us);
        self.connection
            .subscribe(subscribe(policy, self.wish, self.delay_s, Some(after)));
    }

    /// Takes up to `frames` frames; true when there is nothing more for now.
    fn take(&mut self, world: &World, frames: usize) -> bool {
        for _ in 0..frames {
            match self.connection.poll(world, world.now_us) {
                Output::Answer(frame) | Output::Frame(frame, _) => self.read(world, &frame.bytes),
                Output::Ping => self.connection.heard(world.now_us),
                Output::Wait(at_us) => {
                    assert!(
                        at_us.is_none_or(|at_us| at_us > world.now_us),
                        "a wake-up is in the future"
                    );
                    return true;
                }
                Output::AskLeader(_) => world.feed.borrow_mut().leader_answers += 1,
                Output::Close(code, reason) => panic!("closed: {code:?} {reason}"),
            }
        }
        false
    }

    fn read(&mut self, world: &World, bytes: &[u8]) {
        let message: Value = match self.codec {
            Codec::Json => serde_json::from_slice(bytes).unwrap(),
            Codec::MessagePack => rmp_serde::from_slice(bytes).unwrap(),
        };
        match message["type"].as_str().unwrap() {
            "snapshot" => {
                let seq = message["seq"].as_u64().unwrap();
                let reason = message["reason"].as_str().unwrap();
                assert!(
                    seq > self.seq || (seq == self.seq && reason == "asked"),
                    "a snapshot never goes back"
                );
                if reason == "behind" {
                    assert!(
                        seq - self.seq > BEHIND_EVENTS_MAX,
                        "behind by more than the bound"
                    );
                    assert_ne!(self.wish, SnapshotWish::Never, "asked for every event");
                }
                *self.snapshots.entry(reason.to_owned()).or_default() += 1;
                self.state = message["state"].clone();
                self.seq = seq;
                self.not_early(world);
            }
            "events" => {
                for event in message["events"].as_array().unwrap() {
                    self.seq += 1;
                    assert_eq!(event["seq"], self.seq, "no hole and no repeat");
                    patch::apply(&mut self.state, &event["patch"]);
                    self.not_early(world);
                }
            }
            "status" => self.statuses += 1,
            "welcome" => {}
            other => panic!("unexpected {other}: {message}"),
        }
        if message["hash"].is_string() && message["type"] != "status" {
            assert_eq!(
                message["hash"],
                StateHash::of(&self.state).as_str(),
                "the hash proves the state"
            );
        }
    }

    fn not_early(&self, world: &World) {
        let feed = world.feed();
        let shown_us =
            feed.follower.log().time_us(self.seq).unwrap() + u64::from(self.delay_s) * 1_000_000;
        assert!(shown_us <= world.now_us, "shown before its delay is over");
    }
}

fn connection(codec: Codec, phase: u64, now_us: u64) -> Connection {
    let settings = Settings {
        codec,
        session: "s".to_owned(),
        phase,
        heartbeat_s: 55,
    };
    let rights = FanRights {
        tier: "premium".to_owned(),
        policy_max: PolicyName::Realtime,
        delay_s: 0,
        expires_us: None,
    };
    Connection::new(settings, rights, now_us)
}

fn subscribe(
    policy: PolicyName,
    snapshot: SnapshotWish,
    delay_s: u32,
    after: Option<Cursor>,
) -> Subscribe {
    Subscribe {
        match_id: match_id(),
        after,
        policy: Some(policy),
        delay_s,
        snapshot,
    }
}

fn match_id() -> MatchId {
    MatchId::new("m").unwrap()
}

fn epoch() -> Epoch {
    "1790000000000000.1".parse().unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    Publish { count: u64, lost: bool },
    Repair,
    Pass { us: u64 },
    Take { fan: usize, frames: usize },
    TakeAll,
    Cut { fan: usize, policy: PolicyName },
    Change { fan: usize, policy: PolicyName },
}

fn policy() -> impl Strategy<Value = PolicyName> {
    prop_oneof![
        Just(PolicyName::Realtime),
        Just(PolicyName::Batch),
        Just(PolicyName::Digest)
    ]
}

fn wish() -> impl Strategy<Value = SnapshotWish> {
    prop_oneof![
        Just(SnapshotWish::Auto),
        Just(SnapshotWish::Never),
        Just(SnapshotWish::Always)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let fan = 0usize..6;
    prop_oneof![
        6 => (prop_oneof![8 => 1u64..4, 1 => 17u64..100], prop::bool::weighted(0.1))
            .prop_map(|(count, lost)| Step::Publish { count, lost }),
        2 => Just(Step::Repair),
        4 => prop_oneof![1u64..1_000, 50_000u64..400_000, 1_000_000u64..9_000_000, 50_000_000u64..60_000_000]
            .prop_map(|us| Step::Pass { us }),
        4 => (fan.clone(), 1usize..4).prop_map(|(fan, frames)| Step::Take { fan, frames }),
        3 => Just(Step::TakeAll),
        2 => (fan.clone(), policy()).prop_map(|(fan, policy)| Step::Cut { fan, policy }),
        1 => (fan, policy()).prop_map(|(fan, policy)| Step::Change { fan, policy }),
    ]
}

fn fans() -> impl Strategy<Value = Vec<(bool, PolicyName, SnapshotWish, u32, u64)>> {
    let delay_s = prop_oneof![3 => Just(0u32), 1 => Just(3u32), 1 => Just(30u32)];
    prop::collection::vec((any::<bool>(), policy(), wish(), delay_s, 0u64..50), 6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_fan_sees_each_seq_once_or_a_snapshot_that_says_why(
        fans in fans(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut world = World::new();
        let mut fans: Vec<Fan> = fans.into_iter().map(|(json, policy, wish, delay_s, phase)| {
            let codec = if json { Codec::Json } else { Codec::MessagePack };
            Fan::new(&world, codec, policy, wish, delay_s, phase)
        }).collect();
        for step in steps {
            match step {
                Step::Publish { count, lost } => world.publish(count, lost),
                Step::Repair => world.repair(),
                Step::Pass { us } => world.now_us += us,
                Step::Take { fan, frames } => { fans[fan].take(&world, frames); }
                // Half-open connections are another test's: here everybody answers pings.
                Step::TakeAll => for fan in &mut fans { fan.connection.heard(world.now_us); fan.take(&world, 1_000); }
                Step::Cut { fan, policy } => fans[fan].cut_and_resume(&world, policy),
                Step::Change { fan, policy } => {
                    let (wish, delay_s) = (fans[fan].wish, fans[fan].delay_s);
                    fans[fan].connection.subscribe(subscribe(policy, wish, delay_s, None));
                }
            }
            for fan in &mut fans { fan.connection.heard(world.now_us); }
        }
        world.publish(1, false);
        world.repair();
        world.now_us += 40_000_000;
        for fan in &mut fans {
            fan.connection.heard(world.now_us);
            let idle = fan.take(&world, 100_000);
            prop_assert!(idle, "there is an end to what a fan is told");
            prop_assert_eq!(fan.seq, world.head);
            prop_assert_eq!(&fan.state, &world.state);
            if fan.wish == SnapshotWish::Never {
                prop_assert_eq!(fan.snapshots.len(), 0, "every event was asked for");
            }
        }
    }
}

/// A world with one fan who has read everything there is.
fn world_and_fan(policy: PolicyName, wish: SnapshotWish) -> (World, Fan) {
    let mut world = World::new();
    world.publish(1, false);
    let mut fan = Fan::new(&world, Codec::Json, policy, wish, 0, 0);
    world.now_us += 6_000_000;
    assert!(fan.take(&world, 100));
    (world, fan)
}

#[test]
fn sixteen_behind_are_events_and_seventeen_a_snapshot() {
    for (behind, snapshots) in [(16, 0), (17, 1)] {
        let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
        world.publish(1, false);
        fan.take(&world, 1);
        // The fan's frame is still on its way while these come.
        for _ in 0..behind {
            world.now_us += 1_000;
            world.publish(1, false);
        }
        fan.take(&world, 100);
        assert_eq!(fan.seq, world.head);
        assert_eq!(
            fan.snapshots.get("behind").copied().unwrap_or(0),
            snapshots,
            "{behind} behind"
        );
    }
}

#[test]
fn the_events_of_one_record_are_events_however_many() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.publish(1, false);
    fan.take(&world, 1);
    world.publish(100, false);
    fan.take(&world, 100);
    assert_eq!((fan.seq, fan.snapshots.get("behind")), (102, None));
}

#[test]
fn what_a_mark_held_back_is_events_however_many() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Digest, SnapshotWish::Auto);
    for _ in 0..60 {
        world.publish(1, false);
        world.now_us += 1_000;
    }
    assert!(fan.take(&world, 100));
    assert_eq!(fan.seq, 1, "held back");
    world.now_us += 5_000_000;
    fan.take(&world, 100);
    assert_eq!((fan.seq, fan.snapshots.get("behind")), (61, None));
}

#[test]
fn a_batch_fan_gets_the_first_event_at_once_and_the_rest_together() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Batch, SnapshotWish::Auto);
    world.now_us += 300_000;
    world.publish(1, false);
    fan.take(&world, 100);
    assert_eq!(fan.seq, 2, "the first at once");
    for _ in 0..5 {
        world.publish(1, false);
        world.now_us += 10_000;
        fan.take(&world, 100);
        assert_eq!(fan.seq, 2, "the window is open");
    }
    world.now_us += 150_000;
    fan.take(&world, 1);
    assert_eq!(fan.seq, 7, "what followed, in one frame");
}

#[test]
fn a_cursor_ahead_waits_for_the_leader_and_goes_back_only_with_a_reason() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let ahead = Cursor {
        epoch: Some(epoch()),
        seq: 9,
    };
    fan.connection = connection(fan.codec, 7, world.now_us);
    fan.connection.subscribe(subscribe(
        PolicyName::Realtime,
        SnapshotWish::Auto,
        0,
        Some(ahead),
    ));
    fan.seq = 0;
    let outputs: Vec<Output> = (0..3)
        .map(|_| fan.connection.poll(&world, world.now_us))
        .collect();
    assert!(matches!(outputs[1], Output::AskLeader(_)), "{outputs:?}");
    assert!(
        matches!(outputs[2], Output::Wait(_)),
        "nothing is said before the leader has answered"
    );
    world.feed.borrow_mut().leader_answers += 1;
    fan.take(&world, 10);
    assert_eq!(fan.snapshots.get("rolled_back"), Some(&1));
}

#[test]
fn a_fan_that_never_answers_a_ping_is_given_up() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let mut now_us = world.now_us + 56_000_000;
    let mut pinged = false;
    while !pinged {
        match fan.connection.poll(&world, now_us) {
            Output::Ping => pinged = true,
            Output::Answer(_) | Output::Frame(..) => {}
            Output::Wait(Some(at_us)) => now_us = at_us,
            other => panic!("{other:?}"),
        }
    }
    now_us += 10_000_000;
    assert!(matches!(
        fan.connection.poll(&world, now_us),
        Output::Close(_, _)
    ));
}

#[test]
fn a_log_that_changed_is_a_rollback_for_whoever_read_it() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Never);
    let mut other = World::new();
    other.publish(2, false);
    let outcome =
        world
            .feed
            .borrow_mut()
            .follower
            .refill(epoch(), other.stream.clone(), world.now_us);
    assert_eq!(outcome, Outcome::Taken);
    fan.seq = 0;
    fan.take(&world, 10);
    assert_eq!(fan.snapshots.get("rolled_back"), Some(&1));
    assert_eq!(fan.seq, 2);
}

#[test]
fn a_record_that_only_the_leader_has_is_asked_of_it_and_a_lost_one_is_damage() {
    let mut follower = Follower::new(match_id(), epoch());
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
}
