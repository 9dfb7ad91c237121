//! A short match of cricket with a scorer's mistakes in it.

use serde_json::{Value, json};

use crate::harness::api::Api;

/// The body that creates it.
pub(crate) fn creation() -> Value {
    let player = |id: &str| json!({"id": id, "name": id.to_uppercase()});
    let players = |ids: [&str; 4]| ids.map(player);
    json!({"sport": "cricket", "title": "Reds v Blues", "rules": {"overs": 20}, "teams": {
        "a": {"name": "Reds", "players": players(["ann", "bea", "cia", "dot"])},
        "b": {"name": "Blues", "players": players(["eva", "fay", "gil", "hal"])}}})
}

/// Its events after the creation, each a post: four overs, in each of them a correction.
pub(crate) fn events() -> Vec<Value> {
    let mut events =
        vec![json!({"id": "start", "type": "innings_start", "data": {"batting": "a"}})];
    for over in 0..4 {
        for n in 1..=6 {
            events.push(ball(over, n, u64::from(n % 3 == 0)));
        }
        let (mistaken, at) = (format!("b{over}-2"), over + 1);
        let amended = ball(over, 2, 4)["data"].clone();
        events.push(json!({"id": format!("amend-{over}"), "op": "amend", "ref": mistaken, "type": "delivery", "data": amended}));
        events.push(
            json!({"id": format!("end-{over}"), "type": "over_end", "data": {"over": at - 1}}),
        );
    }
    events.push(json!({"id": "undo", "op": "void", "ref": "end-3"}));
    events
}

fn ball(over: u64, n: u64, runs: u64) -> Value {
    let bowler = ["eva", "fay"][over as usize % 2];
    json!({"id": format!("b{over}-{n}"), "type": "delivery", "data": {
        "over": over, "batter": "ann", "non_striker": "bea", "bowler": bowler, "runs": runs}})
}

/// Posts events one by one, at one scorer's after the other.
pub(crate) async fn score(scorers: &[Api], match_id: &str, events: &[Value]) {
    for (event, scorer) in events.iter().zip(scorers.iter().cycle()) {
        scorer.score(match_id, event).await;
    }
}
