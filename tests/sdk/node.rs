//! In Node.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::fan::Fan;
use crate::harness::api::count_event;
use crate::harness::cluster::Cluster;
use crate::harness::node::{node, root};
use crate::harness::proxy::Proxy;
use crate::harness::replica::Place;
use crate::harness::seed::seed;
use crate::harness::wait::{in_time, is_prompt};
use grandstand_play::generate::chance::Chance;

const MATCH: &str = "sdk";
/// How many events are posted one by one while connections are cut.
const EVENTS: u64 = 240;
/// One post in so many is followed by a cut.
const POSTS_BETWEEN_CUTS: u64 = 6;

#[tokio::test]
async fn the_client_passes_its_own_tests_and_the_golden_vectors() {
    let Some(mut command) = node().await else {
        return;
    };
    let folder = root().join("services/web/tests");
    let files = std::fs::read_dir(folder).unwrap();
    let files: Vec<PathBuf> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    assert!(files.len() >= 4, "{files:?}");

    let output = in_time("node --test", command.arg("--test").args(files).output()).await;

    let output = output.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}");
}

#[tokio::test]
async fn a_client_that_is_cut_again_and_again_while_gateways_die_sees_every_seq_once() {
    for codec in ["json", "msgpack"] {
        follow_through_everything(codec).await;
    }
}

async fn follow_through_everything(codec: &str) {
    let Some(node) = node().await else {
        return;
    };
    let mut chance = Chance::new(seed("sdk"), 0);
    let mut cluster = Cluster::start(1, 2).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let proxies = [
        Proxy::start(&cluster.gateways[0].url()).await,
        Proxy::start(&cluster.gateways[1].url()).await,
    ];
    let tokens = ["no.good.token", &cluster.fan_token("premium").await];
    let wish = json!({"after": {"seq": 0}, "snapshot": "never"});
    let urls = proxies.each_ref().map(Proxy::url);
    let mut fan = Fan::start(
        node,
        json!({"urls": urls, "tokens": tokens, "match": MATCH, "codec": codec, "wish": wish}),
    );
    fan.until_seq(1).await;

    for n in 1..=EVENTS {
        scorer.score(MATCH, &count_event(n)).await;
        match n {
            80 => {
                cluster.gateways[0].kill().await;
                cluster.add_gateway(&[]).await;
                proxies[0].point_at(&cluster.gateways[2].url());
            }
            160 => cluster.gateways[1].signal(Signal::TERM),
            _ if chance.below(POSTS_BETWEEN_CUTS) == 0 => {
                proxies.iter().for_each(Proxy::cut);
                // It is back, and may be cut again.
                fan.until_seq(n).await;
            }
            _ => {}
        }
    }
    fan.until_seq(EVENTS + 1).await;

    let report = fan.report().await;
    let end = Place::of(&scorer.state(MATCH).await);
    assert_eq!(Place::of(&report), end, "{codec}");
    assert_eq!(report["hash_now"], end.hash, "{codec}");
    assert_eq!(fan.seqs, (1..=EVENTS + 1).collect::<Vec<_>>(), "{codec}");
    let counts = &report["counts"];
    eprintln!("{codec}: {counts}");
    for nothing in ["wrong_hashes", "holes", "snapshots"] {
        assert_eq!(counts[nothing], 0, "{codec}: {counts}");
    }
    assert!(counts["reconnects"].as_u64() > Some(10), "{counts}");
    // Each time it was connected again it said where it stood.
    assert!(counts["resumes"].as_u64() >= counts["reconnects"].as_u64());
    fan.end().await;
}

