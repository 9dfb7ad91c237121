//! Appending and reading records on a real server.

use std::time::Duration;

use crate::harness::{DEADLINE, Ground, append, append_first_of_each, match_id, scramble};
use bytes::Bytes;
use grandstand_broker::{
    AppendError, ProvisionOptions, RECORD_BYTES_MAX, ReadError, ReadFrom, Role,
};

#[tokio::test]
async fn only_one_of_two_writers_with_the_same_expectation_succeeds() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("a");

    let first = append(&scoring, &id, 0, "1").await.unwrap();
    let (left, right) = tokio::join!(
        append(&scoring, &id, first, "2"),
        append(&scoring, &id, first, "3")
    );

    assert!(left.is_ok() ^ right.is_ok(), "{left:?} {right:?}");
    assert_eq!(left.and(right), Err(AppendError::Conflict));
    assert_eq!(
        append(&scoring, &id, 0, "4").await,
        Err(AppendError::Conflict)
    );
    assert!(
        append(&scoring, &match_id("b"), 0, "5").await.is_ok(),
        "another match has its own order"
    );
    ground.stop().await;
}

#[tokio::test]
async fn a_record_at_the_bound_is_stored_and_one_above_is_not_sent() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("bound");
    let mut largest = RECORD_BYTES_MAX;
    while scoring
        .append(&id, 0, &[], Bytes::from(vec![0; largest]), DEADLINE)
        .await
        == Err(AppendError::TooLarge)
    {
        largest -= 1;
    }

    assert!(largest > RECORD_BYTES_MAX - 200, "{largest}");
    let stored = scoring
        .newest(&id, ReadFrom::Leader)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.body.len(), largest);
    assert!(
        scoring.is_connected(),
        "a record that is too large costs no connection"
    );
    ground.stop().await;
}

#[tokio::test]
async fn what_was_appended_is_read_back_over_several_batches_from_both() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let gateway = ground.sign_in(Role::Gateway).await;
    let (id, other) = (match_id("long"), match_id("other"));
    let (mut last, mut last_of_other) = (0, 0);
    let mut expected = Vec::new();
    for n in 0..700 {
        let bytes = scramble(n) % 100 * if n % 7 == 0 { 1024 } else { 10 };
        let body = Bytes::from(vec![n as u8; bytes as usize]);
        last = append(&scoring, &id, last, body.clone()).await.unwrap();
        expected.push((last, body));
        if n % 3 == 0 {
            last_of_other = append(&scoring, &other, last_of_other, "x").await.unwrap();
        }
    }

    for from in [ReadFrom::AnyReplica, ReadFrom::Leader] {
        let read = gateway.read_after(&id, 0, from).await.unwrap();
        let read: Vec<_> = read
            .into_iter()
            .map(|record| (record.stream_sequence, record.body))
            .collect();
        assert!(read == expected, "{from:?}");
        let half = gateway
            .read_after(&id, expected[349].0, from)
            .await
            .unwrap();
        assert_eq!(half.len(), 350, "{from:?}");
        assert_eq!(half[0].stream_sequence, expected[350].0);
        assert_eq!(half[0].headers["Strip"], r#"{"title":"Żubr v Ä"}"#);
        assert_eq!(
            half[0].headers.len(),
            1,
            "no header of the server's: {:?}",
            half[0].headers
        );
        assert!(half[0].stored_at_us > 1_700_000_000_000_000);
        assert_eq!(gateway.read_after(&id, last, from).await, Ok(vec![]));
        assert_eq!(
            gateway.read_after(&match_id("nobody"), 0, from).await,
            Ok(vec![])
        );
        let newest = gateway.newest(&id, from).await.unwrap().unwrap();
        assert_eq!(
            (newest.stream_sequence, &newest.body),
            (last, &expected[699].1)
        );
        assert_eq!(gateway.newest(&match_id("nobody"), from).await, Ok(None));
    }
    let tips = gateway
        .tips(&[id.clone(), match_id("nobody"), other.clone()])
        .await
        .unwrap();
    assert_eq!(tips.len(), 2);
    assert!(tips.contains(&(id, last)) && tips.contains(&(other, last_of_other)));
    ground.stop().await;
}

