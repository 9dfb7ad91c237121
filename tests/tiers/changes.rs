//! A tier that changes while the fan is connected.

use std::time::Duration;

use serde_json::json;

use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::socket::{Codec, Socket};
use crate::rule::{MARK_US, now_us};

/// Posts for somewhat more than the distance of two marks, and listens: at how many moments did
/// news come.
async fn moments(fan: &mut Fan, scorer: &Api, n: &mut u64) -> usize {
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let (mut moments, mut seq) = (0, fan.only().seq);
    let until_us = now_us() + MARK_US + MARK_US / 5;
    while now_us() < until_us {
        tokio::select! {
            _ = pace.tick() => {
                *n += 1;
                scorer.score("m", &count_event(*n)).await;
            }
            _ = fan.next() => {
                moments += usize::from(fan.only().seq > seq);
                seq = fan.only().seq;
            }
        }
    }
    moments
}

#[tokio::test]
async fn up_and_down_without_reconnecting_by_token_and_by_wish() {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open("m").await;
    let free = cluster.fan_token("free").await;
    let premium = cluster.fan_token("premium").await;
    let refresh = |token: &str| json!({"type": "refresh", "token": token});
    let wish = |policy: &str| json!({"type": "subscribe", "match": "m", "policy": policy});
    let url = cluster.gateways[0].url();
    let mut fan = Fan::connect(&url, "fan", Wish::of(&["m"]).token(&free)).await;
    fan.until_seq(1).await;
    let mut n = 0;

    let seldom = moments(&mut fan, &scorer, &mut n).await;
    assert!((1..=2).contains(&seldom), "free: {seldom} moments");

    fan.say(&refresh(&premium)).await;
    let often = moments(&mut fan, &scorer, &mut n).await;
    assert!(often >= 20, "upgraded: {often} moments");

    fan.say(&wish("digest")).await;
    let seldom = moments(&mut fan, &scorer, &mut n).await;
    // What was accepted before the wish came may still be told.
    assert!((1..=4).contains(&seldom), "by wish: {seldom} moments");

    fan.say(&wish("realtime")).await;
    let often = moments(&mut fan, &scorer, &mut n).await;
    assert!(often >= 20, "by wish: {often} moments");

    fan.say(&refresh(&free)).await;
    let seldom = moments(&mut fan, &scorer, &mut n).await;
    assert!((1..=4).contains(&seldom), "downgraded: {seldom} moments");
    let refused = fan
        .other
        .iter()
        .filter(|message| message["code"] == "policy_not_granted");
    assert_eq!(
        refused.count(),
        1,
        "the wish for realtime stands, and is not granted now"
    );

    fan.say(&refresh(&premium)).await;
    let often = moments(&mut fan, &scorer, &mut n).await;
    assert!(often >= 20, "upgraded again: {often} moments");
    assert_eq!(fan.connects, 1);
    fan.until_seq(n + 1).await;
    assert_eq!(
        fan.only().events.len() as u64,
        n,
        "each once, whatever the tier"
    );
}

#[tokio::test]
async fn a_wish_beyond_the_tier_is_clamped_at_every_way_to_ask() {
    let cluster = Cluster::start(1, 1).await;
    cluster.scorer(0).await.create_open("m").await;
    let url = cluster.gateways[0].url();
    for (tier, wishes) in [
        ("free", &["batch", "realtime"][..]),
        ("plus", &["realtime"]),
    ] {
        let token = cluster.fan_token(tier).await;
        for policy in wishes {
            let wish = json!({"match": "m", "policy": policy});
            let by_query = format!("match=m&policy={policy}");
            let hello = json!({"type": "hello", "subscriptions": [&wish]});
            let mut subscribe = wish.clone();
            subscribe["type"] = json!("subscribe");
            for (query, message) in [
                (by_query.as_str(), None),
                ("", Some(hello)),
                ("", Some(subscribe)),
            ] {
                let opened = Socket::open(&url, query, Some(&token), Codec::Json).await;
                let mut socket = opened.unwrap();
                if let Some(message) = &message {
                    socket.say(message).await;
                }
                let error = loop {
                    let heard = socket.message().await;
                    if heard["type"] != "welcome" {
                        break heard;
                    }
                };
                assert_eq!(
                    error["code"], "policy_not_granted",
                    "{tier} {policy} {message:?}"
                );
                assert_eq!(error["match"], "m");
            }
        }
    }
}
