//! Fans whose client takes deflated messages (RFC 7692).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::{Value, json};

use crate::harness::{Ground, Scored};
use crate::raw::{Raw, frame};

const OFFER: &str = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
const AGREED: &str = "\r\nsec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
/// What a deflated message ends with, and leaves out.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];

fn deflated(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 1_000);
    let mut deflate = Compress::new(Compression::default(), false);
    let flush = FlushCompress::Sync;
    deflate.compress_vec(message, &mut out, flush).unwrap();
    out.strip_suffix(&FLUSHED).unwrap().to_vec()
}

fn inflated(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 << 20);
    let whole = [payload, &FLUSHED].concat();
    let mut inflate = Decompress::new(false);
    let flush = FlushDecompress::Sync;
    inflate.decompress_vec(&whole, &mut out, flush).unwrap();
    out
}

/// The next message of this type, whether it came deflated, and in how many bytes.
async fn next_of(fan: &mut Raw, kind: &str) -> (Value, bool, usize) {
    loop {
        let (first, payload) = fan.next().await;
        let text = match first {
            0xc1 => inflated(&payload),
            0x81 => payload.clone(),
            other => panic!("a frame that begins with {other:x}"),
        };
        let message: Value = serde_json::from_slice(&text).unwrap();
        if message["type"] == kind {
            return (message, first == 0xc1, payload.len());
        }
    }
}

#[tokio::test]
async fn who_takes_deflated_messages_gets_the_same_in_fewer_bytes() {
    let ground = Ground::ready().await;
    let mut scored = Scored::new("m");
    scored.score(&ground.scoring, 40).await;
    let (mut fan, head) = Raw::connect_with(&ground, "match=m", OFFER, &[]).await;
    assert!(head.to_lowercase().contains(AGREED), "{head}");
    let (mut plain, head) = Raw::connect_with(&ground, "match=m", "", &[]).await;
    assert!(!head.to_lowercase().contains("extensions"), "{head}");

    let (snapshot, ..) = next_of(&mut fan, "snapshot").await;
    assert_eq!(snapshot, plain.next_of("snapshot").await);
    let mut saved = 0;
    for _ in 0..20 {
        scored.score(&ground.scoring, 1).await;
        let (events, is_deflated, bytes) = next_of(&mut fan, "events").await;
        let as_it_is = plain.next_of("events").await;
        assert_eq!(events, as_it_is);
        assert!(is_deflated);
        saved += as_it_is.to_string().len() - bytes;
    }
    assert!(saved > 0, "{saved}");
    ground.end().await;
}

#[tokio::test]
async fn from_the_second_on_those_who_missed_the_same_get_it_in_fewer_bytes() {
    let ground = Ground::ready().await;
    let mut scored = Scored::new("m");
    for _ in 0..40 {
        scored.score(&ground.scoring, 1).await;
    }
    let query = format!("match=m&snapshot=never&after={}-20", scored.epoch());
    let mut first = None;
    for number in 0..3 {
        let (mut fan, _) = Raw::connect_with(&ground, &query, OFFER, &[]).await;
        let (events, is_deflated, _) = next_of(&mut fan, "events").await;
        assert_eq!(events["events"].as_array().map(Vec::len), Some(20));
        assert_eq!(is_deflated, number > 0);
        assert_eq!(&events, first.get_or_insert_with(|| events.clone()));
    }
    ground.end().await;
}

#[tokio::test]
async fn a_client_may_deflate_what_it_says_and_need_not() {
    let ground = Ground::ready().await;
    let (mut fan, _) = Raw::connect_with(&ground, "", OFFER, &[]).await;
    next_of(&mut fan, "welcome").await;
    for heartbeat_s in 20..40 {
        let hello = json!({"type": "hello", "heartbeat_s": heartbeat_s}).to_string();
        let said = match heartbeat_s % 3 {
            0 => frame(0x81, hello.as_bytes()),
            1 => frame(0xc1, &deflated(hello.as_bytes())),
            _ => {
                let payload = deflated(hello.as_bytes());
                let (one, other) = payload.split_at(payload.len() / 2);
                [frame(0x41, one), frame(0x89, b""), frame(0x80, other)].concat()
            }
        };
        fan.send(&said).await;
        if heartbeat_s % 3 == 2 {
            assert_eq!(fan.next().await, (0x8a, Vec::new()));
        }
        let (welcome, ..) = next_of(&mut fan, "welcome").await;
        assert_eq!(welcome["heartbeat_s"], heartbeat_s);
    }
    ground.end().await;
}

#[tokio::test]
async fn what_can_not_be_inflated_or_says_too_much_is_told_by_its_code() {
    let ground = Ground::ready().await;
    for (bytes, code) in [
        (frame(0xc1, b"\xff\xff\xff"), 1002_u16),
        (frame(0xe1, &deflated(b"{}")), 1002),
        (frame(0xc9, &deflated(b"")), 1002),
        (frame(0xc1, &deflated(b"\xff")), 1007),
        (frame(0xc1, &deflated(&vec![b' '; 1 << 20])), 1009),
        (frame(0xc1, &deflated(b"[]")), 4400),
    ] {
        let (mut fan, _) = Raw::connect_with(&ground, "", OFFER, &bytes).await;
        let payload = loop {
            match fan.next().await {
                (0x88, payload) => break payload,
                (first, _) => assert_eq!(first, 0x81),
            }
        };
        assert_eq!(payload[..2], code.to_be_bytes(), "{bytes:x?}");
    }
    ground.end().await;
}
