//! What holds of every made-up match, as far as it can be seen without the rules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::slips::with_slips;
use super::*;
use crate::event::Event;
use crate::events::events;
use crate::squads::Squads;
use crate::tally::tally;

/// Seeds that are tried.
const SEEDS: std::ops::Range<u64> = 0..500;

fn told(seed: u64) -> (Vec<Event>, Vec<Event>) {
    let of = generate(seed);
    let clean = events(&of, &Squads::of(&of), &tally(&of));
    (clean.clone(), with_slips(clean, seed))
}

#[test]
fn a_seed_gives_one_match_and_another_seed_another() {
    let [seven, again, eight] = [7, 7, 8].map(|seed| json!(told(seed).1));
    assert_eq!(seven, again);
    assert_ne!(seven, eight);
    assert_ne!(generate(7).info.teams, generate(8).info.teams);
}

#[test]
fn a_seed_and_its_match_id_belong_together() {
    assert_eq!(match_id(7).as_str(), "t20-7");
    assert!(is_made_up(&match_id(u64::MAX)));
    for other in ["t20", "t20-", "t20-final", "1473469"] {
        assert!(
            MatchId::new(other).is_ok_and(|id| !is_made_up(&id)),
            "{other}"
        );
    }
}

#[test]
fn nobody_bowls_more_than_four_overs_or_two_in_a_row() {
    for seed in SEEDS {
        for innings in generate(seed).innings {
            let bowlers = innings.overs.iter().map(|over| &over.deliveries[0].bowler);
            let bowlers: Vec<&String> = bowlers.collect();
            assert!(bowlers.windows(2).all(|two| two[0] != two[1]), "{seed}");
            let mut overs: BTreeMap<&String, u32> = BTreeMap::new();
            for bowler in bowlers {
                *overs.entry(bowler).or_default() += 1;
            }
            assert!(overs.values().all(|overs| *overs <= 4), "{seed}");
        }
    }
}

#[test]
fn a_tie_goes_to_a_super_over_and_somebody_wins_it() {
    let tied = SEEDS.map(generate).filter(|of| of.innings.len() > 2);
    let tied: Vec<Match> = tied.collect();
    assert!(!tied.is_empty(), "none in so many");
    for of in tied {
        let sums = tally(&of);
        assert_eq!(sums[0].runs, sums[1].runs);
        assert_eq!(of.info.outcome.result.as_deref(), Some("tie"));
        let [.., one, other] = sums.as_slice() else {
            panic!("a super over has two sides");
        };
        let winner = if one.runs > other.runs { one } else { other };
        assert_eq!(of.info.outcome.eliminator.as_ref(), Some(&winner.team));
        assert!(one.super_over && one.wickets <= 2 && one.overs.len() <= 3);
        // Who batted last in the match bats first now.
        assert_eq!(sums[2].team, sums[1].team);
    }
}

#[test]
fn a_slip_is_told_under_ids_of_its_own_and_names_what_is_there() {
    let mut ops = BTreeMap::new();
    for seed in SEEDS {
        let (clean, told) = told(seed);
        let mut ids = BTreeSet::new();
        for event in &told {
            let known = |id: &String| ids.contains(id.as_str());
            assert!(event.reference.as_ref().is_none_or(known), "{seed}");
            assert!(ids.insert(event.id.as_str()), "{seed}: {} twice", event.id);
            *ops.entry(format!("{:?}", event.op)).or_insert(0) += 1;
        }
        assert!(clean.iter().all(|event| ids.contains(event.id.as_str())));
        assert!(told.iter().all(|event| event.id.len() <= 64));
    }
    assert_eq!(ops.len(), 4, "{ops:?}");
}
