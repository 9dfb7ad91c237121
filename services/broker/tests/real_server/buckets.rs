//! Sessions and gateways in their buckets on a real server.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::StreamExt;
use grandstand_broker::{
    BucketError, GatewayName, ProvisionOptions, Role, SessionKey, Sessions, StoredValue, WriteError,
};

use crate::harness::{DEADLINE, Ground, scramble};

const SHORT: Duration = Duration::from_secs(1);
/// Between two looks at something that changes by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

async fn sessions(ground: &Ground) -> Sessions {
    ground.sign_in(Role::Gateway).await.sessions()
}

async fn delete_bucket(ground: &Ground, stream: &str) {
    let (ops, _) = ground.plain_client(Role::Ops).await;
    let answer = ops
        .request(format!("$JS.API.STREAM.DELETE.{stream}"), "".into())
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains(r#""success":true"#));
}

async fn provision(ground: &Ground) {
    let ops = ground.sign_in(Role::Ops).await;
    ops.provision(&ProvisionOptions::default()).await.unwrap();
}

async fn until_gone(sessions: &Sessions, key: &SessionKey) {
    let gone = async {
        while sessions.read(key).await.unwrap().is_some() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
}

/// What is said at once, and not because nobody answered; a machine that stands still may give up
/// before it has read the answer, and asks again.
async fn answered<T: Debug>(mut ask: impl AsyncFnMut() -> T) -> T {
    let asking = async {
        loop {
            let said = ask().await;
            if !format!("{said:?}").contains("timed out") {
                return said;
            }
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap()
}

fn body_of(found: Option<StoredValue>) -> String {
    String::from_utf8(found.unwrap().body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_session_is_read_as_it_was_last_written_by_any_gateway() {
    let ground = Ground::ready().await;
    let (one, other) = (sessions(&ground).await, sessions(&ground).await);
    let key = SessionKey::of(7);

    assert_eq!(one.read(&key).await, Ok(None));
    let first = one.write(&key, "a".into(), Some(0)).await.unwrap();
    let found = other.read(&key).await.unwrap().unwrap();
    let second = other.write(&key, "b".into(), Some(first)).await.unwrap();
    let third = other.write(&key, "c".into(), None).await.unwrap();

    assert_eq!((found.revision, &found.body[..]), (first, &b"a"[..]));
    assert!(found.stored_at_us > 0);
    assert!(first < second && second < third);
    assert_eq!(body_of(one.read(&key).await.unwrap()), "c");
    ground.stop().await;
}

/// The late close of a gateway that the fan has left leaves the newer gateway's write alone.
#[tokio::test]
async fn a_write_that_expects_another_revision_changes_nothing() {
    let ground = Ground::ready().await;
    let sessions = sessions(&ground).await;
    let key = SessionKey::of(7);
    let old = sessions.write(&key, "old".into(), Some(0)).await.unwrap();
    let new = sessions.write(&key, "new".into(), None).await.unwrap();

    for expected in [0, old, new + 1] {
        let late = sessions.write(&key, "late".into(), Some(expected)).await;
        assert_eq!(late, Err(WriteError::Superseded { revision: new }));
    }
    let elsewhere = SessionKey::of(8);
    let nothing_there = sessions.write(&elsewhere, "x".into(), Some(new)).await;
    assert_eq!(nothing_there, Err(WriteError::Gone));

    assert_eq!(body_of(sessions.read(&key).await.unwrap()), "new");
    ground.stop().await;
}

#[tokio::test]
async fn a_session_expires_unless_it_is_written_again() {
    let ground = Ground::ready().await;
    let sessions = sessions(&ground).await;
    let short = sessions.clone().with_ttl(SHORT);
    let (left, kept) = (SessionKey::of(1), SessionKey::of(2));
    let revision = short.write(&left, "1".into(), Some(0)).await.unwrap();

    // Who stood still between the two has nothing to write again, and begins anew.
    let write_again = async {
        loop {
            let first = short.write(&kept, "2".into(), Some(0)).await.unwrap();
            match sessions.write(&kept, "2".into(), Some(first)).await {
                Ok(_) => return,
                Err(late) => assert_eq!(late, WriteError::Gone),
            }
        }
    };
    tokio::time::timeout(DEADLINE, write_again).await.unwrap();
    until_gone(&sessions, &left).await;

    assert!(sessions.read(&kept).await.unwrap().is_some());
    let late = sessions.write(&left, "late".into(), Some(revision)).await;
    assert_eq!(late, Err(WriteError::Gone));
    // A key that expired once expires again.
    short.write(&left, "again".into(), Some(0)).await.unwrap();
    until_gone(&sessions, &left).await;
    ground.stop().await;
}

#[tokio::test]
async fn a_bucket_that_is_away_says_so_at_once_and_works_when_it_is_made_again() {
    let ground = Ground::ready().await;
    let sessions = sessions(&ground).await;
    let key = SessionKey::of(7);
    let revision = sessions.write(&key, "a".into(), Some(0)).await.unwrap();
    let ops = ground.sign_in(Role::Ops).await.sessions();
    delete_bucket(&ground, "KV_sessions").await;

    let read = answered(async || sessions.read(&key).await).await;
    let write = async || sessions.write(&key, "b".into(), Some(revision)).await;
    let written = answered(write).await;
    let listed = answered(async || ops.list(10).await).await;
    assert!(matches!(read, Err(BucketError::Away(_))), "{read:?}");
    assert!(matches!(written, Err(WriteError::Away(_))), "{written:?}");
    assert!(matches!(listed, Err(BucketError::Away(_))), "{listed:?}");

    provision(&ground).await;
    let stale = sessions.write(&key, "b".into(), Some(revision)).await;
    assert_eq!(stale, Err(WriteError::Gone));
    sessions.write(&key, "b".into(), Some(0)).await.unwrap();
    assert_eq!(body_of(sessions.read(&key).await.unwrap()), "b");
    ground.stop().await;
}

#[tokio::test]
async fn what_the_bucket_does_not_take_is_known_not_to_be_written() {
    let ground = Ground::ready().await;
    let sessions = sessions(&ground).await;
    let key = SessionKey::of(7);

    let large = sessions.write(&key, vec![0; 20_000].into(), Some(0)).await;
    let no_time = sessions.clone().with_ttl(Duration::from_millis(10));
    let no_time = no_time.write(&key, "a".into(), Some(0)).await;

    assert!(matches!(large, Err(WriteError::Away(_))), "{large:?}");
    assert!(matches!(no_time, Err(WriteError::Away(_))), "{no_time:?}");
    assert_eq!(sessions.read(&key).await, Ok(None));
    ground.stop().await;
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent_later() {
    let ground = Ground::ready().await;
    let gateway = ground.sign_in(Role::Gateway).await;
    let sessions = gateway.sessions();
    let key = SessionKey::of(7);
    let mut counts = gateway.counts();

    let port = ground.server.port();
    ground.server.kill().await.unwrap();
    tokio::time::timeout(DEADLINE, counts.wait_for(|counts| counts.disconnected > 0))
        .await
        .unwrap()
        .unwrap();
    let written = sessions.write(&key, "a".into(), None).await;
    let read = sessions.read(&key).await;

    assert!(matches!(written, Err(WriteError::Away(_))), "{written:?}");
    assert!(matches!(read, Err(BucketError::Away(_))), "{read:?}");
    let options = crate::harness::options(ground.data.path().to_owned(), port);
    let ground = Ground {
        server: crate::harness::start(&options).await,
        data: ground.data,
    };
    provision(&ground).await;
    tokio::time::timeout(DEADLINE, counts.wait_for(|counts| counts.connected > 1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(sessions.read(&key).await, Ok(None));
    ground.stop().await;
}

/// More than a batch of reads holds, and far more than the writes that wait at a time.
#[tokio::test]
async fn thousands_written_at_once_are_all_listed_each_once() {
    let ground = Ground::ready().await;
    let sessions = sessions(&ground).await;
    let ids: Vec<u128> = (0..2_500).map(|n| scramble(n).into()).collect();

    let write = |id: &u128| {
        let (sessions, id) = (sessions.clone(), *id);
        async move {
            let body = id.to_string().into();
            sessions.write(&SessionKey::of(id), body, Some(0)).await
        }
    };
    let writes = futures_util::stream::iter(&ids).map(write);
    let written: Vec<_> = writes.buffer_unordered(2_500).collect().await;
    let ops = ground.sign_in(Role::Ops).await.sessions();
    let all = ops.list(10_000).await.unwrap();
    let some = ops.list(1_700).await.unwrap();

    assert!(written.iter().all(Result::is_ok), "{written:?}");
    assert_eq!(some.len(), 1_700);
    let listed: Vec<_> = all
        .iter()
        .map(|(key, stored)| (key.clone(), body_of(Some(stored.clone()))))
        .collect();
    let mut wanted: Vec<_> = ids
        .iter()
        .map(|id| (SessionKey::of(*id), id.to_string()))
        .collect();
    wanted.sort();
    assert_eq!(listed, wanted);
    let size = ops.size().await.unwrap();
    assert_eq!(size.keys, 2_500);
    assert!(size.bytes > 2_500 * 64);
    ground.stop().await;
}

#[tokio::test]
async fn a_gateway_that_falls_silent_is_forgotten() {
    let ground = Ground::ready().await;
    let gateways = ground.sign_in(Role::Gateway).await.gateways();
    let name = |text: &str| text.parse::<GatewayName>().unwrap();
    assert_eq!(gateways.list().await, Ok(vec![]));

    gateways.write(&name("b"), "1".into()).await.unwrap();
    gateways.write(&name("a"), "1".into()).await.unwrap();
    gateways.write(&name("b"), "2".into()).await.unwrap();
    let ops = ground.sign_in(Role::Ops).await.gateways();
    let both = ops.list().await.unwrap();
    let short = gateways.clone().with_ttl(SHORT);
    short.write(&name("b"), "3".into()).await.unwrap();

    let names: Vec<_> = both.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(both[1].1.body, "2");
    let one_left = async {
        while gateways.list().await.unwrap().len() > 1 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(DEADLINE, one_left).await.unwrap();
    assert_eq!(gateways.list().await.unwrap()[0].0, name("a"));
    delete_bucket(&ground, "KV_gateways").await;
    let away = gateways.list().await;
    assert!(matches!(away, Err(BucketError::Away(_))), "{away:?}");
    ground.stop().await;
}
