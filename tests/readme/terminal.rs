//! A terminal as the reader of the README has one: bash, which is told one step after the other.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::blocks::Step;
use crate::harness::wait::in_time;

/// How a line of ours begins.
const MARK: &str = "~~~";

/// A running shell; it and what it started in the background end with it.
pub(crate) struct Terminal {
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    said: Vec<String>,
    shell: Child,
}

impl Terminal {
    /// A shell in `folder`, which finds the programs in `programs` first.
    pub(crate) async fn open(folder: &Path, programs: &Path) -> Self {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GRANDSTAND_")) {
            command.env_remove(name);
        }
        command
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut shell = command.spawn().unwrap();
        let mut terminal = Self {
            stdin: shell.stdin.take().unwrap(),
            lines: BufReader::new(shell.stdout.take().unwrap()).lines(),
            said: Vec::new(),
            shell,
        };
        let begin = format!("exec 2>&1; trap 'echo \"{MARK} failed: $BASH_COMMAND\"' ERR");
        terminal.say(&begin).await;
        terminal
    }

    /// Runs a step; it must succeed, and print what it is said to.
    pub(crate) async fn run(&mut self, step: &Step) {
        self.say(&format!("{}\necho '{MARK} done'", step.commands))
            .await;
        let mut missing: Vec<String> = step.prints.iter().map(|line| timeless(line)).collect();
        let (mut done, mut printed) = (false, Vec::new());
        let reading = async {
            while !done || !missing.is_empty() {
                let Some(line) = self.lines.next_line().await.unwrap() else {
                    break;
                };
                self.said.push(line.clone());
                assert!(!line.starts_with(&format!("{MARK} failed")), "{line}");
                done |= line == format!("{MARK} done");
                let line = timeless(&line);
                missing.retain(|wanted| !line.contains(wanted.as_str()));
                printed.push(line);
            }
        };
        in_time(&step.commands, reading).await;
        assert!(
            done && missing.is_empty(),
            "{missing:#?} is not in {printed:#?}"
        );
    }

    async fn say(&mut self, commands: &str) {
        let commands = format!("{commands}\n");
        self.stdin.write_all(commands.as_bytes()).await.unwrap();
    }
}

impl Drop for Terminal {
    /// What runs in the background is of the shell's process group.
    fn drop(&mut self) {
        if let Some(pid) = self.shell.id().and_then(|id| Pid::from_raw(id as i32)) {
            kill_process_group(pid, Signal::KILL).ok();
        }
        if std::thread::panicking() {
            eprintln!("--- terminal\n{}", self.said.join("\n"));
        }
    }
}

/// A line with every time (16 digits) made the same.
fn timeless(line: &str) -> String {
    let mut timeless = String::new();
    let mut digits = String::new();
    for character in line.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        timeless += if digits.len() == 16 { "TIME" } else { &digits };
        digits.clear();
        timeless.push(character);
    }
    timeless.trim().to_owned()
}
