//! A fan whose gateway dies has its matches and policies back at another, with its rights of now.

use serde_json::{Value, json};

use crate::harness::socket::Socket;
use crate::stage::{Stage, hello, session_of, subscribe};

/// Listens until each of `matches` has had its snapshot; everything that came.
async fn until_snapshots(socket: &mut Socket, matches: &[&str]) -> Vec<Value> {
    let mut heard: Vec<Value> = Vec::new();
    let had = |heard: &[Value], name: &str| {
        let snapshot = |message: &Value| message["type"] == "snapshot" && message["match"] == name;
        heard.iter().any(snapshot)
    };
    while !matches.iter().all(|name| had(&heard, name)) {
        heard.push(socket.message().await);
    }
    heard
}

/// What the bucket should have of the fan `ada`.
fn wishes() -> Value {
    json!({"a": {"policy": "realtime"}, "b": {"policy": "batch", "delay_s": 1}, "secret": {}})
}

/// Follows three matches at the first gateway, until the bucket knows.
async fn follow_three(stage: &Stage, token: &str) -> (Socket, String) {
    let (mut socket, session) = stage.socket(0, Some(token)).await;
    socket.say(&subscribe("a", "realtime")).await;
    let mut delayed = subscribe("b", "batch");
    delayed["delay_s"] = json!(1);
    socket.say(&delayed).await;
    socket
        .say(&json!({"type": "subscribe", "match": "secret"}))
        .await;
    until_snapshots(&mut socket, &["a", "b", "secret"]).await;
    stage
        .until_stored(1, |body| body["subscriptions"] == wishes())
        .await;
    (socket, session)
}

#[tokio::test]
async fn a_session_brings_matches_and_policies_to_another_gateway() {
    let mut stage = Stage::new(2).await;
    let token = stage
        .token("ada", "premium", &["--matches", "secret"])
        .await;
    let (_socket, session) = follow_three(&stage, &token).await;
    let stored = stage.stored().await;
    assert_eq!(stored[0]["sub"], "ada");
    assert!(!stored[0].to_string().contains(&session), "it is a secret");
    stage.cluster.gateways[0].kill().await;

    let (mut socket, welcome) = stage.named(1, Some(&token), &session).await;

    assert_eq!(session_of(&welcome), session);
    let heard = until_snapshots(&mut socket, &["a", "b", "secret"]).await;
    assert!(heard.iter().all(|message| message["type"] != "error"));
    stage.score(1).await;
    for policy in ["realtime", "batch"] {
        let name = format!("grandstand_events_total{{policy=\"{policy}\"}}");
        stage.until_metric(1, &name, 1.0).await;
    }
    let by_bucket = "grandstand_sessions_resumed_total{by=\"bucket\"}";
    assert_eq!(stage.metric(1, by_bucket).await, 1.0);
    let gateway = stage.present().await;
    let name = gateway
        .iter()
        .find(|body| body["url"] == stage.url(1))
        .unwrap()["name"]
        .clone();
    stage
        .until_stored(1, |body| {
            body["gateway"] == name && body["subscriptions"] == wishes()
        })
        .await;
}

#[tokio::test]
async fn a_session_grants_nothing_that_the_token_shown_now_does_not() {
    let mut stage = Stage::new(2).await;
    let rich = stage
        .token("ada", "premium", &["--matches", "secret"])
        .await;
    let (_socket, session) = follow_three(&stage, &rich).await;
    stage.cluster.gateways[0].kill().await;

    // The same user, with less.
    let poor = stage.token("ada", "free", &["--matches", "other-*"]).await;
    let (mut socket, welcome) = stage.named(1, Some(&poor), &session).await;

    assert_eq!(session_of(&welcome), session);
    assert_eq!(welcome["tier"], "free");
    let mut heard = until_snapshots(&mut socket, &["a", "b"]).await;
    // Each match is said something of once it is read, in any order.
    let is_forbidden = |message: &Value| message["code"] == "not_allowed";
    while !heard.iter().any(is_forbidden) {
        heard.push(socket.message().await);
    }
    let mut errors = heard
        .iter()
        .filter(|message| message["type"] == "error")
        .map(|error| {
            let (code, name) = (error["code"].as_str(), error["match"].as_str());
            (code.unwrap(), name.unwrap())
        })
        .collect::<Vec<_>>();
    errors.sort_unstable();
    let expected = [
        ("not_allowed", "secret"),
        ("policy_not_granted", "a"),
        ("policy_not_granted", "b"),
    ];
    assert_eq!(errors, expected);
    stage.score(1).await;
    stage
        .until_metric(1, "grandstand_events_total{policy=\"digest\"}", 2.0)
        .await;
    let realtime = "grandstand_events_total{policy=\"realtime\"}";
    assert_eq!(stage.metric(1, realtime).await, 0.0);
}

