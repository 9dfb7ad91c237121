//! Polling and long polling: the message that a socket with the same cursor would get.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::poller::{Poller, poll_after};
use crate::harness::replica::Place;
use crate::harness::wait::found;
use crate::stage::Stage;

async fn asked(stage: &Stage, query: &str) -> Value {
    let answer = stage
        .viewer(Some(&stage.premium))
        .get(&format!("/v1/matches/m/events?{query}"))
        .await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_poll_is_told_what_a_socket_with_its_cursor_would_be_told() {
    let stage = Stage::with_match(0).await;
    let place = stage.count("m", 1..=30).await;
    stage.until_shown("m", &place).await;
    let epoch = &place.epoch;
    for (query, reason) in [
        (String::new(), "joined"),
        ("after=0".to_owned(), "behind"),
        (format!("after={epoch}-5"), "behind"),
        ("after=1790000000000000.1-5".to_owned(), "other_epoch"),
        (format!("after={epoch}-31&snapshot=always"), "asked"),
        // The leader knows of no such event either.
        (format!("after={epoch}-32"), "rolled_back"),
        (format!("after={epoch}-900&wait=30"), "rolled_back"),
    ] {
        let snapshot = asked(&stage, &query).await;
        assert_eq!(snapshot["type"], "snapshot", "{query}");
        assert_eq!(snapshot["reason"], reason, "{query}");
        assert_eq!(Place::of(&snapshot), place, "{query}");
    }
    for (query, first, last) in [
        ("snapshot=never".to_owned(), 1, 31),
        ("after=0&snapshot=never".to_owned(), 1, 31),
        (format!("after={epoch}-15"), 16, 31),
        (format!("after={epoch}-30"), 31, 31),
    ] {
        let message = asked(&stage, &query).await;
        assert_eq!(message["type"], "events", "{query}");
        let seqs: Vec<u64> = message["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(seq)
            .collect();
        assert_eq!(seqs, (first..=last).collect::<Vec<_>>(), "{query}");
        assert_eq!(message["hash"], place.hash.as_str(), "{query}");
    }
    let mut poller = Poller::new(stage.viewer(Some(&stage.premium)), "m");
    poller.until_seq(31).await;
    let nothing = found("a match that is live", async || {
        let nothing = poller.ask().await;
        assert_eq!(nothing.status, 204);
        (nothing.header("grandstand-status") == "live").then_some(nothing)
    })
    .await;
    assert!(
        !poll_after(&nothing).is_zero(),
        "come back, but not at once"
    );
}

fn seq(event: &Value) -> u64 {
    event["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn who_wants_every_event_gets_them_in_bounded_messages() {
    let stage = Stage::with_match(0).await;
    let place = stage.count("m", 1..=150).await;
    let mut poller = Poller::new(stage.viewer(Some(&stage.premium)), "m").every_event();
    let first = poller.ask().await;
    assert_eq!(poller.replica.seq, 64);
    assert!(poll_after(&first).is_zero(), "there is more at once");
    poller.until_seq(place.seq).await;
    assert_eq!(poller.replica.place().unwrap(), place);
    assert_eq!(poller.replica.events.len(), 151);
    assert!(poller.replica.snapshots.is_empty());
}

#[tokio::test]
async fn a_long_poll_is_answered_once_there_is_something_or_when_its_time_is_up() {
    let stage = Stage::with_match(0).await;
    let mut poller = Poller::new(stage.viewer(Some(&stage.premium)), "m").wait_s(1);
    poller.until_seq(1).await;
    let nothing = poller.ask().await;
    assert_eq!(nothing.status, 204);
    assert!(poll_after(&nothing).is_zero());
    // Out of a cache it would be no wait.
    assert_eq!(nothing.header("cache-control"), "no-store");

    let mut poller = poller.wait_s(30);
    for n in 1..=5 {
        let asking = tokio::spawn(async move {
            let answer = poller.ask().await;
            (poller, answer)
        });
        stage.count("m", n..=n).await;
        let answer;
        (poller, answer) = asking.await.unwrap();
        assert_eq!(answer.status, 200, "event {n} ends the wait");
        assert_eq!(poller.replica.seq, n + 1);
    }
    assert_eq!(poller.replica.events.len(), 5);
}

#[tokio::test]
async fn a_long_poll_is_answered_when_its_gateway_goes() {
    let mut stage = Stage::with_match(0).await;
    // Long enough for a poll to come on a machine that stands still for a while.
    let delay = ["--drain-delay-ms", "8000"];
    stage.cluster.add_gateway(&delay).await;
    stage.cluster.until_live(1, "m", &stage.premium).await;
    let viewer = stage.cluster.viewer(1, Some(&stage.premium));
    let after = cursor(&stage, 1).await;
    let asking = tokio::spawn(async move {
        let path = format!("/v1/matches/m/events?after={after}&wait=30");
        viewer.get(&path).await.status.as_u16()
    });
    // Until the delay is over it takes who still comes.
    stage.cluster.gateways[1].signal(Signal::TERM);
    assert_eq!(asking.await.unwrap(), 204, "and not cut");
}

#[tokio::test]
async fn a_long_poll_of_the_free_tier_ends_at_a_mark() {
    let stage = Stage::with_match(0).await;
    let mut poller = Poller::new(stage.cluster.viewer(0, None), "m").wait_s(30);
    poller.until_seq(1).await;
    for round in 0..2 {
        let first = round * 20 + 1;
        let asking = tokio::spawn(async move {
            poller.ask().await;
            poller
        });
        let place = stage.count("m", first..=first + 19).await;
        poller = asking.await.unwrap();
        // All that one mark shows comes together; what came after it, with the next.
        poller.until_seq(place.seq).await;
    }
    assert_eq!(
        poller.replica.events.len(),
        40,
        "and none of it as a snapshot"
    );
    assert_eq!(poller.replica.snapshots.len(), 1);
}

#[tokio::test]
async fn a_poll_that_wants_to_be_kept_behind_is() {
    const DELAY_US: u64 = 4_000_000;
    let stage = Stage::with_match(0).await;
    stage.count("m", 1..=3).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let path = |query: &str| format!("/v1/matches/m/events?snapshot=never&{query}");
    let nothing = viewer.get(&path("delay_s=3600")).await;
    assert_eq!(nothing.status, 204);
    let mut told = 0;
    while told < 4 {
        let first = told + 1;
        let answer = viewer
            .get(&path(&format!(
                "after={}&delay_s=4&wait=30",
                cursor(&stage, told).await
            )))
            .await;
        let now_us = u64::try_from(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_micros(),
        )
        .unwrap();
        for (event, expected) in answer.json()["events"]
            .as_array()
            .unwrap()
            .iter()
            .zip(first..)
        {
            assert_eq!(seq(event), expected);
            let ts = event["ts"].as_u64().unwrap();
            assert!(
                ts + DELAY_US <= now_us,
                "early by {}",
                ts + DELAY_US - now_us
            );
            told = seq(event);
        }
    }
    let too_much = viewer.get(&path("delay_s=3601")).await;
    assert_eq!(too_much.problem(400)["field"], "delay_s");
}

async fn cursor(stage: &Stage, seq: u64) -> String {
    match seq {
        0 => "0".to_owned(),
        seq => format!("{}-{seq}", stage.place("m").await.epoch),
    }
}
