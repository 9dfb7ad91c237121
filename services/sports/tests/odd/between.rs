//! What is entered between balls: line-ups, toss, penalties, targets, results.

use serde_json::json;

use super::{Case, ball, by_rules, case, end, played, start};

pub(crate) fn odd() -> Vec<Case> {
    let lock = || ("lock", json!({}));
    let toss = || ("toss", json!({ "winner": "a", "decision": "bat" }));
    let tie = || ("result", json!({ "result": "tie" }));
    let won = |side: &str| ("result", json!({ "winner": side }));
    let lineup = |id: &str| {
        let players = json!([{ "id": id, "name": "New" }]);
        ("lineup", json!({ "team": "a", "players": players }))
    };
    let both = || {
        let b =
            json!({ "over": 0, "batter": "b1", "non_striker": "b2", "bowler": "a1", "runs": 1 });
        let second = vec![end(), start("b"), ("delivery", b), end()];
        played(second)
    };
    vec![
        case(vec![], lineup("a9"), &[]),
        case(vec![], lineup("a1"), &["player_known"]),
        case(vec![toss()], toss(), &["toss_again"]),
        case(played(vec![]), toss(), &["toss_late"]),
        case(
            vec![],
            ("penalty", json!({ "team": "a", "runs": 4 })),
            &["penalty_runs"],
        ),
        case(
            vec![],
            ("target_revised", json!({ "runs": 4 })),
            &["target_early"],
        ),
        by_rules(
            json!({ "overs": null }),
            case(
                vec![],
                ("overs_revised", json!({ "overs": 4 })),
                &["overs_unlimited"],
            ),
        ),
        case(vec![], ("unlock", json!({})), &["not_locked"]),
        case(vec![lock()], ("unlock", json!({})), &[]),
        case(
            vec![],
            ("result", json!({ "winner": "a", "eliminator": "a" })),
            &["tie_break"],
        ),
        case(played(vec![]), tie(), &["innings_open"]),
        case(vec![tie()], tie(), &["result_again"]),
        case(both(), won("b"), &[]),
        case(both(), won("a"), &["result_differs"]),
        case(vec![tie()], start("a"), &["result_entered"]),
        case(played(vec![tie()]), ball(0, json!({})), &["result_entered"]),
    ]
}
