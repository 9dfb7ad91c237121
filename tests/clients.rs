//! The clients in `schemas/clients`, which anybody may start from, keep the promises of the
//! protocol: run as they are, against the real platform through cuts, and against a server that
//! says what no real one says on demand.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod harness;
#[path = "clients/installed.rs"]
mod installed;
#[path = "clients/program.rs"]
mod program;
#[path = "clients/proxy.rs"]
mod proxy;
#[path = "clients/stage.rs"]
mod stage;

use std::time::{Duration, Instant};

use harness::api::{count_event, open_match};
use harness::cluster::Cluster;
use installed::Language;
use program::{Line, Program, client};
use proxy::Proxy;
use serde_json::{Value, json};
use stage::Stage;

/// The most lines that a client may have: it is to be read in one sitting.
const LINES_MAX: usize = 60;

#[test]
fn a_complete_client_has_at_most_60_lines() {
    for name in ["fan.py", "fan.mjs"] {
        let text = std::fs::read_to_string(client(name)).unwrap();
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{name} has {lines}");
    }
}

#[tokio::test]
async fn cuts_and_the_death_of_a_gateway_cost_a_client_nothing() {
    let languages = Language::at_hand().await;
    let mut cluster = Cluster::start(1, 2).await;
    let scorer = cluster.scorer(0).await;
    // Text that other languages escape otherwise, and a patch that deletes.
    let mut body = open_match("Żubr v \"O'Neill\"");
    body["state"]["gone"] = json!({"after": "\u{1}\u{7f}\u{2028}\t/\\ नाम 🏏"});
    body["state"]["kept"] = body["state"]["gone"].clone();
    scorer.create("m", &body).await;
    let deletes = json!({"id": "d", "type": "t", "patch": {"gone": null, "list": [1, {"a": -1}]}});
    let token = cluster.fan_token("premium").await;
    let urls: Vec<String> = cluster
        .gateways
        .iter()
        .map(|gateway| gateway.url())
        .collect();
    let mut fans = Vec::new();
    for language in languages {
        let proxy = Proxy::to(&urls[0]).await;
        let mut fan = Program::start(language, &proxy.url, "m", Some(&token));
        fan.until_seq(1).await;
        fans.push((proxy, fan));
    }

    let mut seq = scorer.score("m", &deletes).await["seq"].as_u64().unwrap();
    // Nothing is missed in a cut, or a few, or more than are told one by one.
    for (cut, missed) in [0, 3, 10, 17, 40].into_iter().enumerate() {
        seq = score(&scorer, seq, 2).await;
        for (proxy, fan) in &mut fans {
            fan.until_seq(seq).await;
            proxy.lead_to(None);
            proxy.cut();
            fan.until_cut().await;
        }
        seq = score(&scorer, seq, missed).await;
        fans.iter()
            .for_each(|(proxy, _)| proxy.lead_to(Some(&urls[cut % 2])));
    }
    cluster.gateways[0].kill().await;
    for (proxy, _) in &fans {
        proxy.lead_to(Some(&urls[1]));
        proxy.cut();
    }
    seq = score(&scorer, seq, 3).await;

    let end = scorer.state("m").await;
    assert_eq!(end["seq"], seq);
    for (_, fan) in &mut fans {
        assert_eq!(fan.until_seq(seq).await, end["hash"].as_str().unwrap());
        check_lines(fan, &end["state"]["strip"]);
    }
}

/// Posts so many events; the seq of the last.
async fn score(scorer: &harness::api::Api, mut seq: u64, events: u64) -> u64 {
    for _ in 0..events {
        seq += 1;
        scorer.score("m", &count_event(seq)).await;
    }
    seq
}

/// It never went back, jumped only where more was missed than is told one by one, and was always
/// right.
fn check_lines(fan: &Program, strip: &Value) {
    let lines: Vec<Line<'_>> = fan
        .said
        .iter()
        .filter_map(|line| Line::parse(line))
        .collect();
    let seqs = lines.iter().map(|line| line.seq);
    let dense = seqs
        .clone()
        .zip(seqs.skip(1))
        .all(|(one, next)| next >= one);
    assert!(dense, "{:#?}", fan.said);
    let kinds = lines.iter().map(|line| line.kind);
    let snapshots: Vec<&str> = kinds.filter(|kind| kind.starts_with("snapshot")).collect();
    let right = ["snapshot:joined", "snapshot:behind", "snapshot:behind"];
    assert_eq!(snapshots, right, "{:#?}", fan.said);
    let last = lines.last().unwrap();
    assert_eq!(last.strip, *strip);
    assert!(
        fan.said.iter().all(|line| !line.contains("wrong")),
        "{:#?}",
        fan.said
    );
}

#[tokio::test]
async fn what_is_wrong_is_noticed_and_asked_for_again() {
    for language in Language::at_hand().await {
        let stage = Stage::open().await;
        let mut fan = Program::start(language, &stage.url, "m", None);
        let mut guest = stage.guest().await;
        assert_eq!(guest.query, "match=m&after=");
        guest.say(&welcome()).await;
        guest.say(&snapshot(4)).await;
        fan.until_seq(4).await;

        // A hole, then a wrong hash.
        let event = |seq: u64| json!({"seq": seq, "ts": 1, "id": "e", "type": "t", "patch": {}});
        let events = |seq, hash: &str| json!({"type": "events", "match": "m", "epoch": "5.1", "events": [event(seq)], "hash": hash});
        for wrong in [events(6, &hash()), events(5, "0000000000000000")] {
            guest.say(&wrong).await;
            fan.until_cut().await;
            guest = stage.guest().await;
            assert_eq!(
                guest.query, "match=m&after=",
                "what it has is worth nothing"
            );
            guest.say(&snapshot(4)).await;
            fan.until_seq(4).await;
        }

        // Told when to come again, it comes then, with its cursor.
        let told = Instant::now();
        guest
            .say(&json!({"type": "goaway", "reason": "drain", "reconnect_in_ms": 700, "window_ms": 1}))
            .await;
        let mut guest = stage.guest().await;
        assert!(told.elapsed() >= Duration::from_millis(700));
        assert_eq!(guest.query, "match=m&after=5.1-4");
        // What it does not know it passes over.
        guest
            .say(&json!({"type": "newer", "match": "m", "seq": 9, "hash": "?"}))
            .await;
        guest.say(&events(5, &hash())).await;
        fan.until_seq(5).await;
        guest.close(1012).await;
        stage.guest().await.close(4403).await;

        let (status, errors) = fan.ended().await;
        assert_eq!(status.code(), Some(1), "{errors}");
        assert!(errors.contains("not allowed"), "{errors}");
    }
}

fn welcome() -> Value {
    json!({"type": "welcome", "session": "0", "tier": "free", "heartbeat_s": 55, "reconnect_window_ms": 1})
}

fn snapshot(seq: u64) -> Value {
    json!({"type": "snapshot", "match": "m", "epoch": "5.1", "seq": seq, "reason": "joined",
        "hash": hash(), "state": state()})
}

fn state() -> Value {
    json!({"strip": {"title": "A v B", "status": "live"}})
}

fn hash() -> String {
    harness::replica::hash(&state())
}
