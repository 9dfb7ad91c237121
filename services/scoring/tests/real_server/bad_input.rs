//! All that is refused, and how clearly.

use grandstand_server::grant::{Right, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ground, Instance, hear, open_match, set, token_for};

#[tokio::test]
async fn every_bad_event_has_a_clear_answer_and_stores_nothing() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    let patch = |patch: Value| json!({"id": "e", "type": "set", "patch": patch});
    let too_many: Vec<_> = (0..101).map(|n| set(&format!("e{n}"), n)).collect();
    let text = "x".repeat(50_000);
    // (what, body, status, field)
    let cases = [
        ("no event", json!("x"), 400, "(document)"),
        ("an empty array", json!([]), 400, "(document)"),
        ("null in the array", json!([null]), 400, "(document)"),
        ("no id", json!({"type": "set", "patch": {}}), 400, "id"),
        ("a control character", set("a\nb", 1), 400, "id"),
        (
            "an unknown field",
            json!({"id": "e", "type": "set", "patch": {}, "x": 1}),
            400,
            "x",
        ),
        (
            "a bad type",
            json!({"id": "e", "type": "Set", "patch": {}}),
            400,
            "type",
        ),
        ("no patch", json!({"id": "e", "type": "set"}), 400, "patch"),
        (
            "the same id twice",
            json!([set("e", 1), set("e", 1)]),
            400,
            "id",
        ),
        ("a patch that is no object", patch(json!([1])), 422, "patch"),
        ("a float", patch(json!({"a": 1.5})), 422, "patch.a"),
        (
            "a null in a list",
            patch(json!({"a": [null]})),
            422,
            "patch.a.0",
        ),
        ("a key not allowed", patch(json!({"1": 1})), 422, "patch"),
        ("no strip left", patch(json!({"strip": null})), 422, "patch"),
        (
            "only add",
            json!({"id": "e", "op": "void", "ref": "created"}),
            422,
            "op",
        ),
        ("too many", Value::Array(too_many), 413, ""),
        ("too long", patch(json!({"a": "x".repeat(66_000)})), 413, ""),
    ];
    for (what, body, status, field) in cases {
        let heard = scoring.post("m", &body).await;
        assert_eq!(heard.status, status, "{what}: {:?}", heard.body);
        assert_eq!(heard.body["status"], status, "{what}");
        let type_word = heard.body["type"].as_str().unwrap();
        assert!(type_word.starts_with("/problems/"), "{what}");
        assert_eq!(heard.body["field"].as_str().unwrap_or(""), field, "{what}");
        assert_eq!(heard.media_type, "application/problem+json", "{what}");
    }
    assert_eq!(
        scoring.post("m", &patch(json!({"a": text}))).await.status,
        201
    );
    let larger = json!({"id": "f", "type": "set", "patch": {"b": text}});
    let grown = scoring.post("m", &larger).await;
    assert_eq!(grown.status, 422);
    assert_eq!(grown.body["type"], "/problems/state-too-large");
    let replacing = |id: &str| json!({"id": id, "type": "set", "patch": {"a": "y".repeat(30_000)}, "data": {"d": "y".repeat(30_000)}});
    let much = scoring.post("m", &json!([replacing("x1")])).await;
    assert_eq!(much.status, 201);
    assert_eq!(scoring.get("/v1/matches/m").await.body["seq"], 3);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_document_are_refused() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    let post = |media_type: &'static str, body: &'static [u8]| {
        let request = scoring.request(Method::POST, "/v1/matches/m/events");
        hear(request.header("content-type", media_type).body(body))
    };

    for body in [
        &b"{"[..],
        b"{} {}",
        b"",
        b"{\"id\":\"a\",\"id\":\"b\"}",
        b"\xff",
    ] {
        let heard = post("application/json", body).await;
        assert_eq!(heard.status, 400, "{body:?}");
        assert_eq!(heard.body["type"], "/problems/malformed-body");
    }
    for body in [&b"\x81"[..], b"\x80\x80", b"\xc1", b"\xc4\x01a"] {
        assert_eq!(
            post("application/msgpack", body).await.status,
            400,
            "{body:?}"
        );
    }
    let text = post("text/plain", b"{}").await;
    assert_eq!(text.status, 415);
    let nowhere = scoring.get("/v1/nowhere").await;
    assert_eq!(
        (nowhere.status.as_u16(), &nowhere.body["status"]),
        (404, &json!(404))
    );
    let method = hear(scoring.request(Method::DELETE, "/v1/matches/m")).await;
    assert_eq!(method.status, 405);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_creation_is_refused_by_the_name_of_its_field() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    let with = |name: &str, value: Value| {
        let mut body = open_match("public");
        body[name] = value;
        body
    };
    let cases = [
        (json!([1]), 400, "(document)"),
        (json!({"title": "A v B"}), 400, "sport"),
        (with("sport", json!("chess")), 400, "sport"),
        (with("title", json!(7)), 400, "title"),
        (with("extra", json!(7)), 400, "extra"),
        (with("delay_s", json!(1.5)), 400, "delay_s"),
        (with("state", json!({"a": 1})), 422, "state.strip"),
    ];
    for (body, status, field) in cases {
        let heard = scoring.put("/v1/matches/m", &body).await;
        assert_eq!(heard.status, status, "{body}: {:?}", heard.body);
        assert_eq!(heard.body["field"], field, "{body}: {:?}", heard.body);
    }
    let shape = scoring
        .put("/v1/matches/M%20x", &open_match("public"))
        .await;
    assert_eq!(shape.status, 400);
    assert_eq!(scoring.post("nobody", &set("a", 1)).await.status, 404);
    assert_eq!(scoring.get("/v1/matches/nobody").await.status, 404);
    assert_eq!(scoring.get("/v1/matches/nobody/state").await.status, 404);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_token_lets_do_what_it_names_and_nothing_else() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    scoring.create("m").await;
    async fn tried(scoring: &Instance) -> [u16; 3] {
        [
            scoring.post("m", &set("a", 1)).await.status.as_u16(),
            scoring.get("/v1/matches/m/state").await.status.as_u16(),
            scoring.get("/v1/matches").await.status.as_u16(),
        ]
    }
    // (token, what comes of writing, of reading, of listing)
    let cases = [
        (None, [401, 401, 401]),
        (Some("nonsense".to_owned()), [401, 401, 401]),
        (Some(token_for(Role::Fan, &["*"], &[])), [403, 403, 403]),
        (Some(token_for(Role::Ops, &["*"], &[])), [403, 200, 200]),
        (
            Some(token_for(Role::Scorer, &["other"], &[Right::Open])),
            [403, 200, 200],
        ),
        (Some(token_for(Role::Scorer, &["m"], &[])), [403, 200, 200]),
        (
            Some(token_for(Role::Scorer, &["m"], &[Right::Open])),
            [201, 200, 200],
        ),
    ];
    for (token, expected) in cases {
        scoring.token = token.clone();
        assert_eq!(tried(&scoring).await, expected, "{token:?}");
    }
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_parameter_that_a_call_does_not_know_is_refused_by_its_name() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    scoring.create("m").await;
    let document = grandstand_scoring::openapi_document();
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let asked = format!("{}?stat=true", path.replace("{match}", "m"));
            let request = scoring.request(method.clone(), &asked).json(&json!({}));
            let refused = hear(request).await;
            assert_eq!(refused.status, 400, "{method} {asked}: {:?}", refused.body);
            assert_eq!(refused.body["type"], "/problems/bad-query", "{asked}");
            assert_eq!(refused.body["field"], "stat", "{asked}");
            calls += 1;
        }
    }
    assert_eq!(calls, 12);
    for (query, field) in [
        ("state=yes", "state"),
        ("state=true&state=true", "state"),
        ("access_token=x", "token"),
    ] {
        let path = format!("/v1/matches/m/cascade?{query}");
        let refused = hear(scoring.request(Method::POST, &path).json(&set("a", 1))).await;
        assert_eq!(refused.status, 400, "{query}: {:?}", refused.body);
        assert_eq!(refused.body["field"], field, "{query}");
    }
    assert_eq!(scoring.get("/v1/matches/m").await.body["seq"], 1);
    // Whatever is refused, it is told in the codec that is read.
    for (token, query, status) in [(None, "stat=true", 400), (Some("nonsense"), "", 401)] {
        scoring.token = token.map(str::to_owned).or(scoring.token);
        let request = scoring.request(Method::GET, &format!("/v1/matches/m?{query}"));
        let refused = hear(request.header("accept", "application/msgpack")).await;
        assert_eq!(refused.status, status);
        assert_eq!(refused.media_type, "application/problem+msgpack");
    }
    scoring.stop().await;
    ground.stop().await;
}
