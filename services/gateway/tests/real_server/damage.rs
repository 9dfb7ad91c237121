//! Logs that are not there yet, can't be read, have a hole, or begin again.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Ground, Scored, now_us, token};
use grandstand_server::grant::Tier;

#[tokio::test]
async fn a_match_that_is_created_later_is_served_once_it_is() {
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let mut fan = ground.fan("match=late", Some(&premium)).await;
    let told = fan.next().await;
    assert_eq!(
        (&told["code"], &told["match"]),
        (&json!("unknown_match"), &json!("late"))
    );
    let (status, _, problem) = ground.get("/v1/matches/late", Some(&premium)).await;
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("/problems/unknown-match"))
    );

    let mut scored = Scored::new("late");
    scored.score(&ground.scoring, 2).await;

    let snapshot = fan.next_news().await;
    assert_eq!(
        (&snapshot["type"], &snapshot["seq"]),
        (&json!("snapshot"), &json!(2))
    );
    ground.end().await;
}

#[tokio::test]
async fn a_log_with_a_hole_is_damaged_and_not_rolled_back_again_and_again() {
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let mut scored = Scored::new("holed");
    scored.score(&ground.scoring, 2).await;
    scored.skip(1);
    scored.score(&ground.scoring, 1).await;

    let mut fan = ground.fan("match=holed", Some(&premium)).await;
    assert_eq!(fan.next().await["status"], "damaged");
    let snapshot = fan.next_news().await;
    assert_eq!(
        (&snapshot["reason"], &snapshot["seq"]),
        (&json!("joined"), &json!(2))
    );
    let more = tokio::time::timeout(Duration::from_secs(2), fan.next_news()).await;
    assert!(more.is_err(), "{more:?}");
    ground.end().await;
}

#[tokio::test]
async fn what_comes_before_an_unreadable_record_is_served() {
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let mut scored = Scored::new("garbled");
    scored.score(&ground.scoring, 2).await;
    scored.append(&ground.scoring, b"garbled".to_vec()).await;
    let mut first = Scored::new("garbled-first");
    first.append(&ground.scoring, b"garbled".to_vec()).await;

    let mut fan = ground.fan("match=garbled", Some(&premium)).await;
    let snapshot = fan.next_news().await;
    assert_eq!(
        (&snapshot["type"], &snapshot["seq"]),
        (&json!("snapshot"), &json!(2))
    );
    // Where nothing comes before it, a fan is told at least that.
    let mut fan = ground.fan("match=garbled-first", Some(&premium)).await;
    while fan.next().await["status"] != "stale" {}
    ground.end().await;
}

#[tokio::test]
async fn a_cursor_from_nowhere_is_told_so() {
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let mut scored = Scored::new("m");
    scored.score(&ground.scoring, 2).await;
    let began_us = now_us();
    for (epoch, reason) in [
        (scored.epoch(), "rolled_back"),
        ("7.7".to_owned(), "other_epoch"),
    ] {
        for snapshot in ["auto", "never", "always"] {
            let query = format!("match=m&after={epoch}-9007199254740991&snapshot={snapshot}");
            let mut fan = ground.fan(&query, Some(&premium)).await;
            assert_eq!(fan.next_news().await["reason"], reason, "{snapshot}");
        }
    }
    // By itself it is asked every 10 s, which would be almost a minute.
    let took_us = now_us() - began_us;
    assert!(
        took_us < 30_000_000,
        "the leader is asked at once: {took_us}"
    );
    ground.end().await;
}
