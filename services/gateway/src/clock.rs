//! One clock for all that a gateway decides: Unix microseconds that never go back.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock as it was at the start, carried on by the monotonic one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    started_us: u64,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            started: Instant::now(),
            started_us: since_1970.map_or(0, micros),
        }
    }

    /// Now, in Unix microseconds.
    pub(crate) fn now_us(&self) -> u64 {
        self.started_us + micros(self.started.elapsed())
    }

    /// The instant of `at_us`, for timers.
    pub(crate) fn instant(&self, at_us: u64) -> tokio::time::Instant {
        (self.started + Duration::from_micros(at_us.saturating_sub(self.started_us))).into()
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
