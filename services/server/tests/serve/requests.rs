//! Requests: heads and bodies that are slow or too large, and what they cost.

use std::time::Instant;

use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::serve::{RequestCost, ServeLimits, serve_counted};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::stage::{
    SHORT, Served, ask, hello, in_time, limits, read_all, read_answer, read_to_clean_end,
};

#[tokio::test]
async fn a_connection_is_kept_for_more_requests_and_knows_its_peer() {
    let served = Served::start(hello(), limits());
    let mut client = served.connect().await;
    for _ in 0..2 {
        ask(&mut client, "/").await;
        let answer = read_answer(&mut client, 5).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"),
            "{answer}"
        );
    }
    ask(&mut client, "/peer").await;
    let peer = client.local_addr().unwrap().to_string();
    assert!(read_answer(&mut client, peer.len()).await.ends_with(&peer));
}

#[tokio::test]
async fn a_client_that_is_slow_with_its_head_is_cut() {
    let served = Served::start(
        hello(),
        ServeLimits {
            head_wait_max: SHORT,
            ..limits()
        },
    );
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        let mut client = served.connect().await;
        client.write_all(begun.as_bytes()).await.unwrap();
        let began = Instant::now();
        let answer = read_all(&mut client).await;
        assert!(!answer.contains("200 OK"), "{answer}");
        // By the limit that was given, and not by the usual one.
        let usual = ServeLimits::default().head_wait_max;
        assert!(began.elapsed() < usual, "{begun:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_ends_like_a_slow_one() {
    let served = Served::start(
        hello(),
        ServeLimits {
            head_wait_max: SHORT,
            ..limits()
        },
    );
    let mut client = served.connect().await;
    ask(&mut client, "/").await;
    assert!(read_all(&mut client).await.ends_with("hello"));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_the_client_hears_it() {
    let served = Served::start(hello(), limits());
    for (filler_bytes, status) in [(8 * 1024, "200"), (17 * 1024, "431"), (200 * 1024, "431")] {
        let mut client = served.connect().await;
        let filler = "x".repeat(filler_bytes);
        let request =
            format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {filler}\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = read_to_clean_end(&mut client).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{filler_bytes}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_the_client_hears_it() {
    let served = Served::start(hello(), limits());
    let mut client = served.connect().await;
    let head = "POST /small HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(b"the beginning").await.unwrap();
    let answer = read_to_clean_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("/problems/body-too-large"), "{answer}");
    // Or it would send its next request into the close.
    assert!(answer.contains("connection: close"), "{answer}");
    // Most clients read only when they have sent: a reset now would be all that they hear.
    for _ in 0..10 {
        client.write_all(&[b'x'; 20_000]).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_requests_take_is_measured() {
    let cost = RequestCost::default();
    let listener =
        Listener::bind("127.0.0.1:0".parse().unwrap(), SocketOptions::default()).unwrap();
    let served = Served {
        address: listener.local_address(),
        stop: CancellationToken::new(),
        task: tokio::spawn(async {}),
    };
    let serving = serve_counted(
        listener,
        hello(),
        limits(),
        cost.clone(),
        served.stop.clone(),
    );
    let task = tokio::spawn(serving);
    for _ in 0..64 {
        let mut client = served.connect().await;
        ask(&mut client, "/").await;
        read_answer(&mut client, 5).await;
    }
    served.stop().await;
    in_time(task).await.unwrap();

    let counts = cost.counts();
    assert_eq!((counts.answered, counts.measured), (64, 4));
    let each_ns = counts.measured_ns / counts.measured;
    // Nanoseconds, as a machine takes them that may stand still meanwhile.
    assert!((1_000..10_000_000_000).contains(&each_ns), "{each_ns}");
}
