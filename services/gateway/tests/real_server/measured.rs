//! What `/metrics` tells.

use grandstand_server::grant::Tier;
use grandstand_server::telemetry::Metrics;

use crate::harness::{Ground, Scored, token};

#[tokio::test]
async fn everything_an_operator_watches_is_measured() {
    let metrics = Metrics::install().unwrap();
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let mut scored = Scored::new("m");
    scored.score(&ground.scoring, 1).await;
    let query = format!("match=m&after={}-1", scored.epoch());
    let mut fan = ground.fan(&query, Some(&premium)).await;
    assert_eq!(fan.next().await["type"], "status");
    scored.score(&ground.scoring, 1).await;
    assert_eq!(fan.next_news().await["type"], "events");
    assert_eq!(ground.get("/v1/matches/none", None).await.0, 404);
    drop(fan);
    ground.end().await;

    let text = metrics.render();
    for wanted in [
        "grandstand_connections{transport=\"websocket\"} ",
        "grandstand_frames_total ",
        "grandstand_shards{writes=\"",
        "grandstand_events_total{policy=\"realtime\"} ",
        "grandstand_delivery_seconds_bucket{policy=\"realtime\",le=\"0.1\"} ",
        "grandstand_connects_total{resumed=\"true\"} ",
        "grandstand_resumes_total ",
        "grandstand_refusals_total{reason=\"unknown-match\"} ",
        "grandstand_broker_lag_seconds ",
        "grandstand_encodes_total{of=\"event\",codec=\"json\"} ",
        "grandstand_events_followed_total ",
        "grandstand_shard_lag_seconds_bucket",
        "grandstand_stale ",
        "grandstand_fills_total ",
        "grandstand_log_bytes ",
        "grandstand_log_evictions_total{what=\"events\"} 0",
        "grandstand_bucket_up{bucket=\"sessions\"} 1",
        "grandstand_bucket_up{bucket=\"gateways\"} 1",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
}
