//! What makes the page usable for everybody, as far as the document tells.

use serde_json::json;

use crate::ground::{Ground, ball, innings, small_match};
use crate::harness::looks::{DOCUMENT_FAULTS, FAINT};

/// Each must be empty, as those of [`DOCUMENT_FAULTS`]: what it finds is wrong, and is printed.
const FAULTS: [(&str, &str); 2] = [
    (
        "a document of one first heading and one main part",
        "['h1', 'main', 'header', 'nav'].filter(tag => document.querySelectorAll(tag).length !== 1)",
    ),
    (
        "targets that a thumb can hit",
        "[...document.querySelectorAll('button, nav a')].filter(b => b.getBoundingClientRect().height < 24).map(b => b.outerHTML)",
    ),
];

#[tokio::test]
async fn the_document_says_what_everything_is() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let out = json!({"wickets": [{"kind": "bowled", "player_out": "ann"}]});
    let events = json!([{"id": "toss", "type": "toss", "data": {"winner": "a", "decision": "bat"}},
        innings(), ball("b1", &json!({"runs": 1})), ball("b2", &out)]);
    ground.scorer.score("small", &events).await;
    ground.open("small").await;
    ground.until(".event.wicket", "bowled").await;

    for (promise, faults) in FAULTS.into_iter().chain(DOCUMENT_FAULTS) {
        let found = ground.browser.evaluate(faults).await;
        assert_eq!(found, json!([]), "{promise}");
    }
    let live = "[document.getElementById('connection').getAttribute('role'), document.getElementById('announcement').ariaLive, document.documentElement.lang].join()";
    assert_eq!(ground.browser.evaluate(live).await, "status,polite,en");
    for scheme in ["dark", "light"] {
        ground.browser.media("prefers-color-scheme", scheme).await;
        let faint = ground.browser.evaluate(FAINT).await;
        assert_eq!(faint, json!([]), "{scheme}: contrast below 4.5 to 1");
    }
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn innings_are_chosen_by_keys_and_the_choice_stays() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let events = json!([innings(), ball("b1", &json!({"runs": 1})),
        {"id": "end", "type": "innings_end", "data": {"reason": "declared"}},
        {"id": "i2", "type": "innings_start", "data": {"batting": "b", "target": {"runs": 2}}}]);
    ground.scorer.score("small", &events).await;
    ground.open("small").await;
    let focus = "document.getElementById('tab-i2').focus()";
    ground.browser.evaluate(focus).await;
    ground.browser.press("ArrowLeft").await;
    ground.until("#tab-i1[aria-selected=true]", "Reds").await;
    let focused = ground.browser.evaluate("document.activeElement.id").await;
    assert_eq!(focused, "tab-i1");

    let first = json!({"id": "b2", "type": "delivery", "data": {"over": 0, "batter": "cat",
        "non_striker": "eve", "bowler": "ann", "runs": 0}});
    ground.scorer.score("small", &first).await;
    ground.until(".event .words", "Ann to Cat: no run").await;
    ground.until("#tab-i1[aria-selected=true]", "Reds").await;
    let focused = ground.browser.evaluate("document.activeElement.id").await;
    assert_eq!(focused, "tab-i1", "an update does not take the focus away");
}
