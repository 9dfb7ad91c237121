//! A hostile scorer: names that are code, that turn the direction, that are long, stay text.

use serde_json::json;

use crate::ground::{Ground, ball, innings};

const CODE: &str = "<img src=x onerror=alert(1)>";

#[tokio::test]
async fn hostile_names_are_only_text_and_break_no_layout() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    let long = "W".repeat(60);
    let body = json!({"sport": "cricket", "title": format!("{CODE} v \u{202e}turned 🏏 {long}").chars().take(100).collect::<String>(),
        "rules": {"overs": 20}, "teams": {
        "a": {"name": format!("<script>alert(2)</script>{}", &long[..30]), "players": [
            {"id": "ann", "name": CODE}, {"id": "bea", "name": "\u{202e}\u{2066}turned\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}"},
            {"id": "dot", "name": "👩‍🚒👩‍🚒👩‍🚒"}]},
        "b": {"name": format!("فريق {}", &long[..50]), "players": [
            {"id": "cat", "name": long}, {"id": "constructor", "name": "नाम"}]}}});
    ground.scorer.create("hostile", &body).await;
    let wicket = json!({"wickets": [{"kind": "caught", "player_out": "ann",
        "fielders": [{"player": "constructor"}]}]});
    let events = json!([innings(), ball("b1", &json!({"runs": 4})), ball("b2", &wicket),
        {"id": "c1", "type": "comment", "data": {"text": format!("{CODE}\u{202e}{long}")}}]);
    ground.scorer.score("hostile", &events).await;
    ground.browser.device(320, 700, true).await;
    ground.open("hostile").await;

    ground.until(".figures-table", CODE).await;
    ground.until(".figures-table .how", "c नाम b WWW").await;
    ground.until(".feed .words", CODE).await;
    assert_eq!(ground.count("img, main script, iframe, style").await, 0);
    let turned = "/[\\u202A-\\u202E\\u2066-\\u2069]/.test(document.body.innerText.replace(/\\u2068[^\\u2068\\u2069]*\\u2069/g, ''))";
    assert_eq!(ground.browser.evaluate(turned).await, false);
    ground.assert_fits("a phone").await;
    let twice = "document.documentElement.style.fontSize = '200%'";
    ground.browser.evaluate(twice).await;
    ground.assert_fits("text of twice the size").await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_hostile_state_of_any_sport_is_only_text() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    let body = json!({"sport": "open", "title": "any", "state": {
        "strip": {"title": CODE, "status": "live", "score": "9".repeat(60), "line": "\u{202e}x"},
        "toString": {"a1": {"x": CODE}, "a2": {"x": 2}}, "constructor": CODE, "long": "X".repeat(10_000),
        "deep": {"d": {"e": {"f": {"g": {"h": CODE}}}}}, "list": [1, CODE, {"z": CODE}]}});
    ground.scorer.create("any", &body).await;
    let event = json!({"id": "e1", "type": "constructor", "data": {"text": "Y".repeat(10_000), "code": CODE},
        "patch": {"n": 1}});
    ground.scorer.score("any", &event).await;
    // It claims to be what it is not, and so do its events.
    let claim = json!({"sport": "open", "title": "claim", "state": {"sport": "cricket", "teams": {"a": {"name": CODE}, "b": {"name": "B"}},
        "innings": {"i1": {"batting_team": "toString", "per_over": {"o001": {"balls": 7}}}}, "now": {"innings": "i1"},
        "strip": {"title": "No cricket at all", "status": "live"}}});
    ground.scorer.create("claim", &claim).await;
    for (index, kind) in [
        "delivery",
        "toss",
        "lineup",
        "review",
        "result",
        "dismissal",
    ]
    .iter()
    .enumerate()
    {
        let event = json!({"id": format!("e{index}"), "type": kind, "patch": {"n": index}, "tags": ["milestone"]});
        ground.scorer.score("claim", &event).await;
    }
    ground.open("claim").await;
    ground.until("#title", "No cricket at all").await;
    ground.until(".feed li:last-child", "set up").await;
    let live = json!({"id": "live", "type": "delivery", "patch": {"n": 77}});
    ground.scorer.score("claim", &live).await;
    ground.until(".feed", "Delivery").await;
    ground.until(".tree", "77").await;

    ground.browser.device(320, 700, true).await;
    ground.open("any").await;

    ground.until(".tree", CODE).await;
    ground.until(".feed .words", "Constructor").await;
    assert_eq!(ground.count("img").await, 0);
    ground.assert_fits("a phone").await;
    ground.assert_no_errors().await;
}
