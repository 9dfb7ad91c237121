//! A crowd whose gateway is killed: everybody is live at the other, and nothing is read for it.

use std::collections::BTreeMap;

use crate::harness::api::count_event;
use crate::harness::fan::{Fan, Wish};
use crate::harness::replica::Place;
use crate::harness::socket::{Codec, Heard};
use crate::harness::wait::{found, in_time};
use crate::stage::Stage;

/// So many fans, unless `GRANDSTAND_TEST_FANS` says otherwise.
const FANS: usize = 300;

fn fans() -> usize {
    let given = std::env::var("GRANDSTAND_TEST_FANS").ok();
    given.map_or(FANS, |text| text.parse().expect("a number of fans"))
}

/// Follows to the end, at the other gateway once the first is gone.
async fn follow(mut fan: Fan, other: String, end: Place) -> Fan {
    let places: BTreeMap<_, _> = fan
        .replicas
        .keys()
        .map(|name| (name.clone(), end.clone()))
        .collect();
    while fan.only().seq < end.seq {
        if !fan.is_connected() {
            fan.resume(&other).await;
        }
        match fan.next().await {
            Heard::Message(_) | Heard::Gone => {}
            Heard::Closed(code, reason) => panic!("{}: closed with {code} {reason}", fan.name),
        }
    }
    fan.check_ends(&places);
    fan
}

#[tokio::test]
async fn a_crowd_whose_gateway_is_killed_is_live_at_the_other_and_nothing_is_read() {
    let count = fans();
    let mut stage = Stage::new(2).await;
    let mut tokens = Vec::new();
    for tier in ["premium", "plus", "premium", "premium"] {
        tokens.push(stage.token("ada", tier, &[]).await);
    }
    let mut crowd = Vec::new();
    for n in 0..count {
        let wish = Wish::of(&["a"])
            .token(&tokens[n % tokens.len()])
            .codec(Codec::BOTH[n % 2])
            .no_snapshot()
            .keeps_session();
        crowd.push(Fan::connect(&stage.url(0), format!("fan {n}"), wish).await);
    }
    stage
        .until_stored(count, |body| body["subscriptions"]["a"].is_object())
        .await;
    for n in 1..=10 {
        stage.scorer.score("a", &count_event(n)).await;
    }
    for fan in &mut crowd {
        fan.until_seq(11).await;
    }

    stage.cluster.gateways[0].kill().await;
    for n in 11..=20 {
        stage.scorer.score("a", &count_event(n)).await;
    }
    let end = Place::of(&stage.scorer.state("a").await);
    let following: Vec<_> = crowd
        .into_iter()
        .map(|fan| tokio::spawn(follow(fan, stage.url(1), end.clone())))
        .collect();
    let mut crowd = Vec::new();
    for fan in following {
        crowd.push(in_time("a fan at the end", fan).await.unwrap());
    }

    for fan in &crowd {
        assert_eq!(
            (fan.connects, fan.only().events.len()),
            (2, 21),
            "{}",
            fan.name
        );
        let mut welcomes = fan
            .other
            .iter()
            .filter(|message| message["type"] == "welcome");
        let last = welcomes.next_back().unwrap();
        assert_eq!(
            last["session"].as_str(),
            fan.session.as_deref(),
            "{}",
            fan.name
        );
    }
    let resumed = |by: &str| format!("grandstand_sessions_resumed_total{{by=\"{by}\"}}");
    assert_eq!(stage.metric(1, &resumed("cursor")).await, count as f64);
    assert_eq!(stage.metric(1, &resumed("bucket")).await, 0.0);
    let other = stage.cluster.gateways[1].url();
    found("all sessions at the other gateway", async || {
        let present = stage.present().await;
        let name = &present.iter().find(|body| body["url"] == other)?["name"];
        let stored = stage.stored().await;
        let there = stored.iter().filter(|body| body["gateway"] == *name);
        (stored.len() == count && there.count() == count).then_some(())
    })
    .await;
}
