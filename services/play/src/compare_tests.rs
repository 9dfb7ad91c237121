//! The comparison finds whatever differs, and nothing where nothing does.

use serde_json::{Value, json};

use crate::compare::compare;
use crate::sample;
use crate::sample_state::state_of;
use crate::squads::Squads;
use crate::tally::tally;

fn differences(state: &Value) -> Vec<String> {
    let file = sample::tiny();
    let comparison = compare(&tally(&file), state, &Squads::of(&file));
    comparison
        .differences
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn tiny_state() -> Value {
    let file = sample::tiny();
    state_of(&tally(&file), &Squads::of(&file))
}

#[test]
fn equal_figures_differ_by_nothing() {
    assert_eq!(differences(&tiny_state()), [""; 0]);
    for (name, file, _) in sample::real_matches() {
        let (sums, squads) = (tally(&file), Squads::of(&file));
        let comparison = compare(&sums, &state_of(&sums, &squads), &squads);
        assert!(
            comparison.differences.is_empty(),
            "{name}: {:?}",
            comparison.differences
        );
        assert!(
            comparison.figures > 200,
            "{name}: only {} figures",
            comparison.figures
        );
    }
}

#[test]
fn a_planted_difference_of_each_kind_is_found_with_its_place() {
    let cases = [
        ("/runs", json!(28), "i1 runs: file 27, platform 28"),
        ("/wickets", json!(4), "i1 wickets: file 3, platform 4"),
        (
            "/legal_balls",
            json!(8),
            "i1 legal_balls: file 9, platform 8",
        ),
        ("/overs", json!("1.2"), "i1 overs: file 1.3, platform 1.2"),
        (
            "/batting_team",
            json!("b"),
            "i1 batting_team: file a, platform b",
        ),
        (
            "/super_over",
            json!(true),
            "i1 super_over: file false, platform true",
        ),
        (
            "/penalty_pre",
            json!(0),
            "i1 penalty_pre: file 5, platform 0",
        ),
        (
            "/penalty_post",
            json!(0),
            "i1 penalty_post: file 2, platform 0",
        ),
        (
            "/extras/wides",
            json!(1),
            "i1 extras wides: file 5, platform 1",
        ),
        (
            "/extras/byes",
            json!(1),
            "i1 extras byes: file (absent), platform 1",
        ),
        (
            "/absent_hurt",
            json!(["pa5"]),
            "i1 absent_hurt: file , platform A Five",
        ),
        (
            "/batting/b01/runs",
            json!(9),
            "i1 batting A One runs: file 8, platform 9",
        ),
        (
            "/batting/b01/balls",
            json!(4),
            "i1 batting A One balls: file 3, platform 4",
        ),
        (
            "/batting/b01/fours",
            json!(2),
            "i1 batting A One fours: file 1, platform 2",
        ),
        (
            "/batting/b02/sixes",
            json!(0),
            "i1 batting A Two sixes: file 1, platform 0",
        ),
        (
            "/batting/b01/out/kind",
            json!("bowled"),
            "i1 batting A One out: file caught, bowler B One, fielders B Sub and sub and B Two, platform bowled",
        ),
        (
            "/batting/b01/out/bowler",
            json!("pb2"),
            "platform caught, bowler B Two",
        ),
        (
            "/batting/b01/out/fielders",
            json!(["pb2"]),
            "fielders B Two",
        ),
        (
            "/batting/b02/out",
            json!({"kind": "retired hurt"}),
            "i1 batting A Two out: file not out, platform retired hurt",
        ),
        (
            "/bowling/w01/balls",
            json!(5),
            "i1 bowling B One balls: file 6, platform 5",
        ),
        (
            "/bowling/w01/maidens",
            json!(1),
            "i1 bowling B One maidens: file 0, platform 1",
        ),
        (
            "/bowling/w01/runs",
            json!(0),
            "i1 bowling B One runs: file 14, platform 0",
        ),
        (
            "/bowling/w01/wickets",
            json!(0),
            "i1 bowling B One wickets: file 1, platform 0",
        ),
        (
            "/bowling/w01/wides",
            json!(0),
            "i1 bowling B One wides: file 5, platform 0",
        ),
        (
            "/bowling/w01/noballs",
            json!(1),
            "i1 bowling B One noballs: file 0, platform 1",
        ),
        (
            "/bowling/w01/dots",
            json!(0),
            "i1 bowling B One dots: file 3, platform 0",
        ),
        (
            "/fall_of_wickets/f01/player",
            json!("pa2"),
            "i1 wicket 01 player: file A One, platform A Two",
        ),
        (
            "/fall_of_wickets/f01/runs",
            json!(1),
            "i1 wicket 01 runs: file 18, platform 1",
        ),
        (
            "/fall_of_wickets/f01/over",
            json!("0.2"),
            "i1 wicket 01 over: file 0.3, platform 0.2",
        ),
        (
            "/partnerships/p01/batters",
            json!(["pa1", "pa3"]),
            "i1 partnership 01 batters: file A One, A Two, platform A One, A Three",
        ),
        (
            "/partnerships/p01/runs",
            json!(0),
            "i1 partnership 01 runs: file 13, platform 0",
        ),
        (
            "/partnerships/p01/balls",
            json!(0),
            "i1 partnership 01 balls: file 3, platform 0",
        ),
        (
            "/per_over/o001/runs",
            json!(0),
            "i1 over 001 runs: file 14, platform 0",
        ),
        (
            "/per_over/o001/wickets",
            json!(0),
            "i1 over 001 wickets: file 2, platform 0",
        ),
    ];
    for (place, planted, expected) in cases {
        let mut state = tiny_state();
        let (parent, key) = place.rsplit_once('/').expect("a pointer");
        let parent = state
            .pointer_mut(&format!("/innings/i1{parent}"))
            .expect(place);
        parent[key] = planted;
        let found = differences(&state);
        assert_eq!(found.len(), 1, "{place}: {found:?}");
        assert!(found[0].contains(expected), "{place}: {}", found[0]);
    }
}

#[test]
fn what_only_one_of_them_has_is_a_difference() {
    let mut state = tiny_state();
    let innings = state["innings"].as_object_mut().expect("innings");
    innings.remove("i2");
    assert!(differences(&state).contains(&"i2 runs: file 2, platform (absent)".to_owned()));

    let mut state = tiny_state();
    state["innings"]["i3"] = json!({"batting_team": "a", "runs": 0});
    assert!(differences(&state).contains(&"i3 runs: file (absent), platform 0".to_owned()));

    let mut state = tiny_state();
    state["innings"]["i1"]["batting"]["b09"] = state["innings"]["i1"]["batting"]["b01"].clone();
    assert!(
        differences(&state)
            .contains(&"i1 batting A One (b09) runs: file (absent), platform 8".to_owned())
    );
}

#[test]
fn an_empty_state_is_no_crash_and_no_success() {
    for state in [
        json!({}),
        json!(null),
        json!({"innings": {"i1": 7}}),
        json!({"innings": {"i1": {"batting": {"b01": {}}}}}),
    ] {
        assert!(!differences(&state).is_empty(), "{state}");
    }
}
