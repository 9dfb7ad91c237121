//! The rules of leagues, each with figures counted by hand. The sources are in `schemas/README.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;
mod started;

use entries::{RIGHTS, post, take};
use grandstand_sports::{Game, RefusalKind, Sport};
use serde_json::{Value, json};
use started::{add, decide};

/// A match by such rules, in which a bats; with two balls an over if nothing else is said.
fn league(rules: Value) -> Game {
    let mut all = json!({ "balls_per_over": 2, "overs": 4 });
    grandstand_core::patch::apply(&mut all, &rules);
    let players = |side: &str| -> Vec<Value> {
        let ids = (1..=6).map(|number| format!("{side}{number}"));
        ids.map(|id| json!({ "id": id, "name": id })).collect()
    };
    let creation = json!({
        "sport": "cricket", "title": "A v B", "rules": all,
        "teams": {
            "a": { "name": "A", "players": players("a") },
            "b": { "name": "B", "players": players("b") },
        },
    });
    let mut game = Game::new(Sport::Cricket);
    add(&mut game, "created", "created", creation);
    let start = json!({ "batting": "a" });
    add(&mut game, "start", "innings_start", start);
    game
}

/// Bowls a ball of an over to `batter` with `other` at the other end; the rules of the warnings.
fn bowl(game: &mut Game, [batter, other]: [&str; 2], over: u32, members: Value) -> Vec<String> {
    let bowler = format!("b{}", over % 2 + 1);
    let mut ball = json!({
        "over": over, "batter": batter, "non_striker": other, "bowler": bowler, "runs": 0,
    });
    grandstand_core::patch::apply(&mut ball, &members);
    let posted = post(
        &format!("e{}", game.seq()),
        "add",
        None,
        Some(&("delivery", ball)),
    );
    let warnings = decide(game, &posted, RIGHTS).unwrap().1;
    take(game, &posted).unwrap();
    warnings.into_iter().map(|warning| warning.rule).collect()
}

fn end_over(game: &mut Game, over: u32) {
    let id = format!("end{over}");
    let posted = post(
        &id,
        "add",
        None,
        Some(&("over_end", json!({ "over": over }))),
    );
    assert_eq!(decide(game, &posted, RIGHTS).unwrap().1, [], "{over}");
    take(game, &posted).unwrap();
}

fn innings(game: &Game) -> Value {
    assert_eq!(&game.refold(), game.state());
    game.state()["innings"]["i1"].clone()
}

fn proposed(game: &Game, name: &str) -> Value {
    game.proposals().get(name).cloned().unwrap_or_default()
}

fn bowled(player: &str) -> Value {
    json!({ "wickets": [{ "kind": "bowled", "player_out": player }] })
}

