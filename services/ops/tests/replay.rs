//! Replay and the list of matches on a real nats-server, with records as scoring would have stored
//! them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod ground;
mod sample;

use std::process::ExitCode;
use std::time::Duration;

use grandstand_ops::run_to;
use serde_json::json;

use ground::{DEADLINE, Ground, append, log};

/// How often a folder is looked into that nobody tells us of.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_replay_goes_from_any_place_to_any_other() {
    let ground = Ground::ready().await;
    append(&ground.scoring().await, 0, &sample::cricket("m")).await;

    let (_, whole) = ground.ops(&["replay", "m"]).await;
    let (_, part) = ground
        .ops(&["replay", "m", "--from", "3", "--to", "5"])
        .await;
    let (_, json) = ground
        .ops_json(&["replay", "m", "--from", "3", "--to", "5"])
        .await;
    // Every event is a millisecond after the one before.
    let times = [
        "--from",
        "1790000000002000",
        "--to",
        "2026-09-21T14:13:20.004Z",
    ];
    let (_, timed) = ground.ops(&[&["replay", "m"], &times[..]].concat()).await;

    assert_eq!(whole.lines().count(), 9);
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(part.lines().collect::<Vec<_>>(), lines[2..5]);
    assert_eq!(timed.lines().collect::<Vec<_>>(), lines[2..5]);
    assert_eq!(json.len(), 2, "whole records");
    assert_eq!(json[0]["events"][0]["seq"], 2);
    let nobody = ground.ops_error(&["replay", "nobody"]).await;
    assert!(nobody.contains("there is no match nobody"), "{nobody}");
    let later = ground.ops_error(&["replay", "m", "--from", "10"]).await;
    assert!(
        later.contains("m has no event there: its last is seq 9, at 2026-09-21 14:13:20.008 UTC"),
        "{later}"
    );
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_replay_keeps_the_time_between_events() {
    let ground = Ground::ready().await;
    append(&ground.scoring().await, 0, &sample::open("m", 101)).await;
    let took = async |speed: &str| {
        let began = std::time::Instant::now();
        let (exit, _) = ground.ops(&["replay", "m", "--speed", speed]).await;
        assert_eq!(exit, ExitCode::SUCCESS);
        began.elapsed().as_millis()
    };
    assert!(took("0.1").await >= 1_000, "100 ms, ten times as slow");
    assert!(took("original").await >= 100);
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_of_records_is_whole_or_does_not_come_to_be() {
    let ground = Ground::ready().await;
    append(&ground.scoring().await, 0, &sample::open("m", 30)).await;
    let folder = ground.path("saved");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("m.ndjson");
    let words = ["replay", "m", "--to-file", file.to_str().unwrap()];

    let slow = [&words[..], &["--speed", "0.01"]].concat();
    // What stops it while it signs in has stopped nothing: it has its file first.
    let stop = async {
        while std::fs::read_dir(&folder).unwrap().count() == 0 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let stopped = run_to(ground.args(&slow), &mut Vec::new(), stop).await;
    assert!(
        stopped
            .unwrap_err()
            .to_string()
            .contains("nothing was kept")
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);

    let (exit, lines) = ground.ops_json(&words).await;
    assert_eq!(exit, ExitCode::SUCCESS);
    assert_eq!(
        (
            &lines[0]["records"],
            &lines[0]["first_seq"],
            &lines[0]["last_seq"]
        ),
        (&json!(30), &json!(1), &json!(30))
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let again = ground.ops_error(&words).await;
    assert!(again.contains("is there already"), "{again}");
    let nowhere = ground.path("no/such/m.ndjson");
    let nowhere = ground
        .ops_error(&["replay", "m", "--to-file", nowhere.to_str().unwrap()])
        .await;
    assert!(nowhere.contains("no file can be made in"), "{nowhere}");
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_replay_to_a_subject_takes_an_empty_one_and_nobody_live_sees_it() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::open("m", 30)).await;
    let tips_before = log(&scoring, "m").await;

    let (exit, lines) = ground
        .ops_json(&["replay", "m", "--to-subject", "run-1"])
        .await;
    let again = ground
        .ops_error(&["replay", "m", "--to-subject", "run-1"])
        .await;
    let (other, _) = ground.ops(&["replay", "m", "--to-subject", "run-2"]).await;

    assert_eq!((exit, other), (ExitCode::SUCCESS, ExitCode::SUCCESS));
    assert_eq!(
        (&lines[0]["to"], &lines[0]["records"]),
        (&json!("replay.run-1.m"), &json!(30))
    );
    assert!(
        again.contains("replay.run-1.m holds a replay already"),
        "{again}"
    );
    assert_eq!(log(&scoring, "m").await, tips_before);
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_reader_who_leaves_ends_a_replay_quietly() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let ground = Ground::ready().await;
    append(&ground.scoring().await, 0, &sample::open("m", 3)).await;
    for words in [
        &["replay", "m"][..],
        &["replay", "m", "--json"],
        &["matches"],
    ] {
        let mut gone = Gone;
        let run = run_to(ground.args(words), &mut gone, std::future::pending());
        let exit = tokio::time::timeout(DEADLINE, run).await.unwrap();
        assert_eq!(exit.unwrap(), ExitCode::SUCCESS, "{words:?}");
    }
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn matches_are_listed_with_where_they_stand() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::cricket("begun")).await;
    append(&scoring, 0, &sample::open("sale", 3)).await;

    let (_, all) = ground.ops_json(&["matches"]).await;
    let (_, live) = ground.ops(&["matches", "--live"]).await;

    let named: Vec<_> = all.iter().map(|one| (&one["match"], &one["seq"])).collect();
    assert_eq!(
        named,
        [(&json!("begun"), &json!(9)), (&json!("sale"), &json!(3))]
    );
    assert_eq!(all[0]["epoch"], "1790000000000000.1");
    assert!(
        live.contains("lot 3") && live.contains("live match"),
        "{live}"
    );
    ground.server.stop().await.unwrap();
}