#[tokio::test]
async fn a_gateway_that_is_told_to_end_sends_its_fans_to_the_next() {
    let Some(node) = node().await else {
        return;
    };
    let mut cluster = Cluster::start(1, 2).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let token = cluster.fan_token("premium").await;
    let urls = [cluster.gateways[0].url(), cluster.gateways[1].url()];
    let mut fan = Fan::start(
        node,
        json!({"urls": urls, "tokens": [token], "match": MATCH, "codec": "json", "wish": {}}),
    );
    fan.until_seq(1).await;

    cluster.gateways[0].signal(Signal::TERM);
    fan.until("another connection", |line| {
        line["connection"] == "connecting"
    })
    .await;
    assert!(cluster.gateways[0].ended().await.success());
    scorer.score(MATCH, &count_event(1)).await;
    fan.until_seq(2).await;

    let report = fan.report().await;
    let counts = &report["counts"];
    assert_eq!(
        (
            &counts["connects"],
            &counts["resumes"],
            &counts["snapshots"]
        ),
        (&json!(2), &json!(1), &json!(1)),
        "{counts}"
    );
    assert_eq!(fan.seqs, [2]);
    fan.end().await;
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_noticed_within_a_heartbeat_and_ten_seconds() {
    let Some(node) = node().await else {
        return;
    };
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let proxy = Proxy::start(&cluster.gateways[0].url()).await;
    let token = cluster.fan_token("premium").await;
    let before = Instant::now();
    let mut fan = Fan::start(
        node,
        json!({"urls": [proxy.url()], "tokens": [token], "match": MATCH, "codec": "json",
            "wish": {}, "heartbeat_s": 15}),
    );
    fan.until_seq(1).await;

    proxy.fall_silent();
    let silent = Instant::now();
    scorer.score(MATCH, &count_event(1)).await;
    let noticed = fan
        .until("the end of it", |line| line["connection"] == "waiting")
        .await;

    assert_eq!(noticed["why"], "no heartbeat");
    let limit = Duration::from_secs(15 + 10);
    assert!(before.elapsed() >= limit, "after {:?}", silent.elapsed());
    is_prompt("the end of it", silent, limit);
    fan.until_seq(2).await;
    // Node ends when the silent connection does, which was closed and can't hear it.
    drop(proxy);
    fan.end().await;
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends_and_the_tier_is_the_new_ones() {
    let Some(node) = node().await else {
        return;
    };
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let fan = ["--role", "fan", "--sub", "ann", "--tier"];
    let next = cluster.token(&[&fan[..], &["premium"]].concat()).await;
    let short = cluster
        .token(&[&fan[..], &["free", "--ttl", "20s"]].concat())
        .await;
    let urls = [cluster.gateways[0].url()];
    let mut fan = Fan::start(
        node,
        json!({"urls": urls, "tokens": [short, next], "match": MATCH, "codec": "msgpack", "wish": {}}),
    );

    let better = fan.until("a better tier", |line| line["tier"] == "premium");
    assert_eq!(better.await["connection"], "open");
    scorer.score(MATCH, &count_event(1)).await;
    fan.until_seq(2).await;

    let report = fan.report().await;
    let counts = &report["counts"];
    assert_eq!(
        (&counts["connects"], &counts["snapshots"]),
        (&json!(1), &json!(1)),
        "{counts}"
    );
    assert_eq!(Place::of(&report), Place::of(&scorer.state(MATCH).await));
    fan.end().await;
}

#[tokio::test]
async fn a_client_whose_state_is_not_the_right_one_says_so_and_gets_it_right() {
    let Some(node) = node().await else {
        return;
    };
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let token = cluster.fan_token("premium").await;
    let urls = [cluster.gateways[0].url()];
    let mut fan = Fan::start(
        node,
        json!({"urls": urls, "tokens": [token], "match": MATCH, "codec": "json", "wish": {}}),
    );
    fan.until_seq(1).await;

    fan.say("spoil").await;
    fan.until("a spoilt state", |line| line["spoilt"] == true)
        .await;
    scorer.score(MATCH, &count_event(1)).await;
    fan.until("a snapshot", |line| line["reason"] == "asked")
        .await;

    let report = fan.report().await;
    assert_eq!(Place::of(&report), Place::of(&scorer.state(MATCH).await));
    assert_eq!(report["counts"]["wrong_hashes"], 1, "{report}");
    fan.end().await;
}
