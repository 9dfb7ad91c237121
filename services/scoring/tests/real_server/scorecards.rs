//! The scorecard of a match, in its three forms.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ground, hear, open_match};

#[tokio::test]
async fn a_scorecard_is_a_document_a_table_and_a_page() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    let player = |id: &str, name: &str| json!({"id": id, "name": name});
    let body = json!({
        "sport": "cricket", "title": "<A> v B", "rules": {"overs": 20}, "teams": {
            "a": {"name": "A", "players": [player("ann", "Ann <script>"), player("bea", "=Bea")]},
            "b": {"name": "B", "players": [player("dot", "Dot")]},
        },
    });
    assert_eq!(scoring.put("/v1/matches/c", &body).await.status, 201);
    let event = |id: &str, kind: &str, data: Value| json!({"id": id, "type": kind, "data": data});
    let ball = |runs: u64| json!({"over": 0, "batter": "ann", "non_striker": "bea", "bowler": "dot", "runs": runs});
    let mut last = ball(0);
    last["wickets"] = json!([{"kind": "bowled", "player_out": "ann"}]);
    let events = json!([
        event("i", "innings_start", json!({"batting": "a"})),
        event("d1", "delivery", ball(2)),
        event("d2", "delivery", last),
    ]);
    let posted = scoring.post("c", &events).await;
    assert_eq!(posted.status, 201, "{:?}", posted.body);
    let asked = async |accept: &str| {
        let request = scoring.request(Method::GET, "/v1/matches/c/scorecard");
        hear(request.header("accept", accept)).await
    };

    let document = asked("*/*").await;
    let card = &document.body["scorecard"];
    assert_eq!(document.body["seq"], posted.body["seq"]);
    assert_eq!(card["innings"][0]["score"], "2/1");
    let first = &card["innings"][0]["batting"][0];
    assert_eq!(
        (&first["how_out"], &first["strike_rate"]),
        (&json!("b Dot"), &json!("100.00"))
    );
    let table = asked("text/csv").await;
    assert!(
        table.media_type.starts_with("text/csv"),
        "{}",
        table.media_type
    );
    let text = String::from_utf8(table.bytes).unwrap();
    assert!(text.contains("1,A,batting,2,'=Bea,not out,0,0,"), "{text}");
    let page = asked("text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert!(
        page.media_type.starts_with("text/html"),
        "{}",
        page.media_type
    );
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(
        text.contains("Ann &lt;script&gt;") && !text.contains("<script"),
        "{text}"
    );
    let packed = asked("application/msgpack").await;
    assert_eq!(packed.media_type, "application/msgpack");

    let tags = [&document.etag, &table.etag, &page.etag];
    assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
    let request = scoring.request(Method::GET, "/v1/matches/c/scorecard");
    let request = request.header("accept", "text/html");
    let again = hear(request.header("if-none-match", page.etag.unwrap())).await;
    assert_eq!(again.status, 304);
    scoring.put("/v1/matches/o", &open_match("public")).await;
    let none = scoring.get("/v1/matches/o/scorecard").await;
    assert_eq!(
        (none.status.as_u16(), &none.body["type"]),
        (404, &json!("/problems/no-scorecard"))
    );
    scoring.stop().await;
    ground.stop().await;
}
