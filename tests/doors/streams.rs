//! Server-sent events: what a stream begins with, goes on from, and ends with.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::harness::api::{Api, open_match};
use crate::harness::listener::Listener;
use crate::harness::wait::{found, in_time};
use crate::stage::Stage;

#[tokio::test]
async fn a_stream_goes_on_where_its_last_event_was() {
    let stage = Stage::with_match(0).await;
    stage.count("m", 1..=3).await;
    let mut listener = Listener::connect(stage.viewer(Some(&stage.premium)), "m", "").await;
    listener.until_seq(4).await;
    assert!(
        listener
            .retry_ms
            .is_some_and(|ms| (500..=3_000).contains(&ms))
    );
    assert_eq!(listener.replica.snapshots, [(4, "joined".to_owned())]);
    listener.cut();
    stage.count("m", 4..=9).await;
    listener.resume().await;
    listener.until_seq(10).await;
    assert_eq!(
        listener.replica.events.len(),
        6,
        "what was missed, one by one"
    );
    listener.cut();
    let place = stage.count("m", 10..=40).await;
    stage.until_shown("m", &place).await;
    listener.resume().await;
    listener.until_seq(41).await;
    assert_eq!(listener.replica.place().unwrap(), place);
    assert_eq!(listener.replica.snapshots[1..], [(41, "behind".to_owned())]);
}

#[tokio::test]
async fn the_last_event_counts_before_the_cursor_of_the_address() {
    let stage = Stage::with_match(2).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let mut listener = Listener::connect(viewer, "m", "after=0&snapshot=never").await;
    listener.until_seq(3).await;
    listener.cut();
    stage.count("m", 3..=4).await;
    listener.resume().await;
    listener.until_seq(5).await;
    assert_eq!(listener.replica.events.len(), 5, "each of them once");
}

#[tokio::test]
async fn who_listens_takes_no_place_of_those_who_ask() {
    let mut stage = Stage::with_match(0).await;
    stage.cluster.add_gateway(&["--polls-max", "2"]).await;
    stage.cluster.until_live(1, "m", &stage.premium).await;
    let viewer = stage.cluster.viewer(1, Some(&stage.premium));
    let mut listeners = Vec::new();
    for _ in 0..3 {
        let mut listener = Listener::connect(viewer.clone(), "m", "").await;
        listener.until_seq(1).await;
        listeners.push(listener);
    }
    assert_eq!(viewer.get("/v1/matches/m").await.status, 200);
}

