//! What the server says.

use std::collections::BTreeMap;

use grandstand_core::frame::{Codec, Frame, Reason, SnapshotTail, event_json};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::MatchId;
use grandstand_core::message::{Head, ServerMessage, Status};
use grandstand_core::record::{Record, RecordParts};
use serde_json::{Value, json};

use crate::hold::{hex, hold};
use crate::sample::{corrections, epoch, match_id, record, state};

#[test]
fn server_messages_are_what_they_were() {
    let mut vectors = first_messages();
    vectors.extend(snapshots());
    vectors.push(both("events that correct", &|codec| {
        let record = corrections();
        events(codec, &record, Some(record.hash))
    }));
    vectors.extend(statuses());
    vectors.push(say(
        "pong of a fan who stands nowhere",
        ServerMessage::Pong { heads: vec![] },
    ));
    vectors.extend(errors());
    vectors.extend(strips());
    hold("server-messages.json", &json!(vectors));
}

/// The first ones that were kept.
fn first_messages() -> Vec<Value> {
    let (match_id, record) = (match_id(), record());
    vec![
        say(
            "welcome",
            ServerMessage::Welcome {
                session: "00112233445566778899aabbccddeeff",
                tier: "premium",
                heartbeat_s: 55,
                reconnect_window_ms: 2000,
            },
        ),
        snapshot("snapshot", Reason::Joined),
        both("events that end with a record", &|codec| {
            events(codec, &record, Some(record.hash))
        }),
        both("events that end within a record", &|codec| {
            events(codec, &record, None)
        }),
        status("status", Status::Stale, Some(record.hash)),
        say(
            "pong",
            ServerMessage::Pong {
                heads: vec![Head {
                    match_id: &match_id,
                    epoch: epoch(),
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
            ServerMessage::error(
                "unknown_match",
                "There is no such match (yet)",
                "You are told once it is created.",
                Some(&match_id),
            ),
        ),
    ]
}

fn snapshots() -> Vec<Value> {
    let reasons = [
        Reason::Behind,
        Reason::Evicted,
        Reason::OtherEpoch,
        Reason::RolledBack,
        Reason::Restored,
        Reason::Asked,
    ];
    let named = |reason: Reason| snapshot(&format!("snapshot: {}", reason.as_str()), reason);
    reasons.map(named).into()
}

fn statuses() -> Vec<Value> {
    let hash = Some(record().hash);
    vec![
        status("status: live", Status::Live, hash),
        status("status: delayed", Status::Delayed, hash),
        status("status: damaged", Status::Damaged, hash),
        status("status within a record", Status::Live, None),
    ]
}

/// Every code that a client may meet. Only the code is stable: title and detail are for people.
fn errors() -> Vec<Value> {
    let match_id = match_id();
    let of_match = ["not_allowed", "policy_not_granted", "too_many_matches"];
    let of_connection = [
        "token_expired",
        "bad_message",
        "too_many",
        "bad_session",
        "unknown_session",
        "foreign_session",
        "session_unavailable",
    ];
    let codes = of_match.iter().map(|code| (*code, Some(&match_id)));
    let codes = codes.chain(of_connection.iter().map(|code| (*code, None)));
    let errors = codes.map(|(code, match_id)| {
        let error = ServerMessage::error(code, "What was refused", "What to do now.", match_id);
        say(&format!("error: {code}"), error)
    });
    let over_capacity = ServerMessage::Error {
        code: "over_capacity",
        title: "What was refused",
        detail: "What to do now.",
        match_id: None,
        poll_url: Some("/v1/matches/final/events"),
        poll_after_ms: Some(6_000),
    };
    let over_capacity = say("error: over_capacity", over_capacity);
    errors.chain([over_capacity]).collect()
}

fn strips() -> [Value; 3] {
    let ended = MatchId::new("semi-2026").unwrap();
    let match_id = match_id();
    let strip = state()["strip"].clone();
    let some = BTreeMap::from([(&match_id, Some(&strip)), (&ended, None)]);
    let stale = ServerMessage::Strips {
        strips: BTreeMap::new(),
        status: Some(Status::Stale),
        as_of: Some(1_790_000_000_987_654),
    };
    [
        ("strips of what changed", ServerMessage::strips(some)),
        (
            "strips when no match is live",
            ServerMessage::strips(BTreeMap::new()),
        ),
        ("strips that can't be trusted", stale),
    ]
    .map(|(name, message)| say(name, message))
}

fn say(name: &str, message: ServerMessage<'_>) -> Value {
    both(name, &|codec| Frame::of(codec, &message))
}

fn status(name: &str, status: Status, hash: Option<StateHash>) -> Value {
    let message = ServerMessage::Status {
        match_id: &match_id(),
        status,
        as_of: 1_790_000_000_987_654,
        epoch: epoch(),
        seq: 2,
        hash,
    };
    say(name, message)
}

fn snapshot(name: &str, reason: Reason) -> Value {
    both(name, &|codec| {
        let tail = SnapshotTail::new(codec, 2, &state());
        Frame::of_snapshot(&match_id(), epoch(), reason, &tail)
    })
}

fn events(codec: Codec, record: &Record, hash: Option<StateHash>) -> Frame {
    let parts = RecordParts::decode(record.encode().into()).unwrap();
    let bytes: Vec<_> = parts
        .events
        .iter()
        .map(|event| match codec {
            Codec::Json => event_json(&event.document),
            Codec::MessagePack => event.bytes.clone(),
        })
        .collect();
    Frame::of_events(
        codec,
        &match_id(),
        epoch(),
        bytes.iter().map(|b| &b[..]),
        hash,
    )
}

/// A message in both codecs, which say the same.
fn both(name: &str, make: &dyn Fn(Codec) -> Frame) -> Value {
    let (text, packed) = (make(Codec::Json), make(Codec::MessagePack));
    let json: Value = serde_json::from_slice(&text.bytes()).unwrap();
    let unpacked: Value = rmp_serde::from_slice(&packed.bytes()).unwrap();
    assert_eq!(json, unpacked, "{name} says the same in both codecs");
    json!({"name": name, "json": json, "messagepack": hex(&packed.bytes())})
}
