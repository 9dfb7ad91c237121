//! Scoring instances that are killed, frozen, or asked the same at once.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::api::{Answer, Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::replica::Place;
use crate::load::{Load, MATCH};

const EVENTS: &str = "/v1/matches/m/events";
/// How often a process is frozen in the hope that it is between storing and answering.
const TRIES_MAX: u64 = 600;

#[tokio::test]
async fn an_event_whose_answer_died_with_its_instance_is_there_once() {
    let mut cluster = Cluster::start(2, 1).await;
    let sure = cluster.scorer(0).await;
    sure.create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    let wish = Wish::of(&[MATCH]).token(&premium).every_event();
    let mut fan = Fan::connect(&cluster.gateways[0].url(), "fan", wish).await;
    fan.until_seq(1).await;
    let (mut unanswered, mut tries) = (0, 0);

    for n in 1..=TRIES_MAX {
        tries = n;
        let doomed = cluster.scorer(1).await;
        let post = doomed.request(Method::POST, EVENTS).json(&count_event(n));
        let mut answer = std::pin::pin!(Api::try_send(post));
        // Frozen as soon as a fan has it; was the answer quicker, the next event is tried.
        let quicker = tokio::select! {
            biased;
            () = fan.until_seq(n + 1) => None,
            answer = &mut answer => answer,
        };
        cluster.scorings[1].signal(Signal::STOP);
        let answered = match quicker {
            Some(answer) => Some(answer),
            // What a frozen process sent before is in our socket by now.
            None => tokio::time::timeout(Duration::from_millis(100), answer)
                .await
                .ok()
                .flatten(),
        };
        if let Some(answer) = answered {
            assert_eq!(answer.status, 201);
            cluster.scorings[1].signal(Signal::CONT);
            fan.until_seq(n + 1).await;
            continue;
        }
        cluster.scorings[1].kill().await;
        cluster.scorings.truncate(1);
        let again = sure.post(EVENTS, &count_event(n)).await;
        assert_eq!(again.status, 200, "it was stored: {}", again.text());
        assert_eq!(again.json()["events"][0]["seq"], n + 1);
        assert_eq!(again.json()["seq"], n + 1, "and it is there once");
        unanswered += 1;
        if unanswered == 3 {
            break;
        }
        cluster.add_scoring(&[]).await;
    }

    eprintln!("{unanswered} answers were lost in {tries} tries");
    assert!(unanswered > 0, "no answer was lost in {TRIES_MAX} tries");
    let end = Place::of(&sure.state(MATCH).await);
    fan.until_seq(end.seq).await;
    assert_eq!(fan.only().place(), Some(end));
    cluster.ops_well(&["verify"]).await;
}

#[tokio::test]
async fn one_event_posted_50_times_at_once_is_one_event_with_one_answer() {
    let cluster = Cluster::start(2, 1).await;
    let instances = [cluster.scorer(0).await, cluster.scorer(1).await];
    instances[0].create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    let wish = Wish::of(&[MATCH]).token(&premium).every_event();
    let mut fan = Fan::connect(&cluster.gateways[0].url(), "fan", wish).await;

    let array = json!([count_event(8), count_event(9)]);
    let bodies = (1..=7).map(count_event).chain([array]);
    for body in bodies {
        let posts = (0..50).map(|n| instances[n % 2].post(EVENTS, &body));
        check_one(&join_all(posts).await, &body);
    }

    fan.until_seq(10).await;
    let state = instances[1].state(MATCH).await;
    assert_eq!(state["seq"], 10);
    assert_eq!(fan.only().place(), Some(Place::of(&state)));
    cluster.ops_well(&["verify"]).await;
}

/// All answers are the same; one of them at most says that it was the first.
fn check_one(answers: &[Answer], body: &Value) {
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(created <= 1, "{created} of {body} say 201");
    for answer in answers {
        assert!(
            answer.status.is_success(),
            "{}: {}",
            answer.status,
            answer.text()
        );
        assert_eq!(answer.text(), answers[0].text());
    }
}

#[tokio::test]
async fn an_instance_that_was_frozen_20_s_changes_nothing_when_it_wakes() {
    let mut load = Load::start(6).await;
    load.more(20).await;

    // The scorer is at the first instance: its post is under way as the process freezes.
    load.cluster.scorings[0].signal(Signal::STOP);
    load.more(10).await;
    // How long it is frozen is what is tested; nothing waits for this.
    tokio::time::sleep(Duration::from_secs(20)).await;
    load.cluster.scorings[0].signal(Signal::CONT);
    load.more(30).await;
    let woken = load.cluster.scorer(0).await.state(MATCH).await;
    assert!(
        woken["seq"].as_u64().unwrap() > 50,
        "it knows what others stored"
    );

    load.settle().await;
}

#[tokio::test]
async fn an_instance_that_is_killed_under_load_loses_nothing_that_was_answered() {
    let mut load = Load::start(6).await;
    load.more(20).await;

    load.cluster.scorings[0].kill().await;
    load.more(30).await;
    load.cluster.scorings.remove(0);

    load.settle().await;
}
