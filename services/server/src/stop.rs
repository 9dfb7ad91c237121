//! The stop: SIGINT and SIGTERM as something to wait for.

use std::io;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for the signals that ask a process to stop. From its making on they no longer end the
/// process by themselves; wait for the first to drain, and for a second to give up at once.
#[derive(Debug)]
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Begins to listen, before the process has any other thread: what comes between the handler
    /// and its listener would be lost, so it is held back meanwhile, from this thread only.
    pub fn listen() -> io::Result<Self> {
        // Never run: what it would hear waits for the one that is.
        let idle = Builder::new_current_thread().enable_io().build()?;
        let _entered = idle.enter();
        mask(libc::SIG_BLOCK)?;
        let signals = Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        };
        mask(libc::SIG_UNBLOCK)?;
        Ok(signals)
    }

    /// Waits for the next signal, and names it. May be dropped at any time without losing one.
    pub async fn next(&mut self) -> &'static str {
        // `recv` gives None only when the runtime is going down; that is a stop as well.
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Has the system hold back both signals from this thread, or give it what was held back.
#[allow(unsafe_code, reason = "the C library takes the set by its address")]
fn mask(how: libc::c_int) -> io::Result<()> {
    // SAFETY: a set of zeros is a valid one, and all are ours.
    let failed = unsafe {
        let mut both: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut both);
        libc::sigaddset(&mut both, libc::SIGINT);
        libc::sigaddset(&mut both, libc::SIGTERM);
        libc::pthread_sigmask(how, &both, std::ptr::null_mut())
    };
    match failed {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal as Number, getpid, kill_process};

    #[test]
    fn each_signal_is_told_once_also_one_from_before_there_was_a_runtime() {
        let mut signals = StopSignals::listen().unwrap();
        kill_process(getpid(), Number::INT).unwrap();
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert_eq!(signals.next().await, "SIGINT");
            for (number, name) in [(Number::TERM, "SIGTERM"), (Number::INT, "SIGINT")] {
                kill_process(getpid(), number).unwrap();
                assert_eq!(signals.next().await, name);
            }
        });
    }
}
