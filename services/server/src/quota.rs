//! How many requests each token has in a window of time: a plain state machine of bounded size.

use std::collections::HashMap;

const SECOND_US: u64 = 1_000_000;
/// Tokens that are counted at once; of more, the one whose window began first begins anew.
const TOKENS_MAX: usize = 10_000;

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests of one token in a window.
    pub requests_max: u32,
    /// The window, which begins with a token's first request, in seconds.
    pub window_s: u32,
}

impl Default for Quota {
    /// More than anybody scores by hand or feed, and less than an instance takes.
    fn default() -> Self {
        Self {
            requests_max: 20_000,
            window_s: 10,
        }
    }
}

/// What a token has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Requests until the window ends.
    pub requests: u32,
    /// Seconds until it ends.
    pub window_s: u64,
}

/// A token has asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Seconds until it may ask again.
    pub retry_after_s: u64,
}

/// Who asked how often.
#[derive(Debug)]
pub struct Quotas {
    quota: Quota,
    windows: HashMap<u64, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_us: u64,
    taken: u32,
}

impl Quotas {
    /// Nobody asked yet.
    pub fn new(quota: Quota) -> Self {
        Self {
            quota,
            windows: HashMap::new(),
        }
    }

    /// Takes one request of `token` at `now_us`.
    pub fn take(&mut self, token: u64, now_us: u64) -> Result<Left, Exceeded> {
        let window_us = u64::from(self.quota.window_s) * SECOND_US;
        if self.windows.len() >= TOKENS_MAX && !self.windows.contains_key(&token) {
            self.make_room(window_us, now_us);
        }
        let window = self.windows.entry(token).or_insert(Window {
            began_us: now_us,
            taken: 0,
        });
        if now_us.saturating_sub(window.began_us) >= window_us {
            *window = Window {
                began_us: now_us,
                taken: 0,
            };
        }
        let left_us = (window.began_us + window_us).saturating_sub(now_us);
        let left_s = left_us.div_ceil(SECOND_US);
        if window.taken >= self.quota.requests_max {
            return Err(Exceeded {
                retry_after_s: left_s,
            });
        }
        window.taken += 1;
        Ok(Left {
            requests: self.quota.requests_max - window.taken,
            window_s: left_s,
        })
    }

    fn make_room(&mut self, window_us: u64, now_us: u64) {
        self.windows
            .retain(|_, window| now_us.saturating_sub(window.began_us) < window_us);
        if self.windows.len() < TOKENS_MAX {
            return;
        }
        let oldest = self
            .windows
            .iter()
            .min_by_key(|(_, window)| window.began_us);
        if let Some(token) = oldest.map(|(token, _)| *token) {
            self.windows.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas() -> Quotas {
        Quotas::new(Quota {
            requests_max: 2,
            window_s: 10,
        })
    }

    #[test]
    fn a_token_has_its_requests_and_again_when_its_window_ended() {
        let mut quotas = quotas();
        let left = |requests, window_s| Ok(Left { requests, window_s });
        assert_eq!(quotas.take(1, 0), left(1, 10));
        assert_eq!(quotas.take(1, 500_000), left(0, 10));
        let refused = |retry_after_s| Err(Exceeded { retry_after_s });
        assert_eq!(quotas.take(1, 1_000_000), refused(9));
        assert_eq!(quotas.take(1, 9_999_999), refused(1));
        assert_eq!(quotas.take(2, 9_999_999), left(1, 10), "another token");
        assert_eq!(quotas.take(1, 10_000_000), left(1, 10));
    }

    #[test]
    fn of_too_many_tokens_the_one_whose_window_began_first_begins_anew() {
        let mut quotas = quotas();
        for token in 0..TOKENS_MAX as u64 {
            assert!(quotas.take(token, token).is_ok());
        }
        let (oldest, second, newest) = (0, 1, TOKENS_MAX as u64 - 1);
        // One that is counted already needs no room.
        assert_eq!(quotas.take(newest, 10_000).map(|left| left.requests), Ok(0));
        assert_eq!(quotas.take(second, 10_000).map(|left| left.requests), Ok(0));
        assert_eq!(quotas.windows.len(), TOKENS_MAX);

        assert!(quotas.take(TOKENS_MAX as u64, 10_001).is_ok());

        assert!(quotas.take(second, 10_002).is_err());
        assert!(quotas.take(newest, 10_002).is_err());
        assert_eq!(quotas.take(oldest, 10_002).map(|left| left.requests), Ok(1));
    }

    #[test]
    fn however_many_tokens_come_so_many_are_counted() {
        let mut quotas = quotas();
        // Each beyond the bound looks at all of them.
        let newest = TOKENS_MAX as u64 + 99;
        for token in 0..=newest {
            quotas.take(token, token).unwrap();
        }
        assert_eq!(quotas.windows.len(), TOKENS_MAX);
        quotas.take(newest, newest).unwrap();
        assert!(quotas.take(newest, newest).is_err(), "the newest is known");
        // Windows that ended make room at once.
        quotas.take(newest + 1, 20_000_000).unwrap();
        assert_eq!(quotas.windows.len(), 1);
    }
}