/// North Cheshire Junior Cricket Alliance, under 9: four overs a pair (two here), 200 runs to begin
/// with, four for a wicket; a wide is two and is bowled again in the last over only.
#[test]
fn a_pair_bats_its_overs_and_a_wicket_costs_runs() {
    let mut game = league(json!({
        "pair_overs": 2, "start_runs": 200, "wicket_runs": 4, "wide_runs": 2,
        "wides_rebowled": false, "last_over_by_law": true,
    }));
    bowl(&mut game, ["a1", "a2"], 0, json!({ "runs": 1 }));
    bowl(
        &mut game,
        ["a2", "a1"],
        0,
        json!({ "extras": { "wides": 2 } }),
    );
    let after_wide = innings(&game);
    assert_eq!(
        (&after_wide["runs"], &after_wide["overs"]),
        (&json!(203), &json!("1"))
    );
    assert_eq!(after_wide["bowling"]["w01"]["balls"], 2);
    assert_eq!(after_wide["batting"]["b02"]["balls"], 1);
    assert_eq!(game.state()["now"]["run_rate"], "3.00");
    assert_eq!(proposed(&game, "over_end"), json!({ "over": 0 }));
    end_over(&mut game, 0);

    assert_eq!(proposed(&game, "striker"), "a1");
    bowl(&mut game, ["a1", "a2"], 1, bowled("a1"));
    assert_eq!(
        proposed(&game, "striker"),
        "a2",
        "who is out does not face the next ball"
    );
    bowl(&mut game, ["a2", "a1"], 1, bowled("a2"));
    let after_two = innings(&game);
    assert_eq!(
        (&after_two["runs"], &after_two["wickets"]),
        (&json!(195), &json!(2))
    );
    assert_eq!(after_two["wicket_cost"], 8);
    assert_eq!(after_two["batting"]["b01"]["outs"], 1);
    assert!(after_two["batting"]["b01"].get("out").is_none());
    assert_eq!(
        after_two["fall_of_wickets"]["f02"],
        json!({ "player": "a2", "runs": 195, "over": "1.2" })
    );
    assert_eq!(after_two["bowling"]["w02"]["wickets"], 2);
    end_over(&mut game, 1);

    assert_eq!(
        proposed(&game, "striker"),
        Value::Null,
        "another pair comes"
    );
    assert_eq!(bowl(&mut game, ["a3", "a4"], 2, json!({})), [] as [&str; 0]);
    bowl(&mut game, ["a3", "a4"], 2, json!({}));
    end_over(&mut game, 2);
    bowl(
        &mut game,
        ["a4", "a3"],
        3,
        json!({ "extras": { "wides": 2 } }),
    );
    bowl(&mut game, ["a4", "a3"], 3, json!({}));
    assert_eq!(
        innings(&game)["overs"],
        "3.1",
        "in the last over a wide is bowled again"
    );
    bowl(&mut game, ["a4", "a3"], 3, json!({}));
    assert_eq!(proposed(&game, "innings_end"), json!({ "reason": "overs" }));
    assert_eq!(innings(&game)["runs"], 197);
    assert_eq!(game.state()["strip"]["score"], "A 197/2 (4)");
}

#[test]
fn pairs_bat_all_their_overs_and_win_by_runs() {
    let mut game =
        league(json!({ "overs": 1, "pair_overs": 1, "start_runs": 200, "wicket_runs": 5 }));
    bowl(&mut game, ["a1", "a2"], 0, json!({ "runs": 2 }));
    bowl(&mut game, ["a1", "a2"], 0, json!({}));
    end_over(&mut game, 0);
    add(
        &mut game,
        "end",
        "innings_end",
        json!({ "reason": "overs" }),
    );
    let next = proposed(&game, "innings_start");
    assert_eq!(
        next,
        json!({ "batting": "b", "target": { "runs": 203, "overs": 1 } })
    );
    add(&mut game, "start2", "innings_start", next);
    let ball = |runs: u32| json!({ "over": 0, "batter": "b1", "non_striker": "b2", "bowler": "a1", "runs": runs });
    add(&mut game, "c1", "delivery", ball(6));
    assert_eq!(
        proposed(&game, "innings_end"),
        Value::Null,
        "a wicket may cost them the lead"
    );
    let mut out = ball(0);
    grandstand_core::patch::apply(&mut out, &bowled("b1"));
    add(&mut game, "c2", "delivery", out);
    add(
        &mut game,
        "end2",
        "innings_end",
        json!({ "reason": "overs" }),
    );
    assert_eq!(
        proposed(&game, "result"),
        json!({ "winner": "a", "by": { "runs": 1 } })
    );
}

#[test]
fn a_side_may_have_less_than_nothing() {
    let mut game = league(json!({ "wicket_runs": 5, "dismissed_bat_on": true }));
    bowl(&mut game, ["a1", "a2"], 0, bowled("a1"));
    assert_eq!(innings(&game)["runs"], -5);
    assert_eq!(game.state()["now"]["run_rate"], "-10.00");
    assert_eq!(game.state()["strip"]["score"], "A -5/1 (0.1)");
}

