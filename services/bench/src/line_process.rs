//! A process of our own binary that takes orders and answers them, a line of JSON each. It ends with
//! its stdin, so none outlives its owner.

use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::process::Process;

/// How long it may take to end before it is killed.
const END_MAX: Duration = Duration::from_secs(5);

/// What goes wrong with such a process.
#[derive(Debug, Error)]
#[error("bench {name}: {why}")]
pub struct LineProcessError {
    name: &'static str,
    why: String,
}

/// The process.
pub(crate) struct LineProcess {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    process: Process,
}

impl LineProcess {
    /// Starts `grandstand bench NAME`.
    pub(crate) fn start(name: &'static str) -> Result<Self, LineProcessError> {
        let fail = |why: String| LineProcessError { name, why };
        let program = std::env::current_exe().map_err(|error| fail(error.to_string()))?;
        let mut child = Command::new(program)
            .args(["bench", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| fail(error.to_string()))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let process = Process::watch(pid.unwrap_or(0)).map_err(|error| fail(error.to_string()))?;
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(fail("it has no pipes".to_owned()));
        };
        Ok(Self {
            name,
            child,
            stdin,
            lines: BufReader::new(stdout).lines(),
            process,
        })
    }

    /// The process, to be watched.
    pub(crate) fn process(&self) -> Process {
        self.process
    }

    /// Tells it something.
    pub(crate) async fn tell(&mut self, what: &impl Serialize) -> Result<(), LineProcessError> {
        let mut line = serde_json::to_vec(what).map_err(|error| self.fail(error.to_string()))?;
        line.push(b'\n');
        let written = self.stdin.write_all(&line).await;
        written.map_err(|error| self.fail(error.to_string()))
    }

    /// What it says next, if it does `within` that time.
    pub(crate) async fn hear<T: DeserializeOwned>(
        &mut self,
        within: Duration,
    ) -> Result<T, LineProcessError> {
        let line = match timeout(within, self.lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => return Err(self.fail("it has ended".to_owned())),
            Ok(Err(error)) => return Err(self.fail(error.to_string())),
            Err(_) => return Err(self.fail(format!("no answer for {within:?}"))),
        };
        serde_json::from_str(&line).map_err(|error| self.fail(error.to_string()))
    }

    /// Ends it, and waits for that.
    pub(crate) async fn end(mut self) {
        drop(self.stdin);
        if timeout(END_MAX, self.child.wait()).await.is_err() {
            tracing::warn!(
                name = self.name,
                "a process of ours does not end, and is killed"
            );
            if let Err(error) = self.child.kill().await {
                tracing::error!(name = self.name, %error, "it can't be killed");
            }
        }
    }

    fn fail(&self, why: String) -> LineProcessError {
        LineProcessError {
            name: self.name,
            why,
        }
    }
}
