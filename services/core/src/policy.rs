//! Policies: when a cursor may move. Each is a pace, and a delay that the pace runs behind.
//!
//! To add a policy: a variant of [`Pace`], its arm in [`Policy::released`], its name in
//! [`PolicyName`], and the tier that grants it in the gateway's configuration.

use serde::{Deserialize, Serialize};

use crate::log::MatchLog;

/// Window of the `batch` policy.
pub const BATCH_WINDOW_US: u64 = 200_000;
/// Distance of two marks of the `digest` policy.
pub const DIGEST_PERIOD_US: u64 = 5_000_000;
/// The marks of digest fans are spread over this many phases, so that the work is even.
pub const DIGEST_PHASES: u8 = 50;
/// The longest delay.
pub const DELAY_S_MAX: u32 = 3600;

/// The name of a policy on the wire, from the least to the most that a tier can grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PolicyName {
    /// Every 5 s.
    Digest,
    /// At once, and then what follows within 200 ms together.
    Batch,
    /// At once.
    Realtime,
}

impl PolicyName {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Batch => "batch",
            Self::Realtime => "realtime",
        }
    }
}

/// How often the cursor may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Whenever there is something.
    Realtime,
    /// Whenever there is something and no window is open; sending opens one.
    Batch,
    /// At the marks of a phase below [`DIGEST_PHASES`].
    Digest {
        /// Which marks: `phase` x 100 ms after every fifth second.
        phase: u8,
    },
}

/// When a cursor may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How often.
    pub pace: Pace,
    /// How far behind the head, in microseconds.
    pub delay_us: u64,
}

impl Policy {
    /// The policy of that name; digest fans of one `phase` move together.
    pub fn new(name: PolicyName, delay_s: u32, phase: u8) -> Self {
        let pace = match name {
            PolicyName::Digest => Pace::Digest {
                phase: phase % DIGEST_PHASES,
            },
            PolicyName::Batch => Pace::Batch,
            PolicyName::Realtime => Pace::Realtime,
        };
        Self {
            pace,
            delay_us: u64::from(delay_s) * 1_000_000,
        }
    }

    /// Its name on the wire.
    pub fn name(&self) -> PolicyName {
        match self.pace {
            Pace::Digest { .. } => PolicyName::Digest,
            Pace::Batch => PolicyName::Batch,
            Pace::Realtime => PolicyName::Realtime,
        }
    }

    /// The last seq that may be shown at `now_us` (Unix microseconds); always a record's end.
    /// `window_until_us` is the end of the open batch window, 0 for none.
    pub fn released(&self, log: &MatchLog, now_us: u64, window_until_us: u64) -> Released {
        let shown_us = now_us.saturating_sub(self.delay_us);
        match self.pace {
            Pace::Batch if now_us < window_until_us => Released::SameAsBefore,
            Pace::Realtime | Pace::Batch if self.delay_us == 0 => Released::UpTo(log.head()),
            Pace::Realtime | Pace::Batch => Released::UpTo(log.seq_at(shown_us)),
            Pace::Digest { phase } => Released::UpTo(log.seq_at(mark_before(shown_us, phase))),
        }
    }

    /// How long an event may wait for it at most; what waits only for a window is as good as shown.
    pub fn lag_us(&self) -> u64 {
        match self.pace {
            Pace::Realtime | Pace::Batch => self.delay_us,
            Pace::Digest { .. } => self.delay_us + DIGEST_PERIOD_US,
        }
    }

    /// When something new can be shown next, if nothing is published meanwhile: `next_us` is the
    /// time of the first event that is not shown yet, if there is one.
    pub fn wakes_at(&self, next_us: Option<u64>, now_us: u64, window_until_us: u64) -> Option<u64> {
        let due_us = next_us? + self.delay_us;
        let at_us = match self.pace {
            Pace::Realtime => due_us,
            Pace::Batch => due_us.max(window_until_us),
            Pace::Digest { phase } => {
                let mark_us = mark_before(next_us?, phase);
                let mark_us = if mark_us < next_us? {
                    mark_us + DIGEST_PERIOD_US
                } else {
                    mark_us
                };
                mark_us + self.delay_us
            }
        };
        Some(at_us.max(now_us + 1))
    }
}

/// What a policy lets a cursor see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// Everything up to and with this seq.
    UpTo(u64),
    /// A window is open: what was released before it, and no more.
    SameAsBefore,
}

/// How long after every fifth second the marks of `phase` are.
pub(crate) fn offset_us(phase: u8) -> u64 {
    u64::from(phase) * (DIGEST_PERIOD_US / u64::from(DIGEST_PHASES))
}

/// The last mark of `phase` that is not after `time_us`; 0 before the first.
fn mark_before(time_us: u64, phase: u8) -> u64 {
    let offset_us = offset_us(phase);
    match time_us.checked_sub(offset_us) {
        Some(since_us) => since_us / DIGEST_PERIOD_US * DIGEST_PERIOD_US + offset_us,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_five_seconds_apart_in_fifty_phases() {
        assert_eq!(mark_before(12_300_000, 0), 10_000_000);
        assert_eq!(mark_before(12_300_000, 1), 10_100_000);
        assert_eq!(mark_before(12_300_000, 49), 9_900_000);
        assert_eq!(mark_before(10_000_000, 0), 10_000_000);
        assert_eq!(mark_before(50_000, 1), 0);
    }

    #[test]
    fn a_digest_fan_wakes_at_its_mark_and_its_delay() {
        let digest = Policy::new(PolicyName::Digest, 30, 1);
        assert_eq!(
            digest.wakes_at(Some(12_300_000), 12_400_000, 0),
            Some(45_100_000)
        );
        assert_eq!(digest.wakes_at(None, 12_400_000, 0), None);
        let batch = Policy::new(PolicyName::Batch, 0, 0);
        assert_eq!(
            batch.wakes_at(Some(12_300_000), 12_400_000, 12_500_000),
            Some(12_500_000)
        );
    }
}
