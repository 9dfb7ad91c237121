//! `grandstand dev` on a data folder, and the nats-server that belongs to it.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::api::Api;
use super::process::{Running, run};

/// A running `dev`.
pub(crate) struct Dev {
    pub(crate) process: Running,
    data: PathBuf,
}

/// The arguments of a `dev` on `data`, on any free ports, which plays nothing unless told to.
pub(crate) fn arguments<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["dev", "--json", "--data", data];
    for flag in ["--scoring-listen", "--gateway-listen", "--admin-listen"] {
        if !more.contains(&flag) {
            args.extend([flag, "127.0.0.1:0"]);
        }
    }
    if !more.contains(&"--match") {
        args.extend(["--match", "none"]);
    }
    args.extend(more);
    args
}

/// A folder for the test, and in it the path of a data folder that is not there yet.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let ground = tempfile::tempdir().unwrap();
    let data = ground.path().canonicalize().unwrap().join("data");
    (ground, data)
}

impl Dev {
    /// Starts one and waits until it is ready; its log is beside the data folder.
    pub(crate) async fn start(data: &Path, more: &[&str]) -> Self {
        let text = data.display().to_string();
        let args = arguments(&text, more);
        let process = Running::start("dev", &args, data.parent().unwrap()).await;
        Self {
            process,
            data: data.to_owned(),
        }
    }

    /// One of its tokens.
    pub(crate) fn token(&self, name: &str) -> String {
        let token = self.process.ready["tokens"][name].as_str();
        token
            .unwrap_or_else(|| panic!("no token {name}"))
            .to_owned()
    }

    /// Its scoring as the scorer.
    pub(crate) fn scorer(&self) -> Api {
        Api::new(
            self.process.said("scoring_url"),
            Some(&self.token("scorer")),
        )
    }

    /// Its gateway as a fan who pays.
    pub(crate) fn viewer(&self) -> Api {
        Api::new(
            self.process.said("gateway_url"),
            Some(&self.token("premium")),
        )
    }

    /// `kill -9` of its nats-server, if it runs and is not the one that was killed before, which may
    /// not be gone yet; its process id.
    pub(crate) fn kill_nats(&self, before: Option<i32>) -> Option<i32> {
        let servers = servers_of(&self.data).into_iter();
        let servers: Vec<i32> = servers.filter(|pid| Some(*pid) != before).collect();
        assert!(servers.len() <= 1, "one nats-server for one dev");
        let server = *servers.first()?;
        kill_process(Pid::from_raw(server)?, Signal::KILL).unwrap();
        Some(server)
    }

    /// `ops verify` of everything in it exits with 0.
    pub(crate) async fn verify(&self) {
        let (nats_url, keys) = (self.process.said("nats_url"), self.process.said("keys"));
        let output = run(&["ops", "verify", "--nats-url", &nats_url, "--keys", &keys]).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "verify: {said}");
    }
}

impl Drop for Dev {
    /// A `dev` that is killed leaves its nats-server to its next start; here there is none.
    fn drop(&mut self) {
        self.process.kill_now();
        for server in servers_of(&self.data) {
            kill_process(Pid::from_raw(server).unwrap(), Signal::KILL).ok();
        }
    }
}

/// The process ids of all nats-servers that run with this data folder, by their command lines.
pub(crate) fn servers_of(data: &Path) -> Vec<i32> {
    let conf = format!("{}/nats/nats-server.conf", data.display());
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let entry = entry.ok()?;
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let command_line = fs::read(entry.path().join("cmdline")).ok()?;
        let ours = String::from_utf8_lossy(&command_line).contains(&conf);
        ours.then_some(pid)
    });
    processes.collect()
}
