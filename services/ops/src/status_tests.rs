//! What `status` calls trouble.

use std::collections::BTreeMap;

use grandstand_broker::{CanaryFacts, FollowerFacts, ServerFacts};
use grandstand_core::presence::PresenceBody;

use super::*;
use crate::status_show::{json, screen};

fn stream_of(name: &str, facts: Option<StreamFacts>) -> StreamSeen {
    StreamSeen {
        name: name.to_owned(),
        provisioned: Provisioned::Unchanged,
        facts,
    }
}

fn facts() -> StreamFacts {
    StreamFacts {
        messages: 10,
        bytes: 690,
        bytes_max: Some(1_000),
        replicas: 1,
        leader: None,
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
        streams: names.map(|name| stream_of(name, Some(facts()))).into(),
        canaries: vec![CanaryFacts {
            instance: "a".to_owned(),
            behind: Duration::ZERO,
            refusing: None,
        }],
        gateways: vec![gateway()],
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

fn change_scores(seen: &mut Seen, change: impl FnOnce(&mut StreamFacts)) {
    change(seen.streams[0].facts.as_mut().unwrap());
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
        troubles(|seen| seen.streams[0].facts = None),
        ["SCORES is missing"]
    );
    let full = troubles(|seen| change_scores(seen, |facts| facts.bytes = 700));
    assert_eq!(full, ["SCORES has 70 % of the bytes that it may have"]);
    let drift = troubles(|seen| {
        seen.streams[0].provisioned = Provisioned::Drift {
            fields: vec!["storage".to_owned()],
            why: String::new(),
        };
    });
    assert_eq!(drift, ["SCORES is not as defined: storage"]);
}

#[test]
fn a_replica_that_is_away_and_a_missing_leader_are_named() {
    let follower = |name: &str, current, offline| FollowerFacts {
        name: name.to_owned(),
        current,
        offline,
    };
    let three = |leader: Option<&str>| {
        let leader = leader.map(str::to_owned);
        troubles(|seen| {
            change_scores(seen, |facts| {
                facts.replicas = 3;
                facts.leader = leader;
                facts.followers = vec![follower("n2", true, false), follower("n3", false, true)];
            });
        })
    };
    assert_eq!(three(Some("n1")), ["SCORES: the replica at n3 is away"]);
    assert_eq!(
        three(None),
        ["SCORES has no leader: nothing is written to it"]
    );
}

#[test]
fn scores_that_are_not_accepted_are_told_with_the_reason() {
    let age = |age: Option<Duration>| {
        troubles(|seen| seen.streams[1].facts.as_mut().unwrap().newest_age = age)
    };
    assert_eq!(
        age(Some(Duration::from_secs(40))),
        ["scores are not accepted: the last canary came 40 s ago"]
    );
    assert_eq!(age(None).len(), 1);
    assert_eq!(age(Some(Duration::from_millis(2_500))).len(), 0);
    let why = |behind_s| {
        troubles(|seen| {
            seen.canaries[0].refusing = Some("the stream of scores is full".to_owned());
            seen.canaries[0].behind = Duration::from_secs(behind_s);
        })
    };
    assert_eq!(
        why(0),
        ["scoring instance a takes no scores: the stream of scores is full"]
    );
    assert_eq!(why(10).len(), 0, "it is gone");
}

#[test]
fn gateways_that_are_none_stale_or_full_are_told() {
    assert_eq!(
        troubles(|seen| seen.gateways.clear()),
        ["no gateway is alive: fans are not served"]
    );
    let changed = troubles(|seen| {
        seen.gateways[0].fresh = false;
        seen.gateways[0].connections = 90;
    });
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed[1].contains("90 of 100 connections"));
}
