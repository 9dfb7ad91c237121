//! Buckets that are gone: delivery goes on, fans are let in, and everything is there again once the
//! buckets are.

use serde_json::json;

use crate::harness::api::count_event;
use crate::harness::fan::{Fan, Wish};
use crate::stage::{Stage, hello, session_of};

const SESSIONS_UP: &str = "grandstand_bucket_up{bucket=\"sessions\"}";
const GATEWAYS_UP: &str = "grandstand_bucket_up{bucket=\"gateways\"}";

#[tokio::test]
async fn delivery_needs_no_bucket_and_sessions_are_there_again_once_it_is() {
    let mut stage = Stage::new(1).await;
    let token = stage.token("ada", "premium", &[]).await;
    let wish = Wish::of(&["a"]).token(&token).keeps_session();
    let mut fan = Fan::connect(&stage.url(0), "fan", wish.clone()).await;
    stage.until_stored(1, |body| body["sub"] == "ada").await;
    stage.until_metric(0, SESSIONS_UP, 1.0).await;
    stage.until_metric(0, GATEWAYS_UP, 1.0).await;

    // What a single server holds in memory is gone with it: both buckets.
    stage.cluster.kill_nats().await;
    stage.cluster.start_nats_as_it_was().await;
    stage.until_metric(0, SESSIONS_UP, 0.0).await;
    stage.until_metric(0, GATEWAYS_UP, 0.0).await;

    stage.cluster.until_live(0, "a", &token).await;
    stage.scorer.score("a", &count_event(1)).await;
    fan.until_seq(2).await;
    let mut late = Fan::connect(&stage.url(0), "late", wish).await;
    late.until_seq(2).await;
    let (mut asking, own) = stage.socket(0, Some(&token)).await;
    asking.say(&hello("00000000000000000000000000000001")).await;
    assert_eq!(asking.message().await["code"], "session_unavailable");
    assert_eq!(session_of(&asking.message().await), own);
    let ready = stage.admin(0).get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text());

    stage.cluster.ops_well(&["provision"]).await;

    let wishes = json!({"a": {}});
    stage
        .until_stored(2, |body| body["subscriptions"] == wishes)
        .await;
    stage.until_metric(0, SESSIONS_UP, 1.0).await;
    stage.until_metric(0, GATEWAYS_UP, 1.0).await;
    stage.scorer.score("a", &count_event(2)).await;
    fan.until_seq(3).await;
    late.until_seq(3).await;
    assert_eq!((fan.connects, late.connects), (1, 1));
}
