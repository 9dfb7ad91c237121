//! What is wrong is named, at every door.

use reqwest::Method;
use serde_json::json;

use crate::harness::api::{Api, open_match};
use crate::harness::wait::found;
use crate::stage::Stage;

#[tokio::test]
async fn every_door_names_what_is_wrong() {
    let stage = Stage::with_match(0).await;
    let mut private = open_match("secret");
    private["visibility"] = json!("private");
    stage.scorer.create("secret", &private).await;
    let viewer = stage.viewer(Some(&stage.premium));
    for door in ["", "/state", "/events", "/log/5.1/0"] {
        let path = |name: &str| format!("/v1/matches/{name}{door}");
        for unknown in ["nobody-knows", "NO-ID", "x%20y", "%ff"] {
            let problem = viewer.get(&path(unknown)).await.problem(404);
            assert_eq!(
                problem["type"], "/problems/unknown-match",
                "{unknown}{door}"
            );
        }
        let problem = viewer.get(&path("secret")).await.problem(403);
        assert_eq!(problem["type"], "/problems/not-allowed", "{door}");
        for (query, field) in [("tokn=x", "tokn"), ("token=x", "token"), ("a=1&a=1", "a")] {
            let problem = viewer
                .get(&format!("{}?{query}", path("m")))
                .await
                .problem(400);
            assert_eq!(problem["type"], "/problems/bad-query", "{door}?{query}");
            assert_eq!(problem["field"], field, "{door}?{query}");
        }
        let stranger = Api::new(viewer.url.as_str(), Some("no.token.at-all"));
        let problem = stranger.get(&path("m")).await.problem(401);
        assert!(problem["detail"].is_string(), "{problem}");
        let posted = viewer.request(Method::POST, &path("m"));
        Api::send(posted).await.problem(405);
    }
    viewer.get("/v1/matches?page=2").await.problem(400);
    viewer.get("/v1/matches/m/log/%ff/0").await.problem(404);
    for (query, field) in [
        ("after=x", "after"),
        ("after=5.1", "after"),
        ("after=-1", "after"),
        ("after=7", "after"),
        ("after=5.1-99999999999999999999", "after"),
        ("wait=31", "wait"),
        ("wait=-1", "wait"),
        ("wait=1.5", "wait"),
        ("wait=%2B1", "wait"),
        ("wait=99999999999999999999", "wait"),
        ("snapshot=sometimes", "snapshot"),
        ("after=0&after=0", "after"),
        ("policy=realtime", "policy"),
    ] {
        let path = format!("/v1/matches/m/events?{query}");
        let problem = viewer.get(&path).await.problem(400);
        assert_eq!(problem["field"], field, "{query}: {problem}");
        assert!(problem["detail"].is_string(), "{query}");
    }
}

#[tokio::test]
async fn a_segment_has_one_address() {
    let stage = Stage::with_match(63).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let epoch = stage.place("m").await.epoch;
    let path = |n: &str| format!("/v1/matches/m/log/{epoch}/{n}");
    let padded = epoch.replace('.', ".0");
    found("the segment", async || {
        let answer = viewer.get(&path("0")).await;
        (answer.status == 200).then_some(())
    })
    .await;
    for other in ["00", "+0", "%200", "-0", "0x0", "1", "18446744073709551616"] {
        let problem = viewer.get(&path(other)).await.problem(404);
        assert_eq!(problem["type"], "/problems/no-segment", "{other}");
    }
    let padded = format!("/v1/matches/m/log/{padded}/0");
    viewer.get(&padded).await.problem(404);
}
