//! Replay, import and purge on a real nats-server, with records as scoring would have stored them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod ground;
mod sample;

use std::path::PathBuf;
use std::process::ExitCode;

use grandstand_broker::{Broker, ReadFrom, StoredRecord};
use grandstand_core::ids::MatchId;
use grandstand_ops::run_to;
use serde_json::{Value, json};

use ground::{DEADLINE, Ground, append};

const CREATED: &str = "Grandstand-Created";

impl Ground {
    fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// Plays a match to a file of that name, and gives its path.
    async fn saved(&self, match_id: &str) -> String {
        let path = self.path(&format!("{match_id}.ndjson"));
        let path = path.to_str().unwrap().to_owned();
        let (exit, said) = self.ops(&["replay", match_id, "--to-file", &path]).await;
        assert_eq!(exit, ExitCode::SUCCESS, "{said}");
        path
    }

    async fn purged(&self, match_id: &str) {
        let (exit, said) = self.ops(&["purge", match_id, "--yes"]).await;
        assert_eq!(exit, ExitCode::SUCCESS, "{said}");
    }
}

async fn log(broker: &Broker, match_id: &str) -> Vec<StoredRecord> {
    let match_id = MatchId::new(match_id).unwrap();
    let log = broker.read_after(&match_id, 0, ReadFrom::Leader).await;
    log.unwrap()
}

/// What makes a record: all but its place, and the first half of the epoch.
fn content(records: &[StoredRecord]) -> Vec<(StoredRecord, Option<String>)> {
    let content = records.iter().cloned().map(|mut record| {
        record.stream_sequence = 0;
        record.stored_at_us = 0;
        let created = record.headers.remove(CREATED);
        (record, created)
    });
    content.collect()
}

#[tokio::test]
async fn a_match_that_was_wiped_comes_back_byte_for_byte_in_another_epoch() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::cricket("m")).await;
    append(&scoring, 0, &sample::open("other", 20)).await;
    let before = content(&log(&scoring, "m").await);
    let file = ground.saved("m").await;

    ground.purged("m").await;
    assert_eq!(log(&scoring, "m").await, []);
    let (exit, lines) = ground.ops_json(&["import", &file]).await;

    assert_eq!(exit, ExitCode::SUCCESS);
    let after = content(&log(&scoring, "m").await);
    let records = |log: &[(StoredRecord, Option<String>)]| -> Vec<StoredRecord> {
        log.iter().map(|(record, _)| record.clone()).collect()
    };
    assert_eq!(records(&after), records(&before), "bodies and headers");
    let (lost, created) = (&before[0].1, &after[0].1);
    assert!(after.iter().all(|(_, created_too)| created_too == created));
    assert!(created > lost, "{created:?} after {lost:?}");
    let epoch = format!("{}.1", created.clone().unwrap());
    assert_eq!(lines[0]["epoch"], epoch);
    assert_eq!(
        (
            &lines[0]["outcome"],
            &lines[0]["written"],
            &lines[0]["last_seq"]
        ),
        (&json!("imported"), &json!(7), &json!(9))
    );
    let (verified, said) = ground.ops(&["verify"]).await;
    assert_eq!(verified, ExitCode::SUCCESS, "{said}");
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn an_import_writes_into_nothing_only_and_goes_on_where_it_was_cut() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::open("m", 50)).await;
    let file = ground.saved("m").await;

    let full = ground.ops_error(&["import", &file]).await;
    let own = ground.ops_error(&["import", &file, "--resume"]).await;
    assert!(
        full.contains("m is not empty: its last event is seq 50"),
        "{full}"
    );
    assert!(own.contains("no import wrote it"), "{own}");
    assert_eq!(log(&scoring, "m").await.len(), 50, "nothing was written");

    // Cut off after some records: by a stop that is there at once, nothing at all is written.
    ground.purged("m").await;
    let stopped = run_to(ground.args(&["import", &file]), &mut Vec::new(), async {}).await;
    let stopped = stopped.unwrap_err().to_string();
    assert!(
        stopped.contains("0 of 50 records of m are written; go on with --resume"),
        "{stopped}"
    );
    let (_, _) = ground.ops_json(&["import", &file]).await;
    let whole = log(&scoring, "m").await;
    ground.purged("m").await;
    append(&scoring, 0, &whole[..20]).await;
    let (exit, lines) = ground.ops_json(&["import", &file, "--resume"]).await;
    assert_eq!(
        (exit, &lines[0]["written"]),
        (ExitCode::SUCCESS, &json!(30))
    );
    assert_eq!(
        content(&log(&scoring, "m").await),
        content(&whole),
        "one epoch"
    );
    let (exit, lines) = ground.ops_json(&["import", &file, "--resume"]).await;
    assert_eq!(
        (exit, &lines[0]["outcome"]),
        (ExitCode::SUCCESS, &json!("unchanged"))
    );

    let other = sample::open("m", 51);
    let last = log(&scoring, "m").await.last().unwrap().stream_sequence;
    append(&scoring, last, &other[50..]).await;
    let more = ground.ops_error(&["import", &file, "--resume"]).await;
    assert!(more.contains("has 51 records, the file 50"), "{more}");
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_wrong_keeps_the_right_one_from_being_written() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::open("a", 5)).await;
    append(&scoring, 0, &sample::cricket("b")).await;
    let (a, b) = (ground.saved("a").await, ground.saved("b").await);
    ground.purged("a").await;
    ground.purged("b").await;
    let text = std::fs::read_to_string(&b).unwrap();
    let holed = ground.path("holed.ndjson");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&holed, [&lines[..2], &lines[3..]].concat().join("\n")).unwrap();
    let holed = holed.to_str().unwrap();

    let error = ground.ops_error(&["import", &a, holed]).await;
    let twice = ground.ops_error(&["import", &a, &a]).await;
    let nowhere = ground.ops_error(&["import", &format!("{a}.gone")]).await;

    let hole = "holed.ndjson: line 3: seq: event 5 is missing before event 6";
    assert!(error.contains(hole), "{error}");
    assert!(twice.contains("are both of the match a"), "{twice}");
    assert!(nowhere.contains("a.ndjson.gone"), "{nowhere}");
    assert_eq!(log(&scoring, "a").await, []);
    let (exit, lines) = ground.ops_json(&["import", &a, &b, "--dry-run"]).await;
    assert_eq!((exit, lines.len()), (ExitCode::SUCCESS, 2));
    assert_eq!(
        (&lines[1]["outcome"], &lines[1]["epoch"]),
        (&json!("checked"), &Value::Null)
    );
    assert_eq!(log(&scoring, "a").await, []);
    let (exit, _) = ground.ops(&["import", &a, "--match", "rehearsal"]).await;
    assert_eq!(exit, ExitCode::SUCCESS);
    assert_eq!(log(&scoring, "rehearsal").await.len(), 5);
    ground.server.stop().await.unwrap();
}

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
    let stop = tokio::time::sleep(std::time::Duration::from_millis(150));
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
async fn a_purge_wants_a_yes_and_a_match() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::cricket("m")).await;

    let (asked, _) = ground.ops(&["purge", "m"]).await;
    assert_eq!(
        (asked, log(&scoring, "m").await.len()),
        (ExitCode::from(2), 7)
    );
    let (exit, lines) = ground.ops_json(&["purge", "m", "--yes"]).await;
    let gone = ground.ops_error(&["purge", "m", "--yes"]).await;

    assert_eq!(exit, ExitCode::SUCCESS);
    assert_eq!(lines[0], json!({"match": "m", "purged": 7, "last_seq": 9}));
    assert!(gone.contains("there is no match m"), "{gone}");
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
