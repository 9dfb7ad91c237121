//! The state of the connection: always a word, always true.

use serde_json::json;

use crate::ground::{Ground, ball, innings, small_match};

#[tokio::test]
async fn a_cut_network_is_offline_and_live_again_after() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    ground.open("small").await;

    ground.browser.offline(true).await;
    ground.until("#connection", "offline").await;
    ground.until("#connection", "last news").await;
    let missed = ball("b1", &json!({"runs": 3}));
    ground.scorer.score("small", &missed).await;
    ground.browser.offline(false).await;
    ground.until("#connection", "live").await;
    ground.until(".side.batting .score", "3/0").await;
    ground.until(".event .words", "Cat to Ann: 3 runs").await;
}

#[tokio::test]
async fn a_broker_out_of_reach_is_stale_and_live_again_after() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    ground.open("small").await;

    ground.cluster.kill_nats().await;
    ground.until("#connection", "stale").await;
    ground.until("#connection", "last news").await;
    // What was known stays.
    ground.until(".side.batting .score", "0/0").await;
    ground.until("#matches .late", "No news").await;
    ground.cluster.start_nats().await;
    ground.until("#connection", "live").await;
    let is_not_late =
        "document.querySelector('#matches li') && !document.querySelector('#matches .late')";
    ground.browser.wait_for(is_not_late).await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_that_is_wiped_and_brought_back_goes_on_as_the_same_story() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let four = ball("b1", &json!({"runs": 4, "boundary": 4}));
    ground
        .scorer
        .score("small", &json!([innings(), four]))
        .await;
    ground.open("small").await;
    ground.until(".event .words", "Cat to Ann: FOUR").await;
    let file = ground.cluster.data_dir().join("small.ndjson");
    let file = file.display().to_string();
    let save = ["replay", "small", "--to-file", &file];
    ground.cluster.ops_well(&save).await;

    ground.cluster.ops_well(&["purge", "small", "--yes"]).await;
    ground.until("#connection", "stale").await;
    ground.until(".side.batting .score", "4/0").await;
    ground.cluster.ops_well(&["import", &file]).await;
    ground.until("#connection", "live").await;
    let next = ball("b2", &json!({"runs": 1}));
    ground.scorer.score("small", &next).await;

    ground.until(".side.batting .score", "5/0").await;
    ground
        .until(".event:nth-child(2) .words", "Cat to Ann: FOUR")
        .await;
    let told =
        "[...document.querySelectorAll('.event .place')].map(p => p.textContent).filter(Boolean)";
    assert_eq!(ground.browser.evaluate(told).await, json!(["0.2", "0.1"]));
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_that_is_over_is_finished_and_not_live() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    ground.open("small").await;
    let result = json!({"id": "end", "type": "result", "data": {"result": "no result"}});
    ground.scorer.score("small", &result).await;
    ground.until("#connection", "finished").await;
    let shown = ground
        .browser
        .evaluate("document.querySelector('#connection').textContent")
        .await;
    assert_eq!(shown, "■finished");
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_that_is_gone_says_so_above_what_was_known() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    ground.open("small").await;
    ground.cluster.ops_well(&["purge", "small", "--yes"]).await;
    ground.until("#connection", "stale").await;
    let kept = ground
        .browser
        .wait_for("sessionStorage.length > 2 && { ...sessionStorage }")
        .await;

    // A gateway that never knew the match, for a page that does.
    ground.cluster.add_gateway(&[]).await;
    let [before, other] = [0, 1].map(|index| ground.cluster.gateways[index].url());
    let kept = kept.to_string().replace(&before, &other);
    ground.browser.goto(&format!("{other}/sdk/state.js")).await;
    let keep = format!("Object.assign(sessionStorage, {kept}), true");
    ground.browser.evaluate(&keep).await;
    ground.browser.goto(&format!("{other}/#/m/small")).await;
    ground.until(".no-more", "not here any more").await;
    ground.until(".side.batting .score", "0/0").await;
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_offline_and_what_was_known_stays() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    ground.open("small").await;

    ground.cluster.gateways[0].kill().await;
    ground.until("#connection", "offline").await;
    ground.until(".side.batting .score", "0/0").await;
    // The list asks again and again, and says as of when it is.
    ground
        .until("#matches .fault", "This is how it was at")
        .await;
}
