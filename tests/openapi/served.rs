//! The documents, the page and the paragraphs, as the services serve them.

use serde_json::json;

use crate::documents::documents;
use crate::harness::api::{Api, open_match};
use crate::harness::cluster::Cluster;

#[tokio::test]
async fn each_service_serves_its_document_its_page_and_the_paragraphs() {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    let [(_, gateway), (_, scoring)] = documents();
    for (api, document) in [(&cluster.viewer(0, None), gateway), (&scorer, scoring)] {
        assert_eq!(api.get("/openapi.json").await.json(), document);
        let page = api.get("/docs").await;
        assert_eq!(page.status, 200);
        assert!(
            page.header("content-security-policy")
                .contains("default-src 'none'")
        );
        for file in ["/docs/docs.js", "/docs/docs.css"] {
            assert!(page.text().contains(file));
            assert_eq!(api.get(file).await.status, 200);
        }
        let refused = api.get("/v1/nonsense").await.problem(404);
        let paragraph = api.get(refused["type"].as_str().unwrap()).await;
        assert_eq!(paragraph.status, 200);
        assert!(paragraph.text().contains("<code>not-found</code>"));
        assert!(
            paragraph
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        api.get("/problems/nonsense").await.problem(404);
    }
}

#[tokio::test]
async fn an_answer_to_a_token_says_what_it_has_left() {
    let cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    let created = scorer.put("/v1/matches/m", &open_match("A v B")).await;
    let refused = scorer.post("/v1/matches/m/events", &json!({})).await;
    let left = |limit: &str| -> u32 {
        let left = limit.strip_prefix("\"token\";r=").unwrap();
        let (left, window) = left.split_once(";t=").unwrap();
        assert!((0..=10).contains(&window.parse::<u32>().unwrap()));
        left.parse().unwrap()
    };
    for answer in [&created, &refused] {
        assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=20000;w=10");
    }
    let (first, second) = (
        left(created.header("ratelimit")),
        left(refused.header("ratelimit")),
    );
    // Unless a new window began in between.
    assert!(
        first == 19_999 && (second == 19_998 || second == 19_999),
        "{first} {second}"
    );
    let unsigned = Api::new(&scorer.url, None).get("/v1/matches").await;
    unsigned.problem(401);
    assert!(!unsigned.headers.contains_key("ratelimit"));
}
