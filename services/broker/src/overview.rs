//! What an operator wants to see of NATS at a glance: the server, its streams, the canaries.

use std::time::Duration;

use async_nats::Message;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{ANSWER_MAX, ApiError};
use crate::canary::Canary;
use crate::connect::Broker;
use crate::definitions::{DEFINITIONS, choose, definition, differing};
use crate::direct::BatchRequest;
use crate::history::{NO_STREAM, ReadError};
use crate::names::{CANARY, RECORD_BYTES_MAX, SCORES};
use crate::provision::ProvisionOptions;
use crate::record::{number, stored_at_us, text};

/// How many instances are looked at.
const INSTANCES_MAX: u32 = 1_000;

/// The server that this connection is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The cluster that it belongs to.
    pub cluster: Option<String>,
    /// The servers that it knows of, itself among them; empty where it stands alone.
    pub servers: Vec<String>,
}

/// What JetStream holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoreFacts {
    /// Bytes in memory.
    #[serde(rename = "memory")]
    pub memory_bytes: u64,
    /// Bytes on disk.
    #[serde(rename = "storage")]
    pub disk_bytes: u64,
}

/// A stream as its leader describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFacts {
    /// Messages in it.
    pub messages: u64,
    /// What they take.
    pub bytes: u64,
    /// What they may take; none if there is no cap.
    pub bytes_max: Option<u64>,
    /// How many servers shall hold it.
    pub replicas: u64,
    /// Which server leads it; none while there is no leader, or where there is no cluster.
    pub leader: Option<String>,
    /// Whether it is kept in a cluster and has no leader there: nothing can be written to it.
    pub leaderless: bool,
    /// The other servers that hold it.
    pub followers: Vec<FollowerFacts>,
    /// How long ago its newest message was stored, by the server's own clock; none if it is empty.
    pub newest_age: Option<Duration>,
}

/// What was found of a stream that there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamLook {
    /// Its name.
    pub stream: String,
    /// What it is like, and the fields that are not as defined; none if it is missing.
    pub found: Result<Option<(StreamFacts, Vec<String>)>, ReadError>,
}

/// A server that holds a stream and does not lead it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FollowerFacts {
    /// Its name.
    pub name: String,
    /// Whether it has what the leader has.
    #[serde(default)]
    pub current: bool,
    /// Whether it is away.
    #[serde(default)]
    pub offline: bool,
}

/// The newest canary of a scoring instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryFacts {
    /// The instance, by the name that it made up at its start.
    pub instance: String,
    /// How long before the newest canary of all it was stored.
    pub behind: Duration,
    /// Why the instance took no scores when it sent it, if so.
    pub refusing: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    ts: String,
    config: InfoConfig,
    state: InfoState,
    #[serde(default)]
    cluster: Option<InfoCluster>,
}

#[derive(Deserialize)]
struct InfoConfig {
    max_bytes: i64,
    num_replicas: u64,
}

#[derive(Deserialize)]
struct InfoState {
    messages: u64,
    bytes: u64,
    last_ts: String,
}

#[derive(Deserialize)]
struct InfoCluster {
    #[serde(default)]
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<FollowerFacts>,
}

impl Broker {
    /// The server that this connection is at.
    pub fn server(&self) -> ServerFacts {
        let info = self.client.server_info();
        ServerFacts {
            name: info.server_name,
            version: info.version,
            cluster: info.cluster,
            servers: info.connect_urls,
        }
    }

    /// What JetStream holds in all. The operators' role alone may ask.
    pub async fn store_facts(&self) -> Result<StoreFacts, ReadError> {
        let subject = "$JS.API.INFO".to_owned();
        Ok(self
            .ask(subject, None, Default::default(), ANSWER_MAX)
            .await?)
    }

