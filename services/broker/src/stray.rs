//! A nats-server that outlived the process that started it, recognised by its pid file and its
//! command line.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

/// How long a server may take to stop when asked, before it is killed.
pub(crate) const STOP_MAX: Duration = Duration::from_secs(10);
/// How long a killed process may take to be gone.
const KILLED_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Stops the server whose pid `pid_file` holds, if it still runs and was started with `conf`.
pub(crate) async fn stop_stray(pid_file: &Path, conf: &Path) -> io::Result<()> {
    let Some(pid) = read_pid(pid_file) else {
        return Ok(());
    };
    if !is_ours(pid, conf) {
        return Ok(());
    }
    tracing::warn!(
        pid = pid.as_raw_nonzero().get(),
        "stopping the nats-server that an earlier run left behind"
    );
    signal(pid, Signal::TERM)?;
    if gone_within(pid, conf, STOP_MAX).await {
        return Ok(());
    }
    signal(pid, Signal::KILL)?;
    if gone_within(pid, conf, KILLED_MAX).await {
        return Ok(());
    }
    Err(io::Error::other("it does not stop"))
}

/// Sends a signal; a process that is gone already needs none.
pub(crate) fn signal(pid: Pid, signal: Signal) -> io::Result<()> {
    match kill_process(pid, signal) {
        Err(error) if error == rustix::io::Errno::SRCH => Ok(()),
        sent => sent.map_err(io::Error::from),
    }
}

fn read_pid(pid_file: &Path) -> Option<Pid> {
    Pid::from_raw(fs::read_to_string(pid_file).ok()?.trim().parse().ok()?)
}

async fn gone_within(pid: Pid, conf: &Path, limit: Duration) -> bool {
    let give_up_at = Instant::now() + limit;
    while is_ours(pid, conf) {
        if Instant::now() >= give_up_at {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

/// Whether `pid` is a nats-server that [`crate::child`] started with `conf`. A pid alone proves
/// nothing: the system gives it to somebody else. A zombie has no command line, so it counts as gone.
fn is_ours(pid: Pid, conf: &Path) -> bool {
    let ours = format!("nats-server -c {} -sd ", conf.display());
    command_line(pid).is_some_and(|line| line.contains(&ours))
}

fn command_line(pid: Pid) -> Option<String> {
    let pid = pid.as_raw_nonzero();
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let said = Command::new("ps")
        .args(["-ww", "-o", "args=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&said.stdout).into_owned())
}
