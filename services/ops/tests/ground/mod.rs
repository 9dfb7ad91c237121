//! A real nats-server for one test, and the commands on it.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use grandstand_broker::{
    Broker, ConnectOptions, FindOptions, Keys, ReadFrom, Role, ServerOptions, ServerProcess,
    StoredRecord, find_server,
};
use grandstand_core::ids::MatchId;
use grandstand_ops::{OpsArgs, run_to};
use serde_json::Value;

/// Nothing takes longer unless it hangs, on a machine that has much else to do, too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    ops: OpsArgs,
}

pub(crate) struct Ground {
    pub(crate) data: tempfile::TempDir,
    pub(crate) server: ServerProcess,
}

impl Ground {
    pub(crate) async fn bare() -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = start(data.path().to_owned(), 0).await;
        Self { data, server }
    }

    pub(crate) async fn ready() -> Self {
        let ground = Self::bare().await;
        let (exit, _) = ground.ops(&["provision"]).await;
        assert_eq!(exit, ExitCode::SUCCESS);
        ground
    }

    pub(crate) fn args(&self, words: &[&str]) -> OpsArgs {
        let keys = self.data.path().join("keys");
        let url = self.server.url();
        let place = ["--nats-url", &url, "--keys", keys.to_str().unwrap()];
        let words = ["ops"].iter().chain(words).chain(&place);
        Program::try_parse_from(words).unwrap().ops
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// What a command that fails says.
    pub(crate) async fn ops_error(&self, words: &[&str]) -> String {
        let mut out = Vec::new();
        let run = run_to(self.args(words), &mut out, std::future::pending());
        let done = tokio::time::timeout(DEADLINE, run).await.unwrap();
        format!("{:#}", done.unwrap_err())
    }

    /// Runs a command that ends by itself.
    pub(crate) async fn ops(&self, words: &[&str]) -> (ExitCode, String) {
        let mut out = Vec::new();
        let run = run_to(self.args(words), &mut out, std::future::pending());
        let exit = tokio::time::timeout(DEADLINE, run).await.unwrap().unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    pub(crate) async fn ops_json(&self, words: &[&str]) -> (ExitCode, Vec<Value>) {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let (exit, text) = self.ops(&words).await;
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (exit, lines.collect())
    }

    pub(crate) async fn scoring(&self) -> Broker {
        let keys = self.data.path().join("keys");
        let options = ConnectOptions::new(self.server.url(), keys, Role::Scoring);
        Broker::connect(options).await.unwrap()
    }

    pub(crate) async fn kill_and_restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    pub(crate) async fn lose_the_disk_and_restart(self) -> Self {
        let lose = |data: &Path| std::fs::remove_dir_all(data.join("jetstream")).unwrap();
        self.restart_after(lose).await
    }

    async fn restart_after(self, change: impl FnOnce(&Path)) -> Self {
        let port = self.server.port();
        self.server.kill().await.unwrap();
        change(self.data.path());
        let server = start(self.data.path().to_owned(), port).await;
        Self { server, ..self }
    }
}

async fn start(data_dir: PathBuf, port: u16) -> ServerProcess {
    let keys = Keys::load_or_create(&data_dir.join("keys")).unwrap();
    let options = ServerOptions {
        program: find_server(&FindOptions::from_environment()).unwrap(),
        data_dir,
        port,
    };
    ServerProcess::start(&options, &keys).await.unwrap()
}

/// A match as the leader has it.
pub(crate) async fn log(broker: &Broker, match_id: &str) -> Vec<StoredRecord> {
    let match_id = MatchId::new(match_id).unwrap();
    let log = broker.read_after(&match_id, 0, ReadFrom::Leader).await;
    log.unwrap()
}

/// Appends records of one match after its record `last`; returns the new last.
pub(crate) async fn append(broker: &Broker, mut last: u64, records: &[StoredRecord]) -> u64 {
    for record in records {
        let headers: Vec<(&'static str, String)> = record
            .headers
            .iter()
            .map(|(name, value)| (&*name.clone().leak(), value.clone()))
            .collect();
        let body = record.body.clone();
        last = broker
            .append(&record.match_id, last, &headers, body, DEADLINE)
            .await
            .unwrap();
    }
    last
}
