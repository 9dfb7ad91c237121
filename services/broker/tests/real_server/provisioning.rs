//! Provisioning and signing in on a real server.

use std::time::Duration;

use crate::harness::{Ground, append, match_id};
use grandstand_broker::{
    AppendError, Broker, ConnectError, ConnectOptions, Keys, KeysError, ProvisionError,
    ProvisionMode, ProvisionOptions, Provisioned, Role, StreamReport,
};
use serde_json::{Value, json};

fn outcome_of<'a>(reports: &'a [StreamReport], stream: &str) -> &'a Provisioned {
    &reports
        .iter()
        .find(|report| report.stream == stream)
        .unwrap()
        .outcome
}

/// Changes the stream SCORES behind provisioning's back.
async fn update_scores(ground: &Ground, change: impl FnOnce(&mut Value)) {
    let (ops, _) = ground.plain_client(Role::Ops).await;
    let info = ops
        .request("$JS.API.STREAM.INFO.SCORES", "".into())
        .await
        .unwrap();
    let mut config: Value =
        serde_json::from_slice::<Value>(&info.payload).unwrap()["config"].take();
    change(&mut config);
    let answer = ops
        .request("$JS.API.STREAM.UPDATE.SCORES", config.to_string().into())
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert!(answer.get("error").is_none(), "{answer}");
}

#[tokio::test]
async fn provisioning_twice_changes_nothing() {
    let ground = Ground::bare().await;
    let ops = ground.sign_in(Role::Ops).await;
    let check = ProvisionOptions {
        mode: ProvisionMode::Check,
        ..Default::default()
    };

    let looked = ops.provision(&check).await.unwrap();
    let first = ops.provision(&ProvisionOptions::default()).await.unwrap();
    let second = ops.provision(&ProvisionOptions::default()).await.unwrap();

    assert_eq!(first.len(), 6);
    for report in looked {
        let missing = vec!["(missing)".to_owned()];
        assert!(matches!(report.outcome, Provisioned::Drift { fields, .. } if fields == missing));
    }
    assert!(
        first
            .iter()
            .all(|report| report.outcome == Provisioned::Created),
        "{first:?}"
    );
    assert!(
        second
            .iter()
            .all(|report| report.outcome == Provisioned::Unchanged),
        "{second:?}"
    );
    ground.stop().await;
}

#[tokio::test]
async fn drift_is_shown_then_mended_and_the_incarnation_stays() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    update_scores(&ground, |config| {
        config["max_msgs_per_subject"] = json!(10);
        config["metadata"]["incarnation"] = json!("4");
        config["max_bytes"] = json!(5_000_000);
    })
    .await;
    let fields = vec!["max_msgs_per_subject".to_owned()];

    let check = ProvisionOptions {
        mode: ProvisionMode::Check,
        ..Default::default()
    };
    let looked = ops.provision(&check).await.unwrap();
    let mended = ops.provision(&ProvisionOptions::default()).await.unwrap();
    let after = ops.provision(&ProvisionOptions::default()).await.unwrap();

    assert!(
        matches!(outcome_of(&looked, "SCORES"), Provisioned::Drift { fields: found, .. } if *found == fields)
    );
    assert_eq!(
        *outcome_of(&mended, "SCORES"),
        Provisioned::Updated { fields }
    );
    assert_eq!(
        *outcome_of(&after, "SCORES"),
        Provisioned::Unchanged,
        "the operator's max_bytes is left alone"
    );
    assert_eq!(ops.incarnation().await, Ok(4));
    ground.stop().await;
}

#[tokio::test]
async fn what_the_server_will_not_change_stays_drift_with_its_words() {
    let ground = Ground::ready().await;
    let ops = ground.sign_in(Role::Ops).await;
    update_scores(&ground, |config| config["deny_purge"] = json!(true)).await;

    let three = ProvisionOptions {
        replicas: Some(3),
        ..Default::default()
    };
    let reports = ops.provision(&three).await.unwrap();

    match outcome_of(&reports, "SCORES") {
        Provisioned::Drift { fields, why } => {
            assert_eq!(*fields, ["deny_purge", "num_replicas"]);
            assert!(!why.is_empty());
        }
        other => panic!("{other:?}"),
    }
    ground.stop().await;
}

/// Buckets in memory do not outlive a single server; whoever starts it provisions again.
#[tokio::test]
async fn provisioning_after_a_restart_brings_the_memory_buckets_back() {
    let ground = Ground::ready().await;

    let ground = ground.kill_and_restart().await;
    let ops = ground.sign_in(Role::Ops).await;
    let reports = ops.provision(&ProvisionOptions::default()).await.unwrap();

    for stream in ["KV_sessions", "KV_gateways"] {
        assert_eq!(*outcome_of(&reports, stream), Provisioned::Created);
    }
    for stream in ["SCORES", "CANARY", "REPLAYS", "KV_revocations"] {
        assert_eq!(*outcome_of(&reports, stream), Provisioned::Unchanged);
    }
    ground.stop().await;
}

#[tokio::test]
async fn a_full_match_is_refused_and_leaves_the_others_alone() {
    let ground = Ground::ready().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    update_scores(&ground, |config| config["max_msgs_per_subject"] = json!(2)).await;
    let (id, other) = (match_id("a"), match_id("b"));

    let first = append(&scoring, &id, 0, "1").await.unwrap();
    let second = append(&scoring, &id, first, "2").await.unwrap();

    assert_eq!(
        append(&scoring, &id, second, "3").await,
        Err(AppendError::MatchFull)
    );
    assert!(append(&scoring, &other, 0, "1").await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn only_ops_provisions() {
    let ground = Ground::bare().await;
    let scoring = ground.sign_in(Role::Scoring).await;
    let refused = scoring.provision(&ProvisionOptions::default()).await;
    assert!(matches!(
        refused,
        Err(ProvisionError::NotOps(Role::Scoring))
    ));
    ground.stop().await;
}

#[tokio::test]
async fn each_way_of_not_signing_in_says_what_to_do() {
    let ground = Ground::bare().await;
    let nowhere = tempfile::tempdir().unwrap();
    let foreign = tempfile::tempdir().unwrap();
    Keys::load_or_create(foreign.path()).unwrap();
    let (url, keys) = (ground.server.url(), ground.keys_dir());
    let options = |url: &str, keys: &std::path::Path| ConnectOptions::new(url, keys, Role::Gateway);
    let error = |options| async { Broker::connect(options).await.unwrap_err() };

    assert!(matches!(
        error(options(&url, nowhere.path())).await,
        ConnectError::Keys(KeysError::Missing(path)) if path.ends_with("gateway.nk")
    ));
    assert!(matches!(
        error(options("nats://[", &keys)).await,
        ConnectError::BadUrl(_)
    ));
    assert!(matches!(
        error(options(&url, foreign.path())).await,
        ConnectError::Denied { .. }
    ));
    ground.stop().await;
    let soon = ConnectOptions {
        patience: Duration::from_millis(600),
        ..options(&url, foreign.path())
    };
    assert!(matches!(
        error(soon).await,
        ConnectError::Unreachable { .. }
    ));
}
