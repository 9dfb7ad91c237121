//! How often those who find no room may poll, so that all of them together stay a small share of
//! the CPU. Without a clock.

/// The share of all cores that plain HTTP may take.
const SHARE: f64 = 0.1;
/// What a request is taken to cost before any was measured, and the least that it is taken for.
const COST_US_USUAL: f64 = 200.0;
const COST_US_MIN: f64 = 20.0;
/// Nobody needs to poll more often: marks come every 5 s.
pub(crate) const AFTER_MS_MIN: u32 = 5_000;
/// Whoever waits longer is as good as gone.
pub(crate) const AFTER_MS_MAX: u32 = 120_000;
/// How much a new measure of the cost weighs.
const COST_WEIGHT: f64 = 0.2;

/// What was seen since the last time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// How long ago that was.
    pub(crate) elapsed_us: u64,
    /// Requests that were answered.
    pub(crate) answered: u64,
    /// Of how many the CPU time was measured, and how much it was.
    pub(crate) measured: u64,
    /// See `measured`.
    pub(crate) measured_us: u64,
    /// How many found no room, and will poll.
    pub(crate) sent: u64,
}

/// The pace of pollers.
#[derive(Debug)]
pub(crate) struct PollPace {
    cores: f64,
    cost_us: f64,
    pollers: f64,
    /// What the CPU demands.
    least_ms: u32,
    after_ms: u32,
    told: u32,
}

impl PollPace {
    pub(crate) fn new(cores: usize) -> Self {
        Self {
            cores: cores.max(1) as f64,
            cost_us: COST_US_USUAL,
            pollers: 0.0,
            least_ms: 0,
            after_ms: AFTER_MS_MIN,
            told: 0,
        }
    }

    /// Takes in what was seen. Who polls every `after_ms` is seen once in that time, so the pollers
    /// are as many as come in it; who was just sent to poll is one more until then.
    pub(crate) fn beat(&mut self, seen: Seen) {
        if seen.elapsed_us == 0 {
            return;
        }
        if seen.measured > 0 {
            let cost_us = seen.measured_us as f64 / seen.measured as f64;
            self.cost_us += COST_WEIGHT * (cost_us.max(COST_US_MIN) - self.cost_us);
        }
        let after_us = f64::from(self.after_ms) * 1_000.0;
        let elapsed_us = seen.elapsed_us as f64;
        let come = seen.answered as f64 * after_us / elapsed_us;
        let weight = (elapsed_us / after_us).min(1.0);
        self.pollers += weight * (come - self.pollers) + seen.sent as f64;
        let least_ms = self.pollers * self.cost_us / (SHARE * self.cores) / 1_000.0;
        self.least_ms = (least_ms.ceil() as u32).min(AFTER_MS_MAX);
        self.after_ms = self.least_ms.max(AFTER_MS_MIN);
    }

    /// When whoever polls may come again, or for the first time: so many who are told the same do
    /// not come at the same moment.
    pub(crate) fn tell_ms(&mut self) -> u32 {
        self.told = self.told.wrapping_add(1);
        // Multiples of the golden ratio fall evenly everywhere.
        let part = u64::from(self.told.wrapping_mul(0x9e37_79b9));
        self.after_ms + ((u64::from(self.after_ms / 4) * part) >> 32) as u32
    }

    /// How long whoever polls by marks or news of his own must leave it alone; 0 while there is CPU
    /// to spare.
    pub(crate) fn pause_ms(&self) -> u32 {
        match self.least_ms {
            ..AFTER_MS_MIN => 0,
            least_ms => least_ms,
        }
    }

