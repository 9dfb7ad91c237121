//! A gateway whose logs have less memory than they want.

use grandstand_server::grant::Tier;
use serde_json::json;

use crate::harness::{Ground, Scored, token};

/// The least that a gateway takes.
const LITTLE: [&str; 2] = ["--log-bytes-max", "1048576"];
/// Bytes of an event, so that a thousand of them are about all that fits.
const PADDING: usize = 900;

#[tokio::test]
async fn a_cursor_older_than_what_is_kept_is_told_so_and_goes_on_from_there() {
    let ground = Ground::with(&LITTLE, 100).await;
    let premium = token(Tier::Premium, &[], 0);
    let mut scored = Scored::new("long");
    scored.padding = PADDING;
    let mut follower = ground
        .fan("match=long&snapshot=never&after=0", Some(&premium))
        .await;
    let mut seq = 0;
    for _ in 0..20 {
        scored.score(&ground.scoring, 100).await;
        // Whoever reads along misses nothing.
        while seq < scored.seq() {
            let news = follower.next_news().await;
            if news["type"] != "events" {
                assert_eq!((seq, &news["code"]), (0, &json!("unknown_match")));
                continue;
            }
            for event in news["events"].as_array().unwrap() {
                seq += 1;
                assert_eq!(event["seq"], seq);
            }
        }
    }

    let query = format!("match=long&snapshot=never&after={}-1", scored.epoch());
    let mut late = ground.fan(&query, Some(&premium)).await;
    let snapshot = late.next_news().await;
    assert_eq!(
        (&snapshot["type"], &snapshot["reason"], &snapshot["seq"]),
        (&json!("snapshot"), &json!("evicted"), &json!(2000))
    );
    scored.score(&ground.scoring, 1).await;
    assert_eq!(late.next_news().await["events"][0]["seq"], 2001);
    let segment = |n| format!("/v1/matches/long/log/{}/{n}", scored.epoch());
    let (status, _, problem) = ground.get(&segment(0), Some(&premium)).await;
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("/problems/segment-evicted"))
    );
    let (status, _, newest) = ground.get(&segment(30), Some(&premium)).await;
    assert_eq!((status, &newest["events"][0]["seq"]), (200, &json!(1921)));
    ground.end().await;
}

#[tokio::test]
async fn while_all_that_is_in_memory_is_read_another_match_is_busy_and_not_a_crash() {
    let ground = Ground::with(&LITTLE, 100).await;
    let premium = token(Tier::Premium, &[], 0);
    let names: Vec<String> = (0..12).map(|number| format!("m{number}")).collect();
    for name in names.iter().map(String::as_str).chain(["another"]) {
        let mut scored = Scored::new(name);
        scored.padding = PADDING;
        // One record can't be evicted in part.
        scored.score(&ground.scoring, 100).await;
    }
    let query = format!("match={}", names.join(","));
    let mut fan = ground.fan(&query, Some(&premium)).await;
    for _ in &names {
        assert_eq!(fan.next_news().await["type"], "snapshot");
    }

    let (status, headers, problem) = ground
        .get("/v1/matches/another/state", Some(&premium))
        .await;
    assert_eq!((status, &problem["type"]), (503, &json!("/problems/busy")));
    assert!(headers.contains("retry-after"), "{headers}");
    assert_eq!(
        ground.get("/v1/matches/m0/state", Some(&premium)).await.0,
        200
    );

    drop(fan);
    while ground
        .get("/v1/matches/another/state", Some(&premium))
        .await
        .0
        != 200
    {}
    ground.end().await;
}
