//! Coming back: what a cursor is worth.

use serde_json::Value;

use crate::harness::replica::Place;
use crate::harness::socket::Codec;
use crate::stage::Stage;

/// The first message of the match for a client with this query.
async fn first(stage: &Stage, query: &str, codec: Codec) -> Value {
    let query = format!("match=m&{query}");
    let mut socket = stage.socket(&query, codec).await;
    socket.message_or_status().await
}

#[tokio::test]
async fn a_cursor_decides_between_events_and_a_snapshot() {
    let stage = Stage::with_match(40).await;
    let place = stage.place("m").await;
    assert_eq!(place.seq, 41);
    let epoch = &place.epoch;
    for codec in Codec::BOTH {
        let few = first(&stage, &format!("after={epoch}-25"), codec).await;
        assert_eq!(few["type"], "events");
        assert_eq!(few["events"].as_array().unwrap().len(), 16);
        assert_eq!(few["events"][0]["seq"], 26);
        assert_eq!(few["hash"], place.hash);

        for (query, reason) in [
            (format!("after={epoch}-24"), "behind"),
            ("after=0".to_owned(), "behind"),
            ("after=".to_owned(), "joined"),
            (format!("after={epoch}-41&snapshot=always"), "asked"),
            ("after=1790000000000000.1-41".to_owned(), "other_epoch"),
            (format!("after={epoch}-4711"), "rolled_back"),
        ] {
            let snapshot = first(&stage, &query, codec).await;
            assert_eq!(snapshot["type"], "snapshot", "{query}");
            assert_eq!(snapshot["reason"], reason, "{query}");
            assert_eq!(Place::of(&snapshot), place, "{query}");
        }

        let all = first(&stage, "after=0&snapshot=never", codec).await;
        assert_eq!(all["type"], "events");
        assert_eq!(all["events"].as_array().unwrap().len(), 41);
        let none = first(&stage, &format!("after={epoch}-41"), codec).await;
        assert_eq!(none["type"], "status");
        assert_eq!(Place::of(&none), place);
    }
}

#[tokio::test]
async fn events_that_are_asked_for_come_in_frames_of_sixty_four() {
    let stage = Stage::with_match(200).await;
    let mut socket = stage
        .socket("match=m&after=0&snapshot=never", Codec::Json)
        .await;
    let mut seen = 0;
    while seen < 201 {
        let message = socket.message().await;
        let count = message["events"].as_array().unwrap().len() as u64;
        assert!((1..=64).contains(&count), "{count} events in a frame");
        assert_eq!(message["events"][0]["seq"], seen + 1);
        assert!(message.get("hash").is_some());
        seen += count;
    }
}
