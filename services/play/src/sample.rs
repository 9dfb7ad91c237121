//! A made-up match of a dozen balls, in which something of most kinds happens.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cricsheet::Match;

/// The match.
pub(crate) fn tiny() -> Match {
    crate::read::parse(Path::new("tiny.json"), tiny_json().to_string().as_bytes()).expect("valid")
}

/// A plain ball.
pub(crate) fn ball(batter: &str, non_striker: &str, bowler: &str, runs: u32) -> Value {
    json!({"batter": batter, "non_striker": non_striker, "bowler": bowler,
        "runs": {"batter": runs, "extras": 0, "total": runs}})
}

fn with(mut ball: Value, name: &str, value: Value) -> Value {
    ball[name] = value;
    ball
}

/// The match as JSON, to be broken at will.
pub(crate) fn tiny_json() -> Value {
    let wide = json!({"batter": "A One", "non_striker": "A Two", "bowler": "B One",
        "runs": {"batter": 0, "extras": 5, "total": 5}, "extras": {"wides": 5}});
    let caught = json!([{"kind": "caught", "player_out": "A One",
        "fielders": [{"name": "B Sub", "substitute": true}, {"substitute": true}, {"name": "B Two"}]}]);
    let first_over = json!([
        with(
            ball("A One", "A Two", "B One", 4),
            "runs",
            json!({"batter": 4, "extras": 0, "total": 4, "non_boundary": true})
        ),
        ball("A One", "A Two", "B One", 4),
        wide,
        with(ball("A One", "A Two", "B One", 0), "wickets", caught),
        with(
            ball("A Three", "A Two", "B One", 0),
            "wickets",
            json!([{"kind": "timed out", "player_out": "A Four"}])
        ),
        with(
            ball("A Three", "A Two", "B One", 1),
            "review",
            json!({"by": "Beta City", "umpire": "U", "batter": "A Three", "decision": "struck down"})
        ),
        ball("A Two", "A Three", "B One", 0),
    ]);
    let second_over = json!([
        // A Two has left without a word, and comes back two balls later.
        ball("A Three", "A Five", "B Two", 0),
        with(
            ball("A Three", "A Five", "B Two", 0),
            "wickets",
            json!([{"kind": "retired out", "player_out": "A Three"}])
        ),
        with(
            ball("A Two", "A Five", "B Two", 6),
            "replacements",
            json!({"match": [{"in": "B New", "out": "B One", "team": "Beta City", "reason": "impact_player"}]})
        ),
    ]);
    json!({
        "meta": {"data_version": "1.1.0", "created": "2026-01-01", "revision": 1},
        "info": {
            "balls_per_over": 6, "dates": ["2026-01-01"], "match_type": "T20", "overs": 20,
            "outcome": {"winner": "Beta City", "by": {"wickets": 10}},
            "player_of_match": ["B One"],
            "players": {"Alpha Town": ["A One", "A Two", "A Three", "A Four", "A Five"], "Beta City": ["B One", "B Two"]},
            "registry": {"people": {"A One": "a1", "A Two": "a2", "A Three": "a3", "A Four": "a4", "A Five": "a5",
                "B One": "b1", "B Two": "b2", "B New": "b3", "B Sub": "b4"}},
            "teams": ["Alpha Town", "Beta City"],
            "toss": {"winner": "Beta City", "decision": "field"},
        },
        "innings": [
            {"team": "Alpha Town", "absent_hurt": [], "penalty_runs": {"pre": 5, "post": 2},
             "powerplays": [{"from": 0.1, "to": 5.6, "type": "mandatory"}],
             "overs": [{"over": 0, "deliveries": first_over}, {"over": 1, "deliveries": second_over}]},
            {"team": "Beta City", "target": {"overs": 20, "runs": 2},
             "overs": [{"over": 0, "deliveries": [ball("B One", "B Two", "A Five", 2)]}]},
        ],
    })
}

/// Where the real matches lie, if they are on this machine.
fn real_dir() -> PathBuf {
    let shared = std::env::var_os("GRANDSTAND_SHARED").map(PathBuf::from);
    let beside_the_project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    shared.unwrap_or(beside_the_project).join("data/cricsheet")
}

/// The real matches with what an independent count made of them, by name; says so where there are none.
pub(crate) fn real_matches() -> Vec<(String, Match, Value)> {
    let dir = real_dir();
    let Ok(entries) = std::fs::read_dir(&dir) else {
        eprintln!(
            "SKIPPED: no real matches at {}; set GRANDSTAND_SHARED",
            dir.display()
        );
        return Vec::new();
    };
    let mut matches: Vec<(String, Match, Value)> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read(&path).expect("readable");
            let expected = std::fs::read(dir.join("expected").join(&name)).expect("readable");
            let read = crate::read::parse(&path, &text).expect("a match");
            (name, read, serde_json::from_slice(&expected).expect("JSON"))
        })
        .collect();
    matches.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!matches.is_empty(), "no file in {}", dir.display());
    matches
}
