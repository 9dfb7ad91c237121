//! What a client says, and what it may not say.

use grandstand_core::message::ClientMessage;
use serde_json::{Value, json};

use crate::hold::{hex, hold};

#[test]
fn client_messages_are_read_as_they_were() {
    hold("client-messages.json", &json!(first_messages()));
}

#[test]
fn client_messages_are_read_alike_in_both_codecs() {
    let every = [
        (
            "hello with a session and cursors",
            first_messages()[0].clone(),
        ),
        (
            "hello with a session alone",
            json!({"type": "hello", "session": "00112233445566778899aabbccddeeff"}),
        ),
        ("hello of a new client", json!({"type": "hello"})),
        (
            "subscribe from the first event",
            first_messages()[1].clone(),
        ),
        (
            "subscribe from now on",
            json!({"type": "subscribe", "match": "final-2026"}),
        ),
        (
            "subscribe with a cursor, for a snapshot at once",
            json!({"type": "subscribe", "match": "final-2026", "policy": "digest", "snapshot": "always",
                "after": {"epoch": "1790000000123456.1", "seq": 2}}),
        ),
        (
            "subscribe as a newer client may",
            json!({"type": "subscribe", "match": "final-2026", "policy": "realtime", "snapshot": "auto", "newer": {"a": 1}}),
        ),
        ("unsubscribe", first_messages()[2].clone()),
        ("refresh", first_messages()[3].clone()),
        ("ping", first_messages()[4].clone()),
        (
            "subscribe to the strips of all live matches",
            json!({"type": "subscribe", "match": "*", "policy": "realtime", "delay_s": 30}),
        ),
        (
            "unsubscribe from the strips",
            json!({"type": "unsubscribe", "match": "*"}),
        ),
        (
            "hello with the strips",
            json!({"type": "hello", "subscriptions": [{"match": "*"}, {"match": "final-2026"}]}),
        ),
    ];
    let vectors = every.iter().map(|(name, message)| {
        let packed = rmp_serde::to_vec_named(message).unwrap();
        let unpacked: Value = rmp_serde::from_slice(&packed).unwrap();
        let read = ClientMessage::parse(message).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(ClientMessage::parse(&unpacked).unwrap(), read, "{name}");
        json!({"name": name, "json": message, "messagepack": hex(&packed)})
    });
    hold("client-messages-in-both.json", &vectors.collect());
}

#[test]
fn what_no_client_may_say_is_refused_as_it_was() {
    let subscribe = |member: &str, value: Value| {
        let mut message = json!({"type": "subscribe", "match": "m"});
        message[member] = value;
        message
    };
    let refused = json!([
        [],
        "ping",
        {},
        {"type": 1},
        {"type": "shout"},
        {"type": "subscribe"},
        subscribe("match", json!("A")),
        subscribe("match", json!("")),
        subscribe("match", json!(7)),
        subscribe("match", json!("**")),
        subscribe("after", json!("1790000000123456.1-2")),
        subscribe("after", json!({"epoch": "1790000000123456.1"})),
        subscribe("after", json!({"seq": 5})),
        subscribe("after", json!({"epoch": "5", "seq": 5})),
        subscribe("after", json!({"epoch": "5.1", "seq": -1})),
        subscribe("after", json!({"epoch": "5.1", "seq": 1.5})),
        subscribe("after", json!({"epoch": "5.1", "seq": 9_007_199_254_740_992_u64})),
        subscribe("policy", json!("fast")),
        subscribe("delay_s", json!(-1)),
        subscribe("delay_s", json!(3601)),
        subscribe("snapshot", json!("sometimes")),
        {"type": "unsubscribe"},
        {"type": "refresh"},
        {"type": "refresh", "token": 7},
        {"type": "hello", "session": 7},
        {"type": "hello", "heartbeat_s": 14},
        {"type": "hello", "heartbeat_s": 241},
        {"type": "hello", "subscriptions": {"match": "m"}},
        {"type": "hello", "subscriptions": [{"match": "A"}]},
    ]);
    for message in refused.as_array().unwrap() {
        assert!(ClientMessage::parse(message).is_err(), "{message}");
    }
    hold("client-messages-refused.json", &refused);
}

/// The first ones that were kept, one of each type.
fn first_messages() -> Vec<Value> {
    vec![
        json!({"type": "hello", "session": "00112233445566778899aabbccddeeff", "heartbeat_s": 25,
            "subscriptions": [{"match": "final-2026", "after": {"epoch": "1790000000123456.1", "seq": 2}}]}),
        json!({"type": "subscribe", "match": "final-2026", "after": {"seq": 0}, "policy": "batch", "delay_s": 30, "snapshot": "never"}),
        json!({"type": "unsubscribe", "match": "final-2026"}),
        json!({"type": "refresh", "token": "header.claims.signature"}),
        json!({"type": "ping"}),
    ]
}
