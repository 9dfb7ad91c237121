//! Gateways that know each other: which is worse off is not ready, and what all share empties no
//! load balancer.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::harness::api::count_event;
use crate::harness::fan::{Fan, Wish};
use crate::harness::wait::{found, is_prompt};
use crate::proxy::Proxy;
use crate::stage::Stage;

#[tokio::test]
async fn gateways_say_where_they_are_and_who_reads_what() {
    let mut stage = Stage::new(0).await;
    let place = [
        "--name",
        "north-1",
        "--advertise-url",
        "http://fans.example:80",
    ];
    stage.cluster.add_gateway(&place).await;
    stage.cluster.add_gateway(&[]).await;
    let token = stage.token("ada", "premium", &[]).await;
    let mut fans = Vec::new();
    for n in 0..3 {
        let matches = if n == 0 { vec!["a", "b"] } else { vec!["a"] };
        let wish = Wish::of(&matches).token(&token);
        fans.push(Fan::connect(&stage.url(0), format!("fan {n}"), wish).await);
    }

    let body = found("the first gateway with its fans", async || {
        let present = stage.present().await;
        let named = present.iter().find(|body| body["name"] == "north-1")?;
        (present.len() == 2 && named["fans_total"] == 4 && named["fresh"] == true)
            .then(|| named.clone())
    })
    .await;
    assert_eq!(body["url"], "http://fans.example:80");
    assert_eq!(
        body["admin_url"],
        stage.cluster.gateways[0].said("admin_url")
    );
    assert_eq!(body["fans"], json!({"a": 3, "b": 1}));
    assert_eq!(body["connections"], 3);
    let present = stage.present().await;
    let other = present
        .iter()
        .find(|body| body["name"] != "north-1")
        .unwrap();
    assert_eq!(other["url"], stage.url(1));
    assert_eq!(
        stage.admin(0).get("/fresh").await.json(),
        json!({"fresh": true})
    );

    // A gateway that is gone is forgotten.
    stage.cluster.gateways[1].kill().await;
    found("one gateway", async || {
        (stage.present().await.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_is_cut_off_alone_is_not_ready_until_it_hears_again() {
    let mut stage = Stage::new(1).await;
    let nats = stage.cluster.nats_url().replace("nats://", "http://");
    let link = Proxy::to(&nats).await;
    let through = link.url.replace("http://", "nats://");
    stage.cluster.add_gateway(&["--nats-url", &through]).await;
    let token = stage.token("ada", "premium", &[]).await;
    stage.cluster.until_live(1, "a", &token).await;
    let wish = Wish::of(&["a"]).token(&token);
    let mut fan = Fan::connect(&stage.url(1), "fan", wish).await;
    fan.until_seq(1).await;
    // It knows its peer from when it started, if that was there.
    found("both gateways", async || {
        (stage.present().await.len() == 2).then_some(())
    })
    .await;

    link.lead_to(None);
    link.cut();
    let cut = Instant::now();
    let reasons = found("a gateway that is not ready", async || {
        let ready = stage.admin(1).get("/readyz").await;
        (ready.status == 503).then(|| ready.json()["reasons"].clone())
    })
    .await;
    is_prompt("not ready", cut, Duration::from_secs(5));
    let reason = reasons["peers"].as_str().unwrap();
    assert!(reason.contains("other gateways"), "{reasons}");
    assert_eq!(stage.admin(0).get("/readyz").await.status, 200);
    fan.until("stale", |fan| {
        fan.only()
            .statuses
            .last()
            .is_some_and(|word| word == "stale")
    })
    .await;

    stage.scorer.score("a", &count_event(1)).await;
    link.lead_to(Some(&nats));
    found("a gateway that is ready again", async || {
        (stage.admin(1).get("/readyz").await.status == 200).then_some(())
    })
    .await;
    fan.until_seq(2).await;
    assert_eq!(fan.connects, 1, "whoever stayed lost nothing");
}

#[tokio::test]
async fn a_fault_that_all_share_leaves_every_gateway_ready() {
    let mut stage = Stage::new(2).await;
    found("both gateways", async || {
        (stage.present().await.len() == 2).then_some(())
    })
    .await;
    stage.cluster.signal_nats(Signal::STOP);
    for gateway in [0, 1] {
        stage.until_metric(gateway, "grandstand_stale", 1.0).await;
    }
    // Each asks the other meanwhile, more than once.
    let stale = Instant::now();
    while stale.elapsed() < Duration::from_secs(3) {
        for gateway in [0, 1] {
            let ready = stage.admin(gateway).get("/readyz").await;
            assert_eq!(ready.status, 200, "{}", ready.text());
            let fresh = stage.admin(gateway).get("/fresh").await;
            assert_eq!(fresh.json(), json!({"fresh": false}));
        }
    }
    stage.cluster.signal_nats(Signal::CONT);
    for gateway in [0, 1] {
        stage.until_metric(gateway, "grandstand_stale", 0.0).await;
    }
    stage.cluster.kill_nats().await;
}
