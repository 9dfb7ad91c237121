//! Every door obeys the tier: who does not pay sees the log as of the last mark, however he looks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::harness::api::{Answer, Api, count_event, open_match};
use crate::harness::fan::{Fan, Wish};
use crate::harness::wait::{found, in_time};
use crate::stage::Stage;

const MARK_US: u64 = 5_000_000;

/// When each seq was accepted, Unix microseconds.
struct Accepted(Vec<u64>);

impl Accepted {
    /// The last seq accepted at a time.
    fn seq_at(&self, time_us: u64) -> u64 {
        self.0.iter().filter(|ts| **ts <= time_us).count() as u64
    }
}

#[tokio::test]
async fn nobody_learns_more_by_polling_than_by_paying() {
    let stage = Stage::with_match(0).await;
    let (anonymous, premium) = (stage.viewer(None), stage.viewer(Some(&stage.premium)));
    let created_us = stage.scorer.get("/v1/matches/m").await.json()["ts"].as_u64();
    let mut accepted = Accepted(vec![created_us.unwrap()]);
    let from_us = now_us();
    let mut held_back = 0;
    let mut number = 0;
    let mut pace = tokio::time::interval(Duration::from_millis(50));

    // Past at least one mark, and past 64 events.
    while now_us() < from_us + MARK_US + MARK_US / 2 || number < 70 {
        pace.tick().await;
        number += 1;
        let answer = stage.scorer.score("m", &count_event(number)).await;
        accepted.0.push(answer["events"][0]["ts"].as_u64().unwrap());
        held_back += look(&anonymous, &accepted).await;
    }
    assert!(held_back > 0, "there was nothing to hold back");

    let last = number + 1;
    found("the newest for who pays", async || {
        shows(&premium, last).await
    })
    .await;
    found("the next mark", async || shows(&anonymous, last).await).await;
}

#[tokio::test]
async fn a_delay_holds_at_every_door() {
    let stage = Stage::new().await;
    let mut body = open_match("held back");
    body["delay_s"] = json!(2);
    stage.scorer.create("m", &body).await;
    let slow = ["--role", "fan", "--tier", "premium", "--delay-s", "3"];
    let slow = stage.cluster.token(&slow).await;
    let following = [(&stage.premium, 2), (&slow, 3)].map(|(token, delay_s)| {
        let (viewer, token) = (stage.viewer(Some(token)), token.clone());
        let url = stage.gateway();
        tokio::spawn(async move {
            let wish = Wish::of(&["m"]).token(&token).every_event();
            let mut fan = Fan::connect(&url, format!("{delay_s} s behind"), wish).await;
            let mut polled = Vec::new();
            while fan.only().seq < 21 {
                let seq = fan.only().seq;
                fan.next().await;
                let seen_us = now_us();
                let seqs = seq + 1..=fan.only().seq;
                polled.extend(seqs.map(|seq| (seq, seen_us)));
                let state = viewer.get("/v1/matches/m/state").await;
                let list = viewer.get("/v1/matches").await.json();
                let seen_us = now_us();
                let listed = list["matches"][0]["seq"].as_u64().unwrap_or(0);
                polled.extend([(seq_of(&state), seen_us), (listed, seen_us)]);
            }
            for (seq, seen_us) in polled.into_iter().filter(|(seq, _)| *seq > 0) {
                let event = &fan.only().events[seq as usize - 1];
                let from_us = event["ts"].as_u64().unwrap() + delay_s * 1_000_000;
                assert!(seen_us >= from_us, "{}: {seq} too early", fan.name);
            }
        })
    });

    let mut pace = tokio::time::interval(Duration::from_millis(200));
    for number in 1..=20 {
        pace.tick().await;
        stage.scorer.score("m", &count_event(number)).await;
    }

    for fan in following {
        in_time("a fan who is behind", fan).await.unwrap();
    }
}

async fn shows(viewer: &Api, seq: u64) -> Option<()> {
    (viewer.state("m").await["seq"] == seq).then_some(())
}

/// Looks through every door; how many events were held back.
async fn look(anonymous: &Api, accepted: &Accepted) -> u64 {
    let state = anonymous.get("/v1/matches/m/state").await;
    let head = anonymous.get("/v1/matches/m").await;
    let list = anonymous.get("/v1/matches").await.json();
    let epoch = head
        .status
        .is_success()
        .then(|| head.json()["epoch"].clone());
    let segment = match &epoch {
        Some(epoch) => {
            let path = format!("/v1/matches/m/log/{}/0", epoch.as_str().unwrap());
            anonymous.get(&path).await.status.is_success()
        }
        None => false,
    };
    let seen_until_us = now_us() / MARK_US * MARK_US;
    let most = accepted.seq_at(seen_until_us);

    let listed = list["matches"][0]["seq"].as_u64().unwrap_or(0);
    let segment_seq = if segment { 64 } else { 0 };
    for (door, seq) in [
        ("state", seq_of(&state)),
        ("head", seq_of(&head)),
        ("list", listed),
        ("segment", segment_seq),
    ] {
        assert!(seq <= most, "{door} shows {seq}, and the mark had {most}");
    }
    if state.status.is_success() {
        let max_age = state
            .header("cache-control")
            .strip_prefix("public, max-age=");
        let max_age: u64 = max_age.unwrap().parse().unwrap();
        assert!(max_age < 5, "kept past the next mark: {max_age}");
    }
    accepted.0.len() as u64 - seq_of(&state)
}

/// The seq that a GET shows; 0 where there is nothing to see yet.
fn seq_of(answer: &Answer) -> u64 {
    match answer.status.as_u16() {
        404 => 0,
        _ => answer.json()["seq"].as_u64().unwrap(),
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
