//! What a token allows a fan, and what becomes of a wish under it.

use std::num::NonZero;

use crate::policy::{Policy, PolicyName};

/// What a token allows a fan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanRights {
    /// The tier's name.
    pub tier: &'static str,
    /// The most that the tier grants.
    pub policy_max: PolicyName,
    /// How far behind the fan is kept at least.
    pub delay_s: u32,
    /// When the token ends, Unix microseconds.
    pub expires_us: Option<NonZero<u64>>,
}

impl FanRights {
    /// The policy for a wish: at most what the tier grants, at least the delay that the token and
    /// the match demand.
    pub(super) fn policy(
        &self,
        asked: Option<PolicyName>,
        asked_delay_s: u32,
        match_delay_s: u32,
        phase: u8,
    ) -> Policy {
        let name = asked.unwrap_or(self.policy_max).min(self.policy_max);
        let delay_s = asked_delay_s.max(self.delay_s).max(match_delay_s);
        Policy::new(name, delay_s, phase)
    }
}