    /// A stream as its leader describes it; none if it is not there. The operators' role may ask
    /// about any.
    pub async fn stream_facts(&self, stream: &str) -> Result<Option<StreamFacts>, ReadError> {
        let subject = format!("$JS.API.STREAM.INFO.{stream}");
        let question = json!({}).to_string().into();
        match self.ask::<Info>(subject, None, question, ANSWER_MAX).await {
            Ok(info) => Ok(Some(info.into())),
            Err(ApiError::Refused { code, .. }) if code == NO_STREAM => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Every stream that there should be, compared with its definition. All are asked at once: one
    /// that does not answer holds up no other. The operators' role alone may.
    pub async fn look_at_streams(&self) -> Vec<StreamLook> {
        join_all(DEFINITIONS.map(|text| self.look_at_stream(definition(text)))).await
    }

    async fn look_at_stream(&self, mut wanted: Map<String, Value>) -> StreamLook {
        let stream = wanted["name"].as_str().unwrap_or_default().to_owned();
        let subject = format!("$JS.API.STREAM.INFO.{stream}");
        let answer = self.ask::<Value>(subject, None, "{}".into(), ANSWER_MAX);
        let found = match answer.await {
            Ok(info) => {
                let config = info["config"].as_object();
                choose(&stream, &mut wanted, &ProvisionOptions::default(), config);
                let drift = config.map_or_else(Vec::new, |config| differing(&wanted, config));
                match serde_json::from_value::<Info>(info) {
                    Ok(info) => Ok(Some((info.into(), drift))),
                    Err(_) => Err(ReadError::Malformed("a stream")),
                }
            }
            Err(ApiError::Refused { code, .. }) if code == NO_STREAM => Ok(None),
            Err(error) => Err(error.into()),
        };
        StreamLook { stream, found }
    }

    /// Whether the stream of scores has room for any record.
    pub async fn scores_have_room(&self) -> Result<bool, ReadError> {
        let facts = self.stream_facts(SCORES).await?;
        let facts = facts.ok_or(ReadError::NoStream)?;
        let with_one_more = facts.bytes.saturating_add(RECORD_BYTES_MAX as u64);
        Ok(facts.bytes_max.is_none_or(|max| with_one_more <= max))
    }

    /// The newest canary of each scoring instance that sent one within the last minute.
    pub async fn canaries(&self) -> Result<Vec<CanaryFacts>, ReadError> {
        let request = BatchRequest::newest_under("canary.*", INSTANCES_MAX);
        let newest = self.direct_messages(CANARY, request, usize::MAX).await?;
        let read: Option<Vec<_>> = newest.iter().map(canary).collect();
        let read = read.ok_or(ReadError::Malformed("a canary"))?;
        let newest_us = read.iter().map(|(_, stored_us, _)| *stored_us).max();
        let behind = |stored_us: i64| {
            let us = newest_us.unwrap_or(stored_us).saturating_sub(stored_us);
            Duration::from_micros(us.unsigned_abs())
        };
        let facts = read
            .into_iter()
            .map(|(instance, stored_us, canary)| CanaryFacts {
                instance,
                behind: behind(stored_us),
                refusing: canary.refusing,
            });
        Ok(facts.collect())
    }
}

fn canary(message: &Message) -> Option<(String, i64, Canary)> {
    let headers = message.headers.as_ref()?;
    number(headers, "Nats-Sequence")?;
    let (_, instance) = text(headers, "Nats-Subject")?.split_once('.')?;
    let canary = serde_json::from_slice(&message.payload).ok()?;
    Some((instance.to_owned(), stored_at_us(headers)?, canary))
}

impl From<Info> for StreamFacts {
    fn from(info: Info) -> Self {
        let no_name = |cluster: &InfoCluster| cluster.leader.as_deref().unwrap_or("").is_empty();
        let leaderless = info.cluster.as_ref().is_some_and(no_name);
        let cluster = info.cluster.unwrap_or(InfoCluster {
            leader: None,
            replicas: Vec::new(),
        });
        let empty = info.state.messages == 0;
        Self {
            messages: info.state.messages,
            bytes: info.state.bytes,
            bytes_max: u64::try_from(info.config.max_bytes)
                .ok()
                .filter(|max| *max > 0),
            replicas: info.config.num_replicas,
            leader: cluster.leader.filter(|name| !name.is_empty()),
            leaderless,
            followers: cluster.replicas,
            newest_age: match empty {
                true => None,
                false => age(&info.ts, &info.state.last_ts),
            },
        }
    }
}

/// How long before `now` something was, both as the server writes times.
fn age(now: &str, then: &str) -> Option<Duration> {
    let parse = |text: &str| async_nats::datetime::parse_rfc3339(text).ok();
    let between = parse(now)? - parse(then)?;
    // A server whose clock was set back stores things in its future.
    Some(between.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_by_the_servers_clock_and_never_below_zero() {
        let now = "2026-11-24T19:00:02.5Z";
        let seconds = |then| age(now, then).map(|age| age.as_secs_f64());
        assert_eq!(seconds("2026-11-24T19:00:00.000000001Z"), Some(2.499999999));
        assert_eq!(seconds("2026-11-24T19:00:03Z"), Some(0.0));
        assert_eq!(seconds("never"), None);
    }
}
