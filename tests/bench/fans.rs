//! Fans at a real gateway, and the bare loop: the numbers add up, and what is wrong is said.

use std::process::Output;

use serde_json::{Value, json};

use crate::harness::cluster::Cluster;
use crate::harness::process::run;

const FANS: u64 = 200;
const EVENTS: u64 = 30;

/// A scenario with 200 fans and 10 events a second for 3 s, and what it says as JSON.
pub(crate) async fn measured(cluster: &Cluster, scenario: &str, more: &[&str]) -> Value {
    report(&bench(cluster, scenario, more).await)
}

/// The same, however it goes.
pub(crate) async fn bench(cluster: &Cluster, scenario: &str, more: &[&str]) -> Output {
    let scorer = cluster.scorer_token().await;
    let fan = cluster.fan_token("premium").await;
    let admin: Vec<String> = cluster
        .gateways
        .iter()
        .map(|g| g.said("admin_url"))
        .collect();
    let pids: Vec<String> = cluster
        .gateways
        .iter()
        .map(|g| g.pid().to_string())
        .collect();
    let (admin, pids) = (admin.join(","), pids.join(","));
    let scoring = cluster.scorings[0].url();
    let who = ["--token", &scorer, "--fan-token", &fan];
    let place = ["--scoring", &scoring, "--admin", &admin];
    let gateways: Vec<String> = cluster.gateways.iter().map(|g| g.url()).collect();
    let gateways = gateways.join(",");
    let mut what = vec!["--gateway-pid", &pids];
    for (flag, usual) in [
        ("--gateway", &*gateways),
        ("--count", "200"),
        ("--seconds", "3"),
        ("--rate", "10"),
    ] {
        let is_taken = flag != "--rate" || !["story", "tiers"].contains(&scenario);
        if is_taken && !more.contains(&flag) {
            what.extend([flag, usual]);
        }
    }
    let args = [
        &["bench", scenario],
        &who[..],
        &place,
        &what,
        &["--json"],
        more,
    ]
    .concat();
    run(&args).await
}

