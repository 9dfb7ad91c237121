//! What a log gives out of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use grandstand_core::follow::Follower;
use grandstand_core::frame::{Codec, Coding, Frame, Reason, SnapshotTail};
use grandstand_core::log::{EVENTS_KEPT_MIN, FRAME_BYTES_MAX, FRAME_EVENTS_MAX, LogBudget, Split};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use serde_json::{Value, json};

use crate::fan::{Fan, cursor, world_and_fan};
use crate::world::{At, World, epoch, match_id};

fn events(bytes: &[u8]) -> usize {
    let message: Value = serde_json::from_slice(bytes).unwrap();
    message["events"].as_array().unwrap().len()
}

#[test]
fn a_frame_of_many_records_is_bounded_in_events_and_bytes() {
    let mut world = World::new();
    (0..200).for_each(|_| world.publish(1, false));
    let feed = world.feed();
    let log = feed.follower.log();
    let (frame, end) = log.frame(Codec::Json, 0, 200, Split::Never).unwrap();
    assert_eq!((end, events(&frame.bytes())), (FRAME_EVENTS_MAX, 64));

    let mut world = World::new();
    world.padding = 2_000;
    (0..60).for_each(|_| world.publish(1, false));
    let feed = world.feed();
    let log = feed.follower.log();
    let (frame, end) = log.frame(Codec::MessagePack, 0, 60, Split::Never).unwrap();
    assert!(
        frame.bytes().len() <= FRAME_BYTES_MAX + 200,
        "{}",
        frame.bytes().len()
    );
    assert!(end > 1);
}

#[test]
fn a_large_record_is_cut_only_for_who_wants_every_event() {
    let mut world = World::new();
    world.publish(100, false);
    world.publish(1, false);
    let feed = world.feed();
    let log = feed.follower.log();
    let end = |after, split| {
        log.frame(Codec::Json, after, 101, split)
            .map(|(_, end)| end)
    };
    assert_eq!(end(0, Split::Never), Some(100));
    assert_eq!(end(0, Split::Records), Some(64));
    assert_eq!(end(64, Split::Records), Some(101));
    assert_eq!(end(101, Split::Never), None);
}

#[test]
fn a_segment_is_there_once_its_last_event_is_released() {
    let mut world = World::new();
    world.publish(70, false);
    world.publish(70, false);
    let feed = world.feed();
    let log = feed.follower.log();
    let segment = |n, released| log.segment(Codec::Json, n, released);
    assert_eq!(segment(0, 70).map(|frame| events(&frame.bytes())), Some(64));
    assert!(segment(0, 63).is_none());
    assert!(segment(1, 127).is_none() && segment(1, 128).is_some());
    assert!(segment(2, u64::MAX).is_none() && segment(u64::MAX, u64::MAX).is_none());
}

#[test]
fn the_times_of_a_log_never_fall_though_a_clock_goes_back() {
    let mut world = World::new();
    world.publish(1, false);
    world.now_us -= 10_000_000;
    world.publish(1, false);
    let feed = world.feed();
    let log = feed.follower.log();
    assert_eq!(log.time_us(2), log.time_us(1));
    assert_eq!(log.seq_at(log.time_us(1).unwrap()), 2);
    assert_eq!(log.seq_at(log.time_us(1).unwrap() - 1), 0);
}

#[test]
fn what_is_evicted_is_told_by_a_snapshot_that_says_so_and_what_is_kept_is_as_it_was() {
    let mut world = World::new();
    (0..300).for_each(|_| world.publish(1, false));
    let (mut late, mut near) = (never(&world, 0), never(&world, 299));
    let whole: Vec<Value> = (100..=300).map(|seq| state(&world, seq)).collect();

    while world.feed.borrow_mut().follower.evict_oldest() {}

    let evicted = world.feed().follower.log().evicted();
    assert_eq!(evicted, 300 - EVENTS_KEPT_MIN);
    for seq in evicted..=300 {
        assert_eq!(state(&world, seq), whole[seq as usize - 100], "{seq}");
    }
    let segment = |n| world.feed().follower.log().segment(Codec::Json, n, 300);
    assert!(
        segment(2).is_none() && segment(3).is_none(),
        "it ends within"
    );
    world.publish(1, false);
    assert!(late.take(&world, 10) && near.take(&world, 10));
    assert_eq!((late.seq, near.seq), (301, 301));
    assert_eq!(late.snapshots, BTreeMap::from([("evicted".to_owned(), 1)]));
    assert_eq!(near.snapshots, BTreeMap::new());
}

