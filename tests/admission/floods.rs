//! Crowds, and those who mean harm.

use std::net::SocketAddr;

use futures_util::future::join_all;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::socket::{Codec, Heard, Socket};
use crate::harness::wait::{found, in_time};
use crate::stage::{Stage, crowd, knock};

#[tokio::test]
async fn clients_that_are_slow_with_their_heads_stop_nobody() {
    let stage = Stage::new(&["--polls-max", "20"]).await;
    let mut slow = Vec::new();
    for _ in 0..80 {
        let mut client = TcpStream::connect(stage.address()).await.unwrap();
        client
            .write_all(b"GET /v1/ws HTTP/1.1\r\nho")
            .await
            .unwrap();
        slow.push(client);
    }
    for _ in 0..10 {
        assert!(stage.knock(None, Some(&stage.premium)).await.came_in());
        assert_eq!(stage.viewer().state("m").await["state"]["count"], 1);
    }
    // The first of them had to go.
    let mut rest = Vec::new();
    in_time("the end of a slow client", slow[0].read_to_end(&mut rest))
        .await
        .ok();
    let cut = stage.metric("grandstand_http_idle_cut_total ").await;
    assert!(cut >= Some(60.0), "{cut:?}");
}

#[tokio::test]
async fn two_thousand_who_come_at_once_all_come_in() {
    let stage = Stage::new(&["--accept-rate", "2000", "--accept-burst", "100"]).await;
    let knocked = crowd(2_000, stage.address(), "match=m", &stage.premium).await;
    let outside: Vec<_> = knocked.iter().filter(|k| !k.came_in()).collect();
    assert!(
        outside.is_empty(),
        "{} of 2000: {}",
        outside.len(),
        outside[0].text
    );
    // They answer no ping, so that the first may have gone before the last has come.
    found("all of them", async || {
        let came = stage.metric("grandstand_connects_total{resumed=\"false\"} ");
        (came.await? == 2_000.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_gateway_without_descriptors_goes_on_and_takes_in_who_waited() {
    let stage = Stage::new(&[]).await;
    let gateway = &stage.cluster.gateways[0];
    let pid = Pid::from_raw(gateway.pid());
    let open = std::fs::read_dir(format!("/proc/{}/fd", gateway.pid()))
        .unwrap()
        .count() as u64;
    let inside = stage.knock(None, Some(&stage.premium)).await;
    let bound = |current| Rlimit {
        current: Some(current),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    // Of the process itself, whatever it was told at its start.
    let before = prlimit(pid, Resource::Nofile, bound(open)).unwrap();

    let address = stage.address();
    let waiting = tokio::spawn({
        let token = stage.premium.clone();
        async move { join_all((0..50).map(|_| knock(address, "match=m", None, Some(&token)))).await }
    });
    found("a failure to accept", async || {
        gateway
            .log()
            .contains("cannot accept connections")
            .then_some(())
    })
    .await;
    prlimit(pid, Resource::Nofile, before).unwrap();

    let knocked = in_time("those who waited", waiting).await.unwrap();
    assert!(knocked.iter().all(|knocked| knocked.came_in()));
    drop(inside);
}

/// Follows so many matches that are not there, one connection after the other, until one is refused.
async fn flood(address: SocketAddr, from: Option<&str>, connections: usize) -> Vec<TcpStream> {
    let mut sockets = Vec::new();
    for n in 0..connections {
        let from_name = from.unwrap_or("here").replace('.', "-");
        let names: Vec<String> = (0..32)
            .map(|m| format!("none-{from_name}-{n}-{m}"))
            .collect();
        let query = format!("match={}", names.join(","));
        let mut knocked = knock(address, &query, from, None).await;
        assert!(knocked.came_in(), "{}", knocked.text);
        let mut seen = Vec::new();
        in_time("an answer for each match", async {
            loop {
                let mut bytes = [0; 4096];
                let count = knocked.socket.read(&mut bytes).await.unwrap();
                seen.extend_from_slice(&bytes[..count]);
                let text = String::from_utf8_lossy(&seen);
                if count == 0 || text.matches("unknown_match").count() == 32 {
                    return;
                }
            }
        })
        .await;
        let text = String::from_utf8_lossy(&seen);
        if text.contains("\"too_many\"") {
            return sockets;
        }
        sockets.push(knocked.socket);
    }
    sockets
}

#[tokio::test]
async fn a_flood_of_unknown_matches_keeps_nobody_from_a_known_one() {
    let stage = Stage::new(&[]).await;
    let flooders = flood(stage.address(), None, 200).await;
    assert_eq!(flooders.len(), 125, "4,000 of 32 each");

    let token = Some(stage.premium.as_str());
    let mut late = Socket::open(&stage.url(), "", token, Codec::Json)
        .await
        .unwrap();
    assert_eq!(late.message().await["type"], "welcome");
    late.say(&json!({"type": "subscribe", "match": "m"})).await;
    assert_eq!(late.message().await["type"], "snapshot");
    assert_eq!(stage.viewer().state("m").await["state"]["count"], 1);
    // One that is created meanwhile too.
    let scorer = stage.cluster.scorer(0).await;
    scorer.create_open("new").await;
    found("the new match", async || {
        let answer = stage.viewer().get("/v1/matches/new/state").await;
        (answer.status == 200).then_some(())
    })
    .await;

    late.say(&json!({"type": "subscribe", "match": "nowhere"}))
        .await;
    let error = late.message().await;
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("error"), &json!("too_many"))
    );
    let end = in_time("the end", late.hear()).await;
    assert!(matches!(end, Heard::Closed(4429, _)), "{end:?}");
    let refused = stage.viewer().get("/v1/matches/nowhere/state").await;
    refused.problem(429);
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn an_address_has_a_share_of_the_unknown_matches_and_not_one_more() {
    let stage = Stage::new(&["--trusted-proxies", "127.0.0.0/8"]).await;
    for from in ["203.0.113.7", "203.0.113.8"] {
        let flooders = flood(stage.address(), Some(from), 5).await;
        assert_eq!(flooders.len(), 2, "64 of 32 each, from {from}");
    }
}
