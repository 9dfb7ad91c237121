//! The scorers' API as the bench uses it: open matches, and events that carry their own patches.

use std::time::Duration;

use reqwest::{Client, Method, redirect};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::BenchError;

/// Longer than the 10 s after which scoring itself says that it has no leader.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// A scorer with a token at one place.
#[derive(Clone)]
pub(crate) struct Scoring {
    client: Client,
    url: String,
    authorization: String,
}

/// Where a match stands after what was asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    pub(crate) epoch: String,
    pub(crate) seq: u64,
}

impl Scoring {
    pub(crate) fn new(url: &str, token: &str) -> Result<Self, BenchError> {
        let client = Client::builder()
            .timeout(ANSWER_MAX)
            // A redirect would take the token somewhere else.
            .redirect(redirect::Policy::none())
            .build();
        let url = url.trim_end_matches('/').to_owned();
        match client {
            Ok(client) => Ok(Self {
                client,
                url,
                authorization: format!("Bearer {token}"),
            }),
            Err(error) => Err(BenchError::Scoring {
                why: with_causes(&error),
                url,
            }),
        }
    }

    /// An error of this place.
    pub(crate) fn error(&self, why: String) -> BenchError {
        BenchError::Scoring {
            url: self.url.clone(),
            why,
        }
    }

    /// Creates an open match, unlisted, with a state of about so many bytes more than it needs.
    pub(crate) async fn create(
        &self,
        match_id: &str,
        state_bytes: usize,
    ) -> Result<Stored, String> {
        let body = json!({"sport": "open", "title": match_id, "visibility": "unlisted",
            "state": {"strip": {"title": match_id, "status": "live"}, "count": 0, "card": card(state_bytes)}});
        self.send(Method::PUT, match_id, "", &body).await
    }

    /// Posts an event, or an array of them.
    pub(crate) async fn post(&self, match_id: &str, events: &Value) -> Result<Stored, String> {
        self.send(Method::POST, match_id, "/events", events).await
    }

    async fn send(
        &self,
        method: Method,
        match_id: &str,
        path: &str,
        body: &Value,
    ) -> Result<Stored, String> {
        let url = format!("{}/v1/matches/{match_id}{path}", self.url);
        let request = self
            .client
            .request(method, url)
            .header("authorization", &self.authorization)
            .json(body);
        let response = request.send().await.map_err(|error| with_causes(&error))?;
        let status = response.status();
        let body = response
            .bytes()
            .await
            .map_err(|error| with_causes(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| error.to_string());
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let said = |member| problem.get(member).and_then(Value::as_str).unwrap_or("");
        Err(format!("{status}: {} {}", said("title"), said("detail")))
    }
}

/// What a scorecard holds: many short texts.
fn card(bytes: usize) -> Value {
    let line = "a batter's name and how he was out";
    let member = r#""r0000":"","#.len() + line.len();
    let lines = (0..bytes / member).map(|n| (format!("r{n:04}"), json!(line)));
    Value::Object(lines.collect())
}

/// The name of a run, which sets its matches apart from all others.
pub(crate) fn run_name() -> String {
    format!("bench-{:016x}", getrandom::u64().unwrap_or_default())
}

/// An error with what it came from: the client's own text stops before the reason.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
