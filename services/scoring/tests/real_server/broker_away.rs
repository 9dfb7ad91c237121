//! The broker goes away and comes back.

use std::time::{Duration, Instant};

use grandstand_broker::{Broker, ProvisionOptions, Role};
use grandstand_scoring::Bounds;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Ground, Heard, Instance, in_time, open_match, set};

/// Asks until it is not told to come again, as a scorer does: a broker may be slow.
async fn until_taken(ask: impl AsyncFn() -> Heard) -> Heard {
    let asking = async {
        loop {
            let heard = ask().await;
            if heard.status != 503 {
                return heard;
            }
        }
    };
    in_time(asking).await
}

/// The match is there.
async fn create(scoring: &Instance) {
    let created = until_taken(async || scoring.put("/v1/matches/m", &open_match("public")).await);
    let created = created.await;
    assert!(created.status.is_success(), "{:?}", created.body);
}

#[tokio::test]
async fn without_a_broker_the_answer_comes_in_time_and_the_same_ids_succeed_once_later() {
    let ground = Ground::ready().await;
    let bounds = Bounds {
        request_max: Duration::from_secs(1),
        ..Bounds::default()
    };
    let scoring = ground.instance_within(bounds).await;
    create(&scoring).await;
    let stored = until_taken(async || scoring.post("m", &set("a", 1)).await).await;
    assert!(stored.status.is_success(), "{:?}", stored.body);

    let away = ground.kill().await;
    let began = Instant::now();
    let refused = scoring.post("m", &set("b", 2)).await;

    // By the bound that was given, and not by the usual one.
    assert!(began.elapsed() < Bounds::default().request_max);
    assert_eq!(refused.status, 503, "{:?}", refused.body);
    assert!(refused.retry_after.is_some());
    assert_eq!(refused.body["type"], "/problems/no-leader");
    assert_eq!(scoring.get("/v1/matches/m/state").await.status, 503);
    assert!(scoring.readiness.reasons().contains_key("broker"));

    let ground = away.back().await;
    in_time(scoring.readiness.ready()).await;
    let first = until_taken(async || scoring.post("m", &set("b", 2)).await).await;
    let again = until_taken(async || scoring.post("m", &set("b", 2)).await).await;

    // What was sent into the gap may be stored by now.
    assert!(first.status.is_success(), "{:?}", first.body);
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(first.body["seq"], 3);
    let head = until_taken(async || scoring.get("/v1/matches/m").await).await;
    assert_eq!(head.body["seq"], 3);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn what_a_frozen_broker_was_sent_is_of_unknown_outcome_and_stored_once() {
    let ground = Ground::ready().await;
    // Long enough for it to be sent.
    let bounds = Bounds {
        request_max: Duration::from_secs(3),
        ..Bounds::default()
    };
    let scoring = ground.instance_within(bounds).await;
    create(&scoring).await;

    ground.freeze().await;
    let unknown = scoring.post("m", &set("a", 1)).await;
    ground.thaw();
    in_time(scoring.readiness.ready()).await;
    let again = until_taken(async || scoring.post("m", &set("a", 1)).await).await;

    assert_eq!(unknown.status, 503);
    assert_eq!(unknown.body["outcome"], "unknown", "{:?}", unknown.body);
    assert!(unknown.retry_after.is_some());
    assert!(again.status.is_success(), "{:?}", again.body);
    assert_eq!(again.body["seq"], 2);
    let both = json!([set("a", 1), set("b", 2)]);
    let next = until_taken(async || scoring.post("m", &both).await).await;
    assert!(next.status.is_success(), "{:?}", next.body);
    assert_eq!(next.body["seq"], 3);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_client_that_is_gone_cancels_nothing() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;

    let request = scoring
        .request(Method::POST, "/v1/matches/m/events")
        .json(&set("a", 1))
        .timeout(Duration::from_millis(1));
    // It may even be quick enough.
    let _ = request.send().await;
    let after = scoring.post("m", &set("a", 1)).await;

    assert!(after.status.is_success());
    assert_eq!(after.body["seq"], 2);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_stream_with_room_again_is_told_though_nobody_posts() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    bound_scores(&ops, 1).await;
    assert_eq!(scoring.post("m", &set("a", 1)).await.status, 507);
    in_time(until_canaries_say(
        &ops,
        Some("the stream of scores is full"),
    ))
    .await;

    bound_scores(&ops, 1 << 30).await;

    in_time(until_canaries_say(&ops, None)).await;
    scoring.stop().await;
    ground.stop().await;
}

async fn bound_scores(ops: &Broker, bytes_max: u64) {
    let options = ProvisionOptions {
        scores_bytes_max: Some(bytes_max),
        ..ProvisionOptions::default()
    };
    ops.provision(&options).await.unwrap();
}

async fn until_canaries_say(ops: &Broker, refusing: Option<&str>) {
    loop {
        let canaries = ops.canaries().await.unwrap();
        if canaries
            .iter()
            .any(|one| one.refusing.as_deref() == refusing)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
