//! When a fan gets events and when a snapshot.

use std::collections::BTreeMap;

use grandstand_core::connection::{FanRights, Output};
use grandstand_core::follow::Outcome;
use grandstand_core::ids::Cursor;
use grandstand_core::message::{Status, Subscribe};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;

use crate::fan::{connection, cursor, subscribe, world_and_fan};
use crate::world::{World, epoch};

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
    fan.connection = connection(fan.coding, 7, world.now_us);
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
fn a_log_that_changed_is_a_rollback_for_whoever_read_it() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Never);
    let mut other = World::new();
    other.publish(2, false);
    let outcome =
        world
            .feed
            .borrow_mut()
            .follower
            .refill(epoch(), other.stream.clone(), 0, world.now_us);
    assert_eq!(outcome, Outcome::Taken);
    fan.seq = 0;
    fan.take(&world, 10);
    assert_eq!(fan.snapshots.get("rolled_back"), Some(&1));
    assert_eq!(fan.seq, 2);
}

#[test]
fn a_cursor_ahead_that_asks_for_a_snapshot_has_the_leader_asked_too() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Always);
    fan.come_back(&world, cursor(u64::MAX), PolicyName::Realtime);
    (fan.seq, fan.snapshots) = (0, BTreeMap::new());
    // The leader's answer is counted, whatever its log.
    assert!(fan.take(&world, 10));
    assert_eq!(fan.snapshots.get("rolled_back"), Some(&1));
}

#[test]
fn a_snapshot_is_owed_until_a_delay_shows_as_much_as_the_fan_has() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Always);
    world.publish(1, false);
    assert!(fan.take(&world, 10));
    fan.delay_s = 30;
    fan.come_back(&world, cursor(2), PolicyName::Realtime);
    // At the first event's time, and then at that of the second.
    for _ in 0..2 {
        world.now_us = fan.wake_us(&world);
    }
    assert!(fan.take(&world, 10));
    assert_eq!(
        fan.snapshots.get("asked"),
        Some(&2),
        "at the end of the delay"
    );
}

#[test]
fn a_snapshot_that_says_why_is_not_replaced_by_one_that_was_asked_for() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.publish(1, false);
    fan.take(&world, 10);
    let shorter = vec![world.stream[0].clone()];
    let now_us = world.now_us;
    let follower = |world: &World| {
        world
            .feed
            .borrow_mut()
            .follower
            .refill(epoch(), shorter, 0, now_us)
    };
    follower(&world);
    let delayed = Subscribe {
        delay_s: 60,
        ..subscribe(PolicyName::Realtime, SnapshotWish::Auto, 0, None)
    };
    fan.connection.subscribe(delayed);
    fan.delay_s = 60;
    assert!(fan.take(&world, 10), "nothing may be shown yet");
    fan.connection.subscribe(subscribe(
        PolicyName::Realtime,
        SnapshotWish::Always,
        60,
        None,
    ));
    world.now_us += 60_000_000;
    fan.seq = 0;
    fan.take(&world, 10);
    assert_eq!(
        fan.snapshots.get("rolled_back"),
        Some(&1),
        "{:?}",
        fan.snapshots
    );
}

#[test]
fn a_cursor_of_another_epoch_is_worth_a_snapshot_that_says_so() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Never);
    let elsewhere = Cursor {
        epoch: Some("7.7".parse().unwrap()),
        seq: 1,
    };
    fan.come_back(&world, elsewhere, PolicyName::Realtime);
    fan.seq = 0;
    assert!(fan.take(&world, 10));
    assert_eq!(fan.snapshots.get("other_epoch"), Some(&1));
}

#[test]
fn the_hash_of_what_a_delay_holds_back_is_told_to_nobody() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.publish(1, false);
    fan.delay_s = 30;
    fan.come_back(&world, cursor(2), PolicyName::Realtime);
    assert!(fan.take(&world, 10));
    assert_eq!(fan.status["seq"], 2, "its own word");
    assert_eq!(fan.status.get("hash"), None);
    world.now_us += 31_000_000;
    fan.take(&world, 10);
    world.feed.borrow_mut().status = Status::Stale;
    fan.take(&world, 10);
    assert!(fan.status["hash"].is_string(), "it is shown now");
}

