//! The `data` of the `result` of a match.

use serde_json::{Map, Value, json};

use crate::cricsheet::{Match, Outcome};
use crate::names;
use crate::squads::{Side, Squads};

/// How `of` ended, if the file says it.
pub(crate) fn data(of: &Match, squads: &Squads) -> Option<Value> {
    let outcome = &of.info.outcome;
    let side = |team: &Option<String>| squads.side(team.as_ref()?).map(Side::as_str);
    let mut data = Map::new();
    let mut put = |key: &str, value: Value| data.insert(key.to_owned(), value);
    match (side(&outcome.winner), without_winner(outcome)) {
        (Some(winner), _) => {
            put("winner", json!(winner));
            if let Some(margin) = margin(outcome) {
                put("by", margin);
            }
        }
        (None, Some(result)) => {
            put("result", json!(result));
        }
        (None, None) => return None,
    }
    for (key, team) in [
        ("eliminator", &outcome.eliminator),
        ("bowl_out", &outcome.bowl_out),
    ] {
        if let Some(side) = side(team) {
            put(key, json!(side));
        }
    }
    match outcome.method.as_deref() {
        Some("Awarded") if outcome.winner.is_some() => {
            put("awarded", json!(true));
        }
        Some(method) => {
            put("method", json!(names::name(method)));
        }
        None => {}
    }
    let best = of.info.player_of_match.iter();
    let best: Vec<&str> = best
        .filter_map(|name| squads.of_either(name, Side::A))
        .map(|player| player.id.as_str())
        .collect();
    if !best.is_empty() {
        put("player_of_match", json!(best));
    }
    Some(Value::Object(data))
}

/// A result without a winner; what was decided otherwise had been a tie.
fn without_winner(outcome: &Outcome) -> Option<&str> {
    let known = ["tie", "draw", "no result"];
    let decided = outcome.eliminator.is_some() || outcome.bowl_out.is_some();
    let result = outcome.result.as_deref();
    result
        .filter(|result| known.contains(result))
        .or(decided.then_some("tie"))
}

fn margin(outcome: &Outcome) -> Option<Value> {
    let by = outcome.by.as_ref()?;
    let counts = [
        ("runs", by.runs),
        ("wickets", by.wickets),
        ("innings", by.innings),
    ];
    let counts = counts
        .into_iter()
        .filter_map(|(key, count)| Some((key.to_owned(), json!(count?))));
    Some(Value::Object(counts.collect()))
}
