//! Whether the broker takes scores, judged by the canary that scoring sends every second.

use std::collections::VecDeque;

/// No newer canary for so long is `stale`; fans are told within 3 s of the beginning of trouble.
const STALE_AFTER_US: u64 = 2_500_000;
/// A canary that is later than the quickest of late by more than this is `delayed`.
const DELAYED_AFTER_US: u64 = 1_000_000;
/// How often one is sent.
const INTERVAL_US: u64 = 1_000_000;
/// How many canaries "of late" are: a minute of one scoring instance.
const LAGS_MAX: usize = 60;

/// What the canary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// All that was accepted arrives.
    Fresh,
    /// It arrives more than a second late.
    Delayed,
    /// Nothing arrives.
    Stale,
}

/// The canaries heard of late.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    newest_number: u64,
    heard_us: Option<u64>,
    /// Clocks of sender and receiver differ, so that only the change of a lag says something.
    lags_us: VecDeque<i64>,
    late: bool,
}

impl Canaries {
    /// Whoever has just begun to listen has missed nothing yet: the wait for the first canary
    /// begins now, and a start is no false alarm.
    pub(crate) fn awaited(now_us: u64) -> Self {
        Self {
            heard_us: Some(now_us),
            ..Self::default()
        }
    }

    /// A canary came in.
    pub(crate) fn heard(&mut self, number: u64, sent_at_us: u64, now_us: u64) {
        if number < self.newest_number && self.freshness(now_us) == Freshness::Stale {
            // The stream of canaries was made anew, and counts from the start.
            *self = Self::default();
        }
        if number <= self.newest_number {
            return;
        }
        self.newest_number = number;
        self.heard_us = Some(now_us);
        let lag_us = (now_us as i64).saturating_sub(sent_at_us as i64);
        self.lags_us.push_back(lag_us);
        if self.lags_us.len() > LAGS_MAX {
            self.lags_us.pop_front();
        }
        let quickest_us = self.lags_us.iter().min().copied().unwrap_or(lag_us);
        self.late = lag_us.saturating_sub(quickest_us) > DELAYED_AFTER_US as i64;
    }

    /// What they say now.
    pub(crate) fn freshness(&self, now_us: u64) -> Freshness {
        match self.heard_us {
            Some(heard_us) if now_us.saturating_sub(heard_us) <= STALE_AFTER_US => {
                match self.late {
                    true => Freshness::Delayed,
                    false => Freshness::Fresh,
                }
            }
            _ => Freshness::Stale,
        }
    }

    /// When the newest was heard, Unix microseconds; 0 before the first.
    pub(crate) fn heard_us(&self) -> u64 {
        self.heard_us.unwrap_or(0)
    }

    /// The same of the newest canary alone; none before the first.
    pub(crate) fn newest_heard_us(&self) -> Option<u64> {
        self.heard_us.filter(|_| self.newest_number > 0)
    }

    /// How far behind the broker is, in seconds: how late the newest canary was beyond the quickest
    /// of late, or for how long the next one has been due.
    pub(crate) fn lag_s(&self, now_us: u64) -> f64 {
        let quickest_us = self.lags_us.iter().min().copied().unwrap_or(0);
        let newest_us = self.lags_us.back().copied().unwrap_or(0);
        let overdue_us = now_us.saturating_sub(self.heard_us().saturating_add(INTERVAL_US));
        (newest_us.saturating_sub(quickest_us) as f64).max(overdue_us as f64) / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn a_start_is_stale_only_when_the_first_canary_is_overdue() {
        let canaries = Canaries::awaited(100 * S);
        assert_eq!(canaries.freshness(102 * S), Freshness::Fresh);
        assert_eq!(canaries.freshness(103 * S), Freshness::Stale);
    }

    #[test]
    fn no_canary_is_stale_and_a_new_one_is_fresh() {
        let mut canaries = Canaries::default();
        assert_eq!(canaries.freshness(0), Freshness::Stale);
        canaries.heard(1, 100 * S, 100 * S);
        assert_eq!(canaries.freshness(102 * S), Freshness::Fresh);
        assert_eq!(canaries.freshness(103 * S), Freshness::Stale);
        canaries.heard(1, 103 * S, 103 * S);
        assert_eq!(
            canaries.freshness(103 * S),
            Freshness::Stale,
            "an old number says nothing"
        );
    }

    #[test]
    fn a_clock_that_is_off_is_no_lag_but_a_growing_one_is() {
        let mut canaries = Canaries::default();
        canaries.heard(1, 0, 500 * S);
        canaries.heard(2, S, 501 * S);
        assert_eq!(canaries.freshness(501 * S), Freshness::Fresh);
        canaries.heard(3, 2 * S, 504 * S);
        assert_eq!(canaries.freshness(504 * S), Freshness::Delayed);
        assert_eq!(canaries.lag_s(504 * S), 2.0);
        assert_eq!(canaries.lag_s(509 * S), 4.0, "silence is lag");
    }

    #[test]
    fn canaries_that_count_from_the_start_again_are_heard_again() {
        let mut canaries = Canaries::default();
        canaries.heard(900, 100 * S, 100 * S);
        canaries.heard(1, 101 * S, 101 * S);
        assert_eq!(canaries.heard_us(), 100 * S, "an old one");
        canaries.heard(3, 103 * S, 103 * S);
        assert_eq!(canaries.freshness(103 * S), Freshness::Fresh);
    }

    #[test]
    fn no_time_that_a_canary_names_panics() {
        let mut canaries = Canaries::default();
        for (number, sent_at_us) in [(1, 0), (2, u64::MAX), (3, 1 << 63), (4, (1 << 63) - 1)] {
            canaries.heard(number, sent_at_us, 100 * S);
        }
        assert!(canaries.lag_s(200 * S) > 1.0);
    }

    #[test]
    fn the_bounds_of_stale_and_delayed_are_within() {
        let mut canaries = Canaries::default();
        assert_eq!(canaries.newest_heard_us(), None);
        canaries.heard(1, 0, 100 * S);
        canaries.heard(2, S, 102 * S);
        assert_eq!(
            canaries.freshness(102 * S),
            Freshness::Fresh,
            "a second late"
        );
        assert_eq!(canaries.freshness(104 * S + S / 2), Freshness::Fresh);
        assert_eq!(canaries.freshness(104 * S + S / 2 + 1), Freshness::Stale);
        assert_eq!(canaries.newest_heard_us(), Some(102 * S));
        canaries.heard(3, 2 * S, 103 * S + 1);
        assert_eq!(canaries.freshness(104 * S), Freshness::Delayed);
    }

    #[test]
    fn the_wait_for_the_first_canary_is_no_word_of_one() {
        let canaries = Canaries::awaited(100 * S);
        assert_eq!(canaries.heard_us(), 100 * S);
        assert_eq!(canaries.newest_heard_us(), None);
    }

    #[test]
    fn a_lag_that_lasts_is_after_a_minute_what_is_usual() {
        let mut canaries = Canaries::default();
        canaries.heard(1, S, S);
        for number in 2..=60 {
            canaries.heard(number, number * S, (number + 2) * S);
        }
        assert_eq!(canaries.freshness(62 * S), Freshness::Delayed);
        canaries.heard(61, 61 * S, 63 * S);
        assert_eq!(canaries.freshness(63 * S), Freshness::Fresh);
    }
}
