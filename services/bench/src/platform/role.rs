//! A role of the platform as a process of our own binary.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::platform::{PlatformError, because};

/// How long a start may take.
const READY_MAX: Duration = Duration::from_secs(60);
/// How long it may take to end before it is killed; a role gives itself 4 s.
const END_MAX: Duration = Duration::from_secs(6);
/// How much of a log is told when something goes wrong.
const LOG_BYTES_TOLD: usize = 2_000;

/// The process.
pub(crate) struct RoleProcess {
    pub(crate) url: String,
    pub(crate) admin_url: String,
    pub(crate) pid: i32,
    child: Child,
    /// It would be told that nobody listens any more.
    _stdout: Lines<BufReader<ChildStdout>>,
}

#[derive(Deserialize)]
struct Ready {
    url: String,
    admin_url: String,
}

impl RoleProcess {
    /// Starts `grandstand ROLE` on free ports of loopback, its log in `folder`.
    pub(crate) async fn start(
        role: &'static str,
        args: &[&str],
        folder: &Path,
    ) -> Result<Self, PlatformError> {
        let log = folder.join(format!("{role}.log"));
        let file = File::options().create(true).append(true).open(&log);
        let anywhere = "--json --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0";
        let words: Vec<&str> = [role].into_iter().chain(anywhere.split(' ')).collect();
        let mut child = ours(&[&words[..], args].concat())?
            .stdout(Stdio::piped())
            .stderr(file.map_err(because(role))?)
            .spawn()
            .map_err(because(role))?;
        let Some(stdout) = child.stdout.take() else {
            return Err(because(role)("it has no stdout"));
        };
        let mut lines = BufReader::new(stdout).lines();
        let ready: Ready = match timeout(READY_MAX, lines.next_line()).await {
            Ok(Ok(Some(line))) => serde_json::from_str(&line).map_err(because(role))?,
            _ => return Err(because(role)(format!("it is not ready: {}", end_of(&log)))),
        };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        Ok(Self {
            url: ready.url,
            admin_url: ready.admin_url,
            pid: pid.ok_or_else(|| because(role)("it has ended"))?,
            child,
            _stdout: lines,
        })
    }

    /// Asks it to end and waits; kills it if it does not.
    pub(crate) async fn end(self) {
        end(self.child).await;
    }
}

/// Asks a child to end and waits; kills it if it does not.
pub(crate) async fn end(mut child: Child) {
    let pid = child
        .id()
        .and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    // None: it has ended already, and its number may be another's.
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, Signal::TERM)
    {
        tracing::warn!(%error, "a process of ours can't be asked to end");
    }
    if timeout(END_MAX, child.wait()).await.is_err()
        && let Err(error) = child.kill().await
    {
        tracing::error!(%error, "a process of ours can't be killed");
    }
}

/// A command of our own binary that is killed with its handle, and takes nothing from the environment
/// but where the nats-server is kept: what was meant for the bench is not meant for a role.
pub(crate) fn ours(args: &[&str]) -> Result<Command, PlatformError> {
    let program: PathBuf = std::env::current_exe().map_err(because("our own binary"))?;
    let mut command = Command::new(program);
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("GRANDSTAND_")) {
        if name != "GRANDSTAND_CACHE" {
            command.env_remove(name);
        }
    }
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// The last that a log says.
pub(crate) fn end_of(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let from = text.len().saturating_sub(LOG_BYTES_TOLD);
    String::from_utf8_lossy(&text[from..]).into_owned()
}
