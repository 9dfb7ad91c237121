//! Each role can do its work under its own user, and nothing that is not its work.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use futures_util::StreamExt;
use grandstand_broker::{Broker, ReadFrom, Role, SessionKey, run_canary};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::harness::{DEADLINE, Ground, append, match_id};

#[tokio::test]
async fn scoring_can_do_its_work() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("a");

    let last = append(&scoring, &id, 0, "1").await.unwrap();
    read_everything(&scoring).await;
    let stop = CancellationToken::new();
    let (_accepting, refusing) = watch::channel(None);
    let canary = tokio::spawn(run_canary(scoring.clone(), refusing, stop.clone()));
    let gateway = ground.sign_in(Role::Gateway).await;
    tokio::time::timeout(DEADLINE, gateway.live_feed().await.unwrap().next())
        .await
        .unwrap()
        .unwrap();
    stop.cancel();
    canary.await.unwrap();

    assert_eq!(last, 1);
    read_bucket(&ground, Role::Scoring, "revocations").await;
    assert_eq!(scoring.counts().borrow().denied, 0);
    ground.stop().await;
}

#[tokio::test]
async fn a_gateway_can_do_its_work() {
    let ground = Ground::ready().await;
    append(&ground.sign_in(Role::Scoring).await, &match_id("a"), 0, "1")
        .await
        .unwrap();
    let gateway = ground.sign_in(Role::Gateway).await;

    read_everything(&gateway).await;
    gateway.live_feed().await.unwrap();

    write_and_read_session(&gateway).await;
    write_and_list_gateway(&gateway).await;
    read_bucket(&ground, Role::Gateway, "revocations").await;
    assert_eq!(gateway.counts().borrow().denied, 0);
    ground.stop().await;
}

#[tokio::test]
async fn ops_can_do_its_work() {
    let ground = Ground::ready().await;
    append(&ground.sign_in(Role::Scoring).await, &match_id("a"), 0, "1")
        .await
        .unwrap();
    let ops = ground.sign_in(Role::Ops).await;

    read_everything(&ops).await;
    ops.live_feed().await.unwrap();
    append(&ops, &match_id("imported"), 0, "1").await.unwrap();

    write_and_read_session(&ops).await;
    assert_eq!(ops.sessions().list(10).await.unwrap().len(), 1);
    assert_eq!(ops.sessions().size().await.unwrap().keys, 1);
    write_and_list_gateway(&ops).await;
    write_and_read_bucket(&ground, Role::Ops, "revocations").await;
    let trial = ops.begin_trial().await.unwrap();
    trial.publish(7, "x".into(), DEADLINE).await.unwrap();
    // One that was left behind is in nobody's way.
    ops.begin_trial().await.unwrap().end().await.unwrap();
    assert!(trial.publish(7, "x".into(), DEADLINE).await.is_err());
    let (client, _) = ground.plain_client(Role::Ops).await;
    let purge = client
        .request(
            "$JS.API.STREAM.PURGE.SCORES",
            r#"{"filter":"scores.a"}"#.into(),
        )
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&purge.payload).contains(r#""purged":1"#));
    assert_eq!(ops.newest(&match_id("a"), ReadFrom::Leader).await, Ok(None));
    assert_eq!(ops.counts().borrow().denied, 0);
    ground.stop().await;
}

