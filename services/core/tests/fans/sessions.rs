//! A session is a wish: what a fan brings along is subscribed as if it was asked for now.

use std::collections::BTreeMap;

use grandstand_core::connection::{Connection, FanRights, Output, Request, SessionRefusal};
use grandstand_core::frame::Codec;
use grandstand_core::ids::MatchId;
use grandstand_core::message::ClientMessage;
use grandstand_core::policy::PolicyName;
use grandstand_core::session::{SessionId, SessionWish};
use serde_json::{Value, json};

use crate::fan::connection;
use crate::world::{START_US, World, match_id};

const NAMED: &str = "000000000000000000000000000000a7";

fn named() -> SessionId {
    NAMED.parse().unwrap()
}

fn other_match() -> MatchId {
    MatchId::new("other").unwrap()
}

/// A fan who has read its first welcome.
fn welcomed() -> Connection {
    let mut connection = connection(Codec::Json, 0, START_US);
    assert_eq!(answers(&mut connection).len(), 1);
    connection
}

fn say(connection: &mut Connection, message: Value) -> Option<Request> {
    connection.said(ClientMessage::parse(&message).unwrap())
}

/// The answers that wait, without what matches bring.
fn answers(connection: &mut Connection) -> Vec<Value> {
    let mut answers = Vec::new();
    while let Output::Answer(frame) = connection.poll(&World::new(), START_US) {
        let message: Value = serde_json::from_slice(&frame.bytes()).unwrap();
        if message["type"] != "status" {
            answers.push(message);
        }
    }
    answers
}

fn wished(fan: &Connection) -> BTreeMap<MatchId, SessionWish> {
    fan.wishes().as_slice().iter().cloned().collect()
}

fn wish(policy: Option<PolicyName>, delay_s: u32) -> SessionWish {
    SessionWish { policy, delay_s }
}

#[test]
fn who_brings_its_subscriptions_along_keeps_its_session_and_nothing_is_read() {
    let mut fan = welcomed();
    let hello = json!({"type": "hello", "session": NAMED,
        "subscriptions": [{"match": "m", "policy": "batch", "delay_s": 7}]});
    assert_eq!(say(&mut fan, hello), None);
    assert_eq!(answers(&mut fan)[0]["session"], NAMED);
    assert_eq!(fan.session(), named());
    let wishes = BTreeMap::from([(match_id(), wish(Some(PolicyName::Batch), 7))]);
    assert_eq!(wished(&fan), wishes);
}

#[test]
fn a_session_alone_is_read_and_what_is_followed_already_stays_as_it_is() {
    let mut fan = welcomed();
    say(
        &mut fan,
        json!({"type": "subscribe", "match": "m", "policy": "digest"}),
    );
    let asked = say(&mut fan, json!({"type": "hello", "session": NAMED}));
    assert_eq!(asked, Some(Request::Resume(named())));
    assert_eq!(
        answers(&mut fan),
        Vec::<Value>::new(),
        "not before it was read"
    );

    fan.resumed(
        named(),
        BTreeMap::from([
            (match_id(), wish(Some(PolicyName::Realtime), 0)),
            (other_match(), wish(None, u32::MAX)),
        ]),
    );

    assert_eq!(answers(&mut fan)[0]["session"], NAMED);
    let wishes = BTreeMap::from([
        (match_id(), wish(Some(PolicyName::Digest), 0)),
        (other_match(), wish(None, 3600)),
    ]);
    assert_eq!(wished(&fan), wishes);
}

#[test]
fn a_wish_beyond_the_tier_is_kept_as_a_wish_and_granted_as_far_as_the_tier_goes() {
    let mut fan = welcomed();
    fan.refreshed(FanRights {
        tier: "free",
        policy_max: PolicyName::Digest,
        delay_s: 0,
        expires_us: None,
    });
    let wishes = BTreeMap::from([(match_id(), wish(Some(PolicyName::Realtime), 0))]);
    fan.resumed(named(), wishes.clone());
    let answers = answers(&mut fan);
    assert_eq!(answers[0]["type"], "welcome");
    assert_eq!(answers[1]["code"], "policy_not_granted");
    assert_eq!(fan.policy(&match_id()), Some(PolicyName::Digest));
    assert_eq!(wished(&fan), wishes);
}

#[test]
fn who_does_not_get_its_session_is_told_why_and_keeps_the_new_one() {
    for refusal in [
        SessionRefusal::Unknown,
        SessionRefusal::Foreign,
        SessionRefusal::Unavailable,
    ] {
        let mut fan = welcomed();
        let own = fan.session();
        say(&mut fan, json!({"type": "hello", "session": NAMED}));
        fan.not_resumed(refusal);
        let answers = answers(&mut fan);
        assert_eq!(answers[0]["code"], refusal.code());
        assert_eq!(answers[1]["session"], own.to_string());
        assert_eq!(fan.session(), own);
    }
    let mut fan = welcomed();
    let hello = json!({"type": "hello", "session": "A7", "subscriptions": [{"match": "m"}]});
    assert_eq!(say(&mut fan, hello), None);
    let answers = answers(&mut fan);
    assert_eq!(answers[0]["code"], "bad_session");
    assert_eq!(answers[1]["type"], "welcome");
    assert!(fan.follows(&match_id()));
}

#[test]
fn only_a_change_of_wishes_counts_as_one() {
    let mut fan = welcomed();
    let mut count = fan.wishes_changed();
    let mut changed = |fan: &Connection| {
        let before = std::mem::replace(&mut count, fan.wishes_changed());
        before != count
    };
    let subscribe = json!({"type": "subscribe", "match": "m", "policy": "batch"});
    say(&mut fan, subscribe.clone());
    assert!(changed(&fan));
    say(&mut fan, subscribe);
    say(&mut fan, json!({"type": "ping"}));
    say(&mut fan, json!({"type": "unsubscribe", "match": "other"}));
    say(&mut fan, json!({"type": "hello", "heartbeat_s": 20}));
    assert!(!changed(&fan));
    say(&mut fan, json!({"type": "subscribe", "match": "m"}));
    assert!(changed(&fan));
    say(&mut fan, json!({"type": "unsubscribe", "match": "m"}));
    assert!(changed(&fan));
    let own = fan.session().to_string();
    say(&mut fan, json!({"type": "hello", "session": own}));
    assert!(!changed(&fan), "its own session is nothing new");
    assert_eq!(answers(&mut fan).len(), 3, "a pong and two welcomes");
}
