//! Welcome, hello, subscribe, unsubscribe, ping.

use serde_json::{Value, json};

use crate::harness::fan::{Fan, Wish};
use crate::harness::replica::Place;
use crate::harness::socket::{Codec, Socket};
use crate::stage::{Stage, subscribe};

#[tokio::test]
async fn the_welcome_is_first_and_hello_gets_another() {
    let stage = Stage::with_match(3).await;
    for codec in Codec::BOTH {
        let opened = Socket::open(&stage.gateway(), "", Some(&stage.premium), codec).await;
        let mut socket = opened.unwrap();
        let first = socket.message().await;
        assert_eq!(first["type"], "welcome");
        assert_eq!(first["tier"], "premium");
        assert_eq!(first["heartbeat_s"], 55);
        assert_eq!(first["session"].as_str().unwrap().len(), 32);
        assert!(first["reconnect_window_ms"].as_u64().unwrap() > 0);

        let hello = json!({"type": "hello", "session": first["session"], "heartbeat_s": 20,
            "subscriptions": [{"match": "m"}]});
        socket.say(&hello).await;

        let second = socket.message().await;
        assert_eq!(second["type"], "welcome");
        assert_eq!(second["heartbeat_s"], 20);
        let snapshot = socket.message().await;
        assert_eq!(snapshot["type"], "snapshot");
        assert_eq!(Place::of(&snapshot), stage.place("m").await);
    }
}

#[tokio::test]
async fn a_match_is_followed_by_query_and_by_message_alike() {
    let stage = Stage::with_match(3).await;
    for codec in Codec::BOTH {
        let mut by_query = stage.socket("match=m", codec).await;
        let mut by_message = stage.socket("", codec).await;
        by_message.say(&subscribe("m", json!({}))).await;

        let snapshot = by_query.message().await;
        assert_eq!(snapshot["type"], "snapshot");
        assert_eq!(snapshot["reason"], "joined");
        assert_eq!(by_message.message().await, snapshot);

        let number = snapshot["state"]["count"].as_u64().unwrap() + 1;
        let place = stage.count("m", number..=number).await;
        let events = by_query.message().await;
        assert_eq!(events["type"], "events");
        assert_eq!(events["events"][0]["seq"], place.seq);
        assert_eq!(events["events"][0]["patch"], json!({"count": number}));
        assert_eq!(events["hash"], place.hash);
        assert_eq!(by_message.message().await, events);
    }
}

#[tokio::test]
async fn subscribing_again_is_another_policy_and_the_cursor_stays() {
    let stage = Stage::with_match(3).await;
    let mut fan = stage.fan(&["m"]).await;
    let mut watcher = stage.fan(&["m"]).await;
    fan.until_seq(4).await;
    watcher.until_seq(4).await;

    fan.say(&subscribe(
        "m",
        json!({"policy": "digest", "delay_s": 3600}),
    ))
    .await;
    assert_eq!(pong(&mut fan).await[0]["seq"], 4);
    let place = stage.count("m", 4..=5).await;
    watcher.until_seq(place.seq).await;
    assert_eq!(pong(&mut fan).await[0]["seq"], 4);
    assert_eq!(fan.only().seq, 4);

    fan.say(&subscribe("m", json!({"policy": "realtime"})))
        .await;
    fan.until_seq(place.seq).await;
    assert_eq!(fan.only().place(), Some(place));
    assert_eq!(fan.only().snapshots.len(), 1, "only the one it joined with");
}

#[tokio::test]
async fn who_unsubscribes_hears_no_more_of_the_match() {
    let stage = Stage::with_match(3).await;
    stage.scorer.create_open("other").await;
    let mut fan = stage.fan(&["m", "other"]).await;
    let mut watcher = stage.fan(&["m"]).await;
    fan.until("both", |fan| {
        fan.of("m").seq == 4 && fan.of("other").seq == 1
    })
    .await;

    fan.say(&json!({"type": "unsubscribe", "match": "m"})).await;
    let heads = pong(&mut fan).await;
    assert_eq!(heads.as_array().unwrap().len(), 1);
    assert_eq!(heads[0]["match"], "other");
    let place = stage.count("m", 4..=5).await;
    watcher.until_seq(place.seq).await;
    stage.count("other", 1..=1).await;
    fan.until("the other match", |fan| fan.of("other").seq == 2)
        .await;
    assert_eq!(fan.of("m").seq, 4);
}

