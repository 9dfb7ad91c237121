//! What the pad shows ahead of the server is what the server says once it has it.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::ground::Ground;
use crate::harness::cluster::Cluster;
use crate::harness::matches::{LIMITED_OVERS, at_hand, file};
use crate::harness::program::program;
use crate::harness::wait::in_time;

#[tokio::test]
async fn every_ball_of_a_real_match_and_every_correction_is_shown_as_the_server_will_say_it() {
    if !at_hand() {
        return;
    }
    let cluster = Cluster::start(1, 0).await;
    cluster.play(&file(LIMITED_OVERS[0]), "real", "max").await;
    let scorer = cluster.scorer(0).await;
    let ground = Ground { cluster, scorer };
    correct(&ground).await;
    let log = ground.log("real").await;

    assert_shown_ahead(&log, 300).await;
}

/// Whoever is ahead of this log by a few events, wherever, shows what the server then has; so many looks at least.
pub(crate) async fn assert_shown_ahead(log: &Value, looks_min: u64) {
    let Some(said) = node("ahead.mjs", log).await else {
        return;
    };
    assert!(said["looks"].as_u64() >= Some(looks_min), "{said}");
    assert_eq!(said["wrong"], 0, "{said:#}");
}

/// What one of the scripts beside this says of an input; none, after a line that says so, where there is no Node.
pub(crate) async fn node(script: &str, input: &Value) -> Option<Value> {
    let node = program(&["node"])?;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut command = tokio::process::Command::new(node);
    command
        .arg(format!("{root}/tests/pad/{script}"))
        .arg(format!("{root}/services/web/tests/served.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_string();
    let feeding = tokio::spawn(async move { stdin.write_all(input.as_bytes()).await });
    let output = in_time("node", child.wait_with_output()).await.unwrap();
    feeding.await.unwrap().unwrap();
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Corrections of every kind, here and there in the match.
async fn correct(ground: &Ground) {
    let log = ground.log("real").await;
    let balls: Vec<&Value> = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "delivery")
        .collect();
    let more = |ball: &Value| {
        let mut data = ball["data"].clone();
        for gone in ["extras", "wickets", "boundary", "review", "replacements"] {
            data.as_object_mut().unwrap().remove(gone);
        }
        data["runs"] = json!(2);
        data
    };
    for (n, at) in [20, 77, 140, 200].into_iter().enumerate() {
        let [one, other] = [balls[at], balls[at + 3]];
        let posts = [
            json!({"id": format!("v{n}"), "op": "void", "ref": one["id"]}),
            json!({"id": format!("i{n}"), "op": "insert", "ref": other["id"], "type": "delivery", "data": more(other)}),
            json!({"id": format!("a{n}"), "op": "amend", "ref": other["id"], "type": "delivery", "data": more(other)}),
            json!({"id": format!("r{n}"), "op": "restore", "ref": one["id"]}),
            json!({"id": format!("x{n}"), "op": "void", "ref": format!("i{n}")}),
        ];
        for post in posts {
            ground.scorer.score("real", &post).await;
        }
    }
}
