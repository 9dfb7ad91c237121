//! What fans send and get, byte by byte.

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::harness::{Ground, Scored, in_time};
use crate::raw::{Raw, frame};

#[tokio::test]
async fn what_came_with_the_handshake_is_heard() {
    let ground = Ground::ready().await;
    let mut scored = Scored::new("m");
    scored.score(&ground.scoring, 3).await;
    let subscribe = json!({"type": "subscribe", "match": "m", "after": {"seq": 0}});
    let text = frame(0x81, subscribe.to_string().as_bytes());
    let (now, later) = text.split_at(text.len() - 5);

    for (early, rest) in [(&text[..], &[][..]), (now, later)] {
        let mut fan = Raw::connect(&ground, "", early).await;
        fan.send(rest).await;
        let events = fan.next_of("events").await;
        assert_eq!(events["events"].as_array().unwrap().len(), 3);
    }
    ground.end().await;
}

#[tokio::test]
async fn a_client_that_sends_byte_by_byte_and_in_pieces_is_understood() {
    let ground = Ground::ready().await;
    let mut fan = Raw::connect(&ground, "", &[]).await;
    let welcome = fan.next_of("welcome").await;
    let hello = json!({"type": "hello", "heartbeat_s": 20, "x": "ä".repeat(100)}).to_string();
    let (one, other) = hello.as_bytes().split_at(hello.len() - 31);

    let said = [
        frame(0x01, one),
        frame(0x89, b"between"),
        frame(0x80, other),
    ];
    for byte in said.concat() {
        fan.send(&[byte]).await;
    }

    assert_eq!(fan.next().await, (0x8a, b"between".to_vec()));
    let answer = fan.next_of("welcome").await;
    assert_eq!(answer["session"], welcome["session"]);
    assert_eq!(answer["heartbeat_s"], 20);
    ground.end().await;
}

#[tokio::test]
async fn many_messages_at_once_are_answered_in_their_order() {
    let ground = Ground::ready().await;
    let mut fan = Raw::connect(&ground, "", &[]).await;
    fan.next_of("welcome").await;

    let mut said = Vec::new();
    for number in 0..100 {
        let heartbeat = json!({"type": "hello", "heartbeat_s": 15 + number});
        said.extend(frame(0x81, heartbeat.to_string().as_bytes()));
    }
    said.extend(frame(0x88, &4999_u16.to_be_bytes()));
    fan.send(&said).await;

    for number in 0..100 {
        assert_eq!(fan.next_of("welcome").await["heartbeat_s"], 15 + number);
    }
    assert_eq!(fan.next().await, (0x88, 4999_u16.to_be_bytes().to_vec()));
    assert_eq!(in_time(fan.stream.read(&mut [0])).await.unwrap(), 0);
    ground.end().await;
}

/// Where answers pile up, the event loop's own check ends it, and the fan hears no more.
#[tokio::test]
async fn a_client_that_says_more_than_it_is_answered_waits_for_its_answers() {
    let ground = Ground::ready().await;
    let followed: Vec<String> = (0..32).map(|number| format!("m{number}")).collect();
    let query = format!("match={}", followed.join(","));
    let mut fan = Raw::connect(&ground, &query, &[]).await;
    fan.next_of("welcome").await;

    let others: Vec<Value> = (0..26)
        .map(|number| json!({"match": format!("n{number}")}))
        .collect();
    let hello = json!({"type": "hello", "subscriptions": others}).to_string();
    fan.send(&frame(0x81, hello.as_bytes()).repeat(20)).await;

    for _ in 0..20 {
        fan.next_of("welcome").await;
    }
    fan.send(&frame(0x89, b"there")).await;
    while fan.next().await != (0x8a, b"there".to_vec()) {}
    ground.end().await;
}

#[tokio::test]
async fn illegal_bytes_are_told_by_their_code() {
    let ground = Ground::ready().await;
    let unmasked = [0x81, 2, b'{', b'}'];
    for (bytes, code) in [
        (&unmasked[..], 1002_u16),
        (&frame(0x83, b""), 1002),
        (&frame(0xc1, b"{}"), 1002),
        (&frame(0x80, b"{}"), 1002),
        (&frame(0x09, b""), 1002),
        (&frame(0x89, &[b'x'; 126]), 1002),
        (&frame(0x88, b"x"), 1002),
        (&frame(0x81, b"\xff"), 1007),
        (&frame(0x88, b"\x03\xe8\xff"), 1007),
        (&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009),
        (&frame(0x81, b"[]"), 4400),
        (&frame(0x82, b"\xc1"), 4400),
    ] {
        let mut fan = Raw::connect(&ground, "", bytes).await;
        let (first, payload) = loop {
            let (first, payload) = fan.next().await;
            if first != 0x81 {
                break (first, payload);
            }
        };
        assert_eq!(first, 0x88, "{bytes:?}");
        assert_eq!(payload[..2], code.to_be_bytes(), "{bytes:?}");
        // No reset before it, however much is still sent.
        fan.send(&[0; 2000]).await;
        assert_eq!(in_time(fan.stream.read(&mut [0])).await.unwrap(), 0);
    }
    ground.end().await;
}
