//! What a token grants, for as long as it lasts.

use serde_json::json;

use crate::harness::api::{Api, open_match};
use crate::harness::fan::{Fan, Wish};
use crate::harness::socket::{Codec, Socket};
use crate::harness::wait::found;
use crate::refusals::status;
use crate::stage::{Stage, subscribe};

/// How long a token lasts that ends while it is looked on; it is taken for 5 s more.
const TTL: &str = "5s";

#[tokio::test]
async fn a_private_match_is_for_whose_token_names_it() {
    let stage = Stage::with_match(1).await;
    let mut body = open_match("secret");
    body["visibility"] = json!("private");
    stage.scorer.create("secret-1", &body).await;
    let named = stage
        .cluster
        .token(&[
            "--role",
            "fan",
            "--tier",
            "premium",
            "--matches",
            "secret-*",
        ])
        .await;

    for token in [None, Some(stage.premium.as_str())] {
        let opened = Socket::open(&stage.gateway(), "match=secret-1", token, Codec::Json).await;
        let mut socket = opened.unwrap();
        assert_eq!(socket.message().await["type"], "welcome");
        let error = socket.message().await;
        assert_eq!(error["code"], "not_allowed");
        assert_eq!(error["match"], "secret-1");
        let viewer = stage.viewer(token);
        viewer.get("/v1/matches/secret-1").await.problem(403);
        viewer.get("/v1/matches/secret-1/state").await.problem(403);
        assert!(!viewer.get("/v1/matches").await.text().contains("secret"));
    }

    let wish = Wish::of(&["secret-1", "m"]).token(&named);
    let mut fan = Fan::connect(&stage.gateway(), "fan", wish).await;
    fan.until("both", |fan| {
        fan.of("secret-1").seq == 1 && fan.of("m").seq == 2
    })
    .await;
    let viewer = stage.viewer(Some(&named));
    let answer = viewer.get("/v1/matches/secret-1/state").await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(viewer.get("/v1/matches").await.text().contains("secret-1"));
}

#[tokio::test]
async fn a_refreshed_token_grants_what_it_says_from_then_on() {
    let stage = Stage::new().await;
    let mut body = open_match("secret");
    body["visibility"] = json!("private");
    stage.scorer.create("secret", &body).await;
    let token = async |more: &[&str]| {
        let args = [&["--role", "fan", "--sub", "ada"], more].concat();
        stage.cluster.token(&args).await
    };
    let longer = token(&["--matches", "secret", "--tier", "premium"]).await;
    let short = token(&["--ttl", TTL]).await;
    let opened = Socket::open(&stage.gateway(), "match=secret", Some(&short), Codec::Json).await;
    let mut socket = opened.unwrap();
    assert_eq!(socket.message().await["tier"], "free");
    assert_eq!(socket.message().await["code"], "not_allowed");

    socket
        .say(&json!({"type": "refresh", "token": longer}))
        .await;
    socket.say(&subscribe("secret", json!({}))).await;
    assert_eq!(socket.message().await["type"], "snapshot");

    // The first token's end is of no matter any more.
    let old = stage.viewer(Some(&short));
    found("the end of the first token", async || {
        (old.get("/v1/matches").await.status == 401).then_some(())
    })
    .await;
    socket.say(&json!({"type": "ping"})).await;
    assert_eq!(socket.message().await["type"], "pong");
}

#[tokio::test]
async fn only_the_same_user_refreshes() {
    let stage = Stage::with_match(1).await;
    let other = stage
        .cluster
        .token(&["--role", "fan", "--sub", "somebody-else"])
        .await;
    let mut wrong_key = stage.premium.clone();
    wrong_key.truncate(wrong_key.len() - 4);
    wrong_key += "AAAA";
    for (token, code) in [
        (other.as_str(), 4403),
        (wrong_key.as_str(), 4401),
        ("nonsense", 4401),
    ] {
        let mut socket = stage.socket("match=m", Codec::Json).await;
        socket
            .say(&json!({"type": "refresh", "token": token}))
            .await;
        assert_eq!(socket.close_code().await, code, "{token}");
    }
}

#[tokio::test]
async fn a_token_that_ends_ends_its_connection() {
    let stage = Stage::with_match(1).await;
    let short = stage
        .cluster
        .token(&["--role", "fan", "--tier", "premium", "--ttl", TTL])
        .await;
    let wish = Wish::of(&["m"]).token(&short);
    let mut fan = Fan::connect(&stage.gateway(), "fan", wish).await;
    fan.until_seq(2).await;

    assert_eq!(fan.until_closed().await, Some(4401));
    assert_eq!(fan.other.last().unwrap()["code"], "token_expired");

    let again = Socket::open(&stage.gateway(), "match=m", Some(&short), Codec::Json).await;
    assert_eq!(status(again), 401);
    let viewer = stage.viewer(Some(&short));
    viewer.get("/v1/matches/m/state").await.problem(401);
}

#[tokio::test]
async fn a_page_brings_its_token_as_a_subprotocol_that_is_not_echoed() {
    let stage = Stage::with_match(1).await;
    let offered = format!("grandstand.bearer.{}, grandstand.v1.msgpack", stage.premium);
    let opened = Socket::open_with(&stage.gateway(), "match=m", None, Some(&offered)).await;

    let mut socket = opened.unwrap();

    assert_eq!(socket.codec(), Codec::MessagePack);
    assert_eq!(socket.message().await["tier"], "premium");
    let wrong = "grandstand.v1.json, grandstand.bearer.nonsense";
    let refused = Socket::open_with(&stage.gateway(), "match=m", None, Some(wrong)).await;
    assert_eq!(status(refused), 401);
}

#[tokio::test]
async fn who_brings_no_token_is_of_the_anonymous_tier_or_not_let_in() {
    let mut stage = Stage::with_match(1).await;
    let opened = Socket::open(&stage.gateway(), "", None, Codec::Json).await;
    assert_eq!(opened.unwrap().message().await["tier"], "free");

    stage
        .cluster
        .add_gateway(&["--anonymous-tier", "none"])
        .await;
    let strict = stage.cluster.gateways[1].url();
    let refused = Socket::open(&strict, "", None, Codec::Json).await;
    assert_eq!(status(refused), 401);
    let nobody = Api::new(strict, None);
    nobody.get("/v1/matches").await.problem(401);
}
