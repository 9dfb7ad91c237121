//! Each scenario measures what it is for, and the command that runs them all needs nothing else.

use serde_json::{Value, json};

use crate::fans::{measured, number};
use crate::harness::cluster::Cluster;
use crate::harness::process::run;

/// The turns of a name.
fn turns<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    let all = report["turns"].as_array().unwrap().iter();
    let named = all.filter(|turn| turn["name"] == name);
    named.map(|turn| &turn["turn"]).collect()
}

/// A figure that was measured.
fn figure(report: &Value, name: &str) -> f64 {
    let mut figures = report["figures"].as_array().unwrap().iter();
    let found = figures.find(|figure| figure["name"] == name);
    found.unwrap()["value"].as_f64().unwrap()
}

#[tokio::test]
async fn an_idle_crowd_is_measured_without_a_post() {
    let cluster = Cluster::start(1, 1).await;
    let report = measured(&cluster, "fans", &["--rate", "0", "--idle-s", "1"]).await;
    assert_eq!(report["steady"], Value::Null);
    assert_eq!(report["joined_us"]["count"], 200);
    assert!(report["memory"]["rss_bytes"].is_i64(), "{report}");
}

#[tokio::test]
async fn a_burst_reaches_every_fan_whole() {
    let cluster = Cluster::start(1, 1).await;
    let more = ["--seconds", "1", "--events", "16", "--bursts", "2"];
    let report = measured(&cluster, "burst", &more).await;
    let bursts = turns(&report, "burst");
    assert_eq!(bursts.len(), 2);
    for burst in bursts {
        assert_eq!(burst["events_expected"], 16 * 200, "{burst}");
    }
    assert!(figure(&report, "frames that a fan gets of a burst") <= 16.0);
}

#[tokio::test]
async fn a_fan_who_comes_late_gets_one_state_and_no_history() {
    let cluster = Cluster::start(1, 1).await;
    let more = ["--events", "100", "--state-bytes", "7400", "--seconds", "1"];
    let report = measured(&cluster, "late", &more).await;
    assert_eq!(figure(&report, "states that a fan gets"), 1.0);
    let bytes = figure(&report, "bytes until then");
    assert!((7_000.0..9_000.0).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn slow_fans_are_there_and_the_others_miss_nothing() {
    let cluster = Cluster::start(1, 1).await;
    let report = measured(&cluster, "slow", &["--pairs", "1", "--seconds", "1"]).await;
    assert_eq!(turns(&report, "without").len(), 1, "{report}");
    let with_slow = turns(&report, "with slow");
    assert_eq!(with_slow.len(), 1, "{report}");
    assert_eq!(with_slow[0]["fans"], 200, "who never reads is not counted");
}

#[tokio::test]
async fn waiting_saves_frames_and_loses_no_event() {
    let cluster = Cluster::start(1, 1).await;
    let more = ["--matches", "4", "--seconds", "1"];
    let report = measured(&cluster, "tiers", &more).await;
    let frames = |name: &str| number(&turns(&report, name)[0]["frames"]);
    assert!(frames("digest!") < frames("realtime!"), "{report}");
    let story = measured(&cluster, "story", &more).await;
    assert_eq!(story["turns"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn one_command_starts_a_platform_measures_it_and_leaves_nothing_behind() {
    let ground = tempfile::tempdir().unwrap();
    let (data, file) = (ground.path().join("data"), ground.path().join("all.json"));
    std::fs::create_dir(&data).unwrap();
    let (data_text, file_text) = (data.display().to_string(), file.display().to_string());
    let small = ["--count", "100", "--seconds", "1", "--data", &data_text];
    let asked = ["bench", "run", "fans", "tls", "--json-to", &file_text];

    let output = run(&[&asked[..], &small].concat()).await;

    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let scenarios = report["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), 2, "{said}");
    for scenario in scenarios {
        assert_eq!(scenario["wrong"], json!([]), "{said}");
    }
    assert_eq!(scenarios[0]["report"]["fans"], 100);
    assert!(said.contains("targets hold; 0 scenarios"), "{said}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
}

#[tokio::test]
async fn what_does_not_run_is_no_proof() {
    let ground = tempfile::tempdir().unwrap();
    let data = ground.path().display().to_string();
    let asked = ["bench", "run", "fans", "--count", "100", "--data", &data];
    let output = run(&[&asked[..], &["--gateway-flags", "--no-such-flag"]].concat()).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--no-such-flag"), "{said}");
    assert_eq!(std::fs::read_dir(ground.path()).unwrap().count(), 0);
}
