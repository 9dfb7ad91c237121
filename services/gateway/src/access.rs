//! Who is asking, and what that lets them see and when.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use grandstand_core::connection::FanRights;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::MatchId;
use grandstand_core::policy::{Policy, PolicyName};
use grandstand_server::bearer::{bearer_in_subprotocols, bearer_of};
use grandstand_server::grant::{Grant, Role, Tier};
use grandstand_server::problem::Problem;
use grandstand_server::token::{TokenError, Verifier};
use http::HeaderMap;

use crate::args::{Anonymous, FanArgs};

/// Turns tokens into viewers.
pub(crate) struct Access {
    verifier: Verifier,
    fans: FanArgs,
}

/// Somebody who reads.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    grant: Option<Grant>,
    tier: Tier,
    policy_max: PolicyName,
}

impl Access {
    /// Verifies with `verifier` and grants what `fans` says.
    pub(crate) fn new(verifier: Verifier, fans: FanArgs) -> Self {
        Self { verifier, fans }
    }

    /// Seconds without traffic before a fan is told something.
    pub(crate) fn heartbeat_s(&self) -> u32 {
        self.fans.heartbeat_s
    }

    /// The viewer of a request: by `Authorization`, by a subprotocol, or anonymous.
    pub(crate) fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, Problem> {
        let token = match bearer_of(headers) {
            Err(TokenError::Missing) => bearer_in_subprotocols(headers),
            found => found,
        };
        match token {
            Ok(token) => self.viewer_of_token(token).map_err(Problem::from),
            Err(TokenError::Missing) => match self.fans.anonymous_tier {
                Anonymous::Of(tier) => Ok(self.viewer_of(None, tier)),
                Anonymous::Refused => Err(TokenError::Missing.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The viewer that a token makes.
    pub(crate) fn viewer_of_token(&self, token: &str) -> Result<Viewer, TokenError> {
        let grant = self.verifier.verify(token)?;
        let tier = match (grant.role, grant.tier) {
            (_, Some(tier)) => tier,
            // They see at the ground, or run the platform.
            (Role::Scorer | Role::Ops, None) => Tier::Premium,
            (Role::Fan, None) => Tier::Free,
        };
        Ok(self.viewer_of(Some(grant), tier))
    }

    fn viewer_of(&self, grant: Option<Grant>, tier: Tier) -> Viewer {
        Viewer {
            grant,
            tier,
            policy_max: self.fans.policy_of(tier),
        }
    }
}

impl Viewer {
    /// Whose token it is; none for the anonymous.
    pub(crate) fn sub(&self) -> Option<&str> {
        Some(&self.grant.as_ref()?.sub)
    }

    /// Whether it may read a match of that visibility.
    pub(crate) fn may_read(&self, match_id: &MatchId, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Private => self.names(match_id),
        }
    }

    /// Whether its list of matches shows one of that visibility.
    pub(crate) fn lists(&self, match_id: &MatchId, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Unlisted => false,
            Visibility::Private => self.names(match_id),
        }
    }

    fn names(&self, match_id: &MatchId) -> bool {
        let grant = self.grant.as_ref();
        grant.is_some_and(|grant| grant.may_read_private(match_id.as_str()))
    }

    /// The policy of its GETs for a match that keeps everybody `delay_s` behind: whoever is not
    /// granted realtime sees marks, however often he asks.
    pub(crate) fn policy(&self, delay_s: u32) -> Policy {
        let own_s = self.grant.as_ref().map_or(0, |grant| grant.delay_s);
        let name = match self.policy_max {
            PolicyName::Realtime => PolicyName::Realtime,
            PolicyName::Batch | PolicyName::Digest => PolicyName::Digest,
        };
        Policy::new(name, own_s.max(delay_s), 0)
    }

    /// Which marks are its connections': the same for all that a user has, wherever they are, or
    /// who connects again and again would look at all marks. The anonymous of one address share.
    pub(crate) fn phase(&self, address: Option<IpAddr>) -> u64 {
        // Without a key of its own: every gateway comes to the same phase.
        let mut hasher = DefaultHasher::new();
        match (self.sub(), address) {
            (Some(sub), _) => sub.hash(&mut hasher),
            (None, Some(IpAddr::V4(address))) => address.hash(&mut hasher),
            // One line of a provider has 2^64 addresses.
            (None, Some(IpAddr::V6(address))) => address.segments()[..4].hash(&mut hasher),
            (None, None) => {}
        }
        hasher.finish()
    }

    /// What its connection may do.
    pub(crate) fn rights(&self) -> FanRights {
        FanRights {
            tier: self.tier.word(),
            policy_max: self.policy_max,
            delay_s: self.grant.as_ref().map_or(0, |grant| grant.delay_s),
            expires_us: self
                .grant
                .as_ref()
                .map(|grant| grant.refused_from_unix_s().saturating_mul(1_000_000)),
        }
    }

    /// Whether a shared cache may keep what it is shown.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.grant.is_none()
    }
}

/// Random bits for sessions and names; the time of day where the system has none to give, which
/// is no secret but spreads as well.
pub(crate) fn random_u128() -> u128 {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_le_bytes(bytes),
        Err(error) => {
            tracing::error!(%error, "the system gives no random numbers");
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_nanos())
        }
    }
}
