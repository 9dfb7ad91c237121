//! How fast connections are accepted: a token bucket, without a clock of its own.

/// So many a second on average, so many at once after a pause.
#[derive(Debug)]
pub(super) struct AcceptRate {
    interval_ns: u64,
    burst_ns: u64,
    /// When the bucket is full again.
    full_ns: u64,
}

impl AcceptRate {
    /// `per_s` 0 is no limit; a burst is at least one.
    pub(super) fn new(per_s: u32, burst: u32) -> Self {
        let interval_ns = match per_s {
            0 => 0,
            per_s => 1_000_000_000 / u64::from(per_s),
        };
        Self {
            interval_ns,
            burst_ns: interval_ns * u64::from(burst.max(1)),
            full_ns: 0,
        }
    }

    /// Takes one; if there is none, says how long to wait for it (microseconds), and takes nothing.
    pub(super) fn take(&mut self, now_us: u64) -> Result<(), u64> {
        let now_ns = now_us.saturating_mul(1_000);
        let full_ns = self.full_ns.max(now_ns) + self.interval_ns;
        match full_ns.saturating_sub(now_ns + self.burst_ns) {
            0 => {
                self.full_ns = full_ns;
                Ok(())
            }
            early_ns => Err(early_ns.div_ceil(1_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_the_rate_and_never_fewer(
            per_s in 1_u32..20_000,
            burst in 1_u32..500,
            pauses_us in prop::collection::vec(0_u64..50_000, 1..300),
        ) {
            let mut rate = AcceptRate::new(per_s, burst);
            let (mut now_us, mut taken) = (0, 0_u64);
            for pause_us in pauses_us {
                now_us += pause_us;
                loop {
                    match rate.take(now_us) {
                        Ok(()) => taken += 1,
                        Err(wait_us) => {
                            prop_assert!(wait_us > 0);
                            let mut later = AcceptRate { ..rate };
                            prop_assert!(later.take(now_us + wait_us).is_ok(), "the wait is enough");
                            break;
                        }
                    }
                    // What the rate and the burst make, with a part of one for rounding.
                    let due = u64::from(burst) as f64 + now_us as f64 * f64::from(per_s) / 1e6;
                    prop_assert!(taken as f64 <= due * 1.001 + 1.0, "{} of {}", taken, due);
                }
            }
        }
    }

    #[test]
    fn without_a_rate_everybody_comes_at_once() {
        let mut rate = AcceptRate::new(0, 0);
        assert!((0..100_000).all(|_| rate.take(7).is_ok()));
    }

    #[test]
    fn a_burst_is_taken_to_its_end_and_not_one_more() {
        let mut rate = AcceptRate::new(1_000, 3);
        assert!((0..3).all(|_| rate.take(5_000_000).is_ok()));
        assert_eq!(rate.take(5_000_000), Err(1_000));
        assert_eq!(rate.take(5_001_000), Ok(()));
    }
}
