//! What cricket refuses, what it only warns of, and what a ball makes of the state.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;
mod started;

use entries::{RIGHTS, post};
use grandstand_core::event::Posted;
use grandstand_sports::RefusalKind;
use serde_json::json;
use started::{add, decide, decide_add, next, started, wicket};

#[test]
fn a_ball_that_can_not_be_is_refused_by_rule_and_field() {
    let game = started();
    for (change, rule, field) in [
        (json!({ "batter": "x" }), "unknown_player", "data.batter"),
        (json!({ "batter": "b3" }), "batting_side", "data.batter"),
        (
            json!({ "non_striker": "a2" }),
            "batter_is_non_striker",
            "data.non_striker",
        ),
        (json!({ "bowler": "a3" }), "fielding_side", "data.bowler"),
        (json!({ "over": 0 }), "over", "data.over"),
        (json!({ "over": 999 }), "over", "data.over"),
        (json!({ "runs": 21 }), "runs", "data.runs"),
        (
            json!({ "extras": { "wides": 1, "noballs": 1 } }),
            "extras",
            "data.extras.wides",
        ),
        (
            json!({ "wickets": wicket("bowled", "a1") }),
            "player_out",
            "data.wickets.0.player_out",
        ),
        (
            json!({ "wickets": wicket("run out", "a3") }),
            "player_out",
            "data.wickets.0.player_out",
        ),
        (
            json!({ "wickets": wicket("retired hurt", "a2") }),
            "retirement",
            "data.wickets.0.kind",
        ),
        (
            json!({ "wickets": wicket("timed out", "a2") }),
            "timed_out",
            "data.wickets.0.kind",
        ),
    ] {
        let refusal = decide_add(&game, "delivery", next(change.clone())).unwrap_err();
        let got = (refusal.kind, refusal.rule, refusal.field.as_deref());
        assert_eq!(
            got,
            (RefusalKind::Impossible, rule, Some(field)),
            "{change}"
        );
    }
}

#[test]
fn a_shape_that_is_wrong_is_malformed_and_the_field_named() {
    let game = started();
    for (kind, data, field) in [
        ("delivery", next(json!({ "runs": null })), "data.runs"),
        ("delivery", next(json!({ "runs": "1" })), "data.runs"),
        ("delivery", next(json!({ "runs": -1 })), "data.runs"),
        ("delivery", next(json!({ "speed": 90 })), "data.speed"),
        (
            "delivery",
            next(json!({ "extras": { "wide": 1 } })),
            "data.extras.wide",
        ),
        ("delivery", next(json!({ "boundary": 5 })), "data.boundary"),
        (
            "delivery",
            next(json!({ "position": { "x": 1001, "y": 0 } })),
            "data.position.x",
        ),
        (
            "delivery",
            next(json!({ "wickets": [{ "kind": "caught" }] })),
            "data.wickets.0.player_out",
        ),
        (
            "delivery",
            next(json!({ "wickets": wicket("mankad", "a1") })),
            "data.wickets.0.kind",
        ),
        (
            "toss",
            json!({ "winner": "c", "decision": "bat" }),
            "data.winner",
        ),
        ("comment", json!({ "text": "x".repeat(501) }), "data.text"),
        ("six", json!({}), "type"),
    ] {
        let refusal = decide_add(&game, kind, data).unwrap_err();
        let got = (refusal.kind, refusal.field.as_deref());
        assert_eq!(got, (RefusalKind::Malformed, Some(field)), "{refusal:?}");
    }
}

#[test]
fn overs_have_no_more_balls_than_an_over() {
    let game = started();
    for (kind, data, field) in [
        ("overs_revised", json!({ "overs": "4.3" }), "data.overs"),
        (
            "target_revised",
            json!({ "runs": 9, "overs": "4.3" }),
            "data.overs",
        ),
    ] {
        let refusal = decide_add(&game, kind, data).unwrap_err();
        let got = (refusal.rule, refusal.field.as_deref());
        assert_eq!(got, ("overs", Some(field)));
    }
    let mut game = started();
    add(
        &mut game,
        "e",
        "innings_end",
        json!({ "reason": "declared" }),
    );
    let chase = |overs: &str| json!({ "batting": "b", "target": { "runs": 9, "overs": overs } });
    let refusal = decide_add(&game, "innings_start", chase("4.3")).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("data.target.overs"));
    assert!(decide_add(&game, "innings_start", chase("4.2")).is_ok());
}

#[test]
fn what_is_unusual_is_accepted_with_a_warning() {
    let game = started();
    for (change, rules) in [
        (json!({}), vec![]),
        (
            json!({ "batter": "a1", "non_striker": "a2" }),
            vec!["striker"],
        ),
        (json!({ "batter": "a3" }), vec!["batter_left"]),
        (json!({ "runs": 7 }), vec!["runs_unusual"]),
        (json!({ "over": 3 }), vec!["over_missing"]),
        (
            json!({ "extras": { "byes": 1, "legbyes": 1 } }),
            vec!["byes_and_legbyes"],
        ),
        (
            json!({ "extras": { "wides": 1 }, "wickets": wicket("bowled", "a2") }),
            vec!["wide_dismissal"],
        ),
        (json!({ "runs": 2, "boundary": 4 }), vec!["boundary"]),
        (
            json!({ "extras": { "noballs": 1 }, "wickets": wicket("caught", "a2") }),
            vec!["noball_dismissal"],
        ),
        (
            json!({ "free_hit": true, "wickets": wicket("bowled", "a2") }),
            vec!["free_hit_dismissal"],
        ),
    ] {
        assert_eq!(
            decide_add(&game, "delivery", next(change.clone())).unwrap(),
            rules,
            "{change}"
        );
    }
    assert_eq!(
        decide_add(&game, "innings_end", json!({ "reason": "all_out" })).unwrap(),
        ["innings_end"]
    );
    assert!(decide_add(&game, "innings_start", json!({ "batting": "b" })).is_err());
}