#[test]
fn a_delayed_fan_is_told_nothing_of_what_is_evicted_before_its_time() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Never);
    let evicted_us = world.now_us + 1_000_000;
    world.now_us = evicted_us;
    world.publish(64, false);
    world.now_us += 1_000_000;
    world.publish(64, false);
    while world.feed.borrow_mut().follower.evict_oldest() {}
    assert_eq!(world.feed().follower.log().evicted(), 65);

    fan.delay_s = 30;
    fan.come_back(&world, cursor(1), PolicyName::Realtime);
    assert_eq!(fan.wake_us(&world), evicted_us + 30_000_000);
    assert_eq!(fan.seq, 1);
    world.now_us = evicted_us + 30_000_000;
    assert!(fan.take(&world, 10));
    assert_eq!((fan.seq, fan.snapshots.get("evicted")), (65, Some(&1)));
    world.now_us += 1_000_000;
    assert!(fan.take(&world, 10));
    assert_eq!(fan.seq, 129);
}

#[test]
fn a_delayed_fan_whose_events_are_evicted_meanwhile_is_behind_and_not_ahead() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Never);
    fan.delay_s = 30;
    fan.come_back(&world, cursor(1), PolicyName::Realtime);
    assert!(fan.take(&world, 10));
    world.now_us += 20_000_000;
    (0..2).for_each(|_| world.publish(64, false));
    while world.feed.borrow_mut().follower.evict_oldest() {}
    // By then its first event is shown, and the last that is evicted is not.
    world.now_us += 12_000_000;
    assert!(fan.take(&world, 10));
    assert_eq!(fan.seq, 1);
    world.now_us += 18_000_000;
    assert!(fan.take(&world, 10));
    assert_eq!(fan.seq, 129);
    assert_eq!(fan.snapshots, BTreeMap::from([("evicted".to_owned(), 1)]));
}

#[test]
fn each_event_and_each_state_is_encoded_once_however_many_read_it_and_in_whatever_frame() {
    let mut world = World::new();
    let budget = Arc::new(LogBudget::new(64 << 20));
    let mut follower = Follower::new(match_id(), epoch(), Arc::clone(&budget));
    (0..130).for_each(|_| world.publish(1, false));
    for arrival in world.stream.clone() {
        follower.live(arrival, world.now_us);
    }
    let log = follower.log();
    for _ in 0..3 {
        for coding in codings() {
            for after in 0..130 {
                log.frame(coding, after, after + 1, Split::Never);
                log.frame(coding, after, 130, Split::Records);
            }
            (0..2).for_each(|n| drop(log.segment(coding.codec, n, 130)));
            for reason in [Reason::Joined, Reason::Behind, Reason::Joined] {
                log.snapshot(coding, 130, reason);
                log.snapshot(coding, 100, reason);
            }
        }
    }
    assert_eq!(budget.take_events(), 130);
    let encodes: Vec<_> = budget.take_encodes().map(|(_, count)| count).collect();
    // Deflated in each codec, and a snapshot for each reason; nobody asked twice for several at once.
    assert_eq!(encodes, [130, 2, 2, 2 * 130, 2 * 2 * 2, 0]);
}

#[test]
fn several_records_are_packed_once_for_those_who_ask_together_and_deflated_from_the_second_on() {
    let mut world = World::new();
    (0..60).for_each(|_| world.publish(1, false));
    let budget = Arc::new(LogBudget::new(64 << 20));
    let mut follower = Follower::new(match_id(), epoch(), Arc::clone(&budget));
    for arrival in world.stream.clone() {
        follower.live(arrival, world.now_us);
    }
    let log = follower.log();
    let passage = |coding: Coding, after| log.frame(coding, after, 60, Split::Never).unwrap().0;
    let same = |one: &Frame, other: &Frame| one.wire().as_ptr() == other.wire().as_ptr();
    for codec in [Codec::Json, Codec::MessagePack] {
        let (plain, deflates) = (
            Coding::from(codec),
            Coding {
                codec,
                deflates: true,
            },
        );
        let first = passage(deflates, 7);
        assert!(
            same(&first, &passage(plain, 7)),
            "for one alone it is not worth it"
        );
        let second = passage(deflates, 7);
        assert!(second.wire().len() * 2 < first.wire().len());
        assert!(same(&second, &passage(deflates, 7)));
        assert!(!same(&first, &passage(plain, 8)));
        // Others have asked since, and its place is theirs.
        (10..30).for_each(|after| drop(passage(plain, after)));
        assert!(!same(&first, &passage(plain, 7)));
        assert_eq!(first, passage(plain, 7));
    }
    let deflated = budget.take_encodes().last().map(|(_, count)| count);
    assert_eq!(deflated, Some(2));
}

