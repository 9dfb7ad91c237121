//! `grandstand bench` measures what is there, and says so when something is not as it should be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "bench/fans.rs"]
mod fans;
mod harness;
#[path = "bench/liar.rs"]
mod liar;
#[path = "bench/scenarios.rs"]
mod scenarios;

use std::process::Output;

use harness::cluster::Cluster;
use harness::process::run;
use serde_json::Value;

const SESSIONS: u64 = 500;

async fn bench(cluster: &Cluster, token: &str, more: &[&str]) -> Output {
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let scoring = cluster.scorings[0].url();
    let place = [
        "bench",
        "sessions",
        "--nats-url",
        &nats_url,
        "--keys",
        &keys,
    ];
    let scorer = ["--scoring", &scoring, "--token", token];
    run(&[&place[..], &scorer, more].concat()).await
}

#[tokio::test]
async fn sessions_are_written_refreshed_read_and_expire_while_a_scorer_posts() {
    let cluster = Cluster::start(1, 0).await;
    let token = cluster.scorer_token().await;
    let pid = std::process::id().to_string();

    let more = [
        "--count",
        "500",
        "--ttl-s",
        "12",
        "--before-s",
        "1",
        "--json",
    ];
    let output = bench(
        &cluster,
        &token,
        &[&more[..], &["--nats-pid", &pid]].concat(),
    )
    .await;

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{output:?} {stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["wrong"], serde_json::json!([]), "{report}");
    assert_eq!(report["bucket"]["keys"], SESSIONS);
    assert!(report["bucket"]["bytes_per_key"].as_u64().unwrap() > 256);
    let phases = report["phases"].as_array().unwrap();
    let names: Vec<_> = phases.iter().map(|phase| &phase["phase"]).collect();
    assert_eq!(
        names,
        ["before", "write", "refresh", "read", "wait", "expire"]
    );
    for (phase, calls) in phases.iter().zip([0, SESSIONS, SESSIONS, 1_000]) {
        assert_eq!(phase["calls"], calls, "{phase}");
        assert!(phase["nats_cpu_ms"].is_u64(), "{phase}");
    }
    assert!(phases[0]["posts"].as_u64().unwrap() > 0, "{}", phases[0]);
    assert!(phases[0]["post_p99_us"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_table_is_for_people_and_what_cannot_be_measured_is_said() {
    let cluster = Cluster::start(1, 0).await;
    let token = cluster.scorer_token().await;
    let small = ["--count", "20", "--ttl-s", "8", "--before-s", "1"];

    let table = bench(&cluster, &token, &small).await;
    let foreign = bench(&cluster, "not-a-token", &small).await;
    let too_slow = bench(&cluster, &token, &[&small[..], &["--rate", "1"]].concat()).await;
    let nobody = bench(
        &cluster,
        &token,
        &[&small[..], &["--nats-pid", "0"]].concat(),
    )
    .await;

    let text = String::from_utf8(table.stdout).unwrap();
    assert!(table.status.success(), "{text}");
    assert!(text.ends_with("All as it should be.\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains(" | ")).count(), 7);
    let refused = |output: &Output, code: i32, word: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(word) && output.stdout.is_empty(), "{said}");
    };
    refused(&foreign, 1, "401");
    refused(&too_slow, 2, "--ttl-s");
    refused(&nobody, 1, "--nats-pid 0");
}