#[test]
fn a_batter_who_is_out_bats_no_more_and_one_who_retired_may() {
    let mut game = started();
    add(
        &mut game,
        "w",
        "delivery",
        next(json!({ "wickets": wicket("bowled", "a2") })),
    );
    let again = next(json!({ "batter": "a2" }));
    assert_eq!(
        decide_add(&game, "delivery", again).unwrap_err().rule,
        "batter_out"
    );

    add(
        &mut game,
        "r",
        "batter_retired",
        json!({ "player": "a1", "kind": "retired hurt" }),
    );
    assert_eq!(game.state()["innings"]["i1"]["wickets"], 1);
    let back = next(json!({ "batter": "a1", "non_striker": "a3" }));
    assert_eq!(
        decide_add(&game, "delivery", back.clone()).unwrap(),
        ["batter_retired"]
    );
    add(&mut game, "b", "batter_returns", json!({ "player": "a1" }));
    assert!(decide_add(&game, "delivery", back).unwrap().is_empty());
    assert!(
        game.state()["innings"]["i1"]["batting"]["b01"]
            .get("out")
            .is_none()
    );
}

#[test]
fn who_retired_out_and_came_back_had_lost_a_wicket_all_the_same() {
    let mut game = started();
    let retired = json!({ "player": "a1", "kind": "retired out" });
    add(&mut game, "r", "batter_retired", retired);
    add(&mut game, "b", "batter_returns", json!({ "player": "a1" }));

    let innings = &game.state()["innings"]["i1"];
    assert_eq!(innings["wickets"], 1);
    assert_eq!(innings["fall_of_wickets"]["f01"]["player"], "a1");
    assert!(innings["batting"]["b01"].get("out").is_none());
}

#[test]
fn overs_of_which_nothing_was_entered_are_not_counted_but_gone() {
    let mut game = started();
    let target = json!({ "runs": 100, "overs": 5 });
    add(&mut game, "t", "target_revised", target);
    add(&mut game, "h", "delivery", next(json!({ "over": 3 })));

    let state = game.state();
    assert_eq!(state["innings"]["i1"]["overs"], "1.1");
    let line = state["strip"]["line"].as_str().unwrap();
    assert!(line.ends_with("from 5"), "{line}");
}

#[test]
fn the_next_patch_heals_what_other_rules_made_of_the_state() {
    let mut game = started();
    let comment = json!({ "text": "x" });
    let posted = post("other", "add", None, Some(&("comment", comment.clone())));
    let (mut other, _) = decide(&game, &posted, RIGHTS).unwrap();
    other.patch = json!({ "innings": { "i1": { "runs": 99 } } });
    game.apply(&other);
    assert_eq!(game.state()["innings"]["i1"]["runs"], 99);

    let event = add(&mut game, "c", "comment", comment);

    assert_eq!(event.patch, json!({ "innings": { "i1": { "runs": 0 } } }));
    assert_eq!(&game.refold(), game.state());
}

#[test]
fn a_new_name_reaches_the_innings_that_are_over() {
    let mut game = started();
    let end = json!({ "reason": "declared" });
    add(&mut game, "end", "innings_end", end);
    let players = json!([{ "id": "a1", "name": "Renamed" }]);
    let lineup = json!({ "team": "a", "players": players });
    let event = add(&mut game, "l", "lineup", lineup);

    assert_eq!(
        event.patch["innings"]["i1"]["batting"]["b01"]["name"],
        "Renamed"
    );
    assert_eq!(&game.refold(), game.state());
}

#[test]
fn a_chase_reads_as_a_fan_would_say_it() {
    let mut game = started();
    add(
        &mut game,
        "end",
        "innings_end",
        json!({ "reason": "declared" }),
    );
    add(
        &mut game,
        "early",
        "penalty",
        json!({ "team": "b", "runs": 5, "when": "pre" }),
    );
    add(
        &mut game,
        "s2",
        "innings_start",
        json!({ "batting": "b", "target": { "runs": 21, "overs": 5 } }),
    );
    let hit = json!({ "over": 0, "batter": "b1", "non_striker": "b2", "bowler": "a1", "runs": 4, "boundary": 4 });
    let event = add(&mut game, "h", "delivery", hit);

    let state = game.state();
    assert_eq!(state["strip"]["line"], "B need 12 from 14");
    assert_eq!(state["strip"]["score"], "B 9/0 (0.1)");
    assert_eq!(state["innings"]["i2"]["penalty_pre"], 5);
    assert_eq!(state["now"]["required_rate"], "2.57");
    assert_eq!(event.tags, ["boundary", "four"]);
}

#[test]
fn when_it_happened_is_kept_if_it_was_well_before() {
    let game = started();
    let at = |at: u64| {
        let document = json!({ "id": "n", "type": "comment", "data": { "text": "x" }, "at": at });
        let posted = Posted::parse(document, None).unwrap();
        game.draft()
            .decide(&posted, RIGHTS, 10_000_000)
            .unwrap()
            .0
            .at
    };
    assert_eq!(at(4_999_999), Some(4_999_999));
    assert_eq!(at(5_000_000), None);
}
