//! A right document of each kind that a scorer sends, with every member that it may have.

use serde_json::{Value, json};

/// A match of cricket.
pub(crate) fn cricket() -> Value {
    let team = |name: &str, ids: [&str; 3]| {
        let players = ids.map(|id| json!({"id": id, "name": id}));
        json!({"name": name, "short": "T", "players": players})
    };
    json!({"sport": "cricket", "title": "Reds v Blues", "start": "2025-04-16T14:00:00Z",
        "visibility": "unlisted", "delay_s": 0,
        "rules": {"balls_per_over": 6, "overs": 20, "innings_per_side": 1, "wickets_max": 10,
            "noball_runs": 1, "wide_runs": 1, "bowler_overs_max": 4,
            "super_over": {"overs": 1, "wickets_max": 2}},
        "teams": {"a": team("Reds", ["ann", "bea", "cat"]), "b": team("Blues", ["dot", "eve", "fay"])}})
}

/// A match of the open sport.
pub(crate) fn open() -> Value {
    json!({"sport": "open", "title": "An auction", "start": "2025-04-16T14:00:00Z", "visibility": "unlisted",
        "delay_s": 0, "state": {"strip": {"title": "An auction", "status": "live"}, "bids": {"b01": {"by": ["ann"], "sum": 7}}}})
}

/// Every type of event of cricket with its data.
pub(crate) fn facts() -> Vec<(&'static str, Value)> {
    let review = json!({"by": "b", "umpire": "U", "batter": "ann", "type": "wicket", "decision": "pending", "umpires_call": true});
    let wicket = json!({"kind": "caught", "player_out": "ann",
        "fielders": [{"player": "eve", "name": "Eve", "substitute": true}]});
    vec![
        (
            "lineup",
            json!({"team": "a", "players": [{"id": "gus", "name": "Gus"}]}),
        ),
        (
            "toss",
            json!({"winner": "a", "decision": "bat", "uncontested": true}),
        ),
        (
            "innings_start",
            json!({"batting": "a", "super_over": false, "target": {"runs": 9, "overs": "16.4"}, "follow_on": false}),
        ),
        (
            "delivery",
            json!({"over": 0, "batter": "ann", "non_striker": "bea", "bowler": "dot", "runs": 0,
                "extras": {"wides": 0, "noballs": 0, "byes": 0, "legbyes": 1, "penalty": 0}, "boundary": 4,
                "wickets": [wicket], "free_hit": false, "short_run": false, "review": review,
                "replacements": [{"scope": "match", "in": "fay", "out": "eve", "team": "b", "role": "bowler", "reason": "hurt"}],
                "shot": "drive", "position": {"x": -1000, "y": 1000}}),
        ),
        (
            "over_end",
            json!({"over": 0, "miscounted": {"balls": 7, "umpire": "U"}}),
        ),
        ("batter_in", json!({"player": "cat"})),
        ("batter_returns", json!({"player": "cat"})),
        (
            "batter_retired",
            json!({"player": "cat", "kind": "retired hurt"}),
        ),
        ("dismissal", wicket.clone()),
        (
            "penalty",
            json!({"team": "a", "runs": 5, "when": "pre", "reason": "the ball hit a helmet"}),
        ),
        (
            "powerplay",
            json!({"from": "0.1", "to": "5.6", "kind": "mandatory"}),
        ),
        (
            "target_revised",
            json!({"runs": 120, "overs": 15, "method": "D/L", "par": 90}),
        ),
        ("overs_revised", json!({"overs": 15, "bowler_overs_max": 3})),
        ("review", review.clone()),
        ("status", json!({"status": "rain", "note": "a shower"})),
        (
            "innings_end",
            json!({"reason": "declared", "absent_hurt": ["cat"]}),
        ),
        (
            "result",
            json!({"winner": "a", "by": {"runs": 3, "wickets": 4, "innings": 1}, "result": "tie", "method": "D/L",
                "eliminator": "a", "bowl_out": "b", "awarded": true, "player_of_match": ["ann"]}),
        ),
        ("comment", json!({"about": "e1", "text": "What a ball"})),
        ("lock", json!({"reason": "signed"})),
        ("unlock", json!({"reason": "a mistake"})),
    ]
}

/// Events that the envelopes are about.
pub(crate) fn bases() -> Value {
    let bases = ["insert", "amend", "void", "restore"];
    json!(bases.map(|id| json!({"id": id, "type": "comment", "data": {"text": "a word"}})))
}

/// Envelopes of events of cricket.
pub(crate) fn envelopes() -> Vec<Value> {
    let data = json!({"text": "a word"});
    vec![
        json!({"id": "e", "type": "comment", "data": data, "op": "add", "at": 1_790_000_000_000_000_u64}),
        json!({"id": "e", "type": "comment", "data": data, "op": "insert", "ref": "insert"}),
        json!({"id": "e", "type": "comment", "data": data, "op": "amend", "ref": "amend"}),
        json!({"id": "e", "op": "void", "ref": "void"}),
        json!({"id": "e", "op": "restore", "ref": "restore", "at": 1}),
    ]
}

/// An event of the open sport.
pub(crate) fn open_event() -> Value {
    json!({"id": "e", "type": "bid", "data": {"by": "ann", "with": [1, {"a": true}]},
        "patch": {"bids": {"b02": {"by": ["bea"], "sum": -8}, "b01": null}}, "tags": ["bid"], "at": 7})
}
