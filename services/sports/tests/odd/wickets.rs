//! Wickets, retirements and those who come back.

use serde_json::{Value, json};

use super::{Case, ball, by_rules, case, played};
use crate::started::wicket;

pub(crate) fn odd() -> Vec<Case> {
    let out = |kind: &str, more: Value| {
        let mut change = more;
        change["wickets"] = wicket(kind, "a1");
        change
    };
    let hurt = |kind: &str| ("batter_retired", json!({ "player": "a1", "kind": kind }));
    let back = || ("batter_returns", json!({ "player": "a1" }));
    let caught_by = |substitute: bool| {
        let fielder = json!({ "player": "a5", "substitute": substitute });
        json!([{ "kind": "caught", "player_out": "a1", "fielders": [fielder] }])
    };
    let replaced = |scope: &str, player: &str, out: &str| json!({ "replacements": [{ "scope": scope, "in": player, "out": out, "reason": "injury" }] });
    let change = |mut all: Value, name: &str, player: &str| {
        all[name] = player.into();
        all
    };
    let bowled = |more: Value| {
        let mut all = more;
        all["batter"] = "a3".into();
        all["wickets"] = wicket("bowled", "a3");
        ball(0, all)
    };
    vec![
        case(
            played(vec![]),
            ball(0, out("bowled", json!({ "extras": { "wides": 1 } }))),
            &["wide_dismissal"],
        ),
        case(
            played(vec![]),
            ball(0, out("stumped", json!({ "extras": { "wides": 1 } }))),
            &[],
        ),
        case(
            played(vec![]),
            ball(0, out("lbw", json!({ "extras": { "noballs": 1 } }))),
            &["noball_dismissal"],
        ),
        case(
            played(vec![]),
            ball(0, out("run out", json!({ "extras": { "noballs": 1 } }))),
            &[],
        ),
        case(
            played(vec![ball(0, json!({ "extras": { "noballs": 1 } }))]),
            ball(0, out("caught", json!({}))),
            &["free_hit_dismissal"],
        ),
        case(
            played(vec![]),
            ball(0, json!({ "wickets": caught_by(false) })),
            &["fielder_side"],
        ),
        by_rules(
            json!({ "wickets_max": 1 }),
            case(
                played(vec![ball(0, out("bowled", json!({})))]),
                (
                    "dismissal",
                    json!({ "kind": "timed out", "player_out": "a3" }),
                ),
                &["wickets_max"],
            ),
        ),
        case(
            played(vec![ball(0, json!({}))]),
            (
                "dismissal",
                json!({ "kind": "run out", "player_out": "a3" }),
            ),
            &["not_at_crease"],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            ("batter_in", json!({ "player": "a1" })),
            &["batter_in"],
        ),
        case(played(vec![ball(0, json!({}))]), back(), &["not_retired"]),
        case(
            played(vec![ball(0, json!({})), hurt("retired hurt")]),
            back(),
            &[],
        ),
        case(
            played(vec![ball(0, json!({})), hurt("retired out")]),
            back(),
            &["retired_out"],
        ),
        case(
            played(vec![ball(0, json!({})), hurt("retired hurt")]),
            ball(0, json!({})),
            &["batter_retired"],
        ),
        by_rules(
            json!({ "wickets_max": 2 }),
            case(
                played(vec![
                    ball(0, json!({})),
                    hurt("retired hurt"),
                    bowled(json!({})),
                ]),
                ball(0, json!({ "batter": "a4", "non_striker": "a2" })),
                &["all_out"],
            ),
        ),
        // Another bats for him who has a concussion.
        by_rules(
            json!({ "wickets_max": 2 }),
            case(
                played(vec![
                    ball(0, json!({})),
                    hurt("retired hurt"),
                    bowled(replaced("match", "a4", "a1")),
                ]),
                ball(0, json!({ "batter": "a4", "non_striker": "a2" })),
                &[],
            ),
        ),
        case(
            played(vec![ball(0, json!({}))]),
            ball(0, change(replaced("role", "a3", "a1"), "batter", "a3")),
            &[],
        ),
        case(
            played(vec![]),
            ball(0, json!({ "wickets": caught_by(true) })),
            &[],
        ),
        case(
            played(vec![ball(
                0,
                json!({ "replacements": [{ "scope": "match", "in": "b2", "out": "b1", "team": "b", "reason": "injury" }] }),
            )]),
            ball(0, json!({})),
            &["player_replaced"],
        ),
    ]
}