/// What a scenario that went well found.
fn report(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {output:?} {stderr}"));
    assert_eq!(report["wrong"], json!([]), "{report}");
    assert!(output.status.success(), "{stderr}");
    report
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

/// Events that came as such, or were told by a snapshot: on a slow machine a fan may fall behind.
fn got(turn: &Value) -> u64 {
    number(&turn["events"]) + number(&turn["events_in_snapshots"])
}

#[tokio::test]
async fn two_hundred_fans_at_two_gateways_get_every_event_once() {
    let cluster = Cluster::start(1, 2).await;

    let report = measured(&cluster, "fans", &["--idle-s", "0", "--policy", "realtime"]).await;

    let steady = &report["steady"];
    assert_eq!(steady["posts"]["stored"], EVENTS);
    assert_eq!(steady["events_expected"], FANS * EVENTS);
    assert_eq!(got(steady), FANS * EVENTS);
    assert_eq!(steady["latency_us"]["count"], steady["events"]);
    let frames = number(&steady["frames"]);
    assert!(frames <= FANS * EVENTS && frames > 0, "{steady}");
    // Who is a little behind, on a slow machine, gets more than one event in a frame.
    let is_one_by_one = frames == FANS * EVENTS;
    let bytes = number(&steady["bytes_per_frame"]);
    assert!(bytes >= 440 && (bytes <= 480 || !is_one_by_one), "{steady}");
    let quantiles = ["p50", "p95", "p99", "p999", "max"];
    let late = quantiles.map(|name| number(&steady["latency_us"][name]));
    assert!(late[0] > 0 && late.is_sorted(), "{late:?}");
    assert_eq!(report["connect"]["refusals"], json!({}));
    assert!(report["connect"]["per_s"].as_u64() > Some(0));
    // One codec, two gateways: each encodes an event once, and now and then some of them together
    // for those who are a little behind.
    let encodes = number(&steady["gateways"]["encodes"]);
    let encodes_max = 2 * EVENTS * if is_one_by_one { 1 } else { 2 };
    assert!(encodes <= encodes_max, "{steady}");
}

#[tokio::test]
async fn packed_fans_of_several_matches_add_up_in_batches_too() {
    let cluster = Cluster::start(1, 1).await;
    let more = [
        "--matches",
        "3",
        "--codec",
        "msgpack",
        "--policy",
        "batch",
        "--idle-s",
        "0",
    ];

    let report = measured(&cluster, "fans", &more).await;

    let steady = &report["steady"];
    // 30 events in turn to 3 matches of 67, 67 and 66 fans.
    assert_eq!(steady["events_expected"], EVENTS / 3 * FANS);
    assert_eq!(got(steady), EVENTS / 3 * FANS);
}

#[tokio::test]
async fn fans_who_are_cut_come_back_and_miss_nothing() {
    let cluster = Cluster::start(1, 1).await;

    let report = measured(&cluster, "storm", &[]).await;

    for gust in ["baseline", "storm", "reload"] {
        assert_eq!(report[gust]["turn"]["fans"], FANS, "{report}");
        assert!(number(&report[gust]["live_us"]["count"]) > 0, "{report}");
    }
    assert_eq!(report["baseline"]["all_back_after_ms"], Value::Null);
    assert!(report["storm"]["all_back_after_ms"].is_u64(), "{report}");
    // With a cursor they get what they missed; without, the state.
    assert_eq!(got(&report["storm"]["turn"]), FANS * EVENTS, "{report}");
    assert_eq!(
        // Who falls behind on a slow machine gets another.
        report["reload"]["turn"]["snapshots"]["joined"],
        FANS
    );
}

#[tokio::test]
async fn a_gateway_and_the_bare_loop_take_turns() {
    let cluster = Cluster::start(1, 1).await;

    let report = measured(&cluster, "pairs", &["--pairs", "2"]).await;

    let pairs = report["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 2);
    for pair in pairs {
        assert_eq!(got(&pair["gateway"]), EVENTS * FANS);
        assert_eq!(pair["bare"]["events"], EVENTS * FANS);
        assert!(pair["p99_ratio"].is_f64(), "{pair}");
    }
    let first = &pairs[0];
    assert_eq!(
        first["bare"]["bytes_per_frame"],
        first["gateway"]["bytes_per_frame"]
    );
    assert_eq!(report["p99_ratio"]["count"], 2);
}

#[tokio::test]
async fn the_bare_loop_needs_no_platform() {
    let small = [
        "bench",
        "bare",
        "--count",
        "100",
        "--rate",
        "20",
        "--seconds",
        "1",
    ];
    let as_json = run(&[&small[..], &["--json"]].concat()).await;
    let as_text = run(&small).await;

    let report = report(&as_json);
    assert_eq!(report["turn"]["frames"], 2_000);
    assert_eq!(report["turn"]["bytes_per_frame"], 463);
    let text = String::from_utf8(as_text.stdout).unwrap();
    assert!(text.ends_with("All as it should be.\n"), "{text}");
}

#[tokio::test]
async fn what_scoring_takes_is_counted_one_by_one_and_in_arrays() {
    let cluster = Cluster::start(1, 0).await;
    let (scoring, token) = (cluster.scorings[0].url(), cluster.scorer_token().await);
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let who = ["bench", "ingest", "--scoring", &scoring, "--token", &token];
    let place = [&who[..], &["--nats-url", &nats_url, "--keys", &keys]].concat();
    let small = [
        "--matches",
        "4",
        "--in-flight",
        "4",
        "--paced-matches",
        "20",
        "--paced-rate",
        "40",
        "--seconds",
        "2",
        "--json",
    ];

    let report = report(&run(&[&place[..], &small].concat()).await);

    assert_eq!(report["paced"]["stored"], 40, "{report}");
    assert!(number(&report["singles"]["stored"]) > 10, "{report}");
    assert_eq!(number(&report["arrays"]["stored"]) % 50, 0, "{report}");
    assert_eq!(report["arrays"]["failed"], 0);
    let bare = &report["bare"];
    assert!(bare["singles_per_s"].as_f64() > Some(0.0), "{report}");
    assert!(bare["arrays_per_s"].as_f64() > Some(0.0), "{report}");
}

#[tokio::test]
async fn a_crowd_that_cannot_be_measured_is_said() {
    let cluster = Cluster::start(1, 1).await;
    let (scoring, gateway) = (cluster.scorings[0].url(), cluster.gateways[0].url());
    let token = cluster.scorer_token().await;
    let bench = async |more: &[&str]| {
        let place = ["bench", "fans", "--scoring", &scoring, "--token", &token];
        let output = run(&[&place[..], more].concat()).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty(), "{said}");
        (output.status.code(), said)
    };

    let (usage, too_many) = bench(&["--gateway", &gateway, "--rate", "100000"]).await;
    let (secure, no_tls) = bench(&["--gateway", "wss://127.0.0.1:1"]).await;
    let (unseen, no_admin) = bench(&["--gateway", &gateway, "--admin", "http://127.0.0.1:1"]).await;
    let nobody = ["--gateway", "http://127.0.0.1:1", "--count", "2"];
    let (refused, no_gateway) = bench(&nobody).await;
    let foreign = ["--gateway", &gateway, "--count", "2", "--fan-token", "none"];
    let (stranger, no_token) = bench(&foreign).await;

    assert_eq!(usage, Some(2));
    let tiers = ["bench", "tiers", "--scoring", &scoring, "--token", &token];
    let tiers = run(&[&tiers[..], &["--gateway", &gateway, "--policy", "batch"]].concat()).await;
    assert_eq!(tiers.status.code(), Some(2));
    let said = String::from_utf8_lossy(&tiers.stderr);
    assert!(said.contains("--policy"), "{said}");
    assert_eq!([secure, unseen, refused, stranger], [Some(1); 4]);
    for (said, word) in [
        (too_many, "--matches"),
        (no_tls, "https://"),
        (no_admin, "--admin"),
        (
            no_gateway,
            "0 of 2 fans are connected (refusals and errors: connection refused",
        ),
        (no_token, "401"),
    ] {
        assert!(said.contains(word), "{said}");
    }
}
