//! What the broker takes without us: a stream like that of scores, published to with nothing around
//! it, so that what scoring takes can be compared.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::api::ApiError;
use crate::connect::Broker;
use crate::names::{SCORES, TRIAL};

/// Making and deleting a stream waits for its disk.
const STREAM_ANSWER_MAX: Duration = Duration::from_secs(10);
const NO_STREAM: u64 = 10059;
/// More than a trial writes.
const BYTES_MAX: u64 = 1 << 30;
/// What a trial leaves behind that does not end is gone after this.
const AGE_MAX_NS: u64 = 600_000_000_000;

/// Why a trial does not begin or go on.
#[derive(Debug, Error)]
#[error("the stream {TRIAL}: {0}")]
pub struct TrialError(String);

/// A stream of its own, with the definition of that of scores. [`Trial::end`] deletes it.
#[derive(Debug, Clone)]
pub struct Trial {
    broker: Broker,
}

#[derive(Deserialize)]
struct Acknowledgement {
    stream: String,
}

impl Broker {
    /// Makes the stream, anew if there is one. The operators' role alone may.
    pub async fn begin_trial(&self) -> Result<Trial, TrialError> {
        let trial = Trial {
            broker: self.clone(),
        };
        trial.delete().await?;
        let scores = trial.call("INFO", SCORES, &json!({})).await?;
        let mut config = scores["config"].clone();
        let Some(members) = config.as_object_mut() else {
            return Err(TrialError(format!("{SCORES} has no definition")));
        };
        // Nobody follows it.
        members.remove("republish");
        members.remove("metadata");
        members.insert("name".to_owned(), TRIAL.into());
        members.insert("subjects".to_owned(), json!(["bench.*"]));
        members.insert("max_bytes".to_owned(), BYTES_MAX.into());
        members.insert("max_age".to_owned(), AGE_MAX_NS.into());
        trial.call("CREATE", TRIAL, &config).await?;
        Ok(trial)
    }
}

impl Trial {
    /// Publishes under the `number`th subject, and returns once it is stored.
    pub async fn publish(
        &self,
        number: usize,
        body: Bytes,
        deadline: Duration,
    ) -> Result<(), TrialError> {
        let subject = format!("bench.{number}");
        let stored: Acknowledgement = self.broker.ask(subject, None, body, deadline).await?;
        match stored.stream == TRIAL {
            true => Ok(()),
            false => Err(TrialError(format!("{} took it", stored.stream))),
        }
    }

    /// Deletes the stream.
    pub async fn end(self) -> Result<(), TrialError> {
        self.delete().await
    }

    async fn delete(&self) -> Result<(), TrialError> {
        let body = Bytes::from_static(b"{}");
        let subject = format!("$JS.API.STREAM.DELETE.{TRIAL}");
        let asked = self.broker.ask(subject, None, body, STREAM_ANSWER_MAX);
        match asked.await {
            Ok(Value::Object(_))
            | Err(ApiError::Refused {
                code: NO_STREAM, ..
            }) => Ok(()),
            Ok(other) => Err(TrialError(other.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    async fn call(&self, call: &str, stream: &str, body: &Value) -> Result<Value, TrialError> {
        let subject = format!("$JS.API.STREAM.{call}.{stream}");
        let body = body.to_string().into();
        Ok(self
            .broker
            .ask(subject, None, body, STREAM_ANSWER_MAX)
            .await?)
    }
}

impl From<ApiError> for TrialError {
    fn from(error: ApiError) -> Self {
        Self(error.to_string())
    }
}
