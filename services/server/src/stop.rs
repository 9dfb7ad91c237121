//! The stop: SIGINT and SIGTERM as something to wait for.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for the signals that ask a process to stop. From its making on they no longer end the
/// process by themselves; wait for the first to drain, and for a second to give up at once.
#[derive(Debug)]
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal as Number, getpid, kill_process};

    #[tokio::test]
    async fn each_signal_is_told_once() {
        let mut signals = StopSignals::listen().unwrap();
        for (number, name) in [(Number::TERM, "SIGTERM"), (Number::INT, "SIGINT")] {
            kill_process(getpid(), number).unwrap();
            assert_eq!(signals.next().await, name);
        }
    }
}
