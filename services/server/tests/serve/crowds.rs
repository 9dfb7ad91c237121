//! More clients than there are places, or than are taken at once.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use grandstand_server::serve::ServeLimits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::stage::{
    PATIENCE, Served, ask, hello, in_time, limits, read_all, read_answer, read_to_clean_end,
    waiting,
};

#[tokio::test]
async fn whoever_finds_only_requests_is_told_and_a_place_that_is_left_is_free_again() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let served = Served::start(
        waiting(asked.clone(), go_on.clone()),
        ServeLimits {
            connections_max: 1,
            ..limits()
        },
    );
    let mut first = served.connect().await;
    ask(&mut first, "/wait").await;
    in_time(asked.notified()).await;

    let mut second = served.connect().await;
    ask(&mut second, "/wait").await;
    let refused = read_to_clean_end(&mut second).await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: 5") && refused.contains("/problems/over-capacity"));

    go_on.notify_one();
    assert!(read_answer(&mut first, 4).await.ends_with("done"));
    // Its request is done: it goes for whoever has one.
    let mut third = served.connect().await;
    ask(&mut third, "/wait").await;
    in_time(asked.notified()).await;
    go_on.notify_one();
    assert!(read_answer(&mut third, 4).await.ends_with("done"));
    assert_eq!(read_all(&mut first).await, "");
}

#[tokio::test]
async fn clients_that_are_slow_with_their_heads_stop_nobody() {
    let served = Served::start(
        hello(),
        ServeLimits {
            connections_max: 8,
            head_wait_max: PATIENCE * 6,
            ..limits()
        },
    );
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut client = served.connect().await;
        client.write_all(b"GET / HTTP/1.1\r\nho").await.unwrap();
        slow.push(client);
    }
    for _ in 0..20 {
        let mut client = served.connect().await;
        ask(&mut client, "/").await;
        assert!(read_answer(&mut client, 5).await.ends_with("hello"));
    }
    // The first of the slow is long gone.
    assert_eq!(read_all(&mut slow[0]).await, "");
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_is_all_served() {
    let served = Served::start(
        hello(),
        ServeLimits {
            connections_max: 100,
            accepts_per_s: 5_000,
            accept_burst: 100,
            ..limits()
        },
    );
    let address = served.address;
    // Each asks in one go with connecting: one task of many would be slow with its head, and hold
    // a place for it.
    let asking = tokio::task::spawn_blocking(move || {
        let ask = |_| {
            let mut client = std::net::TcpStream::connect(address).unwrap();
            let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            client.write_all(request).unwrap();
            client.set_nonblocking(true).unwrap();
            client
        };
        (0..2_000).map(ask).collect::<Vec<_>>()
    });
    let crowd = in_time(asking).await.unwrap().into_iter();
    let answers = crowd.map(|client| async {
        let mut client = TcpStream::from_std(client).unwrap();
        read_all(&mut client).await
    });
    let answers = futures_util::future::join_all(answers).await;
    let unserved = answers.iter().filter(|answer| !answer.ends_with("hello"));
    assert_eq!(unserved.count(), 0);
}

#[tokio::test]
async fn connections_are_taken_no_faster_than_the_rate() {
    let served = Served::start(
        hello(),
        ServeLimits {
            accepts_per_s: 20,
            accept_burst: 2,
            ..limits()
        },
    );
    let began = Instant::now();
    for _ in 0..12 {
        let mut client = served.connect().await;
        ask(&mut client, "/").await;
        assert!(read_answer(&mut client, 5).await.ends_with("hello"));
    }
    assert!(
        began.elapsed() >= Duration::from_millis(490),
        "ten waited 50 ms each"
    );
}
