//! A gateway that is killed, frozen or stopped: it held nothing that its fans need.

use std::time::Duration;

use rustix::process::Signal;

use crate::deaf::large_event;
use crate::harness::api::Api;
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::wait::found;
use crate::load::{Load, MATCH};

#[tokio::test]
async fn fans_of_a_gateway_that_is_killed_go_on_at_the_other() {
    let mut load = Load::start(24).await;
    load.until_connected(12).await;
    load.more(30).await;

    load.cluster.gateways[0].kill().await;
    load.more(60).await;

    let (_cluster, fans) = load.settle().await;
    let moved = fans.iter().filter(|fan| fan.connects > 1).count();
    assert!(moved >= 12, "{moved} fans had to move");
}

#[tokio::test]
async fn a_gateway_that_was_frozen_5_s_goes_on_where_it_was() {
    let mut load = Load::start(12).await;
    load.more(30).await;

    load.cluster.gateways[0].signal(Signal::STOP);
    // How long it is frozen is what is tested; nothing waits for this.
    tokio::time::sleep(Duration::from_secs(5)).await;
    load.cluster.gateways[0].signal(Signal::CONT);
    load.more(30).await;

    let (_cluster, fans) = load.settle().await;
    let moved = fans.iter().filter(|fan| fan.connects > 1).count();
    assert_eq!(moved, 0, "a pause of the gateway is no disconnect");
}

#[tokio::test]
async fn a_gateway_that_is_stopped_says_1012_and_its_fans_go_on_at_the_other() {
    let mut load = Load::start(12).await;
    let premium = load.cluster.fan_token("premium").await;
    let url = load.cluster.gateways[0].url();
    let mut fan = Fan::connect(&url, "witness", Wish::of(&[MATCH]).token(&premium)).await;
    load.more(30).await;

    load.cluster.gateways[0].signal(Signal::TERM);
    assert_eq!(fan.until_closed().await, Some(1012));
    assert!(fan.other_kinds().contains(&"goaway"), "it was told before");
    assert!(load.cluster.gateways[0].ended().await.success());
    load.more(30).await;

    load.settle().await;
}

#[tokio::test]
async fn a_crowd_moves_to_the_other_gateway_and_misses_nothing() {
    let mut load = Load::start(200).await;
    load.until_connected(100).await;
    load.more(30).await;

    load.cluster.gateways[0].signal(Signal::TERM);
    let ended = load.cluster.gateways[0].ended().await;
    assert!(ended.success(), "{ended}");
    load.more(30).await;

    let (_cluster, fans) = load.settle().await;
    let moved: Vec<&Fan> = fans.iter().filter(|fan| fan.connects > 1).collect();
    assert_eq!(moved.len(), 100, "those of the gateway that was stopped");
    for fan in moved {
        assert_eq!(fan.connects, 2, "{}", fan.name);
        assert!(fan.other_kinds().contains(&"goaway"), "{}", fan.name);
    }
}

#[tokio::test]
async fn a_gateway_that_was_told_to_stop_is_not_ready_but_serves_until_it_is_told_again() {
    let mut cluster = Cluster::start(1, 0).await;
    cluster.add_gateway(&["--drain-delay-ms", "60000"]).await;
    cluster.scorer(0).await.create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    cluster.until_live(0, MATCH, &premium).await;
    let admin = Api::new(cluster.gateways[0].said("admin_url"), None);

    cluster.gateways[0].signal(Signal::TERM);
    found("a gateway that is not ready", async || {
        (admin.get("/readyz").await.status == 503).then_some(())
    })
    .await;
    // The balancer may not have seen it yet.
    let url = cluster.gateways[0].url();
    let mut fan = Fan::connect(&url, "late", Wish::of(&[MATCH]).token(&premium)).await;
    fan.until_seq(1).await;

    cluster.gateways[0].signal(Signal::TERM);
    let ended = cluster.gateways[0].ended().await;
    assert_eq!(ended.code(), Some(1), "it did not wait");
    assert!(!fan.other_kinds().contains(&"goaway"));
}

#[tokio::test]
async fn a_fan_who_reads_nothing_does_not_hold_up_the_end_of_a_gateway() {
    let mut cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    let url = cluster.gateways[0].url();
    let wish = Wish::of(&[MATCH]).token(&premium);
    let mut reading = Fan::connect(&url, "reading", wish.clone()).await;
    let _silent = Fan::connect(&url, "silent", wish.every_event()).await;
    let posting = async {
        for n in 0..160 {
            scorer.score(MATCH, &large_event(n)).await;
        }
    };
    // It reads meanwhile: who takes nothing for 30 s is cut.
    tokio::join!(posting, reading.until_seq(161));

    cluster.gateways[0].signal(Signal::TERM);

    assert_eq!(reading.until_closed().await, Some(1012));
    let ended = cluster.gateways[0].ended().await;
    assert!(ended.success(), "{ended}");
}
