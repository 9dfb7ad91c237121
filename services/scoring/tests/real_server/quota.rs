//! A token has so many requests; what is beyond them is refused before anything is looked at.

use grandstand_scoring::ScoringConfig;
use grandstand_server::grant::{Right, Role};
use grandstand_server::quota::Quota;
use serde_json::json;

use crate::harness::{Ground, set, token_for, token_key};

#[tokio::test]
async fn one_request_too_many_is_refused_and_another_token_is_not() {
    let ground = Ground::ready().await;
    let config = ScoringConfig {
        quota: Some(Quota {
            requests_max: 3,
            window_s: 3_600,
        }),
        ..ScoringConfig::new(token_key())
    };
    let mut scoring = ground.instance_of(config).await;
    scoring.create("m").await;
    // What is refused otherwise counts too.
    assert_eq!(scoring.get("/v1/matches/none").await.status, 404);
    assert_eq!(scoring.post("m", &set("a", 1)).await.status, 201);
    let refused = scoring.post("m", &set("b", 1)).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["type"], "/problems/quota-exceeded");
    assert_eq!(refused.body["violated-policies"], json!(["token"]));
    let retry_after: u64 = refused.retry_after.unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&retry_after), "{retry_after}");

    scoring.token = Some(token_for(Role::Scorer, &["m"], &[Right::Open]));
    let head = scoring.get("/v1/matches/m").await;
    assert_eq!((head.status.as_u16(), &head.body["seq"]), (200, &json!(2)));
    // Nobody is counted for a token that is none.
    scoring.token = Some("nonsense".to_owned());
    for _ in 0..5 {
        assert_eq!(scoring.get("/v1/matches/m").await.status, 401);
    }
    scoring.stop().await;
    ground.stop().await;
}