#[test]
fn a_snapshot_and_a_segment_are_the_same_bytes_for_all_and_a_snapshot_says_its_own_reason() {
    let mut world = World::new();
    world.publish(70, false);
    let feed = world.feed();
    let log = feed.follower.log();
    for codec in [Codec::Json, Codec::MessagePack] {
        let snapshot = |reason| log.snapshot(codec, 70, reason);
        let segment = || log.segment(codec, 0, 70).unwrap();
        let same = |one: Frame, other: Frame| one.wire().as_ptr() == other.wire().as_ptr();
        let deflated = || {
            let coding = Coding {
                codec,
                deflates: true,
            };
            log.snapshot(coding, 70, Reason::Joined)
        };
        assert!(same(deflated(), deflated()));
        assert!(deflated().wire().len() < snapshot(Reason::Joined).wire().len());
        assert!(same(segment(), segment()));
        assert_eq!(segment().codec, codec);
        assert!(same(snapshot(Reason::Joined), snapshot(Reason::Joined)));
        for reason in [Reason::Joined, Reason::Asked] {
            let frame = snapshot(reason);
            let own = SnapshotTail::new(codec, 70, &world.state);
            assert_eq!(
                frame,
                Frame::of_snapshot(log.match_id(), log.epoch(), reason, &own)
            );
        }
    }
}

#[test]
fn a_log_gives_back_to_the_budget_all_that_it_took() {
    let mut world = World::new();
    (0..300).for_each(|_| world.publish(1, false));
    let budget = Arc::new(LogBudget::new(64 << 20));
    let mut follower = Follower::new(match_id(), epoch(), Arc::clone(&budget));
    for arrival in world.stream.clone() {
        follower.live(arrival, world.now_us);
    }
    let (mut kept, mut recent) = (u64::MAX, None);
    loop {
        let log = follower.log();
        let first = log.evicted() + 1;
        for coding in codings() {
            (first..=300).for_each(|seq| drop(log.frame(coding, seq - 1, seq, Split::Never)));
        }
        (0..4).for_each(|n| drop(log.segment(Codec::Json, n, 300)));
        for after in 280..290 {
            codings().for_each(|coding| drop(log.frame(coding, after, 300, Split::Never)));
        }
        for coding in codings() {
            (290..=300).for_each(|seq| drop(log.snapshot(coding, seq, Reason::Joined)));
        }
        assert_eq!(budget.bytes(), log.bytes());
        if !follower.evict_oldest() {
            break;
        }
        // The JSON of the newest events, what is deflated of them, and no more.
        let cached = follower.log().bytes_cached();
        assert_eq!(cached, *recent.get_or_insert(cached));
        assert!(budget.bytes() < kept);
        kept = budget.bytes();
    }
    follower.evict_caches();
    assert_eq!(Some(follower.log().bytes_cached()), recent);
    drop(follower);
    assert_eq!(budget.bytes(), 0);
}

fn codings() -> impl Iterator<Item = Coding> {
    [Codec::Json, Codec::MessagePack]
        .into_iter()
        .flat_map(|codec| [false, true].map(|deflates| Coding { codec, deflates }))
}

fn state(world: &World, seq: u64) -> Value {
    world.feed().follower.log().state_at(seq)
}

/// A fan who wants every event, with a cursor.
fn never(world: &World, seq: u64) -> Fan {
    let (policy, wish) = (PolicyName::Realtime, SnapshotWish::Never);
    let mut fan = Fan::new(world, Codec::Json, policy, wish, 0, 0);
    fan.seq = seq;
    fan.state = match seq {
        0 => json!({}),
        seq => state(world, seq),
    };
    fan.cut_and_resume(world, At::First, policy);
    fan
}
