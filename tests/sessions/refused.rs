//! Sessions that a fan does not get: each is told why, and the fan is let in with a new one.

use serde_json::json;

use crate::harness::socket::{Codec, Socket};
use crate::harness::wait::found;
use crate::stage::{Stage, hello, session_of, subscribe};

#[tokio::test]
async fn a_session_that_is_not_the_fans_is_refused_and_he_is_let_in() {
    let stage = Stage::new(1).await;
    let ada = stage.token("ada", "premium", &[]).await;
    let bob = stage.token("bob", "premium", &[]).await;
    let (mut hers, session) = stage.socket(0, Some(&ada)).await;
    hers.say(&subscribe("a", "realtime")).await;
    stage.until_stored(1, |body| body["sub"] == "ada").await;

    for codec in Codec::BOTH {
        for (named, code) in [
            (session.as_str(), "foreign_session"),
            ("00000000000000000000000000000001", "unknown_session"),
            ("not a session", "bad_session"),
            (
                &session.to_uppercase().replace(['0', '1'], "A"),
                "bad_session",
            ),
            ("", "bad_session"),
        ] {
            let opened = Socket::open(&stage.url(0), "", Some(&bob), codec).await;
            let mut socket = opened.unwrap();
            let own = session_of(&socket.message().await);
            socket.say(&hello(named)).await;
            let error = socket.message().await;
            assert_eq!(error["code"], code, "{named}: {error}");
            assert!(error["title"].is_string(), "{error}");
            let detail = error["detail"].as_str().unwrap();
            assert!(detail.contains("ubscribe"), "what to do: {detail}");
            assert!(!error.to_string().contains("ada"), "{error}");
            assert_eq!(session_of(&socket.message().await), own);

            socket.say(&subscribe("a", "realtime")).await;
            assert_eq!(socket.message().await["type"], "snapshot");
        }
    }
}

#[tokio::test]
async fn a_bad_session_beside_subscriptions_costs_only_the_session() {
    let stage = Stage::new(1).await;
    let ada = stage.token("ada", "premium", &[]).await;
    let (mut socket, own) = stage.socket(0, Some(&ada)).await;
    let hello = json!({"type": "hello", "session": "?", "subscriptions": [{"match": "a"}]});
    socket.say(&hello).await;
    assert_eq!(socket.message().await["code"], "bad_session");
    assert_eq!(session_of(&socket.message().await), own);
    assert_eq!(socket.message().await["type"], "snapshot");
}

#[tokio::test]
async fn whoever_tries_one_session_after_the_other_reads_no_more() {
    let stage = Stage::new(1).await;
    let (mut socket, _) = stage.socket(0, None).await;
    let mut codes = Vec::new();
    for n in 1..=6 {
        socket.say(&hello(&format!("{n:032x}"))).await;
        codes.push(socket.message().await["code"].as_str().unwrap().to_owned());
        session_of(&socket.message().await);
    }
    assert!(
        codes[..4].iter().all(|code| code == "unknown_session"),
        "{codes:?}"
    );
    assert!(
        codes[4..].iter().all(|code| code == "session_unavailable"),
        "{codes:?}"
    );
}

#[tokio::test]
async fn an_expired_token_opens_no_session_and_a_refresh_goes_on_with_it() {
    let stage = Stage::new(1).await;
    let longer = stage.token("ada", "free", &[]).await;
    // It is taken for 5 s more, which must be enough for what comes before the refresh.
    let short = stage.token("ada", "premium", &["--ttl", "5s"]).await;
    let (mut socket, session) = stage.socket(0, Some(&short)).await;
    socket.say(&subscribe("a", "realtime")).await;
    socket
        .say(&json!({"type": "refresh", "token": longer}))
        .await;
    stage.until_stored(1, |body| body["sub"] == "ada").await;

    found("the end of the first token", async || {
        let opened = Socket::open(&stage.url(0), "", Some(&short), Codec::Json).await;
        opened.is_err().then_some(())
    })
    .await;
    let (mut again, welcome) = stage.named(0, Some(&longer), &session).await;
    assert_eq!(
        (session_of(&welcome), &welcome["tier"]),
        (session, &json!("free"))
    );
    let error = again.message().await;
    assert_eq!(error["code"], "policy_not_granted");
}

#[tokio::test]
async fn a_page_that_speaks_only_other_subprotocols_is_told_which_there_are() {
    let stage = Stage::new(1).await;
    for offered in ["graphql-ws", "grandstand.v2.json, chat"] {
        let opened = Socket::open_with(&stage.url(0), "", None, Some(offered)).await;
        let Err(crate::harness::socket::Refused::Http(status, body)) = opened else {
            panic!("it must be refused: {offered}");
        };
        assert_eq!(status, 400);
        assert!(body.contains("grandstand.v1.json"), "{body}");
        assert!(body.contains("unknown-subprotocol"), "{body}");
    }
}
