//! Import and purge on a real nats-server, with records as scoring would have stored them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod ground;
mod sample;

use std::collections::BTreeSet;
use std::process::ExitCode;

use grandstand_broker::{Broker, ReadFrom, StoredRecord};
use grandstand_core::ids::MatchId;
use grandstand_core::record::RecordParts;
use grandstand_ops::run_to;
use serde_json::{Value, json};

use ground::{DEADLINE, Ground, append, log};

const CREATED: &str = "Grandstand-Created";

impl Ground {
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

    // A stop that is there at once: nothing at all is written.
    ground.purged("m").await;
    let stopped = run_to(ground.args(&["import", &file]), &mut Vec::new(), async {}).await;
    assert_eq!(stopped.unwrap_err().to_string(), "stopped");
    assert_eq!(log(&scoring, "m").await, []);
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

async fn last_seq(broker: &Broker, match_id: &str) -> u64 {
    let match_id = MatchId::new(match_id).unwrap();
    let newest = broker.newest(&match_id, ReadFrom::Leader).await.unwrap();
    newest.map_or(0, |record| {
        RecordParts::decode(record.body).unwrap().last_seq()
    })
}

#[tokio::test]
async fn an_import_that_is_cut_anywhere_goes_on_to_the_same_end() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::open("m", 150)).await;
    let before = log(&scoring, "m").await;
    let file = ground.saved("m").await;
    for records in [1, 40, 110] {
        ground.purged("m").await;
        let stop = async { while last_seq(&scoring, "m").await < records {} };
        let stopped = run_to(ground.args(&["import", &file]), &mut Vec::new(), stop).await;
        let was_cut = stopped.is_err();
        let written = log(&scoring, "m").await.len();
        assert_eq!(was_cut, written < 150, "{written} after {records}");

        let (exit, _) = ground.ops(&["import", &file, "--resume"]).await;

        assert_eq!(exit, ExitCode::SUCCESS);
        let after = log(&scoring, "m").await;
        assert!(
            after
                .iter()
                .map(|r| &r.body)
                .eq(before.iter().map(|r| &r.body))
        );
        let created: BTreeSet<_> = after.iter().map(|r| &r.headers[CREATED]).collect();
        assert_eq!(created.len(), 1, "cut after {written} records");
    }
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn an_import_outlives_the_death_of_the_server() {
    let ground = Ground::ready().await;
    append(&ground.scoring().await, 0, &sample::open("m", 300)).await;
    let file = ground.saved("m").await;
    ground.purged("m").await;
    let args = ground.args(&["import", &file]);
    let importing = tokio::spawn(async move {
        let mut out = Vec::new();
        run_to(args, &mut out, std::future::pending()).await
    });
    let watcher = ground.scoring().await;
    let begun = async {
        let id = MatchId::new("m").unwrap();
        while watcher.newest(&id, ReadFrom::Leader).await == Ok(None) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, begun).await.unwrap();

    let ground = ground.kill_and_restart().await;

    let imported = tokio::time::timeout(DEADLINE, importing).await.unwrap();
    assert_eq!(imported.unwrap().unwrap(), ExitCode::SUCCESS);
    let (verified, said) = ground.ops(&["verify"]).await;
    assert_eq!(verified, ExitCode::SUCCESS, "{said}");
    assert_eq!(log(&ground.scoring().await, "m").await.len(), 300);
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
    assert!(error.ends_with(hole), "told once: {error}");
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
