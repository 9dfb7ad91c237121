//! What plain HTTP requests cost here, measured on a part of the connections.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// One connection in so many is measured: reading the thread's clock takes about 0.3 us, twice for
/// each turn of a connection.
const ONE_IN: u64 = 16;

/// Requests that were answered, and the CPU time of those that were measured; an upgrade is none.
/// Clones count together.
#[derive(Debug, Clone, Default)]
pub struct RequestCost(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    answered: AtomicU64,
    measured: AtomicU64,
    measured_ns: AtomicU64,
}

/// What [`RequestCost`] has counted until some moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests that were answered.
    pub answered: u64,
    /// Those whose CPU time was measured, and how much that was.
    pub measured: u64,
    /// See `measured`.
    pub measured_ns: u64,
}

impl RequestCost {
    /// What was counted until this moment.
    pub fn counts(&self) -> RequestCounts {
        RequestCounts {
            answered: self.0.answered.load(Ordering::Relaxed),
            measured: self.0.measured.load(Ordering::Relaxed),
            measured_ns: self.0.measured_ns.load(Ordering::Relaxed),
        }
    }

    pub(super) fn answered(&self) {
        self.0.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs a connection, which counts what it has answered in `answered`.
    pub(super) fn measure<T>(
        &self,
        answered: Arc<AtomicU64>,
        mut connection: Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> impl Future<Output = T> + Send + use<T> {
        let counts = Arc::clone(&self.0);
        let turn = counts.connections.fetch_add(1, Ordering::Relaxed);
        let (mut told, mut spent) = (0, Duration::ZERO);
        std::future::poll_fn(move |context| {
            if !turn.is_multiple_of(ONE_IN) {
                return connection.as_mut().poll(context);
            }
            let began = now(ClockId::ThreadCPUTime);
            let polled = connection.as_mut().poll(context);
            spent += now(ClockId::ThreadCPUTime).saturating_sub(began);
            let done = answered.load(Ordering::Relaxed);
            if done > told {
                let spent_ns = std::mem::take(&mut spent).as_nanos() as u64;
                counts.measured.fetch_add(done - told, Ordering::Relaxed);
                counts.measured_ns.fetch_add(spent_ns, Ordering::Relaxed);
                told = done;
            }
            polled
        })
    }
}

/// The CPU time that this process has taken.
pub fn process_cpu() -> Duration {
    now(ClockId::ProcessCPUTime)
}

fn now(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
