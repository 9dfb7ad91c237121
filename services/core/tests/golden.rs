//! Golden vectors: every message of the fans' protocol in both codecs, and a stored record, in
//! `schemas/vectors/`. Run with GRANDSTAND_UPDATE=1 to write them anew, and read what changed: the
//! contract only ever grows.

#![allow(
    clippy::unwrap_used,
    reason = "vectors are made of what is known to be whole"
)]

use std::path::PathBuf;
use std::{env, fs};

use grandstand_core::event::{Event, Op};
use grandstand_core::frame::{Codec, Frame, Reason, SnapshotTail, event_json};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use grandstand_core::message::{ClientMessage, Head, ServerMessage, Status};
use grandstand_core::patch;
use grandstand_core::record::{Record, RecordParts};
use serde_json::{Value, json};

#[test]
fn server_messages_are_what_they_were() {
    let match_id = MatchId::new("final-2026").unwrap();
    let epoch: Epoch = "1790000000123456.1".parse().unwrap();
    let both = |name: &str, make: &dyn Fn(Codec) -> Frame| {
        let (text, packed) = (make(Codec::Json), make(Codec::MessagePack));
        let json: Value = serde_json::from_slice(&text.bytes).unwrap();
        let unpacked: Value = rmp_serde::from_slice(&packed.bytes).unwrap();
        assert_eq!(json, unpacked, "{name} says the same in both codecs");
        json!({"name": name, "json": json, "messagepack": hex(&packed.bytes)})
    };
    let record = record();
    let parts = RecordParts::decode(record.encode().into()).unwrap();
    let texts: Vec<_> = parts
        .events
        .iter()
        .map(|event| event_json(&event.document))
        .collect();
    let events = |codec, hash| {
        let bytes = (0..texts.len()).map(|index| match codec {
            Codec::Json => &texts[index][..],
            Codec::MessagePack => &parts.events[index].bytes[..],
        });
        Frame::of_events(codec, &match_id, epoch, bytes, hash)
    };
    let say =
        |name: &str, message: ServerMessage<'_>| both(name, &|codec| Frame::of(codec, &message));
    let vectors = vec![
        say(
            "welcome",
            ServerMessage::Welcome {
                session: "00112233445566778899aabbccddeeff",
                tier: "premium",
                heartbeat_s: 55,
                reconnect_window_ms: 2000,
            },
        ),
        both("snapshot", &|codec| {
            let tail = SnapshotTail::new(codec, 2, &state());
            Frame::of_snapshot(&match_id, epoch, Reason::Joined, &tail)
        }),
        both("events that end with a record", &|codec| {
            events(codec, Some(record.hash))
        }),
        both("events that end within a record", &|codec| {
            events(codec, None)
        }),
        say(
            "status",
            ServerMessage::Status {
                match_id: &match_id,
                status: Status::Stale,
                as_of: 1_790_000_000_987_654,
                epoch,
                seq: 2,
                hash: Some(record.hash),
            },
        ),
        say(
            "pong",
            ServerMessage::Pong {
                heads: vec![Head {
                    match_id: &match_id,
                    epoch,
                    seq: 2,
                }],
            },
        ),
        say(
            "goaway",
            ServerMessage::Goaway {
                reason: "drain",
                reconnect_in_ms: 500,
                window_ms: 2000,
            },
        ),
        say(
            "error",
            ServerMessage::Error {
                code: "unknown_match",
                title: "There is no such match (yet)",
                detail: "You are told once it is created.",
                match_id: Some(&match_id),
            },
        ),
    ];
    hold("server-messages.json", &json!(vectors));
}

#[test]
fn a_stored_record_is_what_it_was() {
    let record = record();
    let body = record.encode();
    let document: Value = rmp_serde::from_slice(&body).unwrap();
    hold(
        "record.json",
        &json!({"json": document, "messagepack": hex(&body)}),
    );
}

#[test]
fn client_messages_are_read_as_they_were() {
    let messages = json!([
        {"type": "hello", "session": "00112233445566778899aabbccddeeff", "heartbeat_s": 25,
         "subscriptions": [{"match": "final-2026", "after": {"epoch": "1790000000123456.1", "seq": 2}}]},
        {"type": "subscribe", "match": "final-2026", "after": {"seq": 0}, "policy": "batch", "delay_s": 30, "snapshot": "never"},
        {"type": "unsubscribe", "match": "final-2026"},
        {"type": "refresh", "token": "header.claims.signature"},
        {"type": "ping"},
    ]);
    for message in messages.as_array().unwrap() {
        ClientMessage::parse(message).unwrap_or_else(|error| panic!("{message}: {error}"));
    }
    hold("client-messages.json", &messages);
}

#[test]
fn patches_and_hashes_are_what_they_were() {
    let cases = [
        (
            json!({}),
            json!({"strip": {"title": "Żubr v \"Ä\"", "status": "live"}, "innings": {"i10": {"runs": 7}, "i2": {"runs": -1}}}),
        ),
        (
            json!({"a": {"b": 1, "c": 2}, "d": [1, 2]}),
            json!({"a": {"c": 3}, "d": [1]}),
        ),
        (json!({"a": 1}), json!({"a": {"b": {"c": true}}})),
        (json!({"a": {"b": 1}}), json!({"a": "text\n\u{1f3cf}"})),
    ];
    let vectors: Vec<Value> = cases
        .iter()
        .map(|(before, after)| {
            let patch = patch::diff(before, after);
            let mut applied = before.clone();
            patch::apply(&mut applied, &patch);
            assert_eq!(applied, *after);
            json!({"before": before, "patch": patch, "after": after, "hash": StateHash::of(after)})
        })
        .collect();
    hold("patches.json", &json!(vectors));
}

fn record() -> Record {
    let event = |seq, kind: &str, data: Value, patch: Value| Event {
        seq,
        ts: 1_790_000_000_123_455 + seq,
        id: EventId::new(format!("e{seq}")).unwrap(),
        kind: kind.to_owned(),
        data: Some(data),
        patch,
        op: Op::Add,
        reference: None,
        at: None,
        tags: vec![],
    };
    let mut second = event(
        2,
        "goal",
        json!({"by": "ann"}),
        json!({"goals": {"g01": {"by": "ann"}}}),
    );
    second.op = Op::Insert;
    second.reference = Some(EventId::new("e1").unwrap());
    second.at = Some(1_789_999_990_000_000);
    second.tags = vec!["goal".to_owned()];
    let first = json!({"strip": {"title": "Reds v Blues", "status": "live"}});
    Record {
        events: vec![event(1, "start", json!({}), first), second],
        hash: StateHash::of(&state()),
    }
}

fn state() -> Value {
    json!({"strip": {"title": "Reds v Blues", "status": "live"}, "goals": {"g01": {"by": "ann"}}})
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares with what is kept, or keeps it.
fn hold(name: &str, found: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas/vectors")
        .join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(found).unwrap());
    if env::var_os("GRANDSTAND_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name} differs from schemas/vectors; GRANDSTAND_UPDATE=1 writes it anew"
    );
}
