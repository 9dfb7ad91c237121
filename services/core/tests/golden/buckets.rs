//! What gateways keep in buckets, for each other and for operators.

use std::collections::BTreeMap;

use grandstand_core::ids::MatchId;
use grandstand_core::policy::PolicyName;
use grandstand_core::presence::PresenceBody;
use grandstand_core::session::{SessionBody, SessionWish};
use serde_json::{Value, json};

use crate::hold::hold;

#[test]
fn a_stored_session_is_what_it_was() {
    let match_id = |name: &str| MatchId::new(name).unwrap();
    let delayed = SessionWish {
        policy: Some(PolicyName::Batch),
        delay_s: 30,
    };
    let session = SessionBody {
        sub: Some("ann".to_owned()),
        gateway: "north-1".to_owned(),
        since_us: 1_790_000_000_000_000,
        subscriptions: BTreeMap::from([
            (match_id("cup-1"), delayed),
            (match_id("final-2026"), SessionWish::default()),
        ]),
        updated_us: 1_790_000_000_123_456,
        closed: false,
    };
    let left = SessionBody {
        sub: None,
        closed: true,
        ..session.clone()
    };
    for body in [&session, &left] {
        assert_eq!(SessionBody::decode(&body.encode()).as_ref(), Ok(body));
    }
    let vectors = [
        ("a fan who is there", session),
        ("a fan without a token who has left", left),
    ];
    let vectors = vectors.map(|(name, body)| json!({"name": name, "json": read(&body.encode())}));
    hold("stored-sessions.json", &json!(vectors));
}

#[test]
fn a_stored_presence_is_what_it_was() {
    let mut presence = PresenceBody {
        name: "north-1".to_owned(),
        url: "http://10.0.0.7:7002".to_owned(),
        admin_url: "http://10.0.0.7:7012".to_owned(),
        started_us: 1_790_000_000_000_000,
        version: "0.1.0".to_owned(),
        connections: 3,
        connections_max: 10_000,
        fans: BTreeMap::new(),
        fans_total: 0,
        fresh: true,
        as_of_us: 1_790_000_000_123_456,
    };
    presence.count_fans([(MatchId::new("final-2026").unwrap(), 3)]);
    let bytes = presence.encode();
    assert_eq!(PresenceBody::decode(&bytes), Ok(presence));
    hold("stored-presence.json", &json!({ "json": read(&bytes) }));
}

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}
