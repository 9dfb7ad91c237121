//! At each bound, and one above it.

use crate::harness::api::Api;
use crate::harness::wait::found;
use crate::stage::{Stage, knock};

/// Everybody calls from this machine, which passes for a proxy.
const PROXY: [&str; 2] = ["--trusted-proxies", "127.0.0.0/8"];

#[tokio::test]
async fn whoever_finds_no_room_is_told_what_to_poll_and_finds_the_match_there() {
    let stage = Stage::new(&["--connections-max", "3"]).await;
    let mut inside = Vec::new();
    for _ in 0..3 {
        let knocked = stage.knock(None, Some(&stage.premium)).await;
        assert!(knocked.came_in(), "{}", knocked.text);
        inside.push(knocked);
    }

    // A token that is no good is not even looked at.
    for token in [Some(stage.premium.as_str()), Some("nonsense"), None] {
        let refused = stage.knock(None, token).await;
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert!(refused.retry_after_s() >= 5, "{}", refused.text);
        let problem = refused.problem();
        assert_eq!(problem["type"], "/problems/over-capacity");
        assert_eq!(problem["poll_url"], "/v1/matches/m/events");
        let after_ms = problem["poll_after_ms"].as_u64().unwrap();
        assert!((5_000..=7_000).contains(&after_ms), "{problem}");
    }
    let without_a_match = knock(stage.address(), "", None, None).await;
    assert_eq!(without_a_match.problem()["poll_url"], "/v1/matches");

    let polled = stage.viewer().get("/v1/matches/m/events").await;
    assert_eq!(polled.status, 200, "{}", polled.text());
    assert_eq!(polled.json()["state"]["count"], 1);
    let stream = stage.viewer().get("/v1/matches/m/stream").await;
    let problem = stream.problem(503);
    assert_eq!(problem["poll_url"], "/v1/matches/m/events");
    let admin = Api::new(stage.cluster.gateways[0].said("admin_url"), None);
    let ready = admin.get("/readyz").await;
    assert_eq!(ready.status, 200, "full is not unready");
    let refusals = "grandstand_refusals_total{reason=\"over-capacity\"}";
    assert_eq!(stage.metric(refusals).await, Some(5.0));
    found("no headroom", async || {
        (stage.metric("grandstand_headroom ").await? == 0.0).then_some(())
    })
    .await;

    inside.pop();
    found("the place of who left", async || {
        let knocked = stage.knock(None, Some(&stage.premium)).await;
        knocked.came_in().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_user_has_as_many_connections_as_one_may_from_wherever() {
    let bound = ["--user-connections-max", "2"];
    let stage = Stage::new(&[&PROXY[..], &bound].concat()).await;
    let (ann, bob) = (stage.token_of("ann").await, stage.token_of("bob").await);
    let first = stage.knock(Some("203.0.113.1"), Some(&ann)).await;
    let second = stage.knock(Some("203.0.113.2"), Some(&ann)).await;
    assert!(first.came_in() && second.came_in());

    let refused = stage.knock(Some("203.0.113.3"), Some(&ann)).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    assert!(refused.retry_after_s() > 0);
    let problem = refused.problem();
    assert_eq!(problem["type"], "/problems/too-many-connections");
    assert_eq!(problem["poll_url"], "/v1/matches/m/events");

    assert!(stage.knock(Some("203.0.113.3"), Some(&bob)).await.came_in());
    drop(second);
    found("her place", async || {
        let again = stage.knock(Some("203.0.113.3"), Some(&ann)).await;
        again.came_in().then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_address_has_fewer_without_tokens_than_with_them() {
    let bounds = [
        "--anonymous-connections-max",
        "2",
        "--address-connections-max",
        "3",
    ];
    let stage = Stage::new(&[&PROXY[..], &bounds].concat()).await;
    let mut inside = Vec::new();
    for network in [
        ["203.0.113.7"; 3],
        ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::3"],
    ] {
        for from in &network[..2] {
            let knocked = stage.knock(Some(from), None).await;
            assert!(knocked.came_in(), "{from}: {}", knocked.text);
            inside.push(knocked);
        }
        let refused = stage.knock(Some(network[2]), None).await;
        assert_eq!(refused.status, 429, "{}", refused.text);
        // What a client says of itself stands before what the proxy says.
        let forged = format!("198.51.100.9, {}", network[2]);
        assert_eq!(stage.knock(Some(&forged), None).await.status, 429);

        let with_token = stage.knock(Some(network[2]), Some(&stage.premium)).await;
        assert!(with_token.came_in(), "{}", with_token.text);
        inside.push(with_token);
        let refused = stage.knock(Some(network[2]), Some(&stage.premium)).await;
        assert_eq!(refused.status, 429, "{}", refused.text);
    }
    for elsewhere in ["203.0.113.8", "2001:db8:1:3::1"] {
        assert!(
            stage.knock(Some(elsewhere), None).await.came_in(),
            "{elsewhere}"
        );
    }
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_says_where_others_come_from() {
    let bounds = [
        "--trusted-proxies",
        "10.9.9.9",
        "--anonymous-connections-max",
        "1",
    ];
    let stage = Stage::new(&bounds).await;
    // Were it believed, the second would be one too many. This machine itself is not counted.
    let first = stage.knock(Some("203.0.113.7"), None).await;
    let second = stage.knock(Some("203.0.113.7"), None).await;
    assert!(first.came_in() && second.came_in());
}
