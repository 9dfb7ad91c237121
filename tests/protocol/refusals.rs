//! What is refused, and how: before the upgrade by status, after it by close code.

use reqwest::{Method, Version};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::api::Api;
use crate::harness::socket::{Codec, Refused, Socket};
use crate::stage::Stage;

/// The status of a handshake that must be refused.
pub(crate) fn status(opened: Result<Socket, Refused>) -> u16 {
    match opened {
        Err(Refused::Http(status, _)) => status,
        Err(Refused::Gone(reason)) => panic!("no answer: {reason}"),
        Ok(_) => panic!("the connection was let in"),
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_answered_and_ends_the_connection() {
    let stage = Stage::with_match(1).await;
    let packed = |value: &Value| Message::binary(rmp_serde::to_vec_named(value).unwrap());
    let mut trailing = rmp_serde::to_vec_named(&json!({"type": "ping"})).unwrap();
    trailing.push(0xc0);
    let bad = [
        (Codec::Json, Message::text("{")),
        (Codec::Json, Message::text("[]")),
        (Codec::Json, Message::text(r#"{"type":"ping"} x"#)),
        (Codec::Json, Message::text(r#"{"type":"shout"}"#)),
        (Codec::Json, Message::text(r#"{"type":"subscribe"}"#)),
        (
            Codec::Json,
            Message::text(r#"{"type":"subscribe","match":"NO"}"#),
        ),
        (
            Codec::Json,
            Message::text(r#"{"type":"subscribe","match":"m","after":{"seq":4}}"#),
        ),
        (
            Codec::Json,
            Message::text(r#"{"type":"hello","heartbeat_s":14}"#),
        ),
        (Codec::MessagePack, Message::binary(vec![0xc1])),
        (Codec::MessagePack, Message::binary(trailing)),
        (Codec::MessagePack, packed(&json!({"type": "shout"}))),
        (Codec::MessagePack, packed(&json!([1, 2]))),
    ];
    for (codec, message) in bad {
        let mut socket = stage.socket("", codec).await;
        socket.say_raw(message.clone()).await;

        let error = socket.message().await;
        assert_eq!(error["type"], "error", "{message:?}");
        assert_eq!(error["code"], "bad_message", "{message:?}");
        assert!(error["detail"].is_string(), "{message:?}");
        assert_eq!(socket.close_code().await, 4400, "{message:?}");
    }
}

#[tokio::test]
async fn members_that_are_not_known_are_passed_over() {
    let stage = Stage::with_match(1).await;
    let mut socket = stage.socket("", Codec::Json).await;
    socket
        .say(&json!({"type": "subscribe", "match": "m", "later": {"a": 1}}))
        .await;
    assert_eq!(socket.message().await["type"], "snapshot");
}

#[tokio::test]
async fn what_no_client_of_ours_sends_has_its_close_code() {
    let stage = Stage::with_match(1).await;
    let text =
        |bytes: Vec<u8>| Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true));
    for (message, code) in [
        (Message::text("x".repeat(16 * 1024 + 1)), 1009),
        (Message::text("x".repeat(1024 * 1024)), 1009),
        (text(vec![0xff, 0xfe]), 1007),
    ] {
        let mut socket = stage.socket("match=m", Codec::Json).await;
        socket.say_raw(message).await;
        assert_eq!(socket.close_code().await, code);
    }
}

#[tokio::test]
async fn a_handshake_is_refused_before_the_upgrade() {
    let stage = Stage::with_match(1).await;
    let (url, premium) = (stage.gateway(), stage.premium.as_str());
    let bearer = format!("grandstand.bearer.{premium}");
    let open = |query: String, token: Option<&'static str>, offered: Option<String>| {
        let url = url.clone();
        async move { status(Socket::open_with(&url, &query, token, offered.as_deref()).await) }
    };
    let json = || Some("grandstand.v1.json".to_owned());

    for offered in ["grandstand.v9.json", "chat, superchat", &bearer] {
        assert_eq!(
            open(String::new(), None, Some(offered.to_owned())).await,
            400
        );
    }
    for query in [
        format!("token={premium}"),
        format!("access_token={premium}"),
        "match=NO".to_owned(),
        "match=m&after=7".to_owned(),
        "match=m&policy=fast".to_owned(),
        "match=m&snapshot=maybe".to_owned(),
        "match=m&heartbeat_s=14".to_owned(),
        "match=m&heartbeat_s=241".to_owned(),
        "match=m&delay_s=3601".to_owned(),
        "match=m,m2&after=0,0,0".to_owned(),
    ] {
        assert_eq!(open(query.clone(), None, json()).await, 400, "{query}");
    }
    assert_eq!(open(String::new(), Some("nonsense"), json()).await, 401);

    let plain = stage.viewer(None).get("/v1/ws").await;
    plain.problem(426);
}

#[tokio::test]
async fn what_is_no_websocket_is_told_what_would_be() {
    let stage = Stage::new().await;
    let viewer = stage.viewer(None);
    let headers = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let ask = async |method: Method, version: Version, changed: Option<(&str, &str)>| {
        let mut request = viewer.request(method, "/v1/ws").version(version);
        for (name, value) in headers {
            let changed = changed.filter(|(other, _)| *other == name);
            request = request.header(name, changed.map_or(value, |(_, value)| value));
        }
        Api::send(request).await
    };
    let (get, new) = (Method::GET, Version::HTTP_11);
    assert_eq!(ask(get.clone(), new, None).await.status, 101);
    for (method, version, changed) in [
        (Method::HEAD, new, None),
        (get.clone(), Version::HTTP_10, None),
        (get.clone(), new, Some(("connection", "close"))),
        (get.clone(), new, Some(("upgrade", "h2c"))),
        (get.clone(), new, Some(("sec-websocket-version", "8"))),
        (get.clone(), new, Some(("sec-websocket-key", "c2hvcnQ="))),
        (
            get,
            new,
            Some(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ===")),
        ),
    ] {
        let answer = ask(method, version, changed).await;
        assert_eq!(answer.status, 426, "{version:?} {changed:?}");
        assert_eq!(answer.header("upgrade"), "websocket", "{changed:?}");
        assert_eq!(answer.header("sec-websocket-version"), "13");
    }
}

#[tokio::test]
async fn http_refusals_are_problems() {
    let stage = Stage::with_match(1).await;
    let viewer = stage.viewer(None);
    for path in [
        "/v1/matches/none",
        "/v1/matches/none/state",
        "/v1/matches/NO/state",
        "/v1/matches/m/log/1.1/0",
        "/v1/matches/m/log/x/0",
        "/v1/nothing",
    ] {
        viewer.get(path).await.problem(404);
    }
    let post = viewer.request(Method::POST, "/v1/matches/m/state");
    Api::send(post).await.problem(405);
    let nobody = stage.viewer(Some("nonsense"));
    nobody.get("/v1/matches").await.problem(401);
}
