//! A tier that changes while the fan is connected.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::socket::{Codec, Socket};
use crate::harness::wait::in_time;
use crate::rule::{MARK_US, now_us};

/// What may still be told of before, when the policy changes.
const LATE: usize = 2;

/// The moments at which news came, and how many marks there were meanwhile at most.
struct Moments {
    news: usize,
    marks: usize,
}

/// Posts and listens until there was news, for somewhat more than the distance of two marks, and
/// until `enough`.
async fn moments(
    fan: &mut Fan,
    scorer: &Api,
    n: &mut u64,
    enough: impl Fn(&Moments) -> bool,
) -> Moments {
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    // So many more at once after a standstill would be more than one message of a mark.
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seq = fan.only().seq;
    let began_us = now_us();
    let mut moments = Moments { news: 0, marks: 0 };
    let posting = async {
        while moments.news == 0 || now_us() < began_us + MARK_US + MARK_US / 5 || !enough(&moments)
        {
            tokio::select! {
                _ = pace.tick() => {
                    *n += 1;
                    scorer.score("m", &count_event(*n)).await;
                }
                _ = fan.next() => {
                    moments.news += usize::from(fan.only().seq > seq);
                    seq = fan.only().seq;
                }
            }
            moments.marks = ((now_us() - began_us) / MARK_US) as usize + 1;
        }
    };
    in_time("news", posting).await;
    moments
}

/// Says something, and listens until it counts: what was on its way before has been heard by then.
async fn say(fan: &mut Fan, message: &Value) {
    let pongs = |fan: &Fan| {
        let kinds = fan.other_kinds().into_iter();
        kinds.filter(|kind| *kind == "pong").count()
    };
    let before = pongs(fan);
    fan.say(message).await;
    fan.say(&json!({"type": "ping"})).await;
    fan.until("a pong", |fan| pongs(fan) > before).await;
}

/// News comes at marks, and at no other time.
async fn comes_seldom(what: &str, fan: &mut Fan, scorer: &Api, n: &mut u64) {
    let Moments { news, marks } = moments(fan, scorer, n, |_| true).await;
    assert!(
        news <= marks + LATE,
        "{what}: {news} moments, {marks} marks"
    );
}

/// News comes at far more moments than there are marks.
async fn comes_often(fan: &mut Fan, scorer: &Api, n: &mut u64) {
    moments(fan, scorer, n, |seen| seen.news > 10 * seen.marks + LATE).await;
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

    comes_seldom("free", &mut fan, &scorer, &mut n).await;

    say(&mut fan, &refresh(&premium)).await;
    comes_often(&mut fan, &scorer, &mut n).await;

    say(&mut fan, &wish("digest")).await;
    comes_seldom("by wish", &mut fan, &scorer, &mut n).await;

    say(&mut fan, &wish("realtime")).await;
    comes_often(&mut fan, &scorer, &mut n).await;

    say(&mut fan, &refresh(&free)).await;
    comes_seldom("downgraded", &mut fan, &scorer, &mut n).await;
    let refused = fan
        .other
        .iter()
        .filter(|message| message["code"] == "policy_not_granted");
    assert_eq!(
        refused.count(),
        1,
        "the wish for realtime stands, and is not granted now"
    );

    say(&mut fan, &refresh(&premium)).await;
    comes_often(&mut fan, &scorer, &mut n).await;
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
