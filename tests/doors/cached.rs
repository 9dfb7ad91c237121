//! Who may keep what a door said, and for how long.

use reqwest::Method;
use reqwest::header::{ACCEPT, IF_NONE_MATCH};
use serde_json::json;

use crate::harness::api::{Api, open_match};
use crate::harness::wait::{found, in_time};
use crate::stage::Stage;

#[tokio::test]
async fn what_everybody_sees_may_be_shared_until_the_next_mark_and_not_longer() {
    let stage = Stage::with_match(0).await;
    let mut private = open_match("secret");
    private["visibility"] = json!("private");
    stage.scorer.create("secret", &private).await;
    let place = stage.count("m", 1..=70).await;
    let free = stage.cluster.fan_token("free").await;
    let insider = ["--role", "fan", "--matches", "secret"];
    let insider = stage.cluster.token(&insider).await;
    let anybody = stage.cluster.viewer(0, None);
    found("the last event for everybody", async || {
        let state = anybody.get("/v1/matches/m/state").await;
        (state.status == 200 && state.json()["seq"] == place.seq).then_some(())
    })
    .await;

    let epoch = &place.epoch;
    for (door, kept) in [
        ("", "max-age"),
        ("/state", "max-age"),
        ("/events", "max-age"),
        (&format!("/events?after={epoch}-60"), "max-age"),
        (&format!("/events?after={epoch}-60&wait=30"), "max-age"),
        (&format!("/log/{epoch}/0"), "immutable"),
    ] {
        let path = format!("/v1/matches/m{door}");
        for (token, whose, tier) in [
            (None, "public, ", "free"),
            (Some(&free), "private, ", "free"),
            (Some(&stage.premium), "private, ", "premium"),
        ] {
            let viewer = stage.cluster.viewer(0, token.map(String::as_str));
            let answer = viewer.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("grandstand-tier"), tier, "{path}");
            let cache = answer.header("cache-control");
            assert!(cache.starts_with(whose), "{path}: {cache}");
            let is_realtime = token == Some(&stage.premium);
            let is_for_ever = kept == "immutable";
            assert!(
                cache.contains(kept) || is_realtime && !is_for_ever,
                "{path}: {cache}"
            );
            if let Some((_, age)) = cache.split_once("max-age=").filter(|_| !is_for_ever) {
                assert!(age.parse::<u64>().unwrap() < 5, "{path}: {cache}");
            }
            let vary = answer.header("vary").to_ascii_lowercase();
            assert!(
                vary.contains("accept") && vary.contains("authorization"),
                "{vary}"
            );

            let known = viewer.request(Method::GET, &path);
            let known = known.header(IF_NONE_MATCH, answer.header("etag").to_owned());
            let again = Api::send(known).await;
            assert_eq!(again.status, 304, "{path}");
            assert_eq!(again.header("grandstand-tier"), tier, "{path}");
            assert!(again.body.is_empty());
            assert_eq!(again.header("etag"), answer.header("etag"));
            let head = Api::send(viewer.request(Method::HEAD, &path)).await;
            assert_eq!(head.status, 200, "{path}");
            assert!(head.body.is_empty());
            assert_eq!(head.header("etag"), answer.header("etag"), "{path}");
            assert_eq!(head.header("content-length"), answer.body.len().to_string());
        }
        let insider = stage.cluster.viewer(0, Some(&insider));
        if !door.contains(epoch.as_str()) {
            let secret = insider.get(&format!("/v1/matches/secret{door}")).await;
            assert_eq!(
                secret.header("cache-control"),
                "private, no-store",
                "{door}"
            );
        }
    }
    let path = format!("/v1/matches/m/events?after={epoch}-{}", place.seq);
    let nothing = anybody.get(&path).await;
    assert_eq!(nothing.status, 204);
    assert!(
        nothing
            .header("cache-control")
            .starts_with("public, max-age=")
    );
}

#[tokio::test]
async fn lists_and_streams_name_the_tier_by_which_they_were_shown() {
    let stage = Stage::with_match(0).await;
    let plus = stage.cluster.fan_token("plus").await;
    for (token, tier) in [(None, "free"), (Some(&plus), "plus")] {
        let viewer = stage.cluster.viewer(0, token.map(String::as_str));
        for path in ["/v1/matches", "/v1/live"] {
            let list = viewer.get(path).await;
            assert_eq!(list.header("grandstand-tier"), tier, "{path}");
        }
        for path in ["/v1/matches/m/stream", "/v1/live"] {
            let asked = viewer.request(Method::GET, path);
            let stream = in_time("a stream", asked.header(ACCEPT, "text/event-stream").send());
            let stream = stream.await.unwrap();
            assert_eq!(stream.headers()["grandstand-tier"], tier, "{path}");
        }
    }
}
