//! One question to JetStream, one answer in time.

use std::time::Duration;

use async_nats::{HeaderMap, Request, RequestErrorKind};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::connect::Broker;

/// How long an answer may take where the caller sets no deadline.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Why there is no good answer.
#[derive(Debug, Error)]
pub(crate) enum ApiError {
    /// Nobody is there to answer: what was asked reached no server that could do it.
    #[error("no responders")]
    NobodyThere,
    /// Nobody answered in time, or not in a way that is understood.
    #[error("{0}")]
    NoAnswer(String),
    /// JetStream answered that it won't.
    #[error("{description} ({code})")]
    Refused { code: u64, description: String },
}

#[derive(Deserialize)]
struct Refusal {
    error: Option<RefusalError>,
}

#[derive(Deserialize)]
struct RefusalError {
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl Broker {
    /// Asks under `subject` and reads the JSON that comes back. The whole call is bounded: the
    /// client's own time-out starts only once its queue has taken the request.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        body: Bytes,
        deadline: Duration,
    ) -> Result<T, ApiError> {
        let mut request = Request::new().payload(body).timeout(Some(deadline));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let answer = match tokio::time::timeout(
            deadline,
            self.client.send_request(subject, request),
        )
        .await
        {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                return Err(ApiError::NobodyThere);
            }
            Ok(Err(error)) => return Err(ApiError::NoAnswer(error.to_string())),
            Err(_) => return Err(ApiError::NoAnswer("timed out".to_owned())),
        };
        let unreadable =
            |error: serde_json::Error| ApiError::NoAnswer(format!("unreadable answer: {error}"));
        let refusal: Refusal = serde_json::from_slice(&answer.payload).map_err(unreadable)?;
        if let Some(error) = refusal.error {
            return Err(ApiError::Refused {
                code: error.err_code,
                description: error.description,
            });
        }
        serde_json::from_slice(&answer.payload).map_err(unreadable)
    }
}
