//! The live feed and the canary on a real server.

use std::time::Duration;

use crate::harness::{DEADLINE, Ground, append, append_first_of_each, match_id};
use grandstand_broker::{
    Broker, Interruption, LiveFeed, LiveItem, ProvisionOptions, ReadFrom, Role, StoredRecord,
    run_canary,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

async fn next(feed: &mut LiveFeed) -> LiveItem {
    tokio::time::timeout(DEADLINE, feed.next())
        .await
        .expect("something comes in time")
        .expect("the feed goes on")
}

async fn next_record(feed: &mut LiveFeed) -> StoredRecord {
    match next(feed).await {
        LiveItem::Record(record) => record,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_live_record_names_the_one_before_it_of_the_same_match() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let gateway = ground.sign_in(Role::Gateway).await;
    let mut feed = gateway.live_feed().await.unwrap();
    let (a, b) = (match_id("a"), match_id("b"));

    let mut expected = Vec::new();
    let (mut last_a, mut last_b) = (0, 0);
    for n in 0..20 {
        let (id, last) = if n % 3 == 0 {
            (&b, &mut last_b)
        } else {
            (&a, &mut last_a)
        };
        let stored = append(&scoring, id, *last, format!("{n}")).await.unwrap();
        expected.push((id.clone(), stored, Some(*last), format!("{n}")));
        *last = stored;
    }

    for (id, stored, last, body) in expected {
        let record = next_record(&mut feed).await;
        assert_eq!(
            (
                &record.match_id,
                record.stream_sequence,
                record.last_stream_sequence
            ),
            (&id, stored, last)
        );
        assert_eq!(record.body, body);
        let history = gateway
            .read_after(&id, stored - 1, ReadFrom::Leader)
            .await
            .unwrap()
            .remove(0);
        assert_eq!(
            history,
            StoredRecord {
                last_stream_sequence: None,
                ..record
            },
            "read or live, it is the same"
        );
    }
    ground.stop().await;
}

#[tokio::test]
async fn a_lost_connection_and_its_return_are_both_told() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let gateway = ground.sign_in(Role::Gateway).await;
    let mut feed = gateway.live_feed().await.unwrap();
    let id = match_id("a");
    let first = append(&scoring, &id, 0, "1").await.unwrap();
    assert_eq!(next_record(&mut feed).await.stream_sequence, first);

    let ground = ground.kill_and_restart().await;

    let mut told = next(&mut feed).await;
    if told == LiveItem::Disconnected {
        told = next(&mut feed).await;
    }
    assert_eq!(told, LiveItem::Interrupted(Interruption::Reconnected));
    let scoring = ground.sign_in(Role::Scoring).await;
    let second = append(&scoring, &id, first, "2").await.unwrap();
    let record = next_record(&mut feed).await;
    assert_eq!(
        (record.stream_sequence, record.last_stream_sequence),
        (second, Some(first))
    );
    ground.stop().await;
}

#[tokio::test]
async fn what_a_slow_reader_missed_is_told_before_what_it_kept() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let gateway = ground.sign_in(Role::Gateway).await;
    let mut feed = gateway.live_feed().await.unwrap();
    let matches: Vec<_> = (0..4_300).map(|n| match_id(&format!("m-{n}"))).collect();

    append_first_of_each(&scoring, &matches).await;
    let mut counts = gateway.counts();
    tokio::time::timeout(DEADLINE, counts.wait_for(|counts| counts.dropped > 0))
        .await
        .unwrap()
        .unwrap();

    assert_eq!(
        next(&mut feed).await,
        LiveItem::Interrupted(Interruption::Dropped)
    );
    let tips = gateway.tips(&matches).await.unwrap();
    assert_eq!(
        tips.len(),
        matches.len(),
        "and nothing is missing where it is looked for"
    );
    ground.stop().await;
}

#[tokio::test]
async fn canaries_arrive_numbered_and_never_as_records() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let gateway = ground.sign_in(Role::Gateway).await;
    let mut feed = gateway.live_feed().await.unwrap();
    let stop = CancellationToken::new();
    let (refuse, refusing) = watch::channel(None);
    let task = tokio::spawn(run_canary(scoring, refusing, stop.clone()));

    let (first, none) = next_canary(&mut feed).await;
    refuse.send_replace(Some("the stream is full".to_owned()));
    // One that knows nothing of it may be on its way.
    let mut last = first;
    let why = loop {
        let (number, why) = next_canary(&mut feed).await;
        assert!(number > last, "{number} after {last}");
        last = number;
        if let Some(why) = why {
            break why;
        }
    };

    assert_eq!((none, why.as_str()), (None, "the stream is full"));
    stop.cancel();
    task.await.unwrap();
    ground.stop().await;
}

#[tokio::test]
async fn no_canary_sings_while_there_is_no_stream_of_scores() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    let mut feed = ops.live_feed().await.unwrap();
    let (client, _) = ground.plain_client(Role::Ops).await;
    let delete = client.request("$JS.API.STREAM.DELETE.SCORES", "".into());
    delete.await.unwrap();
    let stop = CancellationToken::new();
    let (_refuse, refusing) = watch::channel(None);
    let scoring = ground.sign_in(Role::Scoring).await;
    let task = tokio::spawn(run_canary(scoring, refusing, stop.clone()));

    let none = tokio::time::timeout(Duration::from_millis(2_500), next_canary(&mut feed)).await;
    assert!(none.is_err(), "{none:?}");
    ops.provision(&ProvisionOptions::default()).await.unwrap();
    let (first, _) = next_canary(&mut feed).await;

    assert_eq!(first, 1, "none was stored before");
    stop.cancel();
    task.await.unwrap();
    ground.stop().await;
}

async fn next_canary(feed: &mut LiveFeed) -> (u64, Option<String>) {
    match next(feed).await {
        LiveItem::Canary {
            number,
            sent_at_us,
            refusing,
        } => {
            assert!(sent_at_us > 1_700_000_000_000_000);
            (number, refusing)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_forced_reconnect_comes_back_by_itself() {
    let ground = Ground::ready().await;
    let gateway: Broker = ground.sign_in(Role::Gateway).await;
    let mut feed = gateway.live_feed().await.unwrap();

    gateway.reconnect().await;

    let mut told = next(&mut feed).await;
    if told == LiveItem::Disconnected {
        told = next(&mut feed).await;
    }
    assert_eq!(told, LiveItem::Interrupted(Interruption::Reconnected));
    assert_eq!(gateway.incarnation().await, Ok(1));
    ground.stop().await;
}
