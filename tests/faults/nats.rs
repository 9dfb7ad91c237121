//! The nats-server is killed under load and comes back.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::fan::{Fan, Wish};
use crate::harness::wait::is_prompt;
use crate::load::{Load, MATCH};

/// How soon fans are told that scores may be missing.
const TOLD_MAX: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_nats_server_that_is_killed_twice_loses_nothing_and_fans_are_told() {
    let mut load = Load::start(12).await;
    let premium = load.cluster.fan_token("premium").await;
    let mut witnesses = Vec::new();
    for (n, gateway) in load.cluster.gateways.iter().enumerate() {
        let wish = Wish::of(&[MATCH]).token(&premium);
        witnesses.push(Fan::connect(&gateway.url(), format!("witness {n}"), wish).await);
    }

    for _ in 0..2 {
        load.more(30).await;
        let began = Instant::now();
        load.cluster.kill_nats().await;
        let told = witnesses.iter_mut().map(|fan| async {
            fan.until("stale", |fan| is_told(fan, "stale")).await;
            is_prompt("stale", began, TOLD_MAX);
        });
        futures_util::future::join_all(told).await;
        load.cluster.start_nats().await;
        let told = witnesses
            .iter_mut()
            .map(|fan| fan.until("live again", |fan| is_told(fan, "live")));
        futures_util::future::join_all(told).await;
    }
    load.more(30).await;

    load.settle().await;
}

#[tokio::test]
async fn a_nats_server_that_was_frozen_loses_nothing_and_fans_are_told() {
    let mut load = Load::start(6).await;
    let premium = load.cluster.fan_token("premium").await;
    let url = load.cluster.gateways[0].url();
    let mut witness = Fan::connect(&url, "witness", Wish::of(&[MATCH]).token(&premium)).await;
    load.more(30).await;

    let began = Instant::now();
    load.cluster.signal_nats(Signal::STOP);
    witness.until("stale", |fan| is_told(fan, "stale")).await;
    is_prompt("stale", began, TOLD_MAX);
    // Long enough for clients to give it up (two pings of 5 s) and come back to it.
    tokio::time::sleep(Duration::from_secs(12)).await;
    load.cluster.signal_nats(Signal::CONT);
    witness
        .until("live again", |fan| is_told(fan, "live"))
        .await;
    load.more(30).await;

    load.settle().await;
}

/// Whether this is the last that it was told; a machine that stood still may be told of sooner.
fn is_told(fan: &Fan, word: &str) -> bool {
    let statuses = &fan.only().statuses;
    statuses.last().is_some_and(|status| status == word)
}
