//! Pairs cricket in which a wicket costs the side that bats nothing, and gives runs to the other one:
//! each is entered with a penalty to that side.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;
mod started;

use entries::creation;
use grandstand_sports::{Game, Sport};
use serde_json::{Value, json};
use started::add;

fn enter(game: &mut Game, kind: &'static str, data: Value) {
    let id = format!("e{}", game.seq());
    add(game, &id, kind, data);
}

/// An over of one ball, off which the batter makes `runs` and is run out; five runs for the others.
fn wicket(game: &mut Game, [side, other]: [&str; 2], runs: u32) {
    let batter = format!("{side}1");
    enter(
        game,
        "delivery",
        json!({
            "over": 0, "batter": batter, "non_striker": format!("{side}2"),
            "bowler": format!("{other}1"), "runs": runs,
            "wickets": [{ "kind": "run out", "player_out": batter }],
        }),
    );
    enter(game, "penalty", json!({ "team": other, "runs": 5 }));
}

#[test]
fn a_wicket_may_give_its_runs_to_the_side_that_fields() {
    let mut game = Game::new(Sport::Cricket);
    let mut created = creation();
    let rules = json!({ "overs": 1, "balls_per_over": 1, "pair_overs": 1 });
    grandstand_core::patch::apply(&mut created["rules"], &rules);
    add(&mut game, "created", "created", created);
    for (sides, runs) in [(["a", "b"], 4), (["b", "a"], 2)] {
        enter(&mut game, "innings_start", json!({ "batting": sides[0] }));
        wicket(&mut game, sides, runs);
        enter(&mut game, "innings_end", json!({ "reason": "overs" }));
    }

    let innings = &game.state()["innings"];
    let totals = ["i1", "i2"].map(|key| innings[key]["runs"].clone());
    assert_eq!(totals, [4 + 5, 5 + 2]);
    assert_eq!(innings["i1"]["penalty_post"], 5);
    assert_eq!(innings["i2"]["penalty_pre"], 5);
    assert_eq!(innings["i2"]["batting"]["b01"]["outs"], 1);
    let result = game.proposals()["result"].clone();
    assert_eq!(result["winner"], "a");
    assert_eq!(result["by"], json!({ "runs": 2 }));
}
