//! The log in pages: every event once and in order, whoever asks and however small the page.

use grandstand_server::grant::{Right, Role};
use serde_json::{Value, json};

use crate::harness::{Ground, Instance, open_match, set, token_for};

async fn page(scoring: &Instance, query: &str) -> Value {
    let heard = scoring.get(&format!("/v1/matches/m/events{query}")).await;
    assert_eq!(heard.status, 200, "{:?}", heard.body);
    heard.body
}

fn seqs(page: &Value) -> Vec<u64> {
    let events = page["events"].as_array().unwrap().iter();
    events.map(|event| event["seq"].as_u64().unwrap()).collect()
}

/// A match of 1 + 2 + 5 x 3 events, in records of one, of two and of three.
async fn scored(scoring: &Instance) {
    scoring.create("m").await;
    for id in ["a", "b"] {
        assert_eq!(scoring.post("m", &set(id, 1)).await.status, 201);
    }
    for round in 0..5 {
        let events = (0..3).map(|n| set(&format!("c{round}-{n}"), n));
        let events = Value::Array(events.collect());
        assert_eq!(scoring.post("m", &events).await.status, 201);
    }
}

#[tokio::test]
async fn pages_of_any_size_are_the_log_once_and_in_order() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored(&scoring).await;
    // An instance that has never seen the match answers the same.
    let other = ground.instance().await;
    let whole = page(&scoring, "").await;
    assert_eq!(seqs(&whole), (1..=18).collect::<Vec<_>>());
    assert_eq!((&whole["seq"], &whole["more"]), (&json!(18), &json!(false)));
    assert_eq!(whole["match"], "m");
    let epoch = whole["epoch"].as_str().unwrap();
    for limit in [1, 2, 4, 17, 18, 500] {
        let mut events = Vec::new();
        let mut after = "0".to_owned();
        loop {
            let query = format!("?after={after}&limit={limit}");
            let next = page(&other, &query).await;
            let got = next["events"].as_array().unwrap();
            assert!(got.len() <= limit && !got.is_empty(), "{limit}");
            events.extend(got.iter().cloned());
            assert_eq!(next["epoch"], epoch);
            if next["more"] == false {
                break;
            }
            after = format!("{epoch}-{}", events.len());
        }
        assert_eq!(Value::from(events), whole["events"], "pages of {limit}");
    }
    for at_or_beyond in [18, 19, 4_000] {
        let none = page(&scoring, &format!("?after={epoch}-{at_or_beyond}")).await;
        assert_eq!((seqs(&none), &none["seq"]), (Vec::new(), &json!(18)));
        assert_eq!(none["more"], false);
    }
    scoring.stop().await;
    other.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn an_event_is_told_as_fans_get_it() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored(&scoring).await;
    let events = page(&scoring, "?limit=2").await["events"].clone();
    assert_eq!(events[0]["id"], "created");
    assert_eq!(events[0]["data"], open_match("public"));
    let mut second = events[1].clone();
    assert!(second["ts"].take().as_u64() > events[0]["ts"].as_u64());
    let expected = json!({"seq": 2, "ts": null, "id": "a", "type": "set", "patch": {"value": 1}});
    assert_eq!(second, expected);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_cursor_of_another_epoch_is_told_the_epoch_there_is() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored(&scoring).await;
    let epoch = page(&scoring, "").await["epoch"].clone();
    let heard = scoring.get("/v1/matches/m/events?after=5.1-3").await;
    assert_eq!(heard.status, 409);
    assert_eq!(heard.body["type"], "/problems/other-epoch");
    assert_eq!(
        (&heard.body["epoch"], &heard.body["seq"]),
        (&epoch, &json!(18))
    );
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn who_may_not_read_is_refused_and_what_is_misspelt_is_named() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    let path = "/v1/matches/p/events";
    let created = scoring.put("/v1/matches/p", &open_match("private")).await;
    assert_eq!(created.status, 201);
    for (query, field) in [
        ("?afer=0", "afer"),
        ("?after=x", "after"),
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?limit=1&limit=1", "limit"),
        ("?token=x", "token"),
    ] {
        let heard = scoring.get(&format!("{path}{query}")).await;
        assert_eq!(heard.body["type"], "/problems/bad-query", "{query}");
        assert_eq!(
            (heard.status.as_u16(), &heard.body["field"]),
            (400, &json!(field))
        );
    }
    let heard = scoring.get("/v1/matches/none/events").await;
    assert_eq!(heard.status, 404);
    for (role, matches, status) in [
        (Role::Scorer, &["other"][..], 403),
        (Role::Scorer, &["p"], 200),
        (Role::Ops, &[], 200),
        (Role::Fan, &["p"], 403),
    ] {
        scoring.token = Some(token_for(role, matches, &[Right::Open]));
        assert_eq!(scoring.get(path).await.status, status, "{role} {matches:?}");
    }
    scoring.token = None;
    assert_eq!(scoring.get(path).await.status, 401);
    scoring.stop().await;
    ground.stop().await;
}
