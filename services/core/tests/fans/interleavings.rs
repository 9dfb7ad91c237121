//! Fans over random interleavings of publish, stall, cut, resume, policy change and loss: each sees
//! each seq once and in order, or a snapshot that says why, and all end at the same state.

use grandstand_core::frame::Codec;
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use proptest::prelude::*;

use crate::fan::{Fan, subscribe};
use crate::world::World;

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

fn fans() -> impl Strategy<Value = Vec<(bool, PolicyName, SnapshotWish, u32, u8)>> {
    let delay_s = prop_oneof![3 => Just(0u32), 1 => Just(3u32), 1 => Just(30u32)];
    prop::collection::vec((any::<bool>(), policy(), wish(), delay_s, 0u8..50), 6)
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