/// Cricket Australia, junior formats, stage 1: every ball counts, for the over and for the batter,
/// who retires when he has faced his; who is out changes ends and bats on.
#[test]
fn a_batter_who_has_faced_his_balls_retires() {
    let mut game = league(json!({
        "batter_balls_max": 2, "dismissed_bat_on": true,
        "wides_rebowled": false, "noballs_rebowled": false,
    }));
    bowl(
        &mut game,
        ["a1", "a2"],
        0,
        json!({ "extras": { "wides": 1 } }),
    );
    assert_eq!(proposed(&game, "batter_retired"), Value::Null);
    bowl(
        &mut game,
        ["a1", "a2"],
        0,
        json!({ "extras": { "noballs": 1 } }),
    );
    assert_eq!(innings(&game)["overs"], "1");
    let retires = json!({ "player": "a1", "kind": "retired not out" });
    assert_eq!(proposed(&game, "batter_retired"), retires);
    end_over(&mut game, 0);
    let warnings = bowl(&mut game, ["a2", "a1"], 1, json!({}));
    assert_eq!(warnings, ["retirement_due"]);
    add(&mut game, "r", "batter_retired", retires);
    assert_eq!(proposed(&game, "batter_retired"), Value::Null);
    assert_eq!(innings(&game)["wickets"], 0);
}

/// Aberdeenshire Cricket Association, under 12: retire at 20, and return if everyone else is out;
/// seven balls an over at most (three here).
#[test]
fn a_batter_retires_at_a_score_and_may_come_back() {
    let mut game = league(json!({ "retire_runs": 6, "over_deliveries_max": 3 }));
    let six = json!({ "runs": 6, "boundary": 6 });
    bowl(&mut game, ["a1", "a2"], 0, six);
    let retires = proposed(&game, "batter_retired");
    assert_eq!(
        retires,
        json!({ "player": "a1", "kind": "retired not out" })
    );
    add(&mut game, "r", "batter_retired", retires);
    add(&mut game, "b", "batter_returns", json!({ "player": "a1" }));
    assert_eq!(proposed(&game, "batter_retired"), Value::Null);
    let warnings = bowl(&mut game, ["a1", "a2"], 0, json!({ "runs": 2 }));
    assert_eq!(warnings, [] as [&str; 0]);
}

/// Cricket Australia, junior formats, stage 2: eight balls an over at most (three here), but six
/// legal ones in the last.
#[test]
fn an_over_ends_after_its_deliveries_whatever_they_were() {
    let mut game =
        league(json!({ "overs": 2, "over_deliveries_max": 3, "last_over_by_law": true }));
    let wide = json!({ "extras": { "wides": 1 } });
    for _ in 0..3 {
        assert_eq!(proposed(&game, "over_end"), Value::Null);
        bowl(&mut game, ["a1", "a2"], 0, wide.clone());
    }
    let after = innings(&game);
    assert_eq!(
        (&after["overs"], &after["legal_balls"]),
        (&json!("1"), &json!(0))
    );
    assert_eq!(proposed(&game, "over_end"), json!({ "over": 0 }));
    end_over(&mut game, 0);
    for _ in 0..3 {
        bowl(&mut game, ["a2", "a1"], 1, wide.clone());
    }
    assert_eq!(proposed(&game, "over_end"), Value::Null);
    assert_eq!(innings(&game)["overs"], "1");
}

