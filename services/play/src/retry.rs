//! When and where a request is tried again: each scoring URL has its own pause, all together have
//! one patience. Pure: time and randomness are arguments.

/// How long one request is tried before we give up.
pub(crate) const PATIENCE_MS: u64 = 120_000;
/// The longest first pause of a URL; it doubles with each failure.
const PAUSE_FIRST_MS: u64 = 200;
/// The longest pause of a URL that names none itself.
const PAUSE_MS_MAX: u64 = 5_000;
/// The shortest pause, so that jitter never makes a busy loop.
const PAUSE_MS_MIN: u64 = 20;
/// The longest `Retry-After` that is honoured in full.
const RETRY_AFTER_MS_MAX: u64 = 30_000;

/// What an answer means for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was done.
    Done,
    /// It will not be done, here or elsewhere.
    Refused,
    /// It may be done later, or elsewhere.
    Again,
}

/// What `status` means.
pub(crate) fn verdict(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Done,
        408 | 425 | 429 | 500..=599 => Verdict::Again,
        _ => Verdict::Refused,
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(crate) struct Retry {
    url: usize,
    failures: Vec<u32>,
    not_before_ms: Vec<u64>,
    give_up_at_ms: u64,
}

/// The next try.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Next {
    /// Index of the URL.
    pub(crate) url: usize,
    /// How long to wait first.
    pub(crate) pause_ms: u64,
}

impl Retry {
    /// A request that is being tried at `url`, one of `urls`, for the first time.
    pub(crate) fn new(urls: usize, url: usize, now_ms: u64) -> Self {
        let give_up_at_ms = now_ms + PATIENCE_MS;
        Self {
            url,
            failures: vec![0; urls],
            not_before_ms: vec![0; urls],
            give_up_at_ms,
        }
    }

    /// What to do after a failure at the current URL; none: give up.
    pub(crate) fn after_failure(
        &mut self,
        retry_after_ms: Option<u64>,
        now_ms: u64,
        random: u32,
    ) -> Option<Next> {
        let doublings = self.failures[self.url].min(10);
        self.failures[self.url] += 1;
        let ceiling_ms = (PAUSE_FIRST_MS << doublings).min(PAUSE_MS_MAX);
        let jitter_ms = ceiling_ms * u64::from(random) / u64::from(u32::MAX);
        let asked_ms = retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MS_MAX);
        self.not_before_ms[self.url] = now_ms + jitter_ms.max(asked_ms).max(PAUSE_MS_MIN);

        // The URL that may be asked soonest; among those that may be asked at once, the next in turn.
        let urls = self.failures.len();
        let turn = (1..=urls).map(|step| (self.url + step) % urls);
        self.url = turn.min_by_key(|url| self.not_before_ms[*url].max(now_ms))?;
        let pause_ms = self.not_before_ms[self.url].saturating_sub(now_ms);
        (now_ms + pause_ms <= self.give_up_at_ms).then_some(Next {
            url: self.url,
            pause_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_url_is_tried_at_once_and_the_first_one_after_its_pause() {
        let mut retry = Retry::new(2, 0, 1_000);
        assert_eq!(
            retry.after_failure(None, 1_000, u32::MAX),
            Some(Next {
                url: 1,
                pause_ms: 0
            })
        );
        assert_eq!(
            retry.after_failure(None, 1_010, u32::MAX),
            Some(Next {
                url: 0,
                pause_ms: 190
            })
        );
        assert_eq!(
            retry.after_failure(None, 1_200, u32::MAX),
            Some(Next {
                url: 1,
                pause_ms: 10
            })
        );
    }

    #[test]
    fn retry_after_holds_for_the_url_that_said_so_only() {
        let mut retry = Retry::new(2, 0, 0);
        assert_eq!(
            retry.after_failure(Some(7_000), 0, 0),
            Some(Next {
                url: 1,
                pause_ms: 0
            })
        );
        assert_eq!(
            retry.after_failure(None, 0, u32::MAX),
            Some(Next {
                url: 1,
                pause_ms: 200
            })
        );
        let mut alone = Retry::new(1, 0, 0);
        assert_eq!(
            alone.after_failure(Some(7_000), 0, 0),
            Some(Next {
                url: 0,
                pause_ms: 7_000
            })
        );
    }

    #[test]
    fn what_cannot_be_mended_by_waiting_is_not_tried_again() {
        for status in [400, 401, 403, 404, 409, 413, 422, 301] {
            assert_eq!(verdict(status), Verdict::Refused, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert_eq!(verdict(status), Verdict::Again, "{status}");
        }
        assert_eq!([verdict(200), verdict(201)], [Verdict::Done; 2]);
    }

    proptest! {
        #[test]
        fn it_ends_within_its_patience_and_never_hammers_a_url(
            urls in 1_usize..4,
            failures in prop::collection::vec((any::<u32>(), prop::option::of(0_u64..100_000), 0_u64..3_000), 1..300),
        ) {
            let mut now_ms = 5_000;
            let mut retry = Retry::new(urls, 0, now_ms);
            let mut url = 0;
            let mut not_before_ms = vec![0; urls];
            for (random, retry_after_ms, took_ms) in failures {
                now_ms += took_ms;
                not_before_ms[url] = now_ms + retry_after_ms.unwrap_or(0).clamp(PAUSE_MS_MIN, RETRY_AFTER_MS_MAX);
                let Some(next) = retry.after_failure(retry_after_ms, now_ms, random) else { break };
                url = next.url;
                now_ms += next.pause_ms;
                prop_assert!(now_ms <= 5_000 + PATIENCE_MS);
                prop_assert!(now_ms >= not_before_ms[url]);
            }
        }
    }
}
