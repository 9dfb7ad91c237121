//! One phase of a measurement: from when to when, what was done, and how it went.

use std::time::Duration;

use tokio::time::Instant;

use crate::process::Process;

/// What was done in a phase.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// How many calls were made.
    pub(crate) done: u64,
    /// How many of them failed.
    pub(crate) failed: u64,
    /// The first that did, in words.
    pub(crate) first_failure: Option<String>,
}

impl Work {
    /// Counts a call that went well or did not.
    pub(crate) fn count<E: ToString>(&mut self, outcome: Result<(), E>) {
        self.done += 1;
        if let Err(failure) = outcome {
            self.failed += 1;
            self.first_failure
                .get_or_insert_with(|| failure.to_string());
        }
    }
}

/// A phase that is over.
#[derive(Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) work: Work,
    /// CPU time of the watched process meanwhile.
    pub(crate) cpu: Option<Duration>,
}

impl Phase {
    /// Does `work` as a phase of that name.
    pub(crate) async fn of(
        name: &'static str,
        watched: Option<Process>,
        work: impl Future<Output = Work>,
    ) -> Self {
        let cpu_time = || watched.and_then(|process| process.cpu_time().ok());
        let (before, began) = (cpu_time(), Instant::now());
        let work = work.await;
        let ended = Instant::now();
        let cpu = cpu_time().zip(before);
        Self {
            name,
            began,
            ended,
            work,
            cpu: cpu.map(|(after, before)| after.saturating_sub(before)),
        }
    }
}
