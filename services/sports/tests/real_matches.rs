//! Every figure of real matches, ball by ball, against figures counted by an independent script.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cricsheet;

use cricsheet::{Converter, Scored};
use grandstand_core::hash::{self, StateHash};
use grandstand_sports::{Game, Sport};
use serde_json::{Value, json};

#[test]
fn every_figure_of_a_real_match_is_right() {
    for (name, path) in cricsheet::files() {
        let documents = Converter::convert(&cricsheet::read(&path));
        let expected = path.with_file_name("expected").join(format!("{name}.json"));
        let expected = cricsheet::read(&expected);

        let scored = cricsheet::score(&documents);

        let state = scored.game.state();
        let innings = state["innings"].as_object().unwrap();
        let wanted = expected["innings"].as_array().unwrap();
        assert_eq!(innings.len(), wanted.len(), "{name}");
        for (index, wanted) in wanted.iter().enumerate() {
            let got = &innings[&format!("i{}", index + 1)];
            compare_innings(&format!("{name} i{}", index + 1), state, got, wanted);
        }
        report(&name, &scored);
    }
}

fn report(name: &str, scored: &Scored) {
    let state_bytes = hash::canonical(scored.game.state()).len();
    let patches = scored
        .events
        .iter()
        .map(|event| hash::canonical(&event.patch).len());
    let mean = patches.sum::<usize>() / scored.events.len();
    let mut rules = std::collections::BTreeMap::new();
    for (_, warning) in &scored.warnings {
        *rules.entry(warning.rule.as_str()).or_insert(0) += 1;
    }
    println!(
        "{name}: {} events, state {state_bytes} bytes, patch {mean} bytes on average, warnings {rules:?}\n  {}",
        scored.events.len(),
        scored.game.state()["strip"],
    );
}

fn names(state: &Value, id: &Value) -> Value {
    for side in ["a", "b"] {
        if let Some(name) = state["teams"][side]["players"].get(id.as_str().unwrap()) {
            return name.clone();
        }
    }
    id.clone()
}

fn compare_innings(place: &str, state: &Value, got: &Value, wanted: &Value) {
    for name in ["runs", "wickets", "legal_balls", "overs", "extras"] {
        assert_eq!(got[name], wanted[name], "{place} {name}");
    }
    for name in ["penalty_pre", "penalty_post"] {
        assert_eq!(
            got[name].as_u64().unwrap_or(0),
            wanted[name].as_u64().unwrap(),
            "{place} {name}"
        );
    }
    compare_rows(
        place,
        "batting",
        got,
        wanted,
        &["runs", "balls", "fours", "sixes"],
    );
    let figures = [
        "balls", "maidens", "runs", "wickets", "wides", "noballs", "dots",
    ];
    compare_rows(place, "bowling", got, wanted, &figures);
    for row in got["batting"].as_object().unwrap().values() {
        let wanted = &wanted["batting"][row["name"].as_str().unwrap()]["out"];
        compare_out(
            &format!("{place} {}", row["name"]),
            state,
            &row["out"],
            wanted,
        );
    }
    let rows = |name: &str| {
        got[name]
            .as_object()
            .unwrap()
            .values()
            .cloned()
            .collect::<Vec<_>>()
    };
    let falls: Vec<Value> = rows("fall_of_wickets")
        .iter()
        .zip(1..)
        .map(|(fall, wicket)| {
            json!({ "wicket": wicket, "runs": fall["runs"], "player": names(state, &fall["player"]), "over": fall["over"] })
        })
        .collect();
    assert_eq!(json!(falls), wanted["fall_of_wickets"], "{place}");
    let partnerships: Vec<Value> = rows("partnerships")
        .iter()
        .map(|row| {
            let batters = row["batters"].as_array().unwrap().iter();
            let mut batters: Vec<String> = batters
                .map(|id| names(state, id).as_str().unwrap().to_owned())
                .collect();
            batters.sort();
            json!({ "batters": batters, "runs": row["runs"], "balls": row["balls"] })
        })
        .collect();
    assert_eq!(json!(partnerships), wanted["partnerships"], "{place}");
    let overs: Vec<Value> = rows("per_over")
        .iter()
        .map(|over| json!([over["runs"], over["wickets"]]))
        .collect();
    assert_eq!(json!(overs), wanted["per_over"], "{place}");
}

fn compare_rows(place: &str, table: &str, got: &Value, wanted: &Value, figures: &[&str]) {
    let rows = got[table].as_object().unwrap();
    let wanted = wanted[table].as_object().unwrap();
    assert_eq!(rows.len(), wanted.len(), "{place} {table}");
    for row in rows.values() {
        let name = row["name"].as_str().unwrap();
        for figure in figures {
            assert_eq!(
                row[figure], wanted[name][figure],
                "{place} {table} {name} {figure}"
            );
        }
    }
}

fn compare_out(place: &str, state: &Value, got: &Value, wanted: &Value) {
    assert_eq!(got["kind"], wanted["kind"], "{place}");
    if wanted.is_null() {
        return;
    }
    match got.get("bowler") {
        Some(bowler) => assert_eq!(names(state, bowler), wanted["bowler"], "{place}"),
        None => assert!(wanted["bowler"].is_null(), "{place}"),
    }
    let fielders = got["fielders"].as_array().cloned().unwrap_or_default();
    let fielders: Vec<Value> = fielders.iter().map(|id| names(state, id)).collect();
    assert_eq!(json!(fielders), wanted["fielders"], "{place}");
}

#[test]
fn a_log_applied_is_the_match_as_it_was_scored_and_as_the_rules_fold_it() {
    for (name, path) in cricsheet::files() {
        let documents = Converter::convert(&cricsheet::read(&path));
        let scored = cricsheet::score(&documents);

        let mut game = Game::new(Sport::Cricket);
        scored.events.iter().for_each(|event| game.apply(event));

        assert_eq!(game.state(), scored.game.state(), "{name}");
        assert_eq!(&game.refold(), scored.game.state(), "{name}");
    }
}

/// The hash of each match's last state: a change of the rules that changes one folds an old event
/// differently, and raises `RULES_VERSION`.
const HASHES: [(&str, &str); 13] = [
    ("1144530", "2e79ceea0f5911a9"),
    ("1252690", "08fa1669090139f3"),
    ("1299163", "9fc75635c2422107"),
    ("1323162", "bc19f0a0fa0a2c81"),
    ("1345425", "417d4984b7ae3900"),
    ("1370352", "a0d2bd9ededad6e2"),
    ("1384439", "94bbb5e411a34d86"),
    ("1389401", "76768d68aed51291"),
    ("1406076", "7392919ebf465603"),
    ("1473469", "07e4068361177ce0"),
    ("1477012", "e7c22e937820a6d4"),
    ("501263", "a45c54a4035f5a26"),
    ("573012", "87838fb59fbf49fe"),
];

#[test]
fn the_state_of_a_match_changes_only_with_the_version_of_the_rules() {
    assert_eq!(grandstand_sports::RULES_VERSION, 1);
    for (name, path) in cricsheet::files() {
        let documents = Converter::convert(&cricsheet::read(&path));
        let hash = StateHash::of(cricsheet::score(&documents).game.state());
        let (_, known) = HASHES.iter().find(|(of, _)| *of == name).unwrap();
        assert_eq!(hash.to_string(), *known, "{name}");
    }
}
