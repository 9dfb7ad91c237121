//! What is proposed: what comes next, and what a correction would lead to.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ground, Heard, Instance, hear};

fn cricket() -> Value {
    let players = |side: &str| -> Vec<Value> {
        let ids = (1..=4).map(|number| format!("{side}{number}"));
        ids.map(|id| json!({"id": id, "name": id})).collect()
    };
    json!({
        "sport": "cricket", "title": "A v B", "rules": {"overs": 2},
        "teams": {
            "a": {"name": "A", "players": players("a")},
            "b": {"name": "B", "players": players("b")},
        },
    })
}

pub(crate) fn ball(id: &str, batter: &str, non_striker: &str, runs: u32) -> Value {
    json!({"id": id, "type": "delivery", "data": {
        "over": 0, "batter": batter, "non_striker": non_striker, "bowler": "b1", "runs": runs,
    }})
}

/// A match with two balls of which the first brought a single that was not entered.
pub(crate) async fn scored_wrong(scoring: &Instance) {
    let created = scoring.put("/v1/matches/m", &cricket()).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    let events = json!([
        {"id": "s", "type": "innings_start", "data": {"batting": "a"}},
        ball("d1", "a1", "a2", 0),
        ball("d2", "a1", "a2", 0),
    ]);
    assert_eq!(scoring.post("m", &events).await.status, 201);
}

async fn cascade(scoring: &Instance, query: &str, body: &Value) -> Heard {
    let path = format!("/v1/matches/m/cascade{query}");
    hear(scoring.request(Method::POST, &path).json(body)).await
}

#[tokio::test]
async fn what_comes_next_is_proposed_and_not_applied() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored_wrong(&scoring).await;

    let heard = scoring.get("/v1/matches/m/proposals").await;
    let head = scoring.get("/v1/matches/m").await;

    assert_eq!(heard.status, 200, "{:?}", heard.body);
    let proposed = json!({"striker": "a1", "non_striker": "a2", "bowler": "b1", "over": 0});
    assert_eq!(heard.body["proposals"], proposed);
    assert_eq!(heard.etag, head.etag);
    assert_eq!(heard.body["seq"], 4);
    let request = scoring.request(Method::GET, "/v1/matches/m/proposals");
    let again = hear(request.header("if-none-match", heard.etag.unwrap())).await;
    assert_eq!(again.status, 304);
    assert_eq!(scoring.get("/v1/matches/none/proposals").await.status, 404);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_correction_with_what_follows_leads_to_what_was_shown() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored_wrong(&scoring).await;
    let mut mended = ball("m1", "a1", "a2", 1);
    mended["op"] = "amend".into();
    mended["ref"] = "d1".into();

    let shown = cascade(&scoring, "?state=true", &mended).await;
    let head = scoring.get("/v1/matches/m").await;

    assert_eq!(shown.status, 200, "{:?}", shown.body);
    assert_eq!(head.etag, shown.etag, "nothing was stored");
    let follows = shown.body["cascade"].as_array().unwrap();
    assert_eq!(follows.len(), 1);
    assert_eq!(follows[0]["ref"], "d2");
    assert_eq!(follows[0]["data"]["batter"], "a2");
    let mut second = follows[0].clone();
    second["id"] = "m2".into();
    let request = scoring.request(Method::POST, "/v1/matches/m/events");
    let request = request.header("if-match", shown.etag.clone().unwrap());
    let posted = hear(request.json(&json!([mended, second]))).await;
    assert_eq!(posted.status, 201, "{:?}", posted.body);
    assert_eq!(posted.body["hash"], shown.body["hash"]);
    let state = scoring.get("/v1/matches/m/state").await;
    assert_eq!(state.body["state"], shown.body["state"]);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn what_may_not_be_posted_has_no_cascade() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scored_wrong(&scoring).await;

    let void = |reference: &str| json!([{"id": "v", "op": "void", "ref": reference}]);
    let unknown = cascade(&scoring, "", &void("d9")).await;
    let used = cascade(&scoring, "", &ball("d1", "a1", "a2", 3)).await;
    let query = cascade(&scoring, "?states=true", &void("d1")).await;
    let good = cascade(&scoring, "", &void("d1")).await;
    let old = scoring.request(Method::POST, "/v1/matches/m/cascade");
    let old = old.header("if-match", before_last(good.etag.as_deref()));
    let old = hear(old.json(&void("d1"))).await;

    assert_eq!(old.status, 409, "{:?}", old.body);
    let missed = old.body["events"].as_array().unwrap();
    let missed: Vec<&Value> = missed.iter().map(|event| &event["id"]).collect();
    assert_eq!(missed, ["d2"]);
    assert_eq!(
        (unknown.status.as_u16(), &unknown.body["index"]),
        (409, &json!(0))
    );
    assert_eq!(
        (used.status.as_u16(), &used.body["rule"]),
        (422, &json!("id_used"))
    );
    assert_eq!(query.status, 400);
    assert_eq!(good.status, 200, "{:?}", good.body);
    assert!(good.body.get("state").is_none());
    scoring.stop().await;
    ground.stop().await;
}

/// The position before the one that a tag names.
fn before_last(tag: Option<&str>) -> String {
    let (epoch, seq) = tag.unwrap().trim_matches('"').split_once('-').unwrap();
    format!("\"{epoch}-{}\"", seq.parse::<u64>().unwrap() - 1)
}
