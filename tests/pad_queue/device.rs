//! A scorer's device: the pad's queue in a Node of its own, behind a network of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::harness::cluster::Cluster;
use crate::harness::node::{node, root};
use crate::harness::proxy::Proxy;
use crate::harness::wait::in_time;

/// A running device.
pub(crate) struct Device {
    /// Its network.
    pub(crate) proxy: Proxy,
    name: String,
    argument: Value,
    process: Process,
    asked: u64,
    /// What its page shows.
    pub(crate) shown: Value,
}

struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Device {
    /// A device with an empty queue for a match; none where there is no Node.
    pub(crate) async fn start(cluster: &Cluster, match_id: &str, name: &str) -> Option<Self> {
        let proxy = Proxy::start(&cluster.scorings[0].url()).await;
        let argument = json!({
            "queue": format!("file://{}", root().join("services/web/pad/queue").display()),
            "url": proxy.url(), "match": match_id, "device": name,
            "token": cluster.scorer_token().await, "file": file(cluster.data_dir(), name),
        });
        let mut device = Self {
            process: Process::start(&argument).await?,
            proxy,
            name: name.to_owned(),
            argument,
            asked: 0,
            shown: Value::Null,
        };
        device
            .until("where the match is", |shown| !shown["head"].is_null())
            .await;
        Some(device)
    }

    /// The power goes off and on: what is on its disk is there.
    pub(crate) async fn restart(&mut self) {
        in_time("the end of Node", self.process.child.kill())
            .await
            .unwrap();
        self.process = Process::start(&self.argument).await.unwrap();
        self.shown = Value::Null;
        self.until("its first page", |_| true).await;
    }

    /// No network any more.
    pub(crate) fn go_offline(&self) {
        // Nobody listens there.
        self.proxy.point_at("http://127.0.0.1:9");
        self.proxy.cut();
    }

    /// A network that leads to a scoring instance.
    pub(crate) async fn go_online(&mut self, url: &str) {
        self.proxy.point_at(url);
        self.ask(json!(["kick"])).await;
    }

    /// Calls a method of the queue; what it returned. `["add", EVENTS, "seen"]` adds what is right
    /// only on top of what the page shows.
    pub(crate) async fn ask(&mut self, words: Value) -> Value {
        self.tell(words).await;
        let asked = self.asked;
        let done = |line: &Value| line["done"] == asked;
        in_time("what was asked", self.read_on(done)).await["result"].clone()
    }

    /// Calls a method of the queue, without waiting for what comes of it.
    pub(crate) async fn tell(&mut self, words: Value) {
        self.asked += 1;
        let line = format!("{}\n", json!({"ask": self.asked, "words": words}));
        let told = self.process.stdin.write_all(line.as_bytes()).await;
        told.unwrap();
    }

    /// Waits until the page shows what it should.
    pub(crate) async fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) {
        if !self.shown.is_null() && is_it(&self.shown) {
            return;
        }
        let what = format!("{what} at the {}", self.name);
        let shows = |line: &Value| !line["shown"].is_null() && is_it(&line["shown"]);
        in_time(&what, self.read_on(shows)).await;
    }

    /// Waits until nothing is left to be sent.
    pub(crate) async fn until_confirmed(&mut self) {
        self.until("everything confirmed", |shown| {
            shown["pending"] == json!([]) && shown["refused"] == json!([])
        })
        .await;
    }

    async fn read_on(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.process.lines.next_line().await.unwrap();
            let line: Value = line.expect("Node has ended").parse().unwrap();
            if !line["shown"].is_null() {
                self.shown = line["shown"].clone();
            }
            if is_it(&line) {
                return line;
            }
        }
    }
}

impl Process {
    async fn start(argument: &Value) -> Option<Self> {
        let mut command = node().await?;
        command
            .arg(root().join("tests/pad_queue/device.mjs"))
            .arg(argument.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        Some(Self {
            stdin: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        })
    }
}

/// The ids of the log, after the creation.
pub(crate) async fn ids(cluster: &Cluster, match_id: &str) -> Vec<String> {
    let last = cluster.scorings.len() - 1;
    let log = cluster.scorer(last).await.log(match_id).await;
    let ids = log[1..]
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned());
    ids.collect()
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}
