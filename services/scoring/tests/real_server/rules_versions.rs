//! What a change of the rules does to a match under way.

use std::collections::BTreeMap;
use std::time::Duration;

use grandstand_broker::{Broker, ReadFrom, Role};
use grandstand_core::event::{Event, Op};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Headers;
use grandstand_core::ids::{EventId, MatchId};
use grandstand_core::patch;
use grandstand_core::record::Record;
use grandstand_sports::RULES_VERSION;
use serde_json::{Value, json};

use crate::harness::{Ground, Instance};
use crate::proposing::{ball, scored_wrong};

async fn state_of(scoring: &Instance) -> Value {
    let heard = scoring.get("/v1/matches/m/state").await;
    assert_eq!(heard.status, 200, "{:?}", heard.body);
    heard.body["state"].clone()
}

/// Appends a comment as an instance with rules of `version` wrote it, by which it changed so much.
async fn append_by(broker: &Broker, version: u32, state: &Value, change: Value) {
    let match_id = MatchId::new("m").unwrap();
    let newest = broker.newest(&match_id, ReadFrom::Leader).await;
    let newest = newest.unwrap().unwrap();
    let of_newest: &BTreeMap<String, String> = &newest.headers;
    let headers = Headers::read(|name| of_newest.get(name).map(String::as_str)).unwrap();
    let last = Record::decode(&newest.body).unwrap().events.pop().unwrap();
    let mut after = state.clone();
    patch::apply(&mut after, &change);
    let headers = Headers {
        rules_version: version,
        digests: vec!["0".repeat(64)],
        warnings: vec![Vec::new()],
        ..headers
    };
    let comment = Event {
        seq: last.seq + 1,
        ts: last.ts + 1,
        id: EventId::new(format!("by-rules-{version}")).unwrap(),
        kind: "comment".to_owned(),
        data: Some(json!({"text": "x"})),
        patch: change,
        op: Op::Add,
        reference: None,
        at: None,
        tags: Vec::new(),
    };
    let record = Record {
        events: vec![comment],
        hash: StateHash::of(&after),
    };
    let body = record.encode().into();
    let (pairs, expected) = (headers.to_pairs(), newest.stream_sequence);
    let appended = broker.append(&match_id, expected, &pairs, body, Duration::from_secs(10));
    appended.await.unwrap();
}

#[tokio::test]
async fn the_next_patch_heals_a_log_of_older_rules() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored_wrong(&scoring).await;
    let older = ground.sign_in(Role::Scoring).await;
    let state = state_of(&scoring).await;
    let change = json!({"innings": {"i1": {"runs": 99}}});
    append_by(&older, RULES_VERSION - 1, &state, change).await;

    let as_logged = state_of(&scoring).await;
    let posted = scoring.post("m", &ball("d3", "a1", "a2", 2)).await;
    let healed = state_of(&scoring).await;

    assert_eq!(
        as_logged["innings"]["i1"]["runs"], 99,
        "the log is what counts"
    );
    assert_eq!(posted.status, 201, "{:?}", posted.body);
    assert_eq!(healed["innings"]["i1"]["runs"], 2);
    let hash = StateHash::of(&healed).to_string();
    assert_eq!(posted.body["hash"], hash.as_str());
    let another = ground.instance().await;
    assert_eq!(
        state_of(&another).await,
        healed,
        "whoever reads the log has it"
    );
    another.stop().await;
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn an_instance_of_older_rules_leaves_a_match_to_others() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored_wrong(&scoring).await;
    let newer = ground.sign_in(Role::Scoring).await;
    let state = state_of(&scoring).await;
    append_by(&newer, RULES_VERSION + 1, &state, json!({})).await;

    let posted = scoring.post("m", &ball("d3", "a1", "a2", 2)).await;
    let read = scoring.get("/v1/matches/m/state").await;
    let head = scoring.get("/v1/matches/m").await;
    scoring.create("other").await;

    for heard in [&posted, &read] {
        assert_eq!(heard.status, 503, "{:?}", heard.body);
        assert_eq!(heard.body["type"], "/problems/newer-rules");
        assert!(heard.retry_after.is_some());
    }
    assert_eq!(head.status, 200, "what the newest record says can be read");
    assert_eq!(head.body["seq"], 5);
    scoring.stop().await;
    ground.stop().await;
}
