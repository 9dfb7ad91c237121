//! Writing records once more: a match brought back, a replay under a subject of its own.

use std::collections::BTreeMap;

use bytes::Bytes;
use grandstand_broker::{ChainError, CopiedRecord, ReadFrom, ReplayError, ReplayRun, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Ground, append, match_id};

fn record(text: &str) -> CopiedRecord {
    let headers = BTreeMap::from([("Strip".to_owned(), r#"{"title":"Żubr"}"#.to_owned())]);
    CopiedRecord::new(&headers, Bytes::from(text.to_owned())).unwrap()
}

#[tokio::test]
async fn an_import_goes_on_only_on_top_of_what_it_wrote() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("m");
    let mut import = ops.import(&id, 0);
    let first = import.append(&record("1")).await.unwrap();
    let second = import.append(&record("2")).await.unwrap();

    let scored = append(&scoring, &id, second, "a scorer's").await.unwrap();
    let refused = import.append(&record("3")).await;

    assert_eq!(refused, Err(ChainError::Interfered { newest: scored }));
    let log = ops.read_after(&id, 0, ReadFrom::Leader).await.unwrap();
    let bodies: Vec<&[u8]> = log.iter().map(|record| &record.body[..]).collect();
    assert_eq!(bodies, [&b"1"[..], b"2", b"a scorer's"]);
    assert_eq!(log[0].headers["Strip"], r#"{"title":"Żubr"}"#);
    assert_eq!((log[0].stream_sequence, log[0].headers.len()), (first, 1));
    ground.stop().await;
}

/// The answer to a write was lost, and it is tried again as if it had not been stored.
#[tokio::test]
async fn a_record_whose_answer_was_lost_is_not_doubled() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    let id = match_id("m");
    let first = ops.import(&id, 0).append(&record("1")).await.unwrap();

    let mut import = ops.import(&id, 0);
    let again = import.append(&record("1")).await;
    let other = ops.import(&id, 0).append(&record("2")).await;
    let bare = CopiedRecord::new(&BTreeMap::new(), Bytes::from("1")).unwrap();
    let other_headers = ops.import(&id, 0).append(&bare).await;
    let second = import.append(&record("2")).await.unwrap();

    assert_eq!(again, Ok(first));
    assert_eq!(other, Err(ChainError::Interfered { newest: first }));
    assert_eq!(other_headers, Err(ChainError::Interfered { newest: first }));
    let log = ops.read_after(&id, 0, ReadFrom::Leader).await.unwrap();
    let stored: Vec<u64> = log.iter().map(|record| record.stream_sequence).collect();
    assert_eq!(stored, [first, second]);
    ground.stop().await;
}

#[tokio::test]
async fn a_replay_holds_every_record_with_its_headers_and_origin() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("m");
    append(&scoring, &match_id("other"), 0, "x").await.unwrap();
    let first = append(&scoring, &id, 0, "1").await.unwrap();
    append(&scoring, &id, first, "2").await.unwrap();
    let log = ops.read_after(&id, 0, ReadFrom::Leader).await.unwrap();
    let run: ReplayRun = "run-1".parse().unwrap();

    let mut replay = ops.replay(&run, &id).await.unwrap();
    for record in &log {
        replay.append(record).await.unwrap();
    }
    let again = ops.replay(&run, &id).await;

    assert!(matches!(again, Err(ReplayError::Taken { newest: 2, .. })));
    let (client, _) = ground.plain_client(Role::Ops).await;
    let question = json!({"last_by_subj": replay.subject()}).to_string();
    let answer = client
        .request("$JS.API.STREAM.MSG.GET.REPLAYS", question.into())
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    let message = async_nats::jetstream::stream::RawMessage::deserialize(&answer["message"]);
    let message: async_nats::jetstream::message::StreamMessage =
        message.unwrap().try_into().unwrap();
    assert_eq!(message.payload, "2");
    let header = |name: &str| message.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Strip"), log[1].headers["Strip"]);
    assert_eq!(
        header("Grandstand-Origin-Sequence"),
        log[1].stream_sequence.to_string()
    );
    assert_eq!(ops.counts().borrow().denied, 0);
    ground.stop().await;
}

#[tokio::test]
async fn a_purge_takes_one_match_and_no_other() {
    let ground = Ground::ready().await;
    let (ops, scoring) = (
        ground.sign_in(Role::Ops).await,
        ground.sign_in(Role::Scoring).await,
    );
    let (id, other) = (match_id("a"), match_id("a-b"));
    let first = append(&scoring, &id, 0, "1").await.unwrap();
    append(&scoring, &id, first, "2").await.unwrap();
    append(&scoring, &other, 0, "1").await.unwrap();

    assert_eq!(ops.purge(&id).await, Ok(2));

    assert_eq!(ops.newest(&id, ReadFrom::Leader).await, Ok(None));
    let kept = ops.newest(&other, ReadFrom::Leader).await.unwrap();
    assert!(kept.is_some());
    ground.stop().await;
}

#[tokio::test]
async fn an_overview_shows_the_server_its_streams_and_who_sends_canaries() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    let (client, _) = ground.plain_client(Role::Scoring).await;
    for (instance, canary) in [
        ("a", r#"{"sent_at_us":1}"#),
        ("b", r#"{"sent_at_us":2,"refusing":"full"}"#),
    ] {
        let stored = client.request(format!("canary.{instance}"), canary.into());
        stored.await.unwrap();
    }

    let canaries = ops.canaries().await.unwrap();
    let facts = ops.stream_facts("CANARY").await.unwrap().unwrap();

    let said: Vec<_> = canaries
        .iter()
        .map(|canary| (&*canary.instance, canary.refusing.as_deref()))
        .collect();
    assert_eq!(said, [("a", None), ("b", Some("full"))]);
    assert_eq!((facts.messages, facts.bytes_max), (2, Some(8 << 20)));
    assert!(facts.newest_age.unwrap() < DEADLINE);
    assert_eq!(ops.stream_facts("NOBODY").await, Ok(None));
    assert!(ops.server().version.starts_with("2."));
    assert!(ops.store_facts().await.unwrap().disk_bytes > 0);
    assert_eq!(ops.counts().borrow().denied, 0);
    ground.stop().await;
}
