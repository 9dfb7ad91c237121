//! The real binary as child processes: each is known by its process id, and ended with its owner.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::wait::in_time;

/// How many lines of a log are shown when a test fails.
const LOG_LINES_SHOWN: usize = 40;

/// The binary, with nothing of ours in its environment but where the nats-server is kept.
pub(crate) fn grandstand(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grandstand"));
    let ours = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("GRANDSTAND_") && name != "GRANDSTAND_CACHE"
    });
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command of the binary to its end.
pub(crate) async fn run(args: &[&str]) -> Output {
    in_time(&args.join(" "), grandstand(args).output())
        .await
        .unwrap()
}

/// Runs a command that must succeed; what it printed.
pub(crate) async fn run_well(args: &[&str]) -> String {
    let output = run(args).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {}\n{stdout}{stderr}",
        args[0],
        output.status
    );
    stdout
}

/// A process that says when it is ready, as one line of JSON.
pub(crate) struct Running {
    /// What it is, for people.
    pub(crate) name: String,
    /// Its ready line.
    pub(crate) ready: Value,
    child: Child,
    pid: Pid,
    lines: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Running {
    /// Starts the binary and waits for its ready line; its log goes to `NAME.log` in `folder`.
    pub(crate) async fn start(name: &str, args: &[&str], folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut command = grandstand(args);
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let pid = Pid::from_raw(child.id().unwrap() as i32).unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Self {
            name: name.to_owned(),
            ready: Value::Null,
            child,
            pid,
            lines,
            log,
        };
        running.ready = running
            .next_line()
            .await
            .unwrap_or_else(|| panic!("{name} ended before it was ready"));
        assert_eq!(running.ready["event"], "ready", "{name}");
        running
    }

    /// The next line that it prints; none once it has ended.
    pub(crate) async fn next_line(&mut self) -> Option<Value> {
        let line = in_time(&format!("a line of {}", self.name), self.lines.next_line())
            .await
            .unwrap()?;
        Some(line.parse().unwrap_or_else(|e| panic!("{line}: {e}")))
    }

    /// A text of its ready line, such as `url`.
    pub(crate) fn said(&self, member: &str) -> String {
        let said = self.ready[member].as_str();
        said.unwrap_or_else(|| panic!("{}: no {member} in {}", self.name, self.ready))
            .to_owned()
    }

    /// Where it serves.
    pub(crate) fn url(&self) -> String {
        self.said("url")
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits until it ends.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        in_time(&format!("the end of {}", self.name), self.child.wait())
            .await
            .unwrap()
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// `kill -9` without waiting, for the end of an owner; nothing if it has ended.
    pub(crate) fn kill_now(&mut self) {
        self.child.start_kill().ok();
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    /// The child itself is killed as its handle is dropped.
    fn drop(&mut self) {
        if std::thread::panicking() {
            show_log(&self.name, &self.log);
        }
    }
}

/// Shows the end of a log, for whoever looks into a failure.
pub(crate) fn show_log(name: &str, log: &Path) {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    eprintln!("--- {name}");
    for line in &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..] {
        eprintln!("{line}");
    }
}
