//! Which corrections may be, what they are told, and who may correct a locked match.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;
mod started;

use entries::{RIGHTS, creation, post, take};
use grandstand_sports::{Game, RefusalKind, Rights};
use serde_json::{Value, json};
use started::{add, ball, decide, decide_add, next, started};

#[test]
fn a_locked_match_is_an_officials() {
    let mut game = started();
    let scorer = Rights::default();
    let lock = post("lock", "add", None, Some(&("lock", json!({}))));
    assert_eq!(
        decide(&game, &lock, scorer).unwrap_err().kind,
        RefusalKind::NotAllowed
    );
    take(&mut game, &lock).unwrap();

    let refusal = decide_add(&game, "delivery", next(json!({}))).unwrap_err();
    assert_eq!(
        (refusal.kind, refusal.rule),
        (RefusalKind::Impossible, "locked")
    );
    let undo = post("v", "void", Some("d3"), None);
    assert_eq!(
        decide(&game, &undo, scorer).unwrap_err().kind,
        RefusalKind::NotAllowed
    );
    let unlock = post("v", "void", Some("lock"), None);
    assert_eq!(
        decide(&game, &unlock, scorer).unwrap_err().kind,
        RefusalKind::NotAllowed
    );
    assert!(decide(&game, &undo, RIGHTS).is_ok());
    assert!(decide_add(&game, "unlock", json!({})).is_ok());
}

#[test]
fn a_correction_names_an_original_that_stands() {
    let mut game = started();
    take(&mut game, &post("v1", "void", Some("d3"), None)).unwrap();
    let good = ("delivery", ball());
    for (posted, kind, rule) in [
        (
            post("n", "void", Some("nobody"), None),
            RefusalKind::UnknownRef,
            "unknown_ref",
        ),
        (
            post("n", "void", Some("v1"), None),
            RefusalKind::Impossible,
            "ref_is_correction",
        ),
        (
            post("n", "void", Some("d3"), None),
            RefusalKind::Impossible,
            "void",
        ),
        (
            post("n", "amend", Some("d3"), Some(&good)),
            RefusalKind::Impossible,
            "void",
        ),
        (
            post("n", "restore", Some("d2"), None),
            RefusalKind::Impossible,
            "not_void",
        ),
        (
            post("n", "void", Some("created"), None),
            RefusalKind::Impossible,
            "void_created",
        ),
        (
            post("n", "amend", Some("start"), Some(&good)),
            RefusalKind::Impossible,
            "amend_type",
        ),
        (
            post("v1", "void", Some("d2"), None),
            RefusalKind::Impossible,
            "id_used",
        ),
    ] {
        let refusal = decide(&game, &posted, RIGHTS).unwrap_err();
        assert_eq!((refusal.kind, refusal.rule), (kind, rule), "{posted:?}");
    }
}

#[test]
fn what_a_correction_makes_of_later_events_is_a_warning() {
    let mut game = started();
    add(&mut game, "d4", "delivery", next(json!({})));
    let wrong = (
        "delivery",
        json!({ "over": 0, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": 1 }),
    );
    let (event, warnings) =
        decide(&game, &post("n", "amend", Some("d3"), Some(&wrong)), RIGHTS).unwrap();
    assert_eq!(event.tags, ["correction"]);
    let rules: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.rule.as_str())
        .collect();
    assert_eq!(rules, ["striker"]);
    assert!(warnings[0].detail.contains("d4"), "{warnings:?}");
}

fn warned(game: &Game, op: &str, reference: &str, entry: (&'static str, Value)) -> Vec<String> {
    let posted = post("n", op, Some(reference), Some(&entry));
    let (_, warnings) = decide(game, &posted, RIGHTS).unwrap();
    warnings.into_iter().map(|warning| warning.rule).collect()
}

#[test]
fn of_many_later_events_that_are_odd_now_five_are_named() {
    let mut game = started();
    for id in ["d4", "d5", "d6"] {
        add(&mut game, id, "delivery", next(json!({})));
    }

    let rules = warned(
        &game,
        "amend",
        "start",
        ("innings_start", json!({ "batting": "b" })),
    );

    assert_eq!(rules[..5], ["batting_side"; 5]);
    assert_eq!(rules[5..], ["later_events"]);
}

#[test]
fn who_locks_a_match_once_more_is_told() {
    let mut game = started();
    add(&mut game, "l", "lock", json!({}));
    assert_eq!(
        warned(&game, "insert", "l", ("lock", json!({}))),
        ["locked"]
    );
}

#[test]
fn an_amended_creation_mends_names_and_touches_no_figure() {
    let mut game = started();
    let figures = game.state()["innings"]["i1"]["runs"].clone();
    let mut body = creation();
    body["title"] = "Alphas v Betas".into();
    body["teams"]["a"]["players"][0]["name"] = "Änne One".into();
    take(
        &mut game,
        &post("n", "amend", Some("created"), Some(&("created", body))),
    )
    .unwrap();

    assert_eq!(game.created().unwrap().title, "Alphas v Betas");
    assert_eq!(game.state()["strip"]["title"], "Alphas v Betas");
    assert_eq!(
        game.state()["innings"]["i1"]["batting"]["b01"]["name"],
        "Änne One"
    );
    assert_eq!(game.state()["innings"]["i1"]["runs"], figures);
    let other = (
        "created",
        json!({ "sport": "open", "title": "x", "state": {} }),
    );
    assert!(
        decide(
            &game,
            &post("m", "amend", Some("created"), Some(&other)),
            RIGHTS
        )
        .is_err()
    );
}

#[test]
fn a_refusal_leaves_the_draft_as_it_was() {
    let game = started();
    let mut draft = game.draft();
    let good = post("d4", "add", None, Some(&("delivery", next(json!({})))));
    let bad = post(
        "d5",
        "add",
        None,
        Some(&("delivery", next(json!({ "over": 0 })))),
    );
    draft.decide(&good, RIGHTS, 1).unwrap();
    let state = draft.state().clone();
    draft.decide(&bad, RIGHTS, 2).unwrap_err();
    assert_eq!(draft.state(), &state);
    assert_eq!(draft.seq(), game.seq() + 1);
}
