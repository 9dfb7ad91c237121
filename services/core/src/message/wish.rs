//! What a client may wish to follow: a match, or the strips of all live matches by the name `*`.

use serde::{Deserialize, Deserializer};

use super::{MessageError, check_delay};
use crate::ids::{Cursor, Epoch, MatchId};
use crate::policy::PolicyName;
use crate::subscription::SnapshotWish;

/// The name by which the strips of all live matches are followed.
const ALL: &str = "*";

/// What is followed, by its name on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// One match.
    Match(MatchId),
    /// The strips of all live matches.
    Strips,
}

/// The wish to follow something.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// One match.
    Match(Subscribe),
    /// The strips of all live matches.
    Strips(StripsWish),
}

/// The wish to follow a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscribe {
    /// Which.
    pub match_id: MatchId,
    /// What the client has seen already.
    pub after: Option<Cursor>,
    /// At most what the tier grants; that if absent.
    pub policy: Option<PolicyName>,
    /// How far behind the client wants to be; more than it must.
    pub delay_s: u32,
    /// Whether it takes snapshots.
    pub snapshot: SnapshotWish,
}

/// The wish to follow the strips of all live matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StripsWish {
    /// At most what the tier grants; that if absent.
    pub policy: Option<PolicyName>,
    /// How far behind the client wants to be; more than it must.
    pub delay_s: u32,
}

impl Named {
    /// Reads a match id or `*`.
    pub fn parse(text: &str) -> Result<Self, crate::ids::IdError> {
        match text {
            ALL => Ok(Self::Strips),
            id => MatchId::new(id).map(Self::Match),
        }
    }
}

impl Wish {
    /// Whether it shows a cursor.
    pub fn has_cursor(&self) -> bool {
        match self {
            Self::Match(subscribe) => subscribe.after.is_some(),
            Self::Strips(_) => false,
        }
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Follow a match, or with `*` the strips of all live ones; again for the same: follow it otherwise.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SubscribeWire {
    #[serde(rename = "match")]
    name: Named,
    after: Option<AfterWire>,
    /// At most what the tier grants; that if absent.
    policy: Option<PolicyName>,
    /// How far behind to be, if more than must be.
    #[cfg_attr(test, schemars(range(max = 3600)))]
    delay_s: Option<u32>,
    #[serde(default)]
    snapshot: SnapshotWish,
}

/// What the client has seen already; seq 0 without an epoch: nothing, every event is wanted.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("anyOf" = [
    {"required": ["epoch"], "properties": {"epoch": {"type": "string"}}},
    {"properties": {"seq": {"const": 0}}}
])))]
pub(crate) struct AfterWire {
    epoch: Option<Epoch>,
    /// The last seq delivered.
    #[cfg_attr(test, schemars(range(max = 9_007_199_254_740_991_u64)))]
    seq: u64,
}

/// Follow a match no longer, or with `*` the strips.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UnsubscribeWire {
    #[serde(rename = "match")]
    pub(super) name: Named,
}

impl TryFrom<SubscribeWire> for Wish {
    type Error = MessageError;

    fn try_from(wire: SubscribeWire) -> Result<Self, MessageError> {
        let after = match wire.after {
            Some(AfterWire { epoch: None, seq }) if seq > 0 => {
                return Err(MessageError(
                    "after.epoch is missing; without it only seq 0 means anything".to_owned(),
                ));
            }
            // Beyond it a number means different things to different clients.
            Some(AfterWire { seq, .. }) if seq > crate::value::INTEGER_MAX as u64 => {
                return Err(MessageError("after.seq is no seq".to_owned()));
            }
            Some(AfterWire { epoch, seq }) => Some(Cursor { epoch, seq }),
            None => None,
        };
        let delay_s = check_delay(wire.delay_s)?;
        Ok(match wire.name {
            Named::Match(match_id) => Self::Match(Subscribe {
                match_id,
                after,
                policy: wire.policy,
                delay_s,
                snapshot: wire.snapshot,
            }),
            // Of a strip there is only the newest: neither a cursor nor a snapshot means anything.
            Named::Strips => Self::Strips(StripsWish {
                policy: wire.policy,
                delay_s,
            }),
        })
    }
}