    /// The same for who polls already.
    pub(crate) fn after_ms(&self) -> u32 {
        self.after_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Obedient pollers who come at once, for `seconds`; the shares of the CPU in the last of them.
    fn settle(pollers: u64, cost_us: u64, cores: usize, seconds: u64) -> (PollPace, f64) {
        let mut pace = PollPace::new(cores);
        let mut due_us: Vec<u64> = Vec::new();
        let mut shares = Vec::new();
        for second in 0..seconds {
            let now_us = second * 1_000_000;
            let sent = if second == 0 { pollers } else { 0 };
            for _ in 0..sent {
                due_us.push(now_us + u64::from(pace.tell_ms()) * 1_000);
            }
            let mut answered = 0;
            for due_us in due_us
                .iter_mut()
                .filter(|due_us| **due_us < now_us + 1_000_000)
            {
                answered += 1;
                *due_us += u64::from(pace.tell_ms()) * 1_000;
            }
            shares.push((answered * cost_us) as f64 / 1e6 / cores as f64);
            pace.beat(Seen {
                elapsed_us: 1_000_000,
                answered,
                measured: answered / 16,
                measured_us: answered / 16 * cost_us,
                sent,
            });
        }
        let last = &shares[shares.len() / 2..];
        let mean = last.iter().sum::<f64>() / last.len() as f64;
        (pace, mean)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn pollers_stay_a_small_share_of_the_cpu(
            pollers in 0_u64..20_000,
            cost_us in 30_u64..600,
            cores in 1_usize..16,
        ) {
            let (pace, share) = settle(pollers, cost_us, cores, 600);
            let is_at_its_end = pace.after_ms() == AFTER_MS_MAX;
            prop_assert!(share <= SHARE * 1.1 || is_at_its_end, "{}", share);
            prop_assert!((AFTER_MS_MIN..=AFTER_MS_MAX).contains(&pace.after_ms()));
        }
    }

    #[test]
    fn the_more_poll_the_less_often_and_it_ends_when_they_do() {
        let after = |pollers| settle(pollers, 200, 2, 400).0.after_ms();
        assert_eq!(after(10), AFTER_MS_MIN);
        assert!(after(10_000) > AFTER_MS_MIN);
        assert!(after(15_000) > after(10_000));
        let (mut pace, _) = settle(15_000, 200, 2, 400);
        for _ in 0..600 {
            pace.beat(Seen {
                elapsed_us: 1_000_000,
                ..Seen::default()
            });
        }
        assert_eq!(pace.after_ms(), AFTER_MS_MIN);
    }

    #[test]
    fn who_is_just_sent_to_poll_counts_before_having_polled() {
        let mut pace = PollPace::new(1);
        pace.beat(Seen {
            elapsed_us: 1_000_000,
            sent: 5_000,
            ..Seen::default()
        });
        // 5,000 times 200 us are a tenth of 10 s.
        assert_eq!(pace.after_ms(), 10_000);
    }

    #[test]
    fn those_who_are_told_together_come_apart() {
        let mut pace = PollPace::new(1);
        let told: std::collections::BTreeSet<u32> = (0..100).map(|_| pace.tell_ms()).collect();
        assert!(told.len() > 90);
        assert!(told.iter().all(|ms| (5_000..=6_250).contains(ms)));
    }

    fn seen_to_poll(cores: usize, sent: u64) -> PollPace {
        let mut pace = PollPace::new(cores);
        pace.beat(Seen {
            elapsed_us: 1_000_000,
            sent,
            ..Seen::default()
        });
        pace
    }

    #[test]
    fn pollers_by_their_own_news_are_left_alone_while_there_is_cpu_to_spare() {
        // 200 us each, of a tenth of a core.
        for (cores, sent, after_ms, pause_ms) in [
            (1, 0, 5_000, 0),
            (1, 2_499, 5_000, 0),
            (1, 2_500, 5_000, 5_000),
            (1, 5_000, 10_000, 10_000),
            (2, 5_000, 5_000, 5_000),
            (1, 60_000, 120_000, 120_000),
            (1, 600_000, 120_000, 120_000),
        ] {
            let pace = seen_to_poll(cores, sent);
            let told = (pace.after_ms(), pace.pause_ms());
            assert_eq!(told, (after_ms, pause_ms), "{sent} at {cores} cores");
        }
    }

    #[test]
    fn a_beat_without_time_says_nothing_and_no_request_is_taken_to_cost_nothing() {
        let mut pace = seen_to_poll(1, 5_000);
        pace.beat(Seen {
            sent: 5_000,
            ..Seen::default()
        });
        assert_eq!(pace.after_ms(), 10_000);
        let mut pace = PollPace::new(1);
        for _ in 0..200 {
            pace.beat(Seen {
                elapsed_us: 1,
                measured: 1,
                ..Seen::default()
            });
        }
        pace.beat(Seen {
            elapsed_us: 1,
            sent: 50_000,
            ..Seen::default()
        });
        let after_ms = pace.after_ms();
        assert!(
            (10_000..=10_001).contains(&after_ms),
            "{after_ms}: 20 us each"
        );
    }

    #[test]
    fn after_a_long_time_the_pollers_are_those_who_came_in_it() {
        let mut pace = PollPace::new(1);
        pace.beat(Seen {
            elapsed_us: 20_000_000,
            answered: 20_000,
            ..Seen::default()
        });
        // 5,000 in each 5 s.
        assert_eq!(pace.after_ms(), 10_000);
    }
}
