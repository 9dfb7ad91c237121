//! A follower over random loss, repeats, lag, re-creation and restores.

use proptest::prelude::*;

use crate::stage::{Shell, state};

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
