//! The fans' protocol, version 1: what a client may say, and the small messages of the server
//! (`events` and `snapshot` are made in [`crate::frame`]).

mod close_code;
mod wish;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::hash::StateHash;
use crate::ids::{Epoch, MatchId};
use crate::policy::DELAY_S_MAX;

pub use close_code::CloseCode;
pub use wish::{Named, StripsWish, Subscribe, Wish};
pub(crate) use wish::{SubscribeWire, UnsubscribeWire};

/// Subprotocol of JSON text frames, the default.
pub const SUBPROTOCOL_JSON: &str = "grandstand.v1.json";
/// Subprotocol of MessagePack binary frames.
pub const SUBPROTOCOL_MESSAGEPACK: &str = "grandstand.v1.msgpack";
/// How many matches one connection may follow.
pub const SUBSCRIPTIONS_MAX: usize = 32;
/// The heartbeats a client may ask for, in seconds.
pub const HEARTBEAT_S: std::ops::RangeInclusive<u32> = 15..=240;

/// What a client says.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    /// Who it was, what it wants.
    Hello {
        /// The session to take up again.
        session: Option<String>,
        /// What to follow.
        subscriptions: Vec<Wish>,
        /// Seconds without traffic before the server says something.
        heartbeat_s: Option<u32>,
    },
    /// Follow something, or follow it otherwise.
    Subscribe(Wish),
    /// Follow something no longer.
    Unsubscribe(Named),
    /// A newer token of the same user.
    Refresh(String),
    /// Is anybody there?
    Ping,
}

/// Why a client's message can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct MessageError(String);

impl ClientMessage {
    /// Reads a message that was decoded already. Members that this version does not know are
    /// passed over: a newer client may talk to an older gateway.
    pub fn parse(value: &Value) -> Result<Self, MessageError> {
        let kind = value.get("type").and_then(Value::as_str);
        match kind.ok_or_else(|| MessageError("a message is an object with a type".to_owned()))? {
            "hello" => read(value).and_then(|hello: HelloWire| {
                let subscriptions = hello.subscriptions.into_iter().map(Wish::try_from);
                Ok(Self::Hello {
                    session: hello.session,
                    subscriptions: subscriptions.collect::<Result<_, _>>()?,
                    heartbeat_s: check_heartbeat(hello.heartbeat_s)?,
                })
            }),
            "subscribe" => Ok(Self::Subscribe(read::<SubscribeWire>(value)?.try_into()?)),
            "unsubscribe" => Ok(Self::Unsubscribe(read::<UnsubscribeWire>(value)?.name)),
            "refresh" => Ok(Self::Refresh(read::<RefreshWire>(value)?.token)),
            "ping" => Ok(Self::Ping),
            other => Err(MessageError(format!(
                "there is no message of type {other:?}; a client says hello, subscribe, unsubscribe, refresh or ping"
            ))),
        }
    }
}

impl ClientMessage {
    /// How many subscriptions in it show a cursor.
    pub fn cursors(&self) -> u64 {
        let subscriptions = match self {
            Self::Hello { subscriptions, .. } => &subscriptions[..],
            Self::Subscribe(wish) => std::slice::from_ref(wish),
            Self::Unsubscribe(_) | Self::Refresh(_) | Self::Ping => &[],
        };
        subscriptions
            .iter()
            .filter(|wish| wish.has_cursor())
            .count() as u64
    }
}

/// Whether a heartbeat is one that may be asked for.
pub fn check_heartbeat(heartbeat_s: Option<u32>) -> Result<Option<u32>, MessageError> {
    match heartbeat_s {
        Some(s) if !HEARTBEAT_S.contains(&s) => {
            Err(MessageError("heartbeat_s is 15 to 240".to_owned()))
        }
        _ => Ok(heartbeat_s),
    }
}

/// Whether a delay is one that may be asked for.
pub fn check_delay(delay_s: Option<u32>) -> Result<u32, MessageError> {
    match delay_s.unwrap_or(0) {
        s if s > DELAY_S_MAX => Err(MessageError(format!("delay_s is at most {DELAY_S_MAX}"))),
        s => Ok(s),
    }
}

/// Who it was, what it wants; answered by a `welcome`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HelloWire {
    /// The session to take up again, as a `welcome` named it.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{32}$")))]
    session: Option<String>,
    /// Matches to follow.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = 32)))]
    subscriptions: Vec<SubscribeWire>,
    /// Seconds without traffic before the server says something.
    #[cfg_attr(test, schemars(range(min = 15, max = 240)))]
    heartbeat_s: Option<u32>,
}

/// A newer token of the same user: rights are applied anew.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RefreshWire {
    token: String,
}

fn read<T: for<'de> Deserialize<'de>>(value: &Value) -> Result<T, MessageError> {
    T::deserialize(value).map_err(|e| MessageError(e.to_string()))
}

/// How far what a gateway shows can be trusted to be all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything that was accepted.
    #[default]
    Live,
    /// More than a second behind.
    Delayed,
    /// The broker is out of reach, or something is missing.
    Stale,
    /// A record is lost.
    Damaged,
}

impl Status {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Delayed => "delayed",
            Self::Stale => "stale",
            Self::Damaged => "damaged",
        }
    }
}

