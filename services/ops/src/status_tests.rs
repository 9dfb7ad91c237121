//! What `status` calls trouble.

use std::collections::BTreeMap;

use grandstand_broker::{CanaryFacts, FollowerFacts, ReadError, ServerFacts};
use grandstand_core::presence::PresenceBody;

use super::*;
use crate::status_show::{json, screen};

fn stream_of(name: &str) -> StreamLook {
    StreamLook {
        stream: name.to_owned(),
        found: Ok(Some((facts(), Vec::new()))),
    }
}

fn facts() -> StreamFacts {
    StreamFacts {
        messages: 10,
        bytes: 690,
        bytes_max: Some(1_000),
        replicas: 1,
        leader: None,
        leaderless: false,
        followers: Vec::new(),
        newest_age: Some(Duration::from_millis(400)),
    }
}

fn gateway() -> PresenceBody {
    PresenceBody {
        name: "g-1".to_owned(),
        url: "http://127.0.0.1:7002".to_owned(),
        admin_url: "http://127.0.0.1:7012".to_owned(),
        started_us: 0,
        version: "0.1.0".to_owned(),
        connections: 3,
        connections_max: 100,
        fans: BTreeMap::new(),
        fans_total: 0,
        fresh: true,
        as_of_us: 0,
    }
}

fn healthy() -> Seen {
    let names = ["SCORES", "CANARY", "KV_gateways"];
    Seen {
        server: Some(ServerFacts {
            name: "grandstand".to_owned(),
            version: "2.15.1".to_owned(),
            cluster: None,
            servers: Vec::new(),
        }),
        streams: names.map(stream_of).into(),
        canaries: Some(vec![CanaryFacts {
            instance: "a".to_owned(),
            behind: Duration::ZERO,
            refusing: None,
        }]),
        gateways: Some(vec![gateway()]),
        ..Seen::default()
    }
}

/// The troubles of a healthy platform after a change, in words.
fn troubles(change: impl FnOnce(&mut Seen)) -> Vec<String> {
    let mut seen = healthy();
    change(&mut seen);
    let troubles = judge(&seen);
    assert!(troubles.iter().all(|trouble| !trouble.cure.is_empty()));
    troubles.into_iter().map(|trouble| trouble.what).collect()
}

fn facts_of(seen: &mut Seen, place: usize) -> &mut StreamFacts {
    &mut seen.streams[place]
        .found
        .as_mut()
        .unwrap()
        .as_mut()
        .unwrap()
        .0
}

#[test]
fn a_healthy_platform_has_no_trouble_and_says_so() {
    let seen = healthy();
    assert_eq!(judge(&seen), []);
    let screen = screen(&seen, &[]);
    assert_eq!(screen.last().unwrap(), "all right");
    assert!(screen.len() < 12, "one screen");
    assert_eq!(json(&seen, &[])["ok"], true);
}

#[test]
fn a_stream_that_is_missing_full_or_otherwise_is_named() {
    assert_eq!(
        troubles(|seen| seen.streams[2].found = Ok(None)),
        ["missing: KV_gateways"]
    );
    let full = troubles(|seen| facts_of(seen, 0).bytes = 700);
    assert_eq!(full, ["SCORES has 70 % of the bytes that it may have"]);
    let drift = troubles(|seen| {
        seen.streams[0].found = Ok(Some((facts(), vec!["storage".to_owned()])));
    });
    assert_eq!(drift, ["SCORES is not as defined: storage"]);
}

#[test]
fn a_lost_store_is_not_cured_by_making_an_empty_one() {
    let mut seen = healthy();
    seen.streams
        .iter_mut()
        .for_each(|look| look.found = Ok(None));
    (seen.canaries, seen.gateways) = (None, None);

    let [trouble] = &judge(&seen)[..] else {
        panic!("one cause, one trouble");
    };

    assert_eq!(trouble.what, "missing: SCORES, CANARY, KV_gateways");
    assert!(trouble.cure.contains("store folder"), "{trouble:?}");
}

