//! Where no WebSocket is to be had: by streams or polls, and back to a WebSocket, without a gap.

use rustix::process::Signal;
use serde_json::json;

use crate::fan::Fan;
use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::node::node;
use crate::harness::proxy::Proxy;
use crate::harness::replica::Place;

const MATCH: &str = "sdk";

/// A fan of every event, at these gateways.
async fn fan(urls: &[String], token: &str) -> Option<Fan> {
    let wish = json!({"after": {"seq": 0}, "snapshot": "never"});
    let argument =
        json!({"urls": urls, "tokens": [token], "match": MATCH, "codec": "json", "wish": wish});
    Some(Fan::start(node().await?, argument))
}

/// It saw every event once and is where the match is.
async fn assert_nothing_is_missing(fan: &mut Fan, scorer: &Api, last: u64) {
    fan.until_seq(last).await;
    let report = fan.report().await;
    let end = Place::of(&scorer.state(MATCH).await);
    assert_eq!(Place::of(&report), end);
    assert_eq!(report["hash_now"], end.hash);
    assert_eq!(fan.seqs, (1..=last).collect::<Vec<_>>());
    let counts = &report["counts"];
    for nothing in ["wrong_hashes", "holes", "snapshots"] {
        assert_eq!(counts[nothing], 0, "{counts}");
    }
}

#[tokio::test]
async fn a_network_that_lets_no_websocket_through_has_streams_until_it_does() {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let proxy = Proxy::start(&cluster.gateways[0].url()).await;
    proxy.refuse_upgrades();
    let token = cluster.fan_token("premium").await;
    let Some(mut fan) = fan(&[proxy.url()], &token).await else {
        return;
    };
    fan.until_carried_by("sse").await;
    fan.until_seq(1).await;

    for n in 1..=30 {
        match n {
            // In the middle of an event.
            10 | 20 => proxy.cut_at(&format!("\"seq\":{}", n + 1)),
            15 => proxy.cut(),
            _ => {}
        }
        scorer.score(MATCH, &count_event(n)).await;
        if n % 5 == 0 {
            fan.until_seq(n + 1).await;
        }
    }
    proxy.allow_upgrades();
    for n in 31..=40 {
        scorer.score(MATCH, &count_event(n)).await;
    }
    fan.until_carried_by("websocket").await;
    scorer.score(MATCH, &count_event(41)).await;

    assert_nothing_is_missing(&mut fan, &scorer, 42).await;
    fan.end().await;
}

#[tokio::test]
async fn who_polls_goes_on_at_another_gateway_when_one_is_killed_or_goes() {
    let mut cluster = Cluster::start(1, 0).await;
    for _ in 0..3 {
        cluster.add_gateway(&["--sse-max", "0"]).await;
    }
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let proxies = [
        Proxy::start(&cluster.gateways[0].url()).await,
        Proxy::start(&cluster.gateways[1].url()).await,
    ];
    proxies.iter().for_each(Proxy::refuse_upgrades);
    let token = cluster.fan_token("premium").await;
    let Some(mut fan) = fan(&proxies.each_ref().map(Proxy::url), &token).await else {
        return;
    };
    fan.until_carried_by("poll").await;

    for n in 1..=30 {
        match n {
            10 => {
                cluster.gateways[0].kill().await;
                proxies[0].point_at(&cluster.gateways[2].url());
            }
            20 => cluster.gateways[1].signal(Signal::TERM),
            _ => {}
        }
        scorer.score(MATCH, &count_event(n)).await;
        if n % 3 == 0 {
            fan.until_seq(n + 1).await;
        }
    }
    proxies.iter().for_each(Proxy::allow_upgrades);
    fan.until_carried_by("websocket").await;
    scorer.score(MATCH, &count_event(31)).await;

    assert_nothing_is_missing(&mut fan, &scorer, 32).await;
    fan.end().await;
}

#[tokio::test]
async fn who_finds_no_room_polls_until_there_is_some() {
    let mut cluster = Cluster::start(1, 0).await;
    cluster.add_gateway(&["--connections-max", "1"]).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let token = cluster.fan_token("premium").await;
    let urls = [cluster.gateways[0].url()];
    let Some(mut first) = fan(&urls, &token).await else {
        return;
    };
    first.until_carried_by("websocket").await;
    let Some(mut second) = fan(&urls, &token).await else {
        return;
    };
    second.until_carried_by("poll").await;

    for n in 1..=20 {
        scorer.score(MATCH, &count_event(n)).await;
        second.until_seq(n + 1).await;
    }
    assert_nothing_is_missing(&mut first, &scorer, 21).await;
    first.end().await;
    second.until_carried_by("websocket").await;
    scorer.score(MATCH, &count_event(21)).await;

    assert_nothing_is_missing(&mut second, &scorer, 22).await;
    second.end().await;
}
