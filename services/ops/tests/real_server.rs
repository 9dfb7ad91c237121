//! The commands on a real nats-server, with records as scoring would have stored them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod ground;
mod sample;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use grandstand_core::hash::StateHash;
use grandstand_core::record::Record;
use grandstand_ops::{OpsArgs, run_to};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use ground::{DEADLINE, Ground, append};

/// A tail on its way: what it prints comes line by line.
struct Tail {
    lines: mpsc::UnboundedReceiver<String>,
    running: tokio::task::JoinHandle<anyhow::Result<ExitCode>>,
}

impl Tail {
    fn start(args: OpsArgs, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        let (said, lines) = mpsc::unbounded_channel();
        let running = tokio::spawn(async move { run_to(args, &mut Pipe(said), stop).await });
        Self { lines, running }
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(DEADLINE, self.lines.recv()).await;
        line.expect("a line in time").expect("the tail goes on")
    }

    async fn exit(self) -> ExitCode {
        let ended = tokio::time::timeout(DEADLINE, self.running).await;
        ended.expect("it ends in time").unwrap().unwrap()
    }
}

/// Sends each line; whoever drops the other end has left.
struct Pipe(mpsc::UnboundedSender<String>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_fmt(format_args!("{}", String::from_utf8_lossy(bytes)))
    }

    fn write_fmt(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        let line = text.to_string().trim_end().to_owned();
        self.0
            .send(line)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn seqs(line: &str) -> Vec<u64> {
    let record: Value = serde_json::from_str(line).unwrap();
    let events = record["events"].as_array().unwrap().iter();
    events.map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn provisioning_creates_and_then_changes_nothing() {
    let ground = Ground::bare().await;

    let (looked, missing) = ground.ops_json(&["provision", "--check"]).await;
    let (made, created) = ground.ops_json(&["provision"]).await;
    let (again, unchanged) = ground.ops_json(&["provision"]).await;

    assert_eq!(
        (looked, made, again),
        (ExitCode::FAILURE, ExitCode::SUCCESS, ExitCode::SUCCESS)
    );
    let all_are = |lines: &[Value], outcome: &str| {
        !lines.is_empty() && lines.iter().all(|line| line["outcome"] == outcome)
    };
    assert!(all_are(&missing, "drift") && missing[0]["why"] == "only checked");
    assert!(all_are(&created, "created"));
    assert!(all_are(&unchanged, "unchanged"));
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn who_stays_makes_lost_buckets_anew_and_papers_over_no_loss_on_disk() {
    let ground = Ground::bare().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let args = ground.args(&["provision", "--every", "1"]);
    let mut keeper = Tail::start(args, async move { drop(stopped.await) });
    let mut first = Vec::new();
    for _ in 0..6 {
        first.push(keeper.line().await);
    }
    assert!(first.iter().all(|line| line.starts_with("created")));

    let ground = ground.kill_and_restart().await;

    assert_eq!(keeper.line().await, "created    KV_sessions");
    assert_eq!(keeper.line().await, "created    KV_gateways");

    let ground = ground.lose_the_disk_and_restart().await;

    let mut then = Vec::new();
    for _ in 0..6 {
        then.push(keeper.line().await);
    }
    then.sort();
    assert_eq!(
        then[..2],
        ["created    KV_gateways", "created    KV_sessions"]
    );
    let left = "(missing) (only lost buckets are made anew)";
    assert_eq!(then[5], format!("drift      SCORES  {left}"));
    stop.send(()).unwrap();
    assert_eq!(keeper.exit().await, ExitCode::SUCCESS);
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn right_matches_verify_and_a_wrong_one_is_named() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    append(&scoring, 0, &sample::cricket("good")).await;
    append(&scoring, 0, &sample::open("sale", 40)).await;
    assert_eq!(
        ground.ops(&["verify"]).await,
        (
            ExitCode::SUCCESS,
            format!(
                "{}{}2 matches, 49 events, 47 records: all right\n",
                line_of(&ground, "good").await,
                line_of(&ground, "sale").await
            )
        )
    );
    let mut wrong = sample::cricket("wrong");
    let mut record = Record::decode(&wrong[2].body).unwrap();
    record.hash = StateHash::of(&json!({}));
    wrong[2].body = record.encode().into();
    append(&scoring, 0, &wrong).await;

    let (exit, lines) = ground.ops_json(&["verify"]).await;
    let (named_exit, named) = ground.ops_json(&["verify", "good", "nobody"]).await;
    let (_, text) = ground.ops(&["verify", "wrong"]).await;

    assert_eq!((exit, named_exit), (ExitCode::FAILURE, ExitCode::FAILURE));
    let right: Vec<_> = lines[..3]
        .iter()
        .map(|l| (l["match"].as_str().unwrap(), l["ok"] == true))
        .collect();
    assert_eq!(right, [("good", true), ("sale", true), ("wrong", false)]);
    let faults = &lines[2]["verdict"]["faults"];
    assert_eq!(
        (&faults[0]["seq"], &faults[0]["check"]),
        (&json!(5), &json!("hash"))
    );
    assert_eq!(faults.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &lines[3]["summary"]["matches"],
            &lines[3]["summary"]["wrong"]
        ),
        (&json!(3), &json!(1))
    );
    assert_eq!(named[1]["verdict"]["faults"][0]["check"], "exists");
    assert!(
        text.contains("WRONG  wrong  9 events") && text.contains("seq 5, hash: the record says"),
        "{text}"
    );
    ground.server.stop().await.unwrap();
}

async fn line_of(ground: &Ground, match_id: &str) -> String {
    let (exit, text) = ground.ops(&["verify", match_id]).await;
    assert_eq!(exit, ExitCode::SUCCESS);
    let line = text.lines().next().unwrap();
    assert!(line.starts_with(&format!("ok     {match_id}  ")), "{line}");
    format!("{line}\n")
}

#[tokio::test]
async fn without_streams_both_say_what_to_do() {
    let ground = Ground::bare().await;
    for words in [["verify", "m"], ["tail", "m"]] {
        let run = run_to(ground.args(&words), &mut Vec::new(), std::future::pending()).await;
        let error = run.unwrap_err().to_string();
        assert!(error.contains("grandstand ops provision"), "{error}");
    }
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn tail_from_a_seq_shows_each_record_once_and_in_order_while_more_are_appended() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    let (a, b) = (sample::open("a", 300), sample::open("b", 300));
    let mut last = (append(&scoring, 0, &a[..60]).await, 0);
    let args = ground.args(&["tail", "a", "--from", "5", "--count", "296", "--json"]);
    let mut tail = Tail::start(args, std::future::pending());

    for n in 60..300 {
        last.0 = append(&scoring, last.0, &a[n..=n]).await;
        last.1 = append(&scoring, last.1, &b[n - 60..=n - 60]).await;
    }

    let first = tail.line().await;
    let line: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(line["match"], "a");
    assert_eq!(line["headers"]["Grandstand-Sport"], "open");
    assert_eq!(line["hash"].as_str().unwrap().len(), 16);
    assert_eq!(seqs(&first), [5]);
    for seq in 6..=300 {
        assert_eq!(seqs(&tail.line().await), [seq]);
    }
    assert_eq!(tail.exit().await, ExitCode::SUCCESS);
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn tail_of_everything_shows_a_new_match_from_its_first_record_until_it_is_stopped() {
    let ground = Ground::ready().await;
    let scoring = ground.scoring().await;
    let old = sample::open("old", 200);
    let mut last = append(&scoring, 0, &old[..10]).await;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let stopping = async {
        stopped.await.ok();
    };
    let mut tail = Tail::start(ground.args(&["tail"]), stopping);

    // Until it shows the first, it may not have begun.
    let mut posts = 10..200;
    let first = loop {
        let n = posts.next().expect("it begins in time");
        last = append(&scoring, last, &old[n..=n]).await;
        let pause = Duration::from_millis(200);
        if let Ok(line) = tokio::time::timeout(pause, tail.lines.recv()).await {
            break line.unwrap();
        }
    };
    assert!(first.contains("  old  "), "no history: {first}");
    append(&scoring, 0, &sample::cricket("new")).await;
    let mut lines = Vec::new();
    while lines.len() < 9 {
        let line = tail.line().await;
        if line.contains("  new  ") {
            lines.push(line);
        }
    }
    stop.send(()).unwrap();

    assert!(
        lines[0].contains("1  created") && lines[8].contains("9  delivery  void d1"),
        "{lines:?}"
    );
    assert_eq!(tail.exit().await, ExitCode::SUCCESS);
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn tail_goes_on_without_a_hole_when_the_server_dies_and_comes_back() {
    let ground = Ground::ready().await;
    let records = sample::open("m", 60);
    let last = append(&ground.scoring().await, 0, &records[..30]).await;
    let args = ground.args(&["tail", "--from", "1", "--count", "60", "--json"]);
    let mut tail = Tail::start(args, std::future::pending());
    for seq in 1..=30 {
        assert_eq!(seqs(&tail.line().await), [seq]);
    }

    let ground = ground.kill_and_restart().await;
    append(&ground.scoring().await, last, &records[30..]).await;

    for seq in 31..=60 {
        assert_eq!(seqs(&tail.line().await), [seq]);
    }
    assert_eq!(tail.exit().await, ExitCode::SUCCESS);
    ground.server.stop().await.unwrap();
}

#[tokio::test]
async fn tail_ends_well_when_its_reader_leaves() {
    let ground = Ground::ready().await;
    append(&ground.scoring().await, 0, &sample::open("m", 10)).await;
    let args = ground.args(&["tail", "m", "--from", "1"]);

    let Tail { lines, running } = Tail::start(args, std::future::pending());
    drop(lines);

    let ended = tokio::time::timeout(DEADLINE, running).await.unwrap();
    assert_eq!(ended.unwrap().unwrap(), ExitCode::SUCCESS);
    ground.server.stop().await.unwrap();
}
