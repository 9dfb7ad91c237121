//! Holds the tally against figures that were counted elsewhere.

use serde_json::{Map, Value, json};

use crate::sample;
use crate::tally::{InningsTally, tally};

/// A tally in the form of the expected files, as far as both say the same.
fn as_expected(sum: &InningsTally) -> Value {
    let batting: Map<String, Value> = sum.batting.iter().map(|row| {
        let out = row.out.as_ref().map(|out| json!({"kind": out.kind.as_str(), "bowler": out.bowler, "fielders": out.fielders}));
        (row.player.clone(), json!({"runs": row.runs, "balls": row.balls, "fours": row.fours, "sixes": row.sixes, "out": out}))
    }).collect();
    let bowling: Map<String, Value> = sum.bowling.iter().map(|row| {
        (row.player.clone(), json!({"balls": row.balls, "maidens": row.maidens, "runs": row.runs, "wickets": row.wickets,
            "wides": row.wides, "noballs": row.noballs, "dots": row.dots}))
    }).collect();
    let falls: Vec<Value> = (1..).zip(&sum.fall_of_wickets).map(|(wicket, fall)| {
        json!({"wicket": wicket, "runs": fall.runs, "player": fall.player, "over": fall.over})
    }).collect();
    let partnerships: Vec<Value> = sum.partnerships.iter().map(|partnership| {
        json!({"batters": partnership.batters, "runs": partnership.runs, "balls": partnership.balls})
    }).collect();
    let per_over: Vec<Value> = sum
        .per_over
        .iter()
        .map(|over| json!([over.runs, over.wickets]))
        .collect();
    json!({"team": sum.team, "super_over": sum.super_over, "runs": sum.runs, "wickets": sum.wickets,
        "legal_balls": sum.legal_balls, "overs": sum.overs, "extras": sum.extras,
        "extras_total": sum.extras.values().sum::<u32>(), "penalty_pre": sum.penalty_pre,
        "penalty_post": sum.penalty_post, "absent_hurt": sum.absent_hurt, "batting": batting, "bowling": bowling,
        "fall_of_wickets": falls, "partnerships": partnerships, "per_over": per_over})
}

/// Drops of an expected innings what the scorecard does not hold.
fn without_what_we_do_not_count(mut expected: Value) -> Value {
    let innings = expected.as_object_mut().expect("an innings");
    for key in [
        "bowling_team",
        "declared",
        "forfeited",
        "counted_balls",
        "deliveries",
        "target",
        "miscounted_overs",
    ] {
        innings.remove(key);
    }
    for row in innings["bowling"]
        .as_object_mut()
        .expect("rows")
        .values_mut()
    {
        let row = row.as_object_mut().expect("a row");
        row.remove("wide_balls");
        row.remove("noball_balls");
    }
    expected
}

#[test]
fn every_figure_of_every_real_match_is_the_one_counted_elsewhere() {
    for (name, file, expected) in sample::real_matches() {
        let sums = tally(&file);
        let expected = expected["innings"].as_array().expect("innings");
        assert_eq!(sums.len(), expected.len(), "{name}");
        for (index, (sum, expected)) in sums.iter().zip(expected).enumerate() {
            let expected = without_what_we_do_not_count(expected.clone());
            let ours = as_expected(sum);
            for (key, value) in expected.as_object().expect("an innings") {
                assert_eq!(&ours[key], value, "{name}, innings {}, {key}", index + 1);
            }
        }
    }
}

#[test]
fn the_made_up_match_adds_up() {
    let sums = tally(&sample::tiny());
    let first = &sums[0];
    assert_eq!(
        (first.runs, first.wickets, first.overs.as_str()),
        (27, 3, "1.3")
    );
    assert_eq!(first.extras, [("wides", 5)].into());
    let row = |name: &str| {
        first
            .batting
            .iter()
            .find(|row| row.player == name)
            .expect(name)
    };
    let one = row("A One");
    assert_eq!(
        (one.runs, one.balls, one.fours),
        (8, 3, 1),
        "a four that was run is none; a wide is no ball"
    );
    assert_eq!(
        one.out.as_ref().expect("out").fielders,
        ["B Sub", "sub", "B Two"]
    );
    assert_eq!(
        row("A Four").out.as_ref().expect("out").kind.as_str(),
        "timed out"
    );
    assert!(row("A Two").out.is_none(), "he came back");
    let falls: Vec<(&str, u32)> = first
        .fall_of_wickets
        .iter()
        .map(|fall| (fall.over.as_str(), fall.runs))
        .collect();
    assert_eq!(falls, [("0.3", 18), ("0.4", 18), ("1.2", 19)]);
}

#[test]
fn an_over_that_was_ended_early_counts_as_a_full_one_and_may_be_a_maiden() {
    let mut file = sample::tiny_json();
    let ball = sample::ball("B One", "B Two", "A Five", 0);
    let over = |number: u32, balls: usize| json!({"over": number, "deliveries": vec![ball.clone(); balls]});
    file["innings"][1]["overs"] = json!([over(0, 5), over(1, 4), over(2, 7), over(3, 5)]);
    file["innings"][1]["miscounted_overs"] = json!({"3": {"balls": 5}});
    let file: crate::cricsheet::Match = serde_json::from_value(file).expect("a match");
    let second = &tally(&file)[1];
    assert_eq!((second.overs.as_str(), second.legal_balls), ("4", 21));
    assert_eq!(second.bowling[0].maidens, 3, "four balls are too few");
}

#[test]
fn who_left_without_a_word_and_stayed_away_retired_hurt() {
    let mut file = sample::tiny();
    file.innings[0].overs[1].deliveries.truncate(1);
    let sum = &tally(&file)[0];
    let two = sum
        .batting
        .iter()
        .find(|row| row.player == "A Two")
        .expect("a row");
    assert_eq!(
        two.out.as_ref().expect("gone").kind.as_str(),
        "retired hurt"
    );
    assert_eq!(sum.unable_to_bat(), 3);
}