/// Nobody but scoring writes scores, nobody but ops destroys or makes anything, and no role fakes
/// what the server republishes or listens to what is not committed.
#[tokio::test]
async fn what_is_not_a_roles_work_is_refused() {
    let ground = Ground::ready().await;
    let destructive = [
        "$JS.API.STREAM.PURGE.SCORES",
        "$JS.API.STREAM.DELETE.SCORES",
        "$JS.API.STREAM.UPDATE.SCORES",
        "$JS.API.STREAM.CREATE.OTHER",
        "$JS.API.STREAM.MSG.DELETE.SCORES",
        "$JS.API.STREAM.SNAPSHOT.SCORES",
        "$JS.API.STREAM.RESTORE.SCORES",
        "$JS.API.CONSUMER.CREATE.SCORES",
        "$JS.API.CONSUMER.CREATE.SCORES.x.y",
        "$JS.API.STREAM.PURGE.KV_revocations",
        "$JS.API.STREAM.PURGE.KV_sessions",
        "$JS.API.STREAM.INFO.KV_sessions",
        "$JS.API.DIRECT.GET.KV_sessions",
        "$JS.API.CONSUMER.CREATE.KV_sessions",
        "$KV.revocations.x",
        "live.a",
        "livecanary.a",
        "scores.a.b",
    ];
    let no_publish: [(Role, &[&str]); 3] = [
        (
            Role::Scoring,
            &["$KV.sessions.x", "$KV.gateways.x", "replay.a"],
        ),
        (Role::Gateway, &["scores.a", "canary.a", "replay.a"]),
        (Role::Ops, &["live.a", "livecanary.a", "scores.a.b"]),
    ];
    let no_subscribe: [(Role, &[&str]); 3] = [
        (
            Role::Scoring,
            &[
                "scores.*",
                ">",
                "live.*",
                "_INBOX_gateway.>",
                "_INBOX_ops.>",
            ],
        ),
        (
            Role::Gateway,
            &[
                "scores.*",
                ">",
                "canary.*",
                "_INBOX_scoring.>",
                "_INBOX_ops.>",
                "$KV.sessions.>",
            ],
        ),
        (
            Role::Ops,
            &["scores.*", ">", "_INBOX_scoring.>", "_INBOX_gateway.>"],
        ),
    ];
    for role in Role::ALL {
        let (client, mut server_says) = ground.plain_client(role).await;
        let more = if role == Role::Ops {
            &[][..]
        } else {
            &destructive[..]
        };
        for subject in subjects_of(&no_publish, role).iter().chain(more) {
            client.publish(*subject, "{}".into()).await.unwrap();
            expect_refusal(&mut server_says, role, subject).await;
        }
        for subject in subjects_of(&no_subscribe, role) {
            let _subscription = client.subscribe(*subject).await.unwrap();
            expect_refusal(&mut server_says, role, subject).await;
        }
    }
    let gateway = ground.sign_in(Role::Gateway).await;
    let mut counts = gateway.counts();
    let tried = gateway
        .append(
            &match_id("a"),
            0,
            &[],
            "1".into(),
            Duration::from_millis(200),
        )
        .await;
    assert!(tried.is_err());
    tokio::time::timeout(DEADLINE, counts.wait_for(|counts| counts.denied == 1))
        .await
        .unwrap()
        .unwrap();
    ground.stop().await;
}

fn subjects_of<'a>(table: &[(Role, &'a [&'a str])], role: Role) -> &'a [&'a str] {
    table.iter().find(|(of, _)| *of == role).unwrap().1
}

async fn expect_refusal(server_says: &mut mpsc::Receiver<String>, role: Role, subject: &str) {
    let said = tokio::time::timeout(DEADLINE, server_says.recv()).await;
    let said = said
        .unwrap_or_else(|_| panic!("{role:?} was not refused {subject}"))
        .unwrap();
    assert!(
        said.to_lowercase().contains("permissions violation") && said.contains(subject),
        "{subject}: {said}"
    );
}

async fn read_everything(broker: &Broker) {
    let id = match_id("a");
    for from in [ReadFrom::AnyReplica, ReadFrom::Leader] {
        assert_eq!(broker.read_after(&id, 0, from).await.unwrap().len(), 1);
        assert!(broker.newest(&id, from).await.unwrap().is_some());
    }
    assert_eq!(broker.tips(&[id]).await.unwrap().len(), 1);
    assert_eq!(broker.directory().await.unwrap().len(), 1);
    assert_eq!(broker.incarnation().await, Ok(1));
}

async fn write_and_read_session(broker: &Broker) {
    let (sessions, key) = (broker.sessions(), SessionKey::of(7));
    // What no replica has is asked of the leader.
    assert_eq!(sessions.read(&key).await, Ok(None));
    let revision = sessions.write(&key, "1".into(), Some(0)).await.unwrap();
    let found = sessions.read(&key).await.unwrap().unwrap();
    assert_eq!(found.revision, revision);
}

async fn write_and_list_gateway(broker: &Broker) {
    let name = "one".parse().unwrap();
    broker.gateways().write(&name, "1".into()).await.unwrap();
    assert_eq!(broker.gateways().list().await.unwrap()[0].0, name);
}

async fn write_and_read_bucket(ground: &Ground, role: Role, bucket: &str) {
    let (client, mut server_says) = ground.plain_client(role).await;
    let context = jetstream::new(client);
    let message = PublishMessage::build()
        .payload("value".into())
        .ttl(Duration::from_secs(60));
    let stored: PublishAckFuture = context
        .send_publish(format!("$KV.{bucket}.key"), message)
        .await
        .unwrap();
    stored.await.unwrap();
    let store = context.get_key_value(bucket).await.unwrap();
    assert_eq!(store.get("key").await.unwrap().unwrap(), "value");
    assert_eq!(store.keys().await.unwrap().count().await, 1);
    let mut watch = store.watch_with_history(">").await.unwrap();
    let entry = tokio::time::timeout(DEADLINE, watch.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(entry.key, "key");
    assert!(server_says.try_recv().is_err());
}

async fn read_bucket(ground: &Ground, role: Role, bucket: &str) {
    write_and_read_bucket(ground, Role::Ops, bucket).await;
    let (client, mut server_says) = ground.plain_client(role).await;
    let store = jetstream::new(client).get_key_value(bucket).await.unwrap();
    assert_eq!(store.get("key").await.unwrap().unwrap(), "value");
    let mut watch = store.watch_with_history(">").await.unwrap();
    tokio::time::timeout(DEADLINE, watch.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(server_says.try_recv().is_err());
}
