//! Nobody sees by any door what is not his, or not yet.

use grandstand_core::headers::Visibility;
use grandstand_server::grant::Tier;
use serde_json::{Value, json};

use crate::harness::{Ground, Scored, in_time, now_us, token};

fn listed(list: &Value, id: &str) -> Option<Value> {
    let matches = list["matches"].as_array().unwrap();
    matches.iter().find(|entry| entry["match"] == id).cloned()
}

#[tokio::test]
async fn a_private_match_is_there_only_for_who_is_named() {
    let ground = Ground::ready().await;
    let (named, other) = (
        token(Tier::Premium, &["secret"], 0),
        token(Tier::Premium, &["other"], 0),
    );
    let mut scored = Scored::new("secret");
    scored.visibility = Visibility::Private;
    scored.score(&ground.scoring, 64).await;
    let segment = format!("/v1/matches/secret/log/{}/0", scored.epoch());
    let doors = [
        "/v1/matches/secret",
        "/v1/matches/secret/state",
        segment.as_str(),
    ];

    for door in doors {
        let (status, headers, _) = ground.get(door, Some(&named)).await;
        assert_eq!(status, 200, "{door}");
        assert!(headers.contains("private, no-store"), "{door}: {headers}");
        for token in [None, Some(other.as_str())] {
            let (status, _, body) = ground.get(door, token).await;
            assert_eq!(
                (status, &body["type"]),
                (403, &json!("/problems/not-allowed")),
                "{door}"
            );
            assert!(!body.to_string().contains("A v B"), "{body}");
        }
    }
    for token in [None, Some(other.as_str())] {
        let (_, _, list) = ground.get("/v1/matches", token).await;
        assert_eq!(listed(&list, "secret"), None);
        let mut fan = ground.fan("match=secret", token).await;
        assert_eq!(fan.next().await["code"], "not_allowed");
    }
    let (_, _, list) = ground.get("/v1/matches", Some(&named)).await;
    assert!(listed(&list, "secret").is_some());
    ground.end().await;
}

#[tokio::test]
async fn a_match_that_becomes_private_is_gone_for_who_was_reading() {
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let mut scored = Scored::new("m");
    scored.score(&ground.scoring, 1).await;
    let mut fan = ground.fan("match=m", Some(&premium)).await;
    assert_eq!(fan.next_news().await["type"], "snapshot");
    scored.visibility = Visibility::Private;
    scored.score(&ground.scoring, 1).await;
    assert_eq!(fan.next_news().await["code"], "not_allowed");
    ground.end().await;
}

#[tokio::test]
async fn polling_shows_no_more_than_the_tier() {
    let ground = Ground::ready().await;
    let premium = token(Tier::Premium, &[], 0);
    let delayed = token(Tier::Premium, &[], 3);
    let mut scored = Scored::new("m");
    // Just after a mark, so that the next is some seconds away.
    while now_us() % 5_000_000 > 1_000_000 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let scored_us = now_us();
    scored.score(&ground.scoring, 64).await;
    let mut fan = ground.fan("match=m", Some(&premium)).await;
    assert_eq!(fan.next_news().await["seq"], 64);

    // Whoever is slow may see it: what is shown must not be shown before that.
    let next_mark_us = (scored_us / 5_000_000 + 1) * 5_000_000;
    let after_us = scored_us + 3_000_000;
    let segment = format!("/v1/matches/m/log/{}/0", scored.epoch());
    for door in ["/v1/matches/m", "/v1/matches/m/state", segment.as_str()] {
        assert_eq!(ground.get(door, Some(&premium)).await.0, 200, "{door}");
        for (token, from_us) in [(None, next_mark_us), (Some(&*delayed), after_us)] {
            let (status, _, _) = ground.get(door, token).await;
            assert!(status == 404 || now_us() >= from_us, "{door}: {status}");
        }
    }
    assert!(listed(&ground.get("/v1/matches", Some(&premium)).await.2, "m").is_some());
    let early = listed(&ground.get("/v1/matches", None).await.2, "m");
    assert!(early.is_none() || now_us() >= next_mark_us, "{early:?}");
    let probe = format!("match=m&after={}-64&delay_s=3", scored.epoch());
    let status = ground.fan(&probe, Some(&premium)).await.next().await;
    assert_eq!(status["type"], "status");
    let hash = status.get("hash");
    assert!(hash.is_none() || now_us() >= after_us, "{status}");

    let mut late = ground.fan("match=m", Some(&delayed)).await;
    let snapshot = in_time(late.next_news()).await;
    assert_eq!(snapshot["seq"], 64);
    assert!(now_us() >= after_us);
    ground.end().await;
}
