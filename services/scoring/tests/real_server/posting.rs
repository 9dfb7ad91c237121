//! Creating, posting, repeating, expecting.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ground, hear, open_match, set};

#[tokio::test]
async fn a_match_is_created_once_and_the_same_body_again_is_the_same_answer() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;

    let first = scoring.create("m").await;
    let again = scoring.put("/v1/matches/m", &open_match("public")).await;
    let other = scoring.put("/v1/matches/m", &open_match("unlisted")).await;

    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(again.etag, first.etag);
    assert_eq!(first.location.as_deref(), Some("/v1/matches/m"));
    assert_eq!(other.status, 409);
    assert_eq!(other.body["type"], "/problems/match-exists");
    let event = &first.body["events"][0];
    assert_eq!(event["id"], "created");
    let epoch = format!("{}.1", event["ts"]);
    assert_eq!(
        first.body["epoch"], epoch,
        "its ts, and the stream's first life"
    );
    assert_eq!(first.etag.unwrap(), format!("\"{epoch}-1\""));
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn events_are_numbered_hashed_and_repeated_with_the_same_answer() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;

    let one = scoring.post("m", &set("a", 1)).await;
    let many = scoring
        .post("m", &json!([set("b", 2), set("a", 1), set("c", 3)]))
        .await;
    let again = scoring.post("m", &set("a", 1)).await;
    let all_again = scoring
        .post("m", &json!([set("b", 2), set("a", 1), set("c", 3)]))
        .await;

    assert_eq!((one.status.as_u16(), &one.body["seq"]), (201, &json!(2)));
    assert_eq!((many.status.as_u16(), &many.body["seq"]), (201, &json!(4)));
    assert_eq!(many.body["events"][1], one.body["events"][0]);
    assert_eq!((again.status.as_u16(), &again.body), (200, &one.body));
    assert_eq!(
        (all_again.status.as_u16(), &all_again.body),
        (200, &many.body)
    );
    let state = scoring.get("/v1/matches/m/state").await;
    assert_eq!(state.body["hash"], many.body["hash"]);
    assert_eq!(state.body["state"]["value"], 3);
    let reused = scoring.post("m", &json!([set("d", 4), set("a", 9)])).await;
    assert_eq!(
        (reused.status.as_u16(), &reused.body["id"]),
        (422, &json!("a"))
    );
    assert_eq!(reused.body["field"], "id");
    let head = scoring.get("/v1/matches/m").await;
    assert_eq!(head.body["seq"], 4, "nothing of a refused array is stored");
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn an_expected_head_that_went_on_is_refused_with_what_was_missed() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    let created = scoring.create("m").await.etag.unwrap();
    let post = |tag: String, event: Value| {
        hear(
            scoring
                .request(Method::POST, "/v1/matches/m/events")
                .header("if-match", tag)
                .json(&event),
        )
    };

    let first = post(created.clone(), set("a", 1)).await;
    let repeat = post(created.clone(), set("a", 1)).await;
    let stale = post(created.clone(), set("b", 2)).await;
    let next = post(first.etag.clone().unwrap(), set("b", 2)).await;
    let any = post("*".to_owned(), set("c", 3)).await;

    assert_eq!(first.status, 201);
    assert_eq!((repeat.status.as_u16(), &repeat.body), (200, &first.body));
    assert_eq!(stale.status, 409);
    assert_eq!(stale.body["seq"], 2);
    assert_eq!(stale.body["epoch"], first.body["epoch"]);
    assert_eq!(stale.body["events"][0]["id"], "a");
    assert_eq!(next.status, 201);
    assert_eq!(any.status, 201);
    for malformed in ["7", "\"7\"", "W/\"1.1-1\"", "\"x\""] {
        let heard = post(malformed.to_owned(), set("d", 4)).await;
        assert_eq!(heard.status, 400, "{malformed}");
    }
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn the_key_of_a_single_event_may_come_as_a_header() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    let post = |key: &'static str, body: Value| {
        hear(
            scoring
                .request(Method::POST, "/v1/matches/m/events")
                .header("idempotency-key", key)
                .json(&body),
        )
    };
    let event = json!({"type": "set", "patch": {"value": 1}});

    assert_eq!(post("k1", event.clone()).await.status, 201);
    assert_eq!(post("k1", event.clone()).await.status, 200);
    assert_eq!(scoring.post("m", &set("k1", 1)).await.status, 200);
    assert_eq!(post("k2", set("k1", 1)).await.body["field"], "id");
    assert_eq!(post("k3", json!([event])).await.status, 400);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn both_codecs_say_the_same() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    let packed = rmp_serde::to_vec_named(&set("a", 1)).unwrap();
    let request = |body: Vec<u8>| {
        scoring
            .request(Method::POST, "/v1/matches/m/events")
            .header("content-type", "application/msgpack")
            .body(body)
    };

    let stored = hear(request(packed.clone())).await;
    let as_json = hear(request(packed).header("accept", "application/json")).await;
    let trailing = hear(request(vec![0x80, 0x80])).await;

    assert_eq!(stored.status, 201);
    assert_eq!(stored.media_type, "application/msgpack");
    let unpacked: Value = rmp_serde::from_slice(&stored.bytes).unwrap();
    assert_eq!((as_json.status.as_u16(), &as_json.body), (200, &unpacked));
    assert_eq!(trailing.status, 400);
    assert_eq!(trailing.media_type, "application/problem+msgpack");
    let in_json = scoring.post("m", &set("a", 1)).await;
    assert_eq!(in_json.status, 200, "the digest knows no codec");
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn cricket_is_scored_by_its_rules() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    let side = |prefix: &str| {
        let player = |n| json!({"id": format!("{prefix}{n}"), "name": format!("{prefix} {n}")});
        json!({"name": prefix, "players": (1..=11).map(player).collect::<Vec<_>>()})
    };
    let body = json!({
        "sport": "cricket", "title": "A v B", "start": "2025-04-16T14:00:00Z",
        "rules": {"overs": 20}, "teams": {"a": side("a"), "b": side("b")},
    });
    let event = |id: &str, kind: &str, data: Value| json!({"id": id, "type": kind, "data": data});
    let ball = json!({"over": 0, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": 4, "boundary": 4});

    assert_eq!(scoring.put("/v1/matches/c", &body).await.status, 201);
    let begun = event("i", "innings_start", json!({"batting": "a"}));
    let stored = scoring
        .post("c", &json!([begun, event("d1", "delivery", ball.clone())]))
        .await;
    let float =
        json!({"over": 0.5, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": 1});
    let refused = scoring.post("c", &event("d2", "delivery", float)).await;
    let void = scoring
        .post("c", &json!({"id": "v", "op": "void", "ref": "nobody"}))
        .await;
    let undone = scoring
        .post("c", &json!({"id": "v", "op": "void", "ref": "d1"}))
        .await;

    assert_eq!(stored.status, 201, "{:?}", stored.body);
    assert_eq!(
        (refused.status.as_u16(), &refused.body["id"]),
        (400, &json!("d2"))
    );
    assert!(refused.body["field"].as_str().unwrap().starts_with("data"));
    assert_eq!(
        (void.status.as_u16(), &void.body["id"]),
        (409, &json!("nobody"))
    );
    assert_eq!(undone.status, 201, "{:?}", undone.body);
    let state = scoring.get("/v1/matches/c/state").await;
    assert_eq!(state.body["state"]["innings"]["i1"]["runs"], 0);
    scoring.stop().await;
    ground.stop().await;
}
