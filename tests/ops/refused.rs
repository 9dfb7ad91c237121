//! What can't be done is refused: exit code 1, a sentence that says why, and nothing half done.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::harness::api::count_event;
use crate::harness::cluster::Cluster;
use crate::harness::process::grandstand;
use crate::harness::wait::{found, in_time};

/// A platform with the match `m` of 12 events, saved to a file.
async fn ready() -> (Cluster, String) {
    let cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open("m").await;
    for n in 1..=11 {
        scorer.score("m", &count_event(n)).await;
    }
    let file = cluster.data_dir().join("m.ndjson").display().to_string();
    let replay = ["replay", "m", "--to-file", &file];
    cluster.ops_well(&replay).await;
    (cluster, file)
}

/// Why a command failed.
fn refusal(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "",
        "words are no data"
    );
    stderr
}

#[tokio::test]
async fn a_replay_of_nothing_and_into_something_is_refused() {
    let (cluster, file) = ready().await;
    cluster
        .ops_well(&["replay", "m", "--to-subject", "run"])
        .await;

    let table: [(&[&str], i32, &str); 7] = [
        (&["replay", "nobody"], 1, "there is no match nobody"),
        (
            &["replay", "m", "--from", "13"],
            1,
            "m has no event there: its last is seq 12",
        ),
        (
            &["replay", "m", "--to-subject", "run"],
            1,
            "replay.run.m holds a replay already",
        ),
        (&["replay", "m", "--to-file", &file], 1, "is there already"),
        (
            &["replay", "m", "--speed", "quick"],
            2,
            "original, max, or how many times",
        ),
        (&["purge", "m"], 2, "Nothing is done without --yes"),
        (
            &["import", &file, &file, "--match", "n"],
            2,
            "--match names one match",
        ),
    ];
    for (words, code, why) in table {
        let said = refusal(&cluster.ops(words).await, code);
        assert!(said.contains(why), "{words:?}: {said}");
    }
    cluster.ops_well(&["verify", "m"]).await;
}

#[tokio::test]
async fn an_import_of_what_is_not_a_whole_log_is_refused_by_line() {
    let (cluster, file) = ready().await;
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let changed = |name: &str, text: &str| {
        let path = cluster.data_dir().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let hole = [&lines[..4], &lines[5..]].concat().join("\n");
    let wrong_hash = text.replacen(&hash_of(lines[6]), "0123456789abcdef", 1);
    let cut_off = &text[..text.len() - 20];
    let files = [
        (
            changed("hole", &hole),
            "line 5: seq: event 5 is missing before event 6",
        ),
        (
            changed("hash", &wrong_hash),
            "line 7: hash: the record says 0123456789abcdef",
        ),
        (changed("cut", cut_off), "line 12: it is cut off"),
        (changed("gone.away", ""), "line 1: it is not a record"),
    ];

    let taken = refusal(&cluster.ops(&["import", &file]).await, 1);
    assert!(
        taken.contains("the match m is not empty: its last event is seq 12"),
        "{taken}"
    );
    cluster.ops_well(&["purge", "m", "--yes"]).await;
    for (file, why) in &files {
        let said = refusal(&cluster.ops(&["import", file]).await, 1);
        assert!(said.contains(why), "{said}");
        let nothing = refusal(&cluster.ops(&["replay", "m"]).await, 1);
        assert!(
            nothing.contains("there is no match m"),
            "nothing was written: {nothing}"
        );
    }
}

#[tokio::test]
async fn a_file_may_come_through_a_pipe() {
    let (cluster, file) = ready().await;
    cluster.ops_well(&["purge", "m", "--yes"]).await;

    let output = in_time("an import", import_from_stdin(&cluster, &file)).await;

    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&said["file"], &said["last_seq"]),
        (&json!("-"), &json!(12))
    );
    cluster.ops_well(&["verify", "m"]).await;
}

async fn import_from_stdin(cluster: &Cluster, file: &str) -> Output {
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let place = ["--json", "--nats-url", &nats_url, "--keys", &keys];
    let mut command = grandstand(&[&["ops", "import", "-"], &place[..]].concat());
    let (from, mut to) = std::io::pipe().unwrap();
    let child = command
        .stdin(from)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command holds the reading end; ours is to go, or the file would never end.
    drop(command);
    to.write_all(&fs::read(file).unwrap()).unwrap();
    drop(to);
    child.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn a_replay_that_is_interrupted_leaves_no_half_file() {
    let (cluster, _) = ready().await;
    let folder = cluster.data_dir().join("saved");
    fs::create_dir(&folder).unwrap();
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let file = folder.join("m.ndjson").display().to_string();
    // At this speed it takes minutes.
    let words = ["ops", "replay", "m", "--speed", "0.01", "--to-file", &file];
    let place = ["--nats-url", &nats_url, "--keys", &keys];
    for signal in [Signal::INT, Signal::TERM] {
        let mut command = grandstand(&[&words[..], &place].concat());
        let child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(child.id().unwrap() as i32).unwrap();
        let files = || fs::read_dir(&folder).unwrap().count();
        found("the file in the making", async || {
            (files() == 1).then_some(())
        })
        .await;

        kill_process(pid, signal).unwrap();

        let output = in_time("its end", child.wait_with_output()).await.unwrap();
        let said = refusal(&output, 1);
        assert!(said.contains("stopped: nothing was kept"), "{said}");
        assert_eq!(files(), 0, "{signal:?}");
    }
}

#[tokio::test]
async fn a_reader_who_leaves_is_no_fault_and_stops_no_import() {
    let (cluster, file) = ready().await;
    cluster.ops_well(&["purge", "m", "--yes"]).await;
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let place = ["--nats-url", &nats_url, "--keys", &keys];
    let commands: [&[&str]; 3] = [&["import", &file], &["verify"], &["matches"]];
    for words in commands {
        let (reader, left) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = grandstand(&[&["ops"], words, &place].concat());
        let child = command.stdout(left).stderr(Stdio::piped()).spawn().unwrap();

        let output = in_time("its end", child.wait_with_output()).await.unwrap();

        assert_eq!(refusal(&output, 0), "", "{words:?}");
    }
    cluster.ops_well(&["verify", "m"]).await;
}

fn hash_of(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["hash"].as_str().unwrap().to_owned()
}