#[test]
fn one_server_that_is_away_is_one_trouble() {
    let follower = |name: &str, current, offline| FollowerFacts {
        name: name.to_owned(),
        current,
        offline,
    };
    let three = |known: usize, offline: bool| {
        troubles(|seen| {
            seen.server.as_mut().unwrap().servers = vec![String::new(); known];
            for place in 0..3 {
                let facts = facts_of(seen, place);
                facts.replicas = 3;
                facts.followers = vec![follower("n2", true, false), follower("n3", false, offline)];
            }
        })
    };
    let lack = "SCORES, CANARY, KV_gateways lack a replica";
    assert_eq!(
        three(3, true),
        [format!("the NATS server n3 is away: {lack}")]
    );
    assert_eq!(
        three(2, false),
        [format!("the NATS server n3 is away: {lack}")]
    );
    assert_eq!(
        three(3, false),
        [format!("the NATS server n3 is behind or away: {lack}")]
    );
}

#[test]
fn where_nats_is_the_cause_nobody_is_told_to_start_scoring_or_a_gateway() {
    let leaderless = troubles(|seen| {
        for place in 0..3 {
            facts_of(seen, place).leaderless = true;
            facts_of(seen, place).newest_age = Some(Duration::from_secs(60));
        }
        seen.gateways = None;
    });
    assert_eq!(leaderless.len(), 1, "{leaderless:?}");
    assert!(leaderless[0].starts_with("no server leads SCORES, CANARY, KV_gateways"));

    let mut seen = healthy();
    for look in &mut seen.streams {
        look.found = Err(ReadError::Unavailable("timed out".to_owned()));
    }
    (seen.canaries, seen.gateways, seen.matches) = (None, None, None);
    let silent = judge(&seen);
    assert_eq!(silent.len(), 1, "{silent:?}");
    let screen = screen(&seen, &silent).join("\n");
    assert_eq!(screen.matches("unknown").count(), 3, "{screen}");
    let json = json(&seen, &silent);
    for name in ["scoring", "matches", "gateways"] {
        assert_eq!(json[name], serde_json::Value::Null);
    }
}

#[test]
fn scores_that_are_not_accepted_are_told_with_the_reason() {
    let age = |age: Option<Duration>| troubles(|seen| facts_of(seen, 1).newest_age = age);
    assert_eq!(
        age(Some(Duration::from_secs(40))),
        ["scores are not accepted: the last canary came 40 s ago"]
    );
    assert_eq!(age(None).len(), 1);
    assert_eq!(age(Some(Duration::from_millis(2_500))).len(), 0);
    let why = |behind_s| {
        troubles(|seen| {
            let canary = &mut seen.canaries.as_mut().unwrap()[0];
            canary.refusing = Some("the stream of scores is full".to_owned());
            canary.behind = Duration::from_secs(behind_s);
        })
    };
    assert_eq!(
        why(0),
        ["1 of 1 scoring instances take no scores: the stream of scores is full"]
    );
    assert_eq!(why(10).len(), 0, "it is gone");
}

#[test]
fn gateways_that_are_none_stale_or_full_are_told() {
    assert_eq!(
        troubles(|seen| seen.gateways = Some(Vec::new())),
        ["no gateway has said within 15 s that it is alive"]
    );
    let stale = |seen: &mut Seen| seen.gateways.as_mut().unwrap()[0].fresh = false;
    assert_eq!(
        troubles(stale),
        ["scores are accepted, but do not reach g-1: stale"]
    );
    let all_are = troubles(|seen| {
        stale(seen);
        facts_of(seen, 1).newest_age = None;
    });
    assert_eq!(all_are.len(), 1, "the canary says why: {all_are:?}");
    let full = troubles(|seen| seen.gateways.as_mut().unwrap()[0].connections = 90);
    assert_eq!(full.len(), 1);
    assert!(full[0].contains("90 of 100 connections"));
}