/// The small messages of the server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The first message.
    Welcome {
        /// What `hello` may name after a cut.
        session: &'a str,
        /// What the token bought.
        tier: &'a str,
        /// Seconds without traffic before the server says something.
        heartbeat_s: u32,
        /// How long a returning client should spread itself over.
        reconnect_window_ms: u32,
    },
    /// Where a fan stands; the heartbeat too.
    Status {
        /// Which match.
        #[serde(rename = "match")]
        match_id: &'a MatchId,
        /// How far it can be trusted.
        status: Status,
        /// Unix microseconds of what is known for sure.
        as_of: u64,
        /// Epoch and seq of this fan's own cursor.
        epoch: Epoch,
        /// See `epoch`.
        seq: u64,
        /// Hash of the state there, where a record ends there.
        #[serde(skip_serializing_if = "Option::is_none")]
        hash: Option<StateHash>,
    },
    /// The answer to `ping`.
    Pong {
        /// Where this fan stands.
        heads: Vec<Head<'a>>,
    },
    /// The strips of live matches: all first, then what changed.
    Strips {
        /// By match; null for one that is no longer among them.
        #[cfg_attr(test, schemars(schema_with = "crate::schemas::strips"))]
        strips: BTreeMap<&'a MatchId, Option<&'a Value>>,
        /// How far the list can be trusted, where that changed; who comes takes it for live.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
        /// With `status`: Unix microseconds of what is known for sure.
        #[serde(skip_serializing_if = "Option::is_none")]
        as_of: Option<u64>,
    },
    /// Come again, elsewhere.
    Goaway {
        /// Why.
        reason: &'a str,
        /// When.
        reconnect_in_ms: u32,
        /// Spread over so long.
        window_ms: u32,
    },
    /// What was refused.
    Error {
        /// A stable word.
        code: &'a str,
        /// The same as a phrase.
        title: &'a str,
        /// What happened and what to do.
        detail: &'a str,
        /// The match it is about.
        #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
        match_id: Option<&'a MatchId>,
        /// Over capacity: what to read over HTTP instead of this connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        poll_url: Option<&'a str>,
        /// When first, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        poll_after_ms: Option<u32>,
    },
}

impl<'a> ServerMessage<'a> {
    /// What strips are and are no more.
    pub fn strips(strips: BTreeMap<&'a MatchId, Option<&'a Value>>) -> Self {
        Self::Strips {
            strips,
            status: None,
            as_of: None,
        }
    }

    /// An `error` that says what was refused, of a match or of the connection.
    pub fn error(
        code: &'a str,
        title: &'a str,
        detail: &'a str,
        match_id: Option<&'a MatchId>,
    ) -> Self {
        Self::Error {
            code,
            title,
            detail,
            match_id,
            poll_url: None,
            poll_after_ms: None,
        }
    }
}

/// A fan's place in a match.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Head<'a> {
    /// Which match.
    #[serde(rename = "match")]
    pub match_id: &'a MatchId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Last seq delivered.
    pub seq: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyName;
    use crate::subscription::SnapshotWish;
    use serde_json::json;

    #[test]
    fn a_subscription_is_read_with_its_cursor() {
        let message = json!({"type": "subscribe", "match": "m", "after": {"epoch": "5.1", "seq": 7},
            "policy": "batch", "snapshot": "never", "newer": true});
        let Ok(ClientMessage::Subscribe(Wish::Match(subscribe))) = ClientMessage::parse(&message)
        else {
            panic!("a subscription")
        };
        assert_eq!(subscribe.after, Some("5.1-7".parse().unwrap()));
        assert_eq!(subscribe.policy, Some(PolicyName::Batch));
        assert_eq!(subscribe.snapshot, SnapshotWish::Never);
    }

    #[test]
    fn a_star_is_the_strips_of_all_live_matches() {
        let message = json!({"type": "hello", "subscriptions": [{"match": "*", "delay_s": 30}]});
        let Ok(ClientMessage::Hello { subscriptions, .. }) = ClientMessage::parse(&message) else {
            panic!("a hello")
        };
        let wish = StripsWish {
            policy: None,
            delay_s: 30,
        };
        assert_eq!(subscriptions, [Wish::Strips(wish)]);
        assert_eq!(
            ClientMessage::parse(&json!({"type": "unsubscribe", "match": "*"})),
            Ok(ClientMessage::Unsubscribe(Named::Strips))
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (message, word) in [
            (json!([]), "object"),
            (json!({"type": "shout"}), "shout"),
            (json!({"type": "subscribe"}), "match"),
            (json!({"type": "subscribe", "match": "A"}), "match id"),
            (json!({"type": "subscribe", "match": "**"}), "match id"),
            (
                json!({"type": "subscribe", "match": "m", "after": {"seq": 5}}),
                "epoch",
            ),
            (
                json!({"type": "subscribe", "match": "m", "policy": "fast"}),
                "fast",
            ),
            (
                json!({"type": "subscribe", "match": "m", "delay_s": 4000}),
                "delay_s",
            ),
            (
                json!({"type": "subscribe", "match": "m", "after": {"epoch": "1.1", "seq": u64::MAX}}),
                "after.seq",
            ),
            (json!({"type": "hello", "heartbeat_s": 5}), "heartbeat_s"),
            (json!({"type": "refresh"}), "token"),
        ] {
            let error = ClientMessage::parse(&message)
                .expect_err("must be refused")
                .to_string();
            assert!(error.contains(word), "{message}: {error}");
        }
    }
}
