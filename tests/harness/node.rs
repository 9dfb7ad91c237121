//! Node, which runs what browsers run.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::program::program;

/// Node with WebSocket; none, after a line that says so, where it is not there.
pub(crate) async fn node() -> Option<Command> {
    let program = program(&["node", "nodejs"])?;
    let said = Command::new(&program).arg("--version").output().await;
    let version = String::from_utf8(said.unwrap().stdout).unwrap();
    let major = version.trim_start_matches('v').split('.').next();
    let mut command = Command::new(program);
    command.kill_on_drop(true);
    if major.unwrap().parse::<u32>().unwrap() < 22 {
        command.arg("--experimental-websocket");
    }
    Some(command)
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().unwrap()
}
