//! The clients of `schemas/clients` as anybody runs them, read by what they print.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::installed::{Language, modules};
use crate::harness::wait::in_time;

/// A client that runs; it ends with its owner.
pub(crate) struct Program {
    pub(crate) language: Language,
    /// Every line that it has printed.
    pub(crate) said: Vec<String>,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts the client of a language.
    pub(crate) fn start(
        language: Language,
        url: &str,
        match_id: &str,
        token: Option<&str>,
    ) -> Self {
        let mut command = match language {
            Language::Python => {
                let mut command = Command::new("python3");
                command.arg(client("fan.py")).env("PYTHONPATH", modules());
                command.env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Language::JavaScript => {
                let mut command = Command::new("node");
                command.args(["--experimental-websocket", "--no-warnings"]);
                command.arg(client("fan.mjs"));
                command
            }
        };
        command.args([url, match_id]).env_remove("TOKEN");
        command.env("NO_PROXY", "127.0.0.1");
        if let Some(token) = token {
            command.env("TOKEN", token);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        Self {
            language,
            said: Vec::new(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// Reads on until it prints a line for which `found` has something.
    pub(crate) async fn until<T>(&mut self, what: &str, found: impl Fn(&str) -> Option<T>) -> T {
        let reading = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                let found = found(&line);
                self.said.push(line);
                if let Some(found) = found {
                    return found;
                }
            }
            let mut errors = String::new();
            let stderr = self.child.stderr.as_mut().unwrap();
            stderr.read_to_string(&mut errors).await.unwrap();
            panic!("{:?} ended: {errors}{:#?}", self.language, self.said);
        };
        in_time(&format!("{what} of {:?}", self.language), reading).await
    }

    /// Reads on until it is at `seq`; the hash that it has there.
    pub(crate) async fn until_seq(&mut self, seq: u64) -> String {
        self.until(&format!("seq {seq}"), |line| {
            let place = Line::parse(line)?;
            (place.seq == seq).then(|| place.hash.to_owned())
        })
        .await
    }

    /// Reads on until it is without a connection.
    pub(crate) async fn until_cut(&mut self) {
        self.until("a cut", |line| line.starts_with("again in").then_some(()))
            .await;
    }

    /// Waits for its end; what it said on stderr.
    pub(crate) async fn ended(&mut self) -> (ExitStatus, String) {
        let status = in_time("the end of a client", self.child.wait())
            .await
            .unwrap();
        let mut errors = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut errors).await.unwrap();
        (status, errors)
    }
}

impl Drop for Program {
    /// The child is killed as its handle is dropped.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {:?}\n{}", self.language, self.said.join("\n"));
        }
    }
}

/// A line about a message: its type, and where it led.
pub(crate) struct Line<'a> {
    pub(crate) kind: &'a str,
    pub(crate) seq: u64,
    pub(crate) hash: &'a str,
    /// The strip there.
    pub(crate) strip: Value,
}

impl<'a> Line<'a> {
    /// Of a line that is about a message.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        Some(Self {
            kind: words.next()?,
            seq: words.next()?.parse().ok()?,
            hash: words.next()?,
            strip: words.next()?.parse().ok()?,
        })
    }
}

pub(crate) fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas/clients")
        .join(name)
}
