//! Beginnings and ends of innings and overs.

use serde_json::{Value, json};

use super::{Case, Entered, ball, by_rules, case, end, over_end, played, start};
use crate::started::wicket;

/// A super over of one side with one ball, then one of the other.
fn super_over(batting: &str, change: Value) -> Vec<Entered> {
    let other = if batting == "a" { "b" } else { "a" };
    let mut data = json!({ "over": 0, "batter": format!("{batting}1"), "non_striker": format!("{batting}2"),
        "bowler": format!("{other}1"), "runs": 0 });
    grandstand_core::patch::apply(&mut data, &change);
    let begin = json!({ "batting": batting, "super_over": true });
    vec![("innings_start", begin), ("delivery", data), end()]
}

pub(crate) fn odd() -> Vec<Case> {
    let mut again = played(vec![end()]);
    let mut chase = again.clone();
    chase.push(start("b"));
    again.push(start("b"));
    again.push(end());
    let supers = |change: Value| [super_over("a", change), super_over("b", json!({}))].concat();
    let third = |bowler: &str, batter: &str| {
        let data = json!({ "over": 0, "batter": batter, "non_striker": "a2", "bowler": bowler, "runs": 0 });
        ("delivery", data)
    };
    let begin = || {
        (
            "innings_start",
            json!({ "batting": "a", "super_over": true }),
        )
    };
    let out = json!({ "wickets": wicket("bowled", "a1") });
    vec![
        case(played(vec![end()]), start("b"), &["target_missing"]),
        case(
            played(vec![end()]),
            (
                "innings_start",
                json!({ "batting": "b", "target": { "runs": 1 } }),
            ),
            &[],
        ),
        by_rules(
            json!({ "overs": null, "innings_per_side": 1 }),
            case(again, start("a"), &["innings_again"]),
        ),
        case(
            vec![("toss", json!({ "winner": "b", "decision": "bat" }))],
            start("a"),
            &["toss"],
        ),
        by_rules(
            json!({ "overs": null, "innings_per_side": 2 }),
            case(
                chase.into_iter().chain([end()]).collect(),
                (
                    "innings_start",
                    json!({ "batting": "b", "follow_on": true }),
                ),
                &["follow_on"],
            ),
        ),
        case(
            played(vec![ball(0, json!({}))]),
            (
                "over_end",
                json!({ "over": 0, "miscounted": { "balls": 2 } }),
            ),
            &["miscounted"],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            (
                "over_end",
                json!({ "over": 0, "miscounted": { "balls": 1 } }),
            ),
            &[],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            over_end(0),
            &["over_balls"],
        ),
        case(
            played(vec![]),
            ("innings_end", json!({ "reason": "target" })),
            &["innings_end"],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            (
                "innings_end",
                json!({ "reason": "declared", "absent_hurt": ["a1"] }),
            ),
            &["absent_hurt"],
        ),
        // Who retired hurt is not gone twice.
        by_rules(
            json!({ "wickets_max": 2 }),
            case(
                played(vec![
                    ball(0, json!({})),
                    (
                        "batter_retired",
                        json!({ "player": "a1", "kind": "retired hurt" }),
                    ),
                ]),
                (
                    "innings_end",
                    json!({ "reason": "all_out", "absent_hurt": ["a1"] }),
                ),
                &["absent_hurt", "innings_end"],
            ),
        ),
        case(
            [supers(out), vec![begin()]].concat(),
            third("b2", "a1"),
            &["super_over_batter"],
        ),
        case(
            [supers(json!({})), vec![begin()]].concat(),
            third("b1", "a1"),
            &["super_over_bowler"],
        ),
    ]
}