/// Last Man Stands: the last batter bats on alone, faces every ball and makes two, four or six; five
/// balls an over; retirement at fifty.
#[test]
fn the_last_batter_stands_alone_and_keeps_the_strike() {
    let mut game = league(json!({ "last_batter_stands": true, "wickets_max": 2 }));
    let alone = |over: u32, runs: u32| {
        let bowler = format!("b{}", over + 1);
        json!({ "over": over, "batter": "a2", "bowler": bowler, "runs": runs })
    };
    let early = post("early", "add", None, Some(&("delivery", alone(0, 2))));
    let warnings = decide(&game, &early, RIGHTS).unwrap().1;
    assert_eq!(warnings[0].rule, "batter_alone");
    bowl(&mut game, ["a1", "a2"], 0, bowled("a1"));
    assert_eq!(proposed(&game, "innings_end"), Value::Null);
    assert_eq!(proposed(&game, "striker"), "a2");

    let odd = post("odd", "add", None, Some(&("delivery", alone(0, 1))));
    assert_eq!(decide(&game, &odd, RIGHTS).unwrap().1[0].rule, "runs_alone");
    take(&mut game, &odd).unwrap();
    end_over(&mut game, 0);
    assert_eq!(proposed(&game, "striker"), "a2");
    assert_eq!(proposed(&game, "non_striker"), Value::Null);
    add(&mut game, "d3", "delivery", alone(1, 2));
    let state = innings(&game);
    assert_eq!(
        state["partnerships"]["p02"],
        json!({ "batters": ["a2"], "runs": 3, "balls": 2 })
    );
    let mut last = alone(1, 0);
    grandstand_core::patch::apply(&mut last, &bowled("a2"));
    add(&mut game, "d4", "delivery", last);
    assert_eq!(
        proposed(&game, "innings_end"),
        json!({ "reason": "all_out" })
    );
}

#[test]
fn by_the_laws_nobody_bats_alone() {
    let game = league(json!({}));
    let alone = json!({ "over": 0, "batter": "a1", "bowler": "b1", "runs": 0 });
    let posted = post("d", "add", None, Some(&("delivery", alone)));
    let refusal = decide(&game, &posted, RIGHTS).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Malformed);
    assert_eq!(refusal.field.as_deref(), Some("data.non_striker"));
}

/// Five-ball overs from alternate ends, as they were bowled before 1900; and no free hits.
#[test]
fn ends_and_free_hits_are_rules_of_the_match() {
    let noball = json!({ "extras": { "noballs": 1 } });
    let mut game = league(json!({ "balls_per_over": 5, "overs_per_end": 1, "free_hits": false }));
    bowl(&mut game, ["a1", "a2"], 0, noball.clone());
    assert!(game.state()["now"].get("free_hit").is_none());
    end_over_short(&mut game, 0);
    assert_eq!(proposed(&game, "striker"), "a2");

    let mut game = league(json!({ "balls_per_over": 5 }));
    bowl(&mut game, ["a1", "a2"], 0, noball);
    assert_eq!(game.state()["now"]["free_hit"], true);
    end_over_short(&mut game, 0);
    assert_eq!(proposed(&game, "striker"), "a1");
}

fn end_over_short(game: &mut Game, over: u32) {
    add(
        game,
        &format!("end{over}"),
        "over_end",
        json!({ "over": over }),
    );
}

#[test]
fn no_bowler_has_more_overs_in_a_row_than_there_are_from_an_end() {
    for (balls_per_over, twice, thrice) in [(2, true, true), (5, false, true)] {
        let mut game = league(json!({ "balls_per_over": balls_per_over }));
        let same = json!({ "bowler": "b1" });
        let warns =
            |warnings: Vec<String>| warnings.iter().any(|rule| rule == "bowler_consecutive");
        for (over, expected) in [(0, false), (1, twice), (2, thrice)] {
            let ends = if over == 1 && balls_per_over == 2 {
                ["a2", "a1"]
            } else {
                ["a1", "a2"]
            };
            let warnings = bowl(&mut game, ends, over, same.clone());
            assert_eq!(warns(warnings), expected, "{balls_per_over} {over}");
            end_over_short(&mut game, over);
        }
    }
}

#[test]
fn rules_that_were_not_entered_are_not_in_the_state() {
    let game = league(json!({}));
    let names: Vec<&String> = game.state()["rules"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "balls_per_over",
            "innings_per_side",
            "noball_runs",
            "overs",
            "super_over",
            "wickets_max",
            "wide_runs"
        ]
    );
}
