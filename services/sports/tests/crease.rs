//! Who is at the crease after what is seldom entered: batters who come again, and balls that a
//! correction leaves outside their over.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;
mod started;

use entries::{creation, post, take};
use grandstand_sports::{Game, Sport};
use serde_json::{Value, json};
use started::add;

/// An innings of a by these rules, with three balls an over if they say nothing else.
fn innings_by(rules: Value) -> Game {
    let mut created = creation();
    grandstand_core::patch::apply(&mut created["rules"], &rules);
    let mut game = Game::new(Sport::Cricket);
    add(&mut game, "created", "created", created);
    let start = json!({ "batting": "a" });
    add(&mut game, "start", "innings_start", start);
    game
}

/// Bowls a ball to `batter`, with `other` at the other end.
fn bowl(game: &mut Game, over: u32, [batter, other]: [&str; 2], runs: u32) -> String {
    let bowler = format!("b{}", over % 2 + 1);
    let ball = json!({
        "over": over, "batter": batter, "non_striker": other, "bowler": bowler, "runs": runs,
    });
    let id = format!("e{}", game.seq());
    add(game, &id, "delivery", ball);
    id
}

fn correct(game: &mut Game, op: &str, reference: &str) {
    let id = format!("e{}", game.seq());
    take(game, &post(&id, op, Some(reference), None)).unwrap();
}

/// Who faces, who is at the other end, and who bowls.
fn at_the_crease(game: &Game) -> [Value; 3] {
    assert_eq!(&game.refold(), game.state());
    ["striker", "non_striker", "bowler"].map(|end| game.state()["now"][end].clone())
}

#[test]
fn who_has_batted_and_is_not_out_comes_in_again() {
    let mut game = innings_by(json!({ "pair_overs": 1 }));
    bowl(&mut game, 0, ["a1", "a2"], 2);
    add(&mut game, "end", "over_end", json!({ "over": 0 }));
    assert_eq!(
        at_the_crease(&game),
        [Value::Null, Value::Null, Value::Null]
    );
    for player in ["a2", "a1"] {
        let id = format!("again-{player}");
        add(&mut game, &id, "batter_in", json!({ "player": player }));
    }
    assert_eq!(
        at_the_crease(&game),
        [json!("a2"), json!("a1"), Value::Null]
    );
    let batting = &game.state()["innings"]["i1"]["batting"];
    assert_eq!(batting.as_object().unwrap().len(), 2, "in their old rows");
}

#[test]
fn who_had_retired_comes_back_by_batter_returns_alone() {
    let mut game = innings_by(json!({}));
    bowl(&mut game, 0, ["a1", "a2"], 0);
    let hurt = json!({ "player": "a1", "kind": "retired hurt" });
    add(&mut game, "hurt", "batter_retired", hurt);
    let player = json!({ "player": "a1" });
    add(&mut game, "in", "batter_in", player.clone());
    assert_eq!(at_the_crease(&game)[0], Value::Null);
    add(&mut game, "back", "batter_returns", player);
    assert_eq!(at_the_crease(&game)[0], "a1");
}

#[test]
fn who_was_out_before_by_a_correction_is_not_there_for_the_next_ball() {
    let mut game = innings_by(json!({}));
    bowl(&mut game, 0, ["a1", "a2"], 0);
    let out = |player: &str| json!({ "kind": "run out", "player_out": player });
    add(&mut game, "out", "dismissal", out("a1"));
    bowl(&mut game, 0, ["a2", "a3"], 0);
    // It was the other one.
    let other = ("dismissal", out("a2"));
    let amend = post("other", "amend", Some("out"), Some(&other));
    take(&mut game, &amend).unwrap();
    assert_eq!(
        at_the_crease(&game),
        [Value::Null, json!("a3"), json!("b1")]
    );
    add(&mut game, "in", "batter_in", json!({ "player": "a1" }));
    assert_eq!(at_the_crease(&game)[0], "a1");
}

#[test]
fn a_ball_after_the_end_of_its_over_does_not_open_it_again() {
    let mut game = innings_by(json!({}));
    for _ in 0..3 {
        bowl(&mut game, 0, ["a1", "a2"], 0);
    }
    add(&mut game, "end", "over_end", json!({ "over": 0 }));
    correct(&mut game, "void", "end");
    bowl(&mut game, 0, ["a1", "a2"], 0);
    // The end that was taken back comes back, before the last ball.
    correct(&mut game, "restore", "end");
    assert_eq!(
        at_the_crease(&game),
        [json!("a2"), json!("a1"), Value::Null]
    );
    assert_eq!(game.proposals()["over"], 1);
    assert_eq!(game.state()["innings"]["i1"]["overs"], "1");
}

#[test]
fn an_over_before_the_last_one_is_complete() {
    let mut game = innings_by(json!({}));
    let first = bowl(&mut game, 0, ["a1", "a2"], 0);
    bowl(&mut game, 0, ["a1", "a2"], 0);
    // The first ball is put where its over would have been entered later.
    let later = json!({
        "over": 1, "batter": "a2", "non_striker": "a1", "bowler": "b2", "runs": 0,
    });
    let entry = ("delivery", later);
    let amend = post("later", "amend", Some(&first), Some(&entry));
    take(&mut game, &amend).unwrap();
    assert_eq!(game.state()["innings"]["i1"]["overs"], "1.1");
    assert_eq!(at_the_crease(&game)[2], "b1");
}