#[tokio::test]
async fn a_silent_stream_says_where_it_stands() {
    let stage = Stage::with_match(0).await;
    let mut listener =
        Listener::connect(stage.viewer(Some(&stage.premium)), "m", "heartbeat_s=15").await;
    listener.until_seq(1).await;
    // On a machine that stands still it may say more than that.
    let mut word = Value::Null;
    while word != "live" {
        let status = in_time("a heartbeat", listener.next()).await.unwrap();
        assert_eq!(status["type"], "status");
        assert_eq!(status["seq"], 1);
        word = status["status"].clone();
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_its_gateway() {
    let stage = Stage::with_match(0).await;
    let short = stage
        .cluster
        .token(&["--role", "fan", "--tier", "premium", "--ttl", "8"]);
    let short = stage.cluster.viewer(0, Some(&short.await));
    let mut listener = Listener::connect(short, "m", "").await;
    listener.until_seq(1).await;
    let mut stays = Listener::connect(stage.viewer(Some(&stage.premium)), "m", "").await;
    stays.until_seq(1).await;

    listener.until_end().await;
    assert_eq!(listener.other.last().unwrap()["code"], "token_expired");
    stage.cluster.gateways[0].signal(Signal::TERM);
    stays.until_end().await;
    let goaway = stays.other.last().unwrap();
    assert_eq!(goaway["type"], "goaway");
    assert!(goaway["reconnect_in_ms"].as_u64() <= goaway["window_ms"].as_u64());
}

#[tokio::test]
async fn what_is_wrong_with_a_stream_is_said_before_it_begins() {
    let mut stage = Stage::with_match(0).await;
    stage.cluster.add_gateway(&["--sse-max", "1"]).await;
    let mut private = open_match("secret");
    private["visibility"] = json!("private");
    stage.scorer.create("secret", &private).await;
    let viewer = stage.viewer(Some(&stage.premium));
    viewer
        .get("/v1/matches/nobody-knows/stream")
        .await
        .problem(404);
    viewer.get("/v1/matches/secret/stream").await.problem(403);
    for (query, field) in [
        ("after=x", "after"),
        ("policy=fast", "policy"),
        ("delay_s=3601", "delay_s"),
        ("heartbeat_s=14", "heartbeat_s"),
        ("snapshot=sometimes", "snapshot"),
        ("wait=1", "wait"),
        ("token=x", "token"),
    ] {
        let path = format!("/v1/matches/m/stream?{query}");
        assert_eq!(
            viewer.get(&path).await.problem(400)["field"],
            field,
            "{query}"
        );
    }
    let request = viewer.request(Method::GET, "/v1/matches/m/stream");
    let answer = Api::send(request.header("last-event-id", "the third")).await;
    assert_eq!(answer.problem(400)["field"], "Last-Event-ID");

    stage.cluster.until_live(1, "m", &stage.premium).await;
    let viewer = stage.cluster.viewer(1, Some(&stage.premium));
    let mut first = Listener::connect(viewer.clone(), "m", "").await;
    first.until_seq(1).await;
    let refused = viewer.get("/v1/matches/m/stream").await;
    assert!(!refused.header("retry-after").is_empty());
    let problem = refused.problem(503);
    assert_eq!(problem["type"], "/problems/over-capacity");
    assert!(problem["poll_after_ms"].is_u64(), "{problem}");
    let polled = viewer.get(problem["poll_url"].as_str().unwrap()).await;
    assert_eq!(polled.json()["type"], "snapshot");
    // A place that is left is there for the next.
    first.cut();
    found("room", async || {
        let request = viewer.request(Method::GET, "/v1/matches/m/stream");
        let head = tokio::time::timeout(Duration::from_secs(5), request.send()).await;
        head.ok()?
            .ok()
            .filter(|head| head.status() == 200)
            .map(drop)
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_a_head_or_a_document_gets_no_stream() {
    let stage = Stage::with_match(0).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let ask = async |method: Method, path: &str, accept: &str| {
        Api::send(viewer.request(method, path).header("accept", accept)).await
    };
    for path in ["/v1/matches/m/stream", "/v1/live"] {
        let head = ask(Method::HEAD, path, "text/event-stream").await;
        assert_eq!((head.status.as_u16(), head.header("allow")), (405, "GET"));
    }
    for accept in [
        "application/json, text/event-stream;q=0",
        "application/json, text/event-stream;q=0.5",
        "application/msgpack",
    ] {
        let answer = ask(Method::GET, "/v1/live", accept).await;
        assert_eq!(answer.status, 200, "{accept}");
        assert!(
            answer.header("content-type").starts_with("application/"),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn a_wish_beyond_the_tier_is_said_and_clamped() {
    let stage = Stage::with_match(0).await;
    let anybody = stage.cluster.viewer(0, None);
    let mut listener = Listener::connect(anybody, "m", "policy=realtime").await;
    listener.until_seq(1).await;
    assert_eq!(listener.other[0]["code"], "policy_not_granted");
}

#[tokio::test]
async fn who_reads_nothing_costs_little_and_is_cut() {
    let stage = Stage::with_match(0).await;
    let witness = Listener::connect(stage.viewer(Some(&stage.premium)), "m", "");
    let mut witness = witness.await;
    let address: SocketAddr = stage.gateway()["http://".len()..].parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(address).await.unwrap();
    let head = format!(
        "GET /v1/matches/m/stream?after=0&snapshot=never HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        stage.premium
    );
    deaf.write_all(head.as_bytes()).await.unwrap();

    const LARGE: usize = 45_000;
    let text = "x".repeat(LARGE);
    for n in 1..=60 {
        let patch = json!({"count": n, "text": text});
        let event = json!({"id": format!("e{n}"), "type": "count", "patch": patch});
        stage.scorer.score("m", &event).await;
        witness.until_seq(n + 1).await;
    }
    let admin = Api::new(stage.cluster.gateways[0].said("admin_url"), None);
    let cut = async {
        // The kernel gives such a socket up after the same time, so that either may be the first.
        let ended =
            |line: &str| line.starts_with("grandstand_disconnects_total") && line.ends_with(" 1");
        while !admin.get("/metrics").await.text().lines().any(ended) {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let cut = tokio::time::timeout(Duration::from_secs(120), cut).await;
    cut.expect("it is cut after 30 s");
    let mut kept = Vec::new();
    // Broken off or ended: what the kernel had is all that there is.
    let _ = in_time("the end", deaf.read_to_end(&mut kept)).await;
    assert!(kept.len() < 10 * LARGE, "{} bytes", kept.len());
    stage.count("m", 61..=61).await;
    witness.until_seq(62).await;
    assert_eq!(witness.replica.events.len(), 61);
}
