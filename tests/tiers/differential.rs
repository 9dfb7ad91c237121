//! One match is scored, and everybody looks through all doors at once: what each saw is held against
//! when it was accepted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::doors::Viewer;
use crate::harness::cluster::Cluster;
use crate::harness::wait::in_time;
use crate::rule::{Accepted, Door, Pace, Seen};

/// Past two segments.
const EVENTS: u64 = 130;
/// The match that keeps everybody behind, and how far.
const HELD_BACK: (&str, u64) = ("held-back", 2);

fn body(delay_s: u64) -> Value {
    let strip = json!({"title": "counts", "score": "0", "status": "live"});
    json!({"sport": "open", "title": "counts", "delay_s": delay_s, "state": {"strip": strip, "count": 0}})
}

fn event(n: u64) -> Value {
    let patch = json!({"count": n, "strip": {"score": n.to_string()}});
    json!({"id": format!("e{n}"), "type": "count", "patch": patch})
}

async fn viewers(cluster: &Cluster) -> Vec<Viewer> {
    let usual: Vec<String> = cluster.gateways[..2]
        .iter()
        .map(|gateway| gateway.url())
        .collect();
    // Here the tiers were given other policies.
    let other = vec![cluster.gateways[2].url()];
    let mut viewers = Vec::new();
    for (name, tier, delay_s, urls, pace) in [
        ("free", "free", 0, &usual, Pace::Digest),
        ("plus", "plus", 0, &usual, Pace::Batch),
        ("premium", "premium", 0, &usual, Pace::Realtime),
        ("premium behind", "premium", 3, &usual, Pace::Realtime),
        ("free behind", "free", 3, &usual, Pace::Digest),
        ("free, given batch", "free", 0, &other, Pace::Batch),
        ("plus, given realtime", "plus", 0, &other, Pace::Realtime),
        ("premium, given digest", "premium", 0, &other, Pace::Digest),
    ] {
        let sub = name.replace([' ', ','], "-");
        let delay = delay_s.to_string();
        let mut args = vec!["--role", "fan", "--sub", &sub, "--tier", tier];
        if delay_s > 0 {
            args.extend(["--delay-s", &delay]);
        }
        viewers.push(Viewer {
            name,
            token: Some(cluster.token(&args).await),
            urls: urls.clone(),
            pace,
            delay_s,
        });
    }
    viewers.push(Viewer {
        name: "anonymous",
        token: None,
        urls: usual,
        pace: Pace::Digest,
        delay_s: 0,
    });
    viewers
}

#[tokio::test]
async fn no_door_shows_an_event_earlier_than_the_viewer_may_see_it() {
    let mut cluster = Cluster::start(1, 2).await;
    let policies = [
        "--free-policy",
        "batch",
        "--plus-policy",
        "realtime",
        "--premium-policy",
        "digest",
    ];
    cluster.add_gateway(&policies).await;
    let scorer = cluster.scorer(0).await;
    let matches = vec!["open-to-all".to_owned(), HELD_BACK.0.to_owned()];
    let mut times_us = BTreeMap::new();
    for (name, delay_s) in [(&matches[0], 0), (&matches[1], HELD_BACK.1)] {
        scorer.create(name, &body(delay_s)).await;
        let head = scorer.get(&format!("/v1/matches/{name}")).await.json();
        times_us.insert(name.clone(), vec![head["ts"].as_u64().unwrap()]);
    }
    let mut looking = Vec::new();
    for viewer in viewers(&cluster).await {
        let follow = |by_message| {
            tokio::spawn(
                viewer
                    .clone()
                    .follow(matches.clone(), EVENTS + 1, by_message),
            )
        };
        let strips = tokio::spawn(viewer.clone().strips(matches.clone(), EVENTS + 1));
        let again = tokio::spawn(viewer.clone().reconnect(matches.clone(), EVENTS + 1));
        let poll = tokio::spawn(viewer.clone().poll(matches.clone(), EVENTS + 1));
        let mut all = vec![follow(false), follow(true), strips, again, poll];
        for name in &matches {
            let listen = viewer.clone().listen(name.clone(), EVENTS + 1);
            all.push(tokio::spawn(listen));
            let wait = viewer.clone().long_poll(name.clone(), EVENTS + 1);
            all.push(tokio::spawn(wait));
        }
        looking.push((viewer, all));
    }

    let mut pace = tokio::time::interval(Duration::from_millis(100));
    for n in 1..=EVENTS {
        pace.tick().await;
        for name in &matches {
            let answer = scorer.score(name, &event(n)).await;
            let ts = answer["events"][0]["ts"].as_u64().unwrap();
            times_us.get_mut(name).unwrap().push(ts);
        }
    }
    let accepted = Accepted {
        times_us,
        delays_s: BTreeMap::from([
            (matches[0].clone(), 0),
            (HELD_BACK.0.to_owned(), HELD_BACK.1),
        ]),
    };

    for (viewer, all) in looking {
        let mut seen: Vec<Seen> = Vec::new();
        for one in all {
            let what = format!("the last event for {}", viewer.name);
            seen.extend(in_time(&what, one).await.unwrap());
        }
        accepted.check(viewer.name, viewer.pace, viewer.delay_s, &seen);
        check_that_all_was_seen(&viewer, &matches, &seen);
    }
}

/// A door that shows nothing is never early.
fn check_that_all_was_seen(viewer: &Viewer, matches: &[String], seen: &[Seen]) {
    for name in matches {
        for (what, last) in [
            ("query", EVENTS + 1),
            ("message", EVENTS + 1),
            ("reconnect", EVENTS + 1),
            ("stream", EVENTS + 1),
            ("poll", EVENTS + 1),
            ("long poll", EVENTS + 1),
            ("list", EVENTS + 1),
            ("live", EVENTS + 1),
            ("strips", EVENTS + 1),
            ("state", EVENTS + 1),
            ("head", EVENTS + 1),
            ("segment", 128),
        ] {
            let by_door = seen
                .iter()
                .filter(|one| one.what == what && one.match_id == *name);
            let most = by_door.map(|one| one.seq).max();
            assert_eq!(most, Some(last), "{} by {what} of {name}", viewer.name);
        }
        let gets = seen
            .iter()
            .filter(|one| one.door == Door::Get && one.match_id == *name);
        assert!(gets.count() > 50, "{} hardly looked", viewer.name);
    }
}
