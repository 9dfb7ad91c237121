//! Fans over random interleavings of posts and corrections, stalls in the middle of a frame, cuts,
//! resumes at another gateway with another window of the log, policy changes, loss and eviction:
//! each sees each seq once, in order and as it was stored, or a snapshot that says why; nobody
//! sees it before or long after its policy says so, and all end at the same state.

use grandstand_core::event::Op;
use grandstand_core::frame::{Codec, Coding};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use proptest::prelude::*;

use crate::fan::Fan;
use crate::world::{At, Heard, World};

#[derive(Debug, Clone)]
enum Step {
    Publish {
        count: u64,
        heard: Heard,
    },
    Correct {
        heard: Heard,
    },
    Repair {
        at: At,
    },
    Evict {
        at: At,
        what: What,
    },
    Pass {
        us: u64,
    },
    Take {
        fan: usize,
        frames: usize,
    },
    Trickle {
        fan: usize,
        bytes: usize,
    },
    TakeAll,
    Cut {
        fan: usize,
        at: At,
        policy: PolicyName,
    },
    Change {
        fan: usize,
        policy: PolicyName,
    },
}

#[derive(Debug, Clone, Copy)]
enum What {
    Caches,
    Oldest,
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![Just(At::First), Just(At::Second)]
}

fn heard() -> impl Strategy<Value = Heard> {
    prop_oneof![
        8 => Just(Heard::Both),
        1 => Just(Heard::First),
        1 => Just(Heard::Second),
        1 => Just(Heard::Neither),
    ]
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
        6 => (prop_oneof![8 => 1u64..4, 1 => 17u64..100], heard())
            .prop_map(|(count, heard)| Step::Publish { count, heard }),
        2 => heard().prop_map(|heard| Step::Correct { heard }),
        2 => at().prop_map(|at| Step::Repair { at }),
        2 => (at(), prop_oneof![Just(What::Caches), Just(What::Oldest)])
            .prop_map(|(at, what)| Step::Evict { at, what }),
        4 => prop_oneof![1u64..1_000, 50_000u64..400_000, 1_000_000u64..9_000_000, 50_000_000u64..60_000_000]
            .prop_map(|us| Step::Pass { us }),
        4 => (fan.clone(), 1usize..4).prop_map(|(fan, frames)| Step::Take { fan, frames }),
        4 => (fan.clone(), prop_oneof![0usize..12, 0usize..2_000])
            .prop_map(|(fan, bytes)| Step::Trickle { fan, bytes }),
        3 => Just(Step::TakeAll),
        2 => (fan.clone(), at(), policy()).prop_map(|(fan, at, policy)| Step::Cut { fan, at, policy }),
        1 => (fan, policy()).prop_map(|(fan, policy)| Step::Change { fan, policy }),
    ]
}

fn fans() -> impl Strategy<Value = Vec<(Coding, PolicyName, SnapshotWish, u32, u8)>> {
    let delay_s = prop_oneof![3 => Just(0u32), 1 => Just(3u32), 1 => Just(30u32)];
    prop::collection::vec((coding(), policy(), wish(), delay_s, 0u8..50), 6)
}

fn coding() -> impl Strategy<Value = Coding> {
    let codec = prop_oneof![Just(Codec::Json), Just(Codec::MessagePack)];
    (codec, any::<bool>()).prop_map(|(codec, deflates)| Coding { codec, deflates })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_fan_sees_each_seq_once_or_a_snapshot_that_says_why(
        fans in fans(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new();
        let mut fans: Vec<Fan> = fans.into_iter().map(|(coding, policy, wish, delay_s, phase)| {
            Fan::new(&world, coding, policy, wish, delay_s, phase)
        }).collect();
        for step in steps {
            take_step(&mut world, &mut fans, step);
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
                let others = fan.snapshots.keys().filter(|reason| *reason != "evicted");
                prop_assert_eq!(others.count(), 0, "every event was asked for");
            }
        }
    }
}

fn take_step(world: &mut World, fans: &mut [Fan], step: Step) {
    match step {
        Step::Publish { count, heard } => world.post(count, Op::Add, heard),
        Step::Correct { heard } => world.post(1, Op::Amend, heard),
        Step::Repair { at } => world.ask_leader(at),
        Step::Evict { at, what } => {
            let follower = &mut world.feed_at(at).borrow_mut().follower;
            match what {
                What::Caches => follower.evict_caches(),
                What::Oldest => drop(follower.evict_oldest()),
            }
        }
        Step::Pass { us } => world.now_us += us,
        Step::Take { fan, frames } => {
            if fans[fan].take(world, frames) {
                fans[fan].not_late(world);
            }
        }
        Step::Trickle { fan, bytes } => {
            if fans[fan].trickle(world, bytes) {
                fans[fan].not_late(world);
            }
        }
        // Half-open connections are another test's: here everybody answers pings.
        Step::TakeAll => {
            for fan in fans {
                fan.connection.heard(world.now_us);
                if fan.take(world, 1_000) {
                    fan.not_late(world);
                }
            }
        }
        Step::Cut { fan, at, policy } => fans[fan].cut_and_resume(world, at, policy),
        Step::Change { fan, policy } => fans[fan].change(world, policy),
    }
}