#[tokio::test]
async fn what_the_query_asks_for_is_followed_beside_what_the_session_brings() {
    let stage = Stage::new(2).await;
    let token = stage
        .token("ada", "premium", &["--matches", "secret"])
        .await;
    let (_socket, session) = follow_three(&stage, &token).await;

    let query = "match=a&policy=digest";
    let opened = Socket::open(
        &stage.url(1),
        query,
        Some(&token),
        crate::harness::socket::Codec::Json,
    )
    .await;
    let mut socket = opened.unwrap();
    assert_ne!(session_of(&socket.message().await), session);
    socket.say(&hello(&session)).await;

    until_snapshots(&mut socket, &["a", "b", "secret"]).await;
    let mut wished = wishes();
    wished["a"] = json!({"policy": "digest"});
    stage
        .until_stored(1, |body| {
            body["subscriptions"] == wished && body.get("closed").is_none()
        })
        .await;
}

#[tokio::test]
async fn an_anonymous_session_is_an_anonymous_fans() {
    let stage = Stage::new(2).await;
    let (mut socket, session) = stage.socket(0, None).await;
    socket
        .say(&json!({"type": "subscribe", "match": "a"}))
        .await;
    stage
        .until_stored(1, |body| body.get("sub").is_none())
        .await;
    drop(socket);
    stage.until_stored(1, |body| body["closed"] == true).await;

    let token = stage.token("ada", "premium", &[]).await;
    let (_known, told) = stage.named(1, Some(&token), &session).await;
    assert_eq!(told["code"], "foreign_session");

    let (mut anonymous, welcome) = stage.named(1, None, &session).await;
    assert_eq!(session_of(&welcome), session);
    until_snapshots(&mut anonymous, &["a"]).await;
}

#[tokio::test]
async fn who_unsubscribes_has_it_no_more_after_a_cut() {
    let stage = Stage::new(1).await;
    let token = stage.token("ada", "premium", &[]).await;
    let (mut socket, session) = stage.socket(0, Some(&token)).await;
    for name in ["a", "b"] {
        socket.say(&subscribe(name, "realtime")).await;
    }
    stage
        .until_stored(1, |body| {
            body["subscriptions"].as_object().unwrap().len() == 2
        })
        .await;
    socket
        .say(&json!({"type": "unsubscribe", "match": "a"}))
        .await;
    let only_b = json!({"b": {"policy": "realtime"}});
    stage
        .until_stored(1, |body| body["subscriptions"] == only_b)
        .await;
    drop(socket);

    let (mut socket, welcome) = stage.named(0, Some(&token), &session).await;
    assert_eq!(session_of(&welcome), session);
    assert_eq!(socket.message().await["match"], "b");
    socket.say(&json!({"type": "ping"})).await;
    let pong = socket.message().await;
    assert_eq!(pong["heads"].as_array().unwrap().len(), 1, "{pong}");
}

#[tokio::test]
async fn a_gateway_that_is_stopped_closes_the_sessions_of_its_fans() {
    let mut stage = Stage::new(1).await;
    let mut sockets = Vec::new();
    for n in 0..20 {
        let token = stage.token(&format!("fan-{n}"), "free", &[]).await;
        let (mut socket, _) = stage.socket(0, Some(&token)).await;
        socket.say(&subscribe("a", "digest")).await;
        sockets.push(socket);
    }
    stage
        .until_stored(20, |body| body.get("closed").is_none())
        .await;

    stage.cluster.gateways[0].signal(rustix::process::Signal::TERM);
    for mut socket in sockets {
        assert_eq!(socket.close_code().await, 1012);
    }

    assert!(stage.cluster.gateways[0].ended().await.success());
    stage.until_stored(20, |body| body["closed"] == true).await;
}
