//! Who is asking, and what that lets them see and when.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use grandstand_core::connection::FanRights;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::MatchId;
use grandstand_core::policy::{DIGEST_PHASES, Policy, PolicyName};
use grandstand_server::bearer::{bearer_in_subprotocols, bearer_of};
use grandstand_server::grant::{MatchPattern, PrivateMatches, Role, Tier, covers};
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
    identity: Identity,
    rights: FanRights,
}

/// Who somebody is, and which matches that opens. A gateway holds one for every fan, so it is small.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    sub: Option<Arc<str>>,
    private: Private,
}

/// Which private matches somebody may read.
#[derive(Debug, Clone)]
enum Private {
    None,
    Named(Arc<[MatchPattern]>),
    All,
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

    /// Whether fans whose client takes deflated messages get such.
    pub(crate) fn deflates(&self) -> bool {
        !self.fans.no_deflate
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
                Anonymous::Of(tier) => Ok(self.anonymous(tier)),
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
        let private = match grant.private_matches() {
            PrivateMatches::All => Private::All,
            PrivateMatches::Named([]) => Private::None,
            PrivateMatches::Named(patterns) => Private::Named(patterns.into()),
        };
        let expires_us = grant.refused_from_unix_s().saturating_mul(1_000_000);
        Ok(Viewer {
            rights: FanRights {
                delay_s: grant.delay_s,
                expires_us: NonZero::new(expires_us),
                ..self.rights(tier)
            },
            identity: Identity {
                sub: Some(grant.sub.into()),
                private,
            },
        })
    }

    fn anonymous(&self, tier: Tier) -> Viewer {
        Viewer {
            identity: Identity {
                sub: None,
                private: Private::None,
            },
            rights: self.rights(tier),
        }
    }

    fn rights(&self, tier: Tier) -> FanRights {
        FanRights {
            tier: tier.word(),
            policy_max: self.fans.policy_of(tier),
            delay_s: 0,
            expires_us: None,
        }
    }
}

impl Identity {
    /// Whose token it is; none for the anonymous.
    pub(crate) fn sub(&self) -> Option<&Arc<str>> {
        self.sub.as_ref()
    }

    /// The same in memory of this thread: what a handshake's thread frees goes back to the system only
    /// where nothing lies between that stays.
    pub(crate) fn settled(self) -> Self {
        Self {
            sub: self.sub.map(|sub| Arc::from(&*sub)),
            private: self.private,
        }
    }

    /// Whether it may read a match of that visibility.
    pub(crate) fn may_read(&self, match_id: &MatchId, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Private => self.names(match_id),
        }
    }

    fn names(&self, match_id: &MatchId) -> bool {
        match &self.private {
            Private::None => false,
            Private::Named(patterns) => covers(patterns, match_id.as_str()),
            Private::All => true,
        }
    }
}

impl Viewer {
    /// Who it is, for who knows its rights already.
    pub(crate) fn into_identity(self) -> Identity {
        self.identity
    }

    /// Whose token it is; none for the anonymous.
    pub(crate) fn sub(&self) -> Option<&Arc<str>> {
        self.identity.sub()
    }

    /// Whether it may read a match of that visibility.
    pub(crate) fn may_read(&self, match_id: &MatchId, visibility: Visibility) -> bool {
        self.identity.may_read(match_id, visibility)
    }

    /// Whether its list of matches shows one of that visibility.
    pub(crate) fn lists(&self, match_id: &MatchId, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Unlisted => false,
            Visibility::Private => self.identity.names(match_id),
        }
    }

    /// The policy of its GETs for a match that keeps everybody `delay_s` behind: whoever is not
    /// granted realtime sees marks, however often he asks.
    pub(crate) fn policy(&self, delay_s: u32) -> Policy {
        let name = match self.rights.policy_max {
            PolicyName::Realtime => PolicyName::Realtime,
            PolicyName::Batch | PolicyName::Digest => PolicyName::Digest,
        };
        Policy::new(name, self.rights.delay_s.max(delay_s), 0)
    }

    /// Which marks are its connections': the same for all that a user has, wherever they are, or
    /// who connects again and again would look at all marks. The anonymous of one address share.
    pub(crate) fn phase(&self, address: Option<IpAddr>) -> u8 {
        // Without a key of its own: every gateway comes to the same phase.
        let mut hasher = DefaultHasher::new();
        match (self.sub(), address) {
            (Some(sub), _) => sub.hash(&mut hasher),
            (None, Some(IpAddr::V4(address))) => address.hash(&mut hasher),
            // One line of a provider has 2^64 addresses.
            (None, Some(IpAddr::V6(address))) => address.segments()[..4].hash(&mut hasher),
            (None, None) => {}
        }
        (hasher.finish() % u64::from(DIGEST_PHASES)) as u8
    }

    /// What its connection may do.
    pub(crate) fn rights(&self) -> FanRights {
        self.rights.clone()
    }

    /// The tier that it is shown matches by.
    pub(crate) fn tier(&self) -> &'static str {
        self.rights.tier
    }

    /// Whether a shared cache may keep what it is shown.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.identity.sub.is_none()
    }
}

#[cfg(test)]
impl Viewer {
    /// Somebody with a token of that subject, or without one, who is shown matches by no more than
    /// that policy.
    pub(crate) fn with(sub: Option<&str>, policy_max: PolicyName) -> Self {
        Self {
            identity: Identity {
                sub: sub.map(Arc::from),
                private: Private::None,
            },
            rights: FanRights {
                tier: Tier::Free.word(),
                policy_max,
                delay_s: 0,
                expires_us: None,
            },
        }
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
