//! Making the streams and buckets what their definitions in `nats/streams` say.

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::api::ApiError;
use crate::connect::Broker;
use crate::definitions::{DEFINITIONS, choose, definition, differing, merged};
use crate::keys::Role;

/// Creating a stream waits for its disk.
const ANSWER_MAX: std::time::Duration = std::time::Duration::from_secs(10);
const NO_STREAM: u64 = 10059;

/// What an operator decides beside the definitions. None leaves what there is alone.
#[derive(Debug, Clone, Default)]
pub struct ProvisionOptions {
    /// How large the stream of scores may grow; new ones have 1 GiB.
    pub scores_bytes_max: Option<u64>,
    /// How many servers hold each stream, 1 or 3; new ones have 1.
    pub replicas: Option<u8>,
    /// Only say what would change.
    pub mode: ProvisionMode,
}

/// Whether provisioning may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProvisionMode {
    /// Create and update.
    #[default]
    Apply,
    /// Only create anew what a server loses when it restarts: buckets in memory. A missing stream on
    /// disk is a loss that nobody should paper over, and drift may be on purpose.
    Heal,
    /// Only look: what is missing or differs is reported as drift.
    Check,
}

impl ProvisionMode {
    /// Why a stream that is not as defined stays so; none if it does not.
    fn leaves_alone(self) -> Option<String> {
        match self {
            Self::Apply => None,
            Self::Check => Some("only checked".to_owned()),
            Self::Heal => Some("only lost buckets are made anew".to_owned()),
        }
    }
}

/// What was found and done about one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamReport {
    /// The stream's name.
    pub stream: String,
    /// What was done.
    pub outcome: Provisioned,
}

/// What was done about a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provisioned {
    /// It was not there.
    Created,
    /// It is as defined.
    Unchanged,
    /// These fields were not as defined, and are now.
    Updated {
        /// The fields' names.
        fields: Vec<String>,
    },
    /// These fields are not as defined and stay so.
    Drift {
        /// The fields' names; `(missing)` for the whole stream.
        fields: Vec<String>,
        /// Why they stay: what the server said, or that nothing was to be written.
        why: String,
    },
}

/// Why provisioning stopped.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// Only the operators' role may.
    #[error("provisioning is for the ops role, this connection is {0:?}'s")]
    NotOps(Role),
    /// Nobody answered.
    #[error("no answer about the stream {stream}: {reason}")]
    Unavailable {
        /// The stream.
        stream: String,
        /// What happened.
        reason: String,
    },
    /// The server won't make the stream.
    #[error("the server refuses to make the stream {stream}: {reason}")]
    Refused {
        /// The stream.
        stream: String,
        /// What it said.
        reason: String,
    },
}

impl Broker {
    /// Makes streams and buckets what they should be. Doing it again changes nothing.
    pub async fn provision(
        &self,
        options: &ProvisionOptions,
    ) -> Result<Vec<StreamReport>, ProvisionError> {
        if self.role() != Role::Ops {
            return Err(ProvisionError::NotOps(self.role()));
        }
        let mut reports = Vec::with_capacity(DEFINITIONS.len());
        for text in DEFINITIONS {
            let definition = definition(text);
            let stream = definition["name"].as_str().unwrap_or_default().to_owned();
            let outcome = self.provision_stream(&stream, definition, options).await?;
            reports.push(StreamReport { stream, outcome });
        }
        Ok(reports)
    }

    async fn provision_stream(
        &self,
        stream: &str,
        mut wanted: Map<String, Value>,
        options: &ProvisionOptions,
    ) -> Result<Provisioned, ProvisionError> {
        let found = match self.stream_call("INFO", stream, &json!({})).await {
            Ok(info) => Some(info),
            Err(ApiError::Refused {
                code: NO_STREAM, ..
            }) => None,
            Err(error) => return Err(unavailable(stream, &error)),
        };
        let Some(config) = found.as_ref().and_then(|info| info["config"].as_object()) else {
            choose(stream, &mut wanted, options, None);
            return self.create_stream(stream, wanted, options.mode).await;
        };
        choose(stream, &mut wanted, options, Some(config));
        let fields = differing(&wanted, config);
        if fields.is_empty() {
            return Ok(Provisioned::Unchanged);
        }
        if let Some(why) = options.mode.leaves_alone() {
            return Ok(Provisioned::Drift { fields, why });
        }
        match self
            .stream_call("UPDATE", stream, &Value::Object(merged(&wanted, config)))
            .await
        {
            Ok(_) => Ok(Provisioned::Updated { fields }),
            Err(ApiError::Refused { description, .. }) => Ok(Provisioned::Drift {
                fields,
                why: description,
            }),
            Err(error) => Err(unavailable(stream, &error)),
        }
    }

    async fn create_stream(
        &self,
        stream: &str,
        wanted: Map<String, Value>,
        mode: ProvisionMode,
    ) -> Result<Provisioned, ProvisionError> {
        let is_lost_by_a_restart = wanted["storage"] == "memory";
        if let Some(why) = mode.leaves_alone()
            && !(mode == ProvisionMode::Heal && is_lost_by_a_restart)
        {
            let fields = vec!["(missing)".to_owned()];
            return Ok(Provisioned::Drift { fields, why });
        }
        match self
            .stream_call("CREATE", stream, &Value::Object(wanted))
            .await
        {
            Ok(_) => Ok(Provisioned::Created),
            Err(ApiError::Refused {
                description: reason,
                ..
            }) => Err(ProvisionError::Refused {
                stream: stream.to_owned(),
                reason,
            }),
            Err(error) => Err(unavailable(stream, &error)),
        }
    }

    async fn stream_call(&self, call: &str, stream: &str, body: &Value) -> Result<Value, ApiError> {
        let subject = format!("$JS.API.STREAM.{call}.{stream}");
        self.ask(subject, None, body.to_string().into(), ANSWER_MAX)
            .await
    }
}

fn unavailable(stream: &str, error: &ApiError) -> ProvisionError {
    ProvisionError::Unavailable {
        stream: stream.to_owned(),
        reason: error.to_string(),
    }
}
