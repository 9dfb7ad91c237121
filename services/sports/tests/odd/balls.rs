//! Balls.

use serde_json::{Value, json};

use super::{Case, ball, by_rules, case, over_end, played};
use crate::started::wicket;

pub(crate) fn odd() -> Vec<Case> {
    let extras = |extras: Value| json!({ "extras": extras });
    vec![
        case(played(vec![]), ball(0, json!({})), &[]),
        case(played(vec![]), ball(2, json!({})), &["over_missing"]),
        case(
            played(vec![
                ball(0, json!({})),
                ball(0, json!({})),
                ball(0, json!({})),
            ]),
            ball(0, json!({})),
            &["over_balls"],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            ball(1, json!({ "batter": "a2", "non_striker": "a1" })),
            &["over_not_ended"],
        ),
        case(
            played(vec![]),
            ball(0, json!({ "runs": 7 })),
            &["runs_unusual"],
        ),
        case(
            played(vec![]),
            ball(0, extras(json!({ "wides": 1, "byes": 1 }))),
            &["wides_and_byes"],
        ),
        case(
            played(vec![]),
            ball(0, json!({ "runs": 1, "extras": { "wides": 1 } })),
            &["runs_and_wides"],
        ),
        case(
            played(vec![]),
            ball(0, json!({ "runs": 1, "extras": { "byes": 1 } })),
            &["runs_and_byes"],
        ),
        case(
            played(vec![]),
            ball(0, extras(json!({ "byes": 1, "legbyes": 1 }))),
            &["byes_and_legbyes"],
        ),
        by_rules(
            json!({ "wide_runs": 2, "noball_runs": 2 }),
            case(
                played(vec![]),
                ball(0, extras(json!({ "wides": 1 }))),
                &["wide_runs"],
            ),
        ),
        by_rules(
            json!({ "wide_runs": 2, "noball_runs": 2 }),
            case(
                played(vec![]),
                ball(0, extras(json!({ "noballs": 1 }))),
                &["noball_runs"],
            ),
        ),
        case(
            played(vec![]),
            ball(0, json!({ "runs": 1, "boundary": 4 })),
            &["boundary"],
        ),
        case(
            played(vec![ball(0, json!({ "runs": 1 }))]),
            ball(0, json!({})),
            &["striker"],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            ball(0, json!({ "batter": "a3" })),
            &["batter_left"],
        ),
        case(
            played(vec![ball(0, json!({}))]),
            ball(0, json!({ "bowler": "b2" })),
            &["bowler_changed"],
        ),
        case(
            played(vec![ball(0, json!({})), over_end(0)]),
            ball(
                1,
                json!({ "batter": "a2", "non_striker": "a1", "bowler": "b1" }),
            ),
            &["bowler_consecutive"],
        ),
        by_rules(
            json!({ "bowler_overs_max": 1, "balls_per_over": 1 }),
            case(
                played(vec![
                    ball(0, json!({})),
                    over_end(0),
                    ball(1, json!({ "batter": "a2", "non_striker": "a1" })),
                    over_end(1),
                ]),
                ball(2, json!({ "bowler": "b1" })),
                &["bowler_overs_max"],
            ),
        ),
        by_rules(
            json!({ "retire_runs": 4 }),
            case(
                played(vec![ball(0, json!({ "runs": 4 }))]),
                ball(0, json!({})),
                &["retirement_due"],
            ),
        ),
        by_rules(
            json!({ "last_batter_stands": true }),
            case(
                played(vec![]),
                ball(0, json!({ "non_striker": null, "runs": 1 })),
                &["batter_alone", "runs_alone"],
            ),
        ),
        case(
            played(vec![
                ("target_revised", json!({ "runs": 4 })),
                ball(0, json!({ "runs": 4 })),
            ]),
            ball(0, json!({})),
            &["target_reached"],
        ),
        by_rules(
            json!({ "wickets_max": 1 }),
            case(
                played(vec![ball(0, json!({ "wickets": wicket("bowled", "a1") }))]),
                ball(0, json!({ "batter": "a3" })),
                &["all_out"],
            ),
        ),
        by_rules(
            json!({ "overs": 1 }),
            case(
                played(vec![ball(0, json!({})), over_end(0)]),
                ball(1, json!({ "batter": "a2", "non_striker": "a1" })),
                &["overs_max"],
            ),
        ),
    ]
}
