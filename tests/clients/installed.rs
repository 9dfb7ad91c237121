//! What the clients of `schemas/clients` need: found, or installed for these tests alone.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::Mutex;

use crate::harness::wait::in_time;

/// What `fan.py` needs, as its first lines say, by a version that it was tried with.
const WEBSOCKETS: &str = "websockets==15.0.1";
/// Two tests of one process install one after the other.
static INSTALLING: Mutex<()> = Mutex::const_new(());

/// A language that there is a client in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    JavaScript,
}

impl Language {
    /// Those that can be run here; in CI all of them must.
    pub(crate) async fn at_hand() -> Vec<Self> {
        let mut languages = Vec::new();
        for (language, there) in [
            (Self::Python, has_websockets().await),
            (Self::JavaScript, has_node().await),
        ] {
            match there {
                Ok(()) => languages.push(language),
                Err(lacking) => {
                    assert!(std::env::var_os("CI").is_none(), "{language:?}: {lacking}");
                    eprintln!("SKIPPED {language:?}: {lacking}");
                }
            }
        }
        languages
    }
}

/// Where the Python module is installed for these tests, and for nobody else.
pub(crate) fn modules() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python")
}

async fn has_websockets() -> Result<(), String> {
    let _one_at_a_time = INSTALLING.lock().await;
    let mut look = Command::new("python3");
    look.args(["-c", "import websockets"])
        .env("PYTHONPATH", modules());
    if succeeds(look).await.is_ok() {
        return Ok(());
    }
    let mut install = Command::new("python3");
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
    ]);
    install.arg("--target").arg(modules()).arg(WEBSOCKETS);
    succeeds(install).await
}

async fn has_node() -> Result<(), String> {
    let mut node = Command::new("node");
    node.args([
        "--experimental-websocket",
        "-e",
        "new WebSocket('ws://127.0.0.1:9').onerror = () => {}",
    ]);
    succeeds(node).await
}

async fn succeeds(mut command: Command) -> Result<(), String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = in_time("a look at what is installed", command.output()).await;
    let output = output.map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
