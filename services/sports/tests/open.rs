//! The open sport: a trusted poster sends the patch, the platform checks and numbers it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use grandstand_core::event::Posted;
use grandstand_sports::{Game, Refusal, RefusalKind, Rights, Sport};
use serde_json::{Value, json};

const TRUSTED: Rights = Rights {
    open: true,
    official: false,
};

fn decide(game: &Game, document: Value, rights: Rights) -> Result<Value, Refusal> {
    let posted = Posted::parse(document, None).unwrap();
    let mut draft = game.draft();
    draft.decide(&posted, rights, 1_790_000_000_000_000)?;
    Ok(draft.state().clone())
}

fn take(game: &mut Game, document: Value) {
    let posted = Posted::parse(document, None).unwrap();
    let mut draft = game.draft();
    draft
        .decide(&posted, TRUSTED, 1_790_000_000_000_000)
        .unwrap();
    let drafted = draft.finish();
    game.adopt(drafted);
}

fn creation() -> Value {
    let strip = json!({ "title": "Lot 7", "status": "live" });
    json!({ "id": "created", "type": "created", "data": {
        "sport": "open", "title": "Lot 7", "visibility": "unlisted", "delay_s": 30,
        "state": { "strip": strip, "bid": { "amount": 100 } },
    }})
}

fn created() -> Game {
    let mut game = Game::new(Sport::Open);
    take(&mut game, creation());
    game
}

#[test]
fn a_patch_of_a_trusted_poster_becomes_the_next_event() {
    let mut game = created();
    take(
        &mut game,
        json!({ "id": "b1", "type": "bid", "patch": { "bid": { "amount": 120, "by": "x" } }, "tags": ["bid"] }),
    );
    take(
        &mut game,
        json!({ "id": "b2", "type": "bid", "patch": { "bid": { "by": null } } }),
    );

    assert_eq!(game.seq(), 3);
    assert_eq!(game.state()["bid"], json!({ "amount": 120 }));
    assert_eq!(&game.refold(), game.state());
    let created = game.created().unwrap();
    assert_eq!((created.title.as_str(), created.delay_s), ("Lot 7", 30));
}

#[test]
fn what_a_document_can_not_hold_is_refused() {
    let game = created();
    let event = |patch: Value| json!({ "id": "b1", "type": "bid", "patch": patch });
    let large = "x".repeat(65 * 1024);
    for (document, kind, field) in [
        (
            json!({ "id": "b1", "type": "bid" }),
            RefusalKind::Malformed,
            Some("patch"),
        ),
        (
            event(json!({ "bid": 1.5 })),
            RefusalKind::Impossible,
            Some("patch.bid"),
        ),
        (
            event(json!({ "1": 1 })),
            RefusalKind::Impossible,
            Some("patch"),
        ),
        (
            event(json!({ "strip": null })),
            RefusalKind::Impossible,
            Some("patch"),
        ),
        (
            event(json!({ "text": large })),
            RefusalKind::TooLarge,
            Some("patch"),
        ),
        (
            json!({ "id": "b1", "type": "bid", "op": "amend", "ref": "created", "patch": {} }),
            RefusalKind::Impossible,
            Some("op"),
        ),
        (
            json!({ "id": "b1", "type": "bid", "patch": {}, "data": { "x": null } }),
            RefusalKind::Impossible,
            Some("data.x"),
        ),
    ] {
        let refusal = decide(&game, document, TRUSTED).unwrap_err();
        assert_eq!(
            (refusal.kind, refusal.field.as_deref()),
            (kind, field),
            "{refusal:?}"
        );
    }
}

#[test]
fn who_is_not_trusted_posts_no_patches() {
    let nobody = Rights::default();
    let bid = json!({ "id": "b1", "type": "bid", "patch": {} });
    let refusal = decide(&created(), bid, nobody).unwrap_err();
    assert_eq!(
        (refusal.kind, refusal.rule),
        (RefusalKind::NotAllowed, "right_open")
    );
    let refusal = decide(&Game::new(Sport::Open), creation(), nobody).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::NotAllowed);
}

#[test]
fn a_match_is_created_once_and_first() {
    let bid = json!({ "id": "b1", "type": "bid", "patch": {} });
    let refusal = decide(&Game::new(Sport::Open), bid, TRUSTED).unwrap_err();
    assert_eq!(refusal.rule, "created_first");
    let again = json!({ "id": "again", "type": "created", "data": {} });
    assert_eq!(
        decide(&created(), again, TRUSTED).unwrap_err().rule,
        "created_twice"
    );
    assert_eq!(
        decide(&created(), creation(), TRUSTED).unwrap_err().rule,
        "id_used"
    );
}

#[test]
fn a_full_match_takes_nothing_but_its_result() {
    let mut game = created();
    let strip = game.state()["strip"].clone();
    for number in 2..=grandstand_sports::EVENTS_FULL {
        take(
            &mut game,
            json!({ "id": format!("b{number}"), "type": "bid", "patch": {} }),
        );
    }
    let bid = |kind: &str| json!({ "id": "last", "type": kind, "patch": { "strip": strip } });
    let refusal = decide(&game, bid("bid"), TRUSTED).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::MatchFull);
    assert!(decide(&game, bid("result"), TRUSTED).is_ok());
}