#[test]
fn a_tier_that_grants_less_and_a_delay_hold_at_once() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    fan.connection.refreshed(FanRights {
        tier: "free",
        policy_max: PolicyName::Digest,
        delay_s: 10,
        expires_us: None,
    });
    fan.delay_s = 10;
    fan.take(&world, 10);
    let before = fan.seq;
    world.publish(1, false);
    world.now_us += 9_999_999;
    fan.take(&world, 10);
    assert_eq!(fan.seq, before);
    world.now_us += 5_000_001;
    fan.take(&world, 10);
    assert_eq!(fan.seq, before + 1);
}

#[test]
fn what_a_window_or_a_mark_brings_is_events_however_busy_the_connection_was() {
    for (policy, apart_us, behind) in [
        (PolicyName::Batch, 9_000, None),
        (PolicyName::Batch, 12_000, Some(&1)),
        (PolicyName::Digest, 200_000, None),
        (PolicyName::Digest, 300_000, Some(&1)),
    ] {
        let (mut world, mut fan) = world_and_fan(policy, SnapshotWish::Auto);
        // Just after a mark of phase 0, so that 20 events fit before the next.
        world.now_us += 4_000_000;
        world.publish(1, false);
        world.now_us += 5_000_000;
        fan.take(&world, 1);
        world.now_us += 1_100_000;
        for _ in 0..20 {
            world.publish(1, false);
            world.now_us += apart_us;
        }
        world.now_us += 5_000_000;
        fan.take(&world, 100);
        assert_eq!(fan.seq, world.head);
        assert_eq!(fan.snapshots.get("behind"), behind, "{policy:?} {apart_us}");
    }
}

#[test]
fn delivery_is_timed_only_for_who_had_caught_up() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.publish(1, false);
    fan.come_back(&world, cursor(1), PolicyName::Realtime);
    let mut times = Vec::new();
    for _ in 0..2 {
        loop {
            match fan.connection.poll(&world, world.now_us) {
                Output::Frame(_, news) => times.push(news.accepted_us),
                Output::Wait(_) => break,
                _ => {}
            }
        }
        world.now_us += 1_000;
        world.publish(1, false);
    }
    assert_eq!(times, [None, Some(world.now_us - 1_000)]);
}

#[test]
fn who_has_all_need_not_be_asked_before_the_time_it_was_told_last() {
    let (mut settled, mut unsettled) = (0, 0);
    for (policy, delay_s) in [
        (PolicyName::Realtime, 0),
        (PolicyName::Realtime, 3),
        (PolicyName::Batch, 0),
        (PolicyName::Batch, 1),
        (PolicyName::Digest, 0),
        (PolicyName::Digest, 7),
    ] {
        let (mut world, mut fan) = world_and_fan(policy, SnapshotWish::Auto);
        fan.delay_s = delay_s;
        fan.come_back(&world, cursor(1), policy);
        let mut told_us = fan.wake_us(&world);
        for step in 0..400 {
            world.now_us += 37_000;
            if step % 5 < 2 {
                world.publish(1, false);
            }
            loop {
                match fan.connection.poll(&world, world.now_us) {
                    Output::Frame(..) if fan.connection.is_settled() => {
                        settled += 1;
                        let next = fan.connection.poll(&world, world.now_us);
                        let Output::Wait(Some(at_us)) = next else {
                            panic!("{policy:?} {delay_s}: {next:?}");
                        };
                        assert!(at_us >= told_us || told_us <= world.now_us);
                    }
                    Output::Frame(..) => unsettled += 1,
                    Output::Wait(at_us) => {
                        told_us = at_us.expect("there is a heartbeat at least");
                        break;
                    }
                    Output::Answer(_) | Output::Ping => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert!(settled > 200 && unsettled > 100, "{settled} {unsettled}");
}
