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
    ground.cluster.start_nats().await;
    ground.until("#connection", "live").await;
    ground.assert_no_errors().await;
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