#[tokio::test]
async fn pong_says_where_the_fan_stands() {
    let stage = Stage::with_match(2).await;
    for codec in Codec::BOTH {
        let wish = Wish::of(&["m"]).token(&stage.premium).codec(codec);
        let mut fan = Fan::connect(&stage.gateway(), "fan", wish).await;
        fan.until_seq(3).await;

        let place = stage.place("m").await;
        let expected = json!([{"match": "m", "epoch": place.epoch, "seq": 3}]);
        assert_eq!(pong(&mut fan).await, expected);
    }
}

#[tokio::test]
async fn a_match_is_served_once_it_is_created() {
    let stage = Stage::new().await;
    let mut fan = stage.fan(&["m"]).await;
    fan.until("an answer", |fan| fan.other_kinds().contains(&"error"))
        .await;
    let error = fan.other.last().unwrap();
    assert_eq!(error["code"], "unknown_match");
    assert_eq!(error["match"], "m");

    stage.scorer.create_open("m").await;
    let place = stage.count("m", 1..=3).await;

    fan.until_seq(place.seq).await;
    assert_eq!(fan.only().place(), Some(place));
    assert_eq!(fan.connects, 1);
}

#[tokio::test]
async fn a_connection_follows_at_most_thirty_two_matches() {
    let stage = Stage::with_match(1).await;
    let many: Vec<String> = (0..31).map(|n| format!("nothing-{n}")).collect();
    let query = format!("match=m,{}", many.join(","));
    let mut socket = stage.socket(&query, Codec::Json).await;
    while socket.message().await["type"] != "snapshot" {}
    socket.say(&subscribe("one-too-many", json!({}))).await;

    let error = loop {
        let message = socket.message().await;
        if message["code"] == "too_many_matches" {
            break message;
        }
    };
    assert_eq!(error["match"], "one-too-many");
    // The others go on.
    socket.say(&json!({"type": "ping"})).await;
    loop {
        let message = socket.message().await;
        if message["type"] == "pong" {
            assert_eq!(message["heads"][0]["match"], "m");
            break;
        }
    }

    let refused = Socket::open(
        &stage.gateway(),
        &format!("{query},one-too-many"),
        None,
        Codec::Json,
    )
    .await;
    assert_eq!(crate::refusals::status(refused), 400);
}

#[tokio::test]
async fn who_asks_for_more_than_the_tier_grants_is_told_and_served_by_the_tier() {
    let stage = Stage::with_match(1).await;
    let plus = stage.cluster.fan_token("plus").await;
    let wish = Wish::of(&["m"]).token(&plus).policy("realtime");
    let mut fan = Fan::connect(&stage.gateway(), "fan", wish).await;

    fan.until_seq(2).await;

    let errors: Vec<&Value> = fan.other.iter().filter(|m| m["type"] == "error").collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["code"], "policy_not_granted");
    assert_eq!(errors[0]["match"], "m");
}

#[tokio::test]
async fn a_quiet_fan_is_told_after_a_heartbeat_where_it_stands() {
    let stage = Stage::with_match(2).await;
    let mut socket = stage
        .socket("match=m&heartbeat_s=15", Codec::MessagePack)
        .await;
    let snapshot = socket.message().await;

    // On a machine that stands still it may be told of more than that.
    let status = loop {
        let status = socket.message_or_status().await;
        assert_eq!(status["type"], "status");
        if status["status"] == "live" {
            break status;
        }
    };

    assert!(status["as_of"].as_u64().unwrap() > 1_700_000_000_000_000);
    assert_eq!(Place::of(&status), Place::of(&snapshot));
}

/// Pings, and the heads of the answer.
async fn pong(fan: &mut Fan) -> Value {
    let pongs = |fan: &Fan| {
        fan.other_kinds()
            .iter()
            .filter(|kind| **kind == "pong")
            .count()
    };
    let before = pongs(fan);
    fan.say(&json!({"type": "ping"})).await;
    fan.until("a pong", |fan| pongs(fan) > before).await;
    let answers = fan.other.iter().rev();
    let newest = answers.into_iter().find(|m| m["type"] == "pong").unwrap();
    newest["heads"].clone()
}
