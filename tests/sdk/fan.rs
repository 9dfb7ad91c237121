//! The client in a Node of its own.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::harness::node::root;
use crate::harness::wait::in_time;

/// Three attempts to get back to a WebSocket.
const CLIMB_MAX: Duration = Duration::from_secs(150);

/// The client in a process of its own.
pub(crate) struct Fan {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// Every seq in the order told.
    pub(crate) seqs: Vec<u64>,
    seq: u64,
}

impl Fan {
    pub(crate) fn start(mut node: Command, mut argument: Value) -> Self {
        let sdk = root().join("services/web/sdk/grandstand.js");
        argument["sdk"] = json!(format!("file://{}", sdk.display()));
        node.arg(root().join("tests/sdk/follow.mjs"))
            .arg(argument.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = node.spawn().unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            seqs: Vec::new(),
            seq: 0,
            child,
        }
    }

    /// Reads on to a line that is as it should be.
    pub(crate) async fn until(&mut self, what: &str, is_it: impl FnMut(&Value) -> bool) -> Value {
        in_time(what, self.read_on(is_it)).await
    }

    /// Reads on until all comes by this transport; one that was not to be had is tried again after
    /// half a minute, and a minute.
    pub(crate) async fn until_carried_by(&mut self, transport: &str) {
        let is_it = |line: &Value| line["connection"] == "open" && line["transport"] == transport;
        let carried = timeout(CLIMB_MAX, self.read_on(is_it)).await;
        assert!(carried.is_ok(), "no {transport} after {CLIMB_MAX:?}");
    }

    async fn read_on(&mut self, mut is_it: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.next_line().await.unwrap();
            let line: Value = line.expect("Node has ended").parse().unwrap();
            let seqs = line["seqs"].as_array().into_iter().flatten();
            self.seqs.extend(seqs.map(|seq| seq.as_u64().unwrap()));
            self.seq = line["seq"].as_u64().unwrap_or(self.seq);
            if is_it(&line) {
                return line;
            }
        }
    }

    pub(crate) async fn until_seq(&mut self, seq: u64) {
        if self.seq < seq {
            self.until(&format!("seq {seq}"), |line| {
                line["seq"].as_u64() >= Some(seq)
            })
            .await;
        }
    }

    pub(crate) async fn say(&mut self, word: &str) {
        let line = format!("{word}\n");
        self.stdin.write_all(line.as_bytes()).await.unwrap();
    }

    pub(crate) async fn report(&mut self) -> Value {
        self.say("report").await;
        let line = self.until("a report", |line| line["report"].is_object());
        line.await["report"].clone()
    }

    pub(crate) async fn end(mut self) {
        drop(self.stdin);
        let ended = in_time("the end of Node", self.child.wait()).await;
        assert!(ended.unwrap().success());
    }
}