#[tokio::test]
async fn the_directory_holds_every_match_beyond_what_one_request_answers() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let gateway = ground.sign_in(Role::Gateway).await;
    assert_eq!(gateway.directory().await, Ok(vec![]));
    let matches: Vec<_> = (0..1_100).map(|n| match_id(&format!("m-{n:04}"))).collect();
    append_first_of_each(&scoring, &matches).await;

    let mut listed: Vec<_> = gateway
        .directory()
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.match_id)
        .collect();

    listed.sort();
    assert_eq!(listed, matches);
    assert_eq!(gateway.tips(&matches).await.unwrap().len(), matches.len());
    ground.stop().await;
}

#[tokio::test]
async fn large_records_of_many_matches_do_not_fit_one_answer_and_all_come() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let matches: Vec<_> = (0..60).map(|n| match_id(&format!("m-{n:02}"))).collect();
    for id in &matches {
        append(&scoring, id, 0, vec![7; 120 * 1024]).await.unwrap();
    }

    assert_eq!(scoring.directory().await.unwrap().len(), 60);
    ground.stop().await;
}

#[tokio::test]
async fn a_full_stream_is_told_from_everything_else() {
    let ground = Ground::bare().await;
    let options = ProvisionOptions {
        scores_bytes_max: Some(64 * 1024),
        ..Default::default()
    };
    ground
        .sign_in(Role::Ops)
        .await
        .provision(&options)
        .await
        .unwrap();
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("a");

    let last = append(&scoring, &id, 0, vec![0; 60 * 1024]).await.unwrap();

    assert_eq!(
        append(&scoring, &id, last, vec![0; 10 * 1024]).await,
        Err(AppendError::StreamFull)
    );
    assert!(
        append(&scoring, &id, last, "small").await.is_ok(),
        "what still fits is still taken"
    );
    ground.stop().await;
}

#[tokio::test]
async fn without_an_answer_the_outcome_is_unknown_within_the_deadline() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let Ground { data, server } = ground;
    server.kill().await.unwrap();
    let (soon, late) = (Duration::from_millis(300), Duration::from_secs(30));
    let (a, b) = (match_id("a"), match_id("b"));
    let body = Bytes::from_static(b"1");

    // Whichever deadline is the first, its answer is.
    let answer = tokio::select! {
        biased;
        answer = scoring.append(&a, 0, &[], body.clone(), late) => panic!("{answer:?}"),
        answer = scoring.append(&b, 0, &[], body, soon) => answer,
    };

    assert!(
        matches!(answer, Err(AppendError::Unknown { .. })),
        "{answer:?}"
    );
    drop(data);
}

#[tokio::test]
async fn a_missing_stream_is_an_operators_work() {
    let ground = Ground::bare().await;
    let gateway = ground.sign_in(Role::Gateway).await;

    assert_eq!(
        gateway.newest(&match_id("a"), ReadFrom::Leader).await,
        Err(ReadError::NoStream)
    );
    assert_eq!(gateway.directory().await, Err(ReadError::NoStream));
    assert_eq!(gateway.incarnation().await, Err(ReadError::NoStream));
    let replica = gateway
        .read_after(&match_id("a"), 0, ReadFrom::AnyReplica)
        .await;
    assert!(
        matches!(replica, Err(ReadError::Unavailable(_))),
        "{replica:?}"
    );
    ground.stop().await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_servers_sudden_death() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let id = match_id("a");
    let mut last = 0;
    for n in 0..50 {
        last = append(&scoring, &id, last, format!("{n}")).await.unwrap();
    }

    let ground = ground.kill_and_restart().await;
    // The same connection, back by itself.
    let mut counts = scoring.counts();
    let back = counts.wait_for(|counts| counts.connected >= 2);
    tokio::time::timeout(DEADLINE, back).await.unwrap().unwrap();
    let read = scoring.read_after(&id, 0, ReadFrom::Leader).await.unwrap();

    assert_eq!(read.len(), 50);
    assert_eq!(read[49].body, "49");
    assert!(append(&scoring, &id, last, "50").await.is_ok());
    assert_eq!(scoring.incarnation().await, Ok(1));
    ground.stop().await;
}
