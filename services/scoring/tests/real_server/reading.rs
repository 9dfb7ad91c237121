//! The directory, a head, a state.

use grandstand_server::grant::{Right, Role};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ground, hear, open_match, set, token_for};

#[tokio::test]
async fn a_state_that_the_caller_has_is_not_sent_again() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    let posted = scoring.post("m", &set("a", 1)).await;

    let head = scoring.get("/v1/matches/m").await;
    let state = scoring.get("/v1/matches/m/state").await;
    let request = scoring.request(Method::GET, "/v1/matches/m/state");
    let again = hear(request.header("if-none-match", state.etag.clone().unwrap())).await;

    assert_eq!(state.etag, posted.etag);
    assert_eq!(head.etag, posted.etag);
    for name in ["match", "epoch", "seq", "hash"] {
        assert_eq!(state.body[name], posted.body[name], "{name}");
    }
    assert_eq!(head.body["strip"], posted.body["strip"]);
    assert_eq!(head.body["ts"], posted.body["events"][0]["ts"]);
    assert_eq!(head.body["sport"], "open");
    assert_eq!(head.body["visibility"], "public");
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn what_is_not_public_is_listed_for_whose_token_names_it() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    for visibility in ["public", "unlisted", "private"] {
        let path = format!("/v1/matches/{visibility}");
        let heard = scoring.put(&path, &open_match(visibility)).await;
        assert_eq!(heard.status, 201, "{:?}", heard.body);
    }
    let listed = |body: &Value| -> Vec<String> {
        let entries = body["matches"].as_array().unwrap().iter();
        entries
            .map(|entry| entry["match"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = scoring.get("/v1/matches").await;
    assert_eq!(listed(&all.body), ["private", "public", "unlisted"]);
    let entry = &all.body["matches"][1];
    assert_eq!(
        (&entry["seq"], &entry["sport"]),
        (&1.into(), &"open".into())
    );

    scoring.token = Some(token_for(Role::Scorer, &["private"], &[Right::Open]));
    let named = scoring.get("/v1/matches").await;
    assert_eq!(listed(&named.body), ["private", "public"]);
    assert_eq!(scoring.get("/v1/matches/private").await.status, 200);

    scoring.token = Some(token_for(Role::Scorer, &["other"], &[]));
    assert_eq!(listed(&scoring.get("/v1/matches").await.body), ["public"]);
    assert_eq!(scoring.get("/v1/matches/private").await.status, 403);
    assert_eq!(scoring.get("/v1/matches/private/state").await.status, 403);
    assert_eq!(scoring.get("/v1/matches/unlisted/state").await.status, 200);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn the_pad_comes_in_less_than_half_of_its_bytes_and_again_in_none() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    let worker = String::from_utf8(scoring.get("/worker.js").await.bytes).unwrap();
    let quoted: Vec<&str> = worker
        .lines()
        .take(2)
        .flat_map(|line| line.split('"'))
        .collect();
    let version = quoted[1];
    let paths = quoted.iter().filter(|part| part.starts_with('/'));
    let [mut plain, mut packed] = [0, 0];
    for path in paths {
        let ask = || scoring.request(Method::GET, &format!("/files/{version}{path}"));
        plain += hear(ask()).await.bytes.len();
        let heard = hear(ask().header("accept-encoding", "br")).await;
        packed += heard.bytes.len();
        let known = ask().header("if-none-match", heard.etag.unwrap());
        let again = hear(known.header("accept-encoding", "br")).await;
        assert_eq!(
            (again.status.as_u16(), again.bytes.len()),
            (304, 0),
            "{path}"
        );
    }
    assert!(packed * 2 < plain, "{packed} of {plain} bytes");
    scoring.stop().await;
    ground.stop().await;
}
