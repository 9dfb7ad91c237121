//! The score: what a scorer posts is on the page, and a correction is shown as one.

use serde_json::json;

use crate::ground::{Ground, amended, ball, innings, small_match};
use crate::harness::matches;

#[tokio::test]
async fn a_ball_posted_appears_wherever_it_belongs() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    ground.open("small").await;

    let four = ball("b1", &json!({"runs": 4, "boundary": 4}));
    ground.scorer.score("small", &four).await;
    ground
        .until(".side.batting .score", "4/0 (0.1/20 ov)")
        .await;
    ground.until(".balls li", "4 runs").await;
    ground.until(".event .place", "0.1").await;
    ground.until(".event .words", "Cat to Ann: FOUR").await;
    ground.until(".crease", "Ann").await;
    ground.until(".figures-table tbody tr", "not out").await;
    ground.until("#announcement", "FOUR").await;
    ground.until("title", "Reds 4/0").await;

    let out = json!({"wickets": [{"kind": "caught", "player_out": "ann", "fielders": [{"player": "eve"}]}]});
    ground.scorer.score("small", &ball("b2", &out)).await;
    ground
        .until(".event.wicket .words", "OUT! caught by Eve")
        .await;
    ground.until(".figures-table .how", "c Eve b Cat").await;
    ground.until(".balls .wicket", "wicket").await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_correction_is_shown_as_one() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let balls = json!([
        innings(),
        ball("b1", &json!({"runs": 4, "boundary": 4})),
        ball("b2", &json!({"extras": {"wides": 1}}))
    ]);
    ground.scorer.score("small", &balls).await;
    // Who comes after the balls reads them out of the log.
    ground.open("small").await;
    ground
        .until(".event:nth-child(2) .words", "Cat to Ann: FOUR")
        .await;

    let six = amended("fix", "b1", &json!({"runs": 6, "boundary": 6}));
    ground.scorer.score("small", &six).await;
    ground
        .until(".event.correction", "0.1 Cat to Ann: was FOUR, now SIX")
        .await;
    ground.until(".event.fated", "Corrected later").await;
    ground.until(".event.fated s", "FOUR").await;
    ground.until(".side.batting .score", "7/0").await;

    let undo = json!({"id": "undo", "op": "void", "ref": "b2"});
    ground.scorer.score("small", &undo).await;
    ground
        .until(".event.correction", "Taken back: 0.2 Cat to Ann: wide")
        .await;
    ground.until(".side.batting .score", "6/0").await;

    let forgotten = json!({"id": "ins", "op": "insert", "ref": "b1", "type": "delivery",
        "data": ball("", &json!({"runs": 1}))["data"]});
    ground.scorer.score("small", &forgotten).await;
    ground
        .until(".event.correction", "Added after 0.1: Cat to Ann: 1 run")
        .await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_ball_changes_what_it_concerns_and_leaves_the_rest() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let events = json!([innings(), ball("b1", &json!({"runs": 2}))]);
    ground.scorer.score("small", &events).await;
    ground.open("small").await;
    ground.until(".event .words", "2 runs").await;
    let mark = "[...document.querySelectorAll('#main *')].forEach(e => e.marked = true)";
    ground.browser.evaluate(mark).await;

    let next = ball("b2", &json!({"runs": 2}));
    ground.scorer.score("small", &next).await;
    ground.until(".side.batting .score", "4/0").await;
    let fresh = "[...document.querySelectorAll('#main *')].filter(e => !e.marked && e.parentElement.marked).map(e => e.localName + '.' + e.className)";
    let fresh = ground.browser.evaluate(fresh).await;
    // The ball, the same in the feed, and a point of the chart's scale at most.
    let expected = json!(["li.ball fresh", "li.event plain fresh"]);
    assert_eq!(fresh, expected);
}

#[tokio::test]
async fn a_real_match_ends_on_the_page_as_it_did() {
    if !matches::at_hand() {
        return;
    }
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    let cluster = &ground.cluster;
    cluster
        .play(&matches::file("1473469"), "final", "max")
        .await;
    ground.open_as("final", "finished").await;
    ground.until(".side", "188/5 (20 ov) Super over 13/0").await;
    ground
        .until(".line", "Delhi Capitals won the super over")
        .await;
    ground.until(".facts", "MA Starc").await;
    let height = "document.querySelector('.board .badge').getBoundingClientRect().height < 30";
    assert_eq!(
        ground.browser.evaluate(height).await,
        true,
        "a badge is one line"
    );
    assert_eq!(ground.count("[role=tab]").await, 4);
    ground
        .browser
        .evaluate("document.getElementById('tab-i1').click()")
        .await;
    ground.until(".figures-table tfoot", "188/5").await;
    ground.until(".chart + .chart", "Delhi Capitals").await;
    // Earlier events are there for who wants them.
    let earlier =
        "document.querySelector('.feed .more')?.click(), !document.querySelector('.feed .more')";
    ground.browser.wait_for(earlier).await;
    ground.until(".feed li:last-child", "set up").await;
    on_paper(&mut ground).await;
    ground.assert_no_errors().await;
}

/// The page as it is printed has each innings whole, and nothing to press.
async fn on_paper(ground: &mut Ground) {
    let look = "addEventListener('beforeprint', () => {
        const shown = (selector) => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
        window.paper = {
            innings: shown('.printed h2').map(e => e.textContent),
            buttons: document.querySelectorAll('main button').length,
        };
    })";
    ground.browser.evaluate(look).await;
    let page = ground.browser.call("Page.printToPDF", json!({})).await;
    assert!(page["data"].as_str().unwrap().len() > 10_000);

    let paper = ground.browser.evaluate("window.paper").await;
    let innings = paper["innings"].as_array().unwrap();
    let scores = ["188/5", "188/4", "super over 11", "super over 13/0"];
    assert_eq!(innings.len(), scores.len(), "{paper}");
    for (innings, score) in innings.iter().zip(scores) {
        assert!(innings.as_str().unwrap().ends_with(score), "{paper}");
    }
    assert_eq!(paper["buttons"], 0, "{paper}");
    // Then it is as it was.
    ground.until(".figures-table tfoot", "188/5").await;
    assert_eq!(ground.count(".printed").await, 0);
    assert_eq!(ground.count("[role=tab]").await, 4);

    let printer = json!({"media": "print"});
    ground
        .browser
        .call("Emulation.setEmulatedMedia", printer)
        .await;
    let top = "getComputedStyle(document.querySelector('.top')).display";
    assert_eq!(ground.browser.evaluate(top).await, "none");
}
