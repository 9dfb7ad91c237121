//! How a gateway goes: it is not ready at once, takes who still comes for a while, then tells its
//! fans one after the other to go on elsewhere, so that other gateways get them at a steady rate.

use std::time::Duration;

use clap::Args;
use tokio::sync::SetOnce;

use crate::clock::Clock;

/// Fewer fans than would fill the window go one every so long: that is no crowd.
const PACE_MAX_US: u64 = 2_000;
/// How long a fan may take to leave, once it was told.
const LEAVE_MS: u32 = 1_000;
/// What saying goodbye to the last takes beside.
const GOODBYE_MS: u64 = 3_000;

/// How a gateway takes leave of its fans.
#[derive(Debug, Clone, Copy, Args)]
pub struct DrainArgs {
    /// Milliseconds that it still takes fans after it was told to stop, 0 to 60000: a balancer must
    /// have seen by then that it is not ready
    #[arg(long, value_name = "MS", env = "GRANDSTAND_DRAIN_DELAY_MS", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(0..=60_000))]
    pub drain_delay_ms: u32,
    /// Milliseconds over which its fans are then sent to other gateways, 0 to 600000; 0: all at once
    #[arg(long, value_name = "MS", env = "GRANDSTAND_DRAIN_WINDOW_MS", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(0..=600_000))]
    pub drain_window_ms: u32,
}

impl DrainArgs {
    /// Everybody is closed at once: for a gateway whose fans have nowhere else to go.
    pub const AT_ONCE: Self = Self {
        drain_delay_ms: 0,
        drain_window_ms: 0,
    };

    /// How long the accept loop goes on after the stop.
    pub(crate) fn delay(self) -> Duration {
        Duration::from_millis(self.drain_delay_ms.into())
    }

    /// How long a running request, such as a stream, may go on after that.
    pub(crate) fn requests_max(self) -> Duration {
        let told_ms = u64::from(self.told_ms()) * 3 / 2;
        Duration::from_millis(u64::from(self.drain_window_ms) + told_ms + GOODBYE_MS)
    }

    /// How long a gateway takes to stop, at most.
    pub fn stop_max(self) -> Duration {
        self.delay() + self.requests_max() + Duration::from_secs(2)
    }

    /// The window that each fan is told.
    fn told_ms(self) -> u32 {
        LEAVE_MS.min(self.drain_window_ms)
    }
}

/// When whose turn is to leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leave {
    began_us: u64,
    window_us: u64,
    /// How long each may take, once told.
    pub(crate) told_ms: u32,
}

impl Leave {
    /// When the fan at `position` of `count` is told, Unix microseconds.
    pub(crate) fn turn_us(&self, position: usize, count: usize) -> u64 {
        let (position, count) = (position as u64, count.max(1) as u64);
        let window_us = self.window_us.min(count.saturating_mul(PACE_MAX_US));
        self.began_us + window_us * position.min(count) / count
    }

    /// A turn at random, for who does not know the others, Unix microseconds.
    pub(crate) fn any_turn_us(&self, random: u64) -> u64 {
        self.began_us + self.window_us / 1_000 * (random % 1_000)
    }

    /// When all have been told and had their time, Unix microseconds.
    pub(crate) fn ends_us(&self) -> u64 {
        self.began_us + self.window_us + u64::from(self.told_ms) * 1_500
    }
}

/// Whether the gateway goes, for all who serve fans.
#[derive(Default)]
pub(crate) struct Drain(SetOnce<Leave>);

impl Drain {
    /// From now on fans are told; it begins once.
    pub(crate) fn begin(&self, args: DrainArgs, clock: Clock) {
        let leave = Leave {
            began_us: clock.now_us(),
            window_us: u64::from(args.drain_window_ms) * 1_000,
            told_ms: args.told_ms(),
        };
        // Only a second beginning fails.
        let _ = self.0.set(leave);
    }

    /// The leave that is taken, if it has begun.
    pub(crate) fn leave(&self) -> Option<Leave> {
        self.0.get().copied()
    }

    /// Waits until it begins.
    pub(crate) async fn begun(&self) -> Leave {
        *self.0.wait().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(window_ms: u32) -> Leave {
        let args = DrainArgs {
            drain_window_ms: window_ms,
            ..DrainArgs::AT_ONCE
        };
        let drain = Drain::default();
        assert!(drain.leave().is_none());
        drain.begin(args, Clock::start());
        drain.leave().unwrap()
    }

    #[test]
    fn a_crowd_leaves_evenly_over_the_window() {
        let leave = leave(5_000);
        let turns: Vec<u64> = (0..10_000).map(|at| leave.turn_us(at, 10_000)).collect();
        assert_eq!(turns[0], leave.began_us);
        assert_eq!(leave.told_ms, 1_000, "each has a second to leave in");
        assert!(turns.windows(2).all(|pair| pair[1] - pair[0] == 500));
        assert!(turns[9_999] + u64::from(leave.told_ms) * 1_500 <= leave.ends_us());
    }

    #[test]
    fn a_few_do_not_take_the_whole_window() {
        let leave = leave(5_000);
        assert_eq!(leave.turn_us(9, 10), leave.began_us + 9 * PACE_MAX_US);
        // Who comes while the others go is told at once.
        assert_eq!(leave.turn_us(0, 0), leave.began_us);
        let turns = [0, 999, 1_000].map(|random| leave.any_turn_us(random) - leave.began_us);
        assert_eq!(turns, [0, 4_995_000, 0]);
    }

    #[test]
    fn without_a_window_all_are_told_and_closed_at_once() {
        let leave = leave(0);
        assert_eq!(leave.turn_us(99, 100), leave.began_us);
        assert_eq!((leave.told_ms, leave.ends_us()), (0, leave.began_us));
    }

    #[test]
    fn who_comes_last_of_all_is_told_at_the_end_of_the_window() {
        let leave = leave(5_000);
        let end_us = leave.began_us + 5_000_000;
        assert_eq!(leave.turn_us(10_000, 10_000), end_us);
        assert_eq!(leave.turn_us(20_000, 10_000), end_us);
    }

    #[test]
    fn a_stop_takes_the_delay_the_window_and_the_time_of_the_last_fans() {
        let args = DrainArgs {
            drain_delay_ms: 3_000,
            drain_window_ms: 5_000,
        };
        assert_eq!(
            args.requests_max(),
            Duration::from_millis(5_000 + 1_500 + 3_000)
        );
        assert_eq!(
            args.stop_max(),
            Duration::from_millis(3_000 + 9_500 + 2_000)
        );
        let short = DrainArgs {
            drain_delay_ms: 0,
            drain_window_ms: 400,
        };
        assert_eq!(
            short.requests_max(),
            Duration::from_millis(400 + 600 + 3_000)
        );
    }
}
