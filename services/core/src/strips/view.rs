//! As of when somebody sees the strips.

use crate::policy::{DELAY_S_MAX, DIGEST_PERIOD_US, DIGEST_PHASES, Pace, Policy, PolicyName};

/// Those who see marks hear of each within so long, the fans of one phase together.
const SPREAD_US: u64 = 1_000_000;
/// Above this, delays are whole minutes, so that few lists are kept for many wishes.
const DELAY_FINE_S_MAX: u32 = 60;

/// As of when somebody sees the strips: fans of one view share one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StripsView {
    /// As they are.
    Head,
    /// As of the last mark, all of them so far behind.
    Marks {
        /// A multiple of the distance of two marks.
        delay_s: u32,
    },
}

impl StripsView {
    /// The view of a fan whose policy that is. Only realtime without a delay sees more than marks,
    /// and a delay is rounded up.
    pub fn of(policy: Policy) -> Self {
        let delay_s = u32::try_from(policy.delay_us / 1_000_000).unwrap_or(DELAY_S_MAX);
        let step_s = match delay_s <= DELAY_FINE_S_MAX {
            true => (DIGEST_PERIOD_US / 1_000_000) as u32,
            false => 60,
        };
        match policy.pace {
            Pace::Realtime if delay_s == 0 => Self::Head,
            Pace::Realtime | Pace::Batch | Pace::Digest { .. } => Self::Marks {
                delay_s: delay_s.next_multiple_of(step_s),
            },
        }
    }

    /// By which policy it shows a match that keeps everybody `match_delay_s` behind.
    pub fn policy(self, match_delay_s: u32) -> Policy {
        match self {
            Self::Head => Policy::new(PolicyName::Realtime, match_delay_s, 0),
            Self::Marks { delay_s } => {
                Policy::new(PolicyName::Digest, delay_s.max(match_delay_s), 0)
            }
        }
    }

    /// When a fan of that phase looks again, if nobody tells it: the next mark, and its part of
    /// the spread.
    pub fn wakes_at(self, phase: u8, now_us: u64) -> Option<u64> {
        match self {
            Self::Head => None,
            Self::Marks { .. } => {
                let mark_us = (now_us / DIGEST_PERIOD_US + 1) * DIGEST_PERIOD_US;
                Some(
                    mark_us
                        + u64::from(phase % DIGEST_PHASES) * (SPREAD_US / u64::from(DIGEST_PHASES)),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_never_less_behind_than_the_policy() {
        let view = |name, delay_s| StripsView::of(Policy::new(name, delay_s, 7));
        let marks = |delay_s| StripsView::Marks { delay_s };
        assert_eq!(view(PolicyName::Realtime, 0), StripsView::Head);
        assert_eq!(view(PolicyName::Batch, 0), marks(0));
        assert_eq!(view(PolicyName::Digest, 0), marks(0));
        assert_eq!(view(PolicyName::Realtime, 1), marks(5));
        assert_eq!(view(PolicyName::Digest, 60), marks(60));
        assert_eq!(view(PolicyName::Digest, 61), marks(120));
        let views: std::collections::HashSet<_> = (0..=DELAY_S_MAX)
            .map(|s| view(PolicyName::Digest, s))
            .collect();
        assert_eq!(views.len(), 72, "many wishes are few lists");
    }
}
