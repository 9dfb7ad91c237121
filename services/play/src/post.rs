//! Talks to the scoring API: one request at a time, at whichever URL answers.

use std::time::Duration;

use grandstand_core::ids::MatchId;
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::Value;
use tokio::time::Instant;

use crate::event::Event;
use crate::problem::{PostError, Problem};
use crate::retry::{Retry, Verdict, verdict};

/// Longer than the 10 s after which scoring itself says that it has no leader.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest answer that is read; a state is 64 KiB, its envelope little more.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How often we ask again for a state that is behind what was stored.
const STATE_TRIES_MAX: u32 = 100;
const STATE_PAUSE: Duration = Duration::from_millis(100);

/// Whether a request made what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// This request did, all or a part of it.
    Now,
    /// It was there.
    Before,
}

/// What an answer to posted events says.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) made: Made,
    /// Events of the match after this post.
    pub(crate) seq: u64,
    /// The line of a list of matches.
    pub(crate) strip: Value,
    /// What the platform finds odd, each with the event's id.
    pub(crate) warnings: Vec<String>,
}

/// Posts one match.
pub(crate) struct Poster {
    client: Client,
    urls: Vec<Url>,
    /// The URL that answered last.
    current: usize,
    authorization: String,
    match_id: MatchId,
    started: Instant,
}

impl Poster {
    pub(crate) fn new(urls: &[String], token: &str, match_id: MatchId) -> Result<Self, PostError> {
        let urls = urls
            .iter()
            .map(|url| parse_url(url))
            .collect::<Result<Vec<Url>, PostError>>()?;
        if urls.is_empty() {
            return Err(PostError::Url {
                url: String::new(),
                why: "there is none".to_owned(),
            });
        }
        let client = Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect would take the token somewhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(PostError::Client)?;
        let authorization = format!("Bearer {token}");
        Ok(Self {
            client,
            urls,
            current: 0,
            authorization,
            match_id,
            started: Instant::now(),
        })
    }

    /// Creates the match, or finds it made of the same body.
    pub(crate) async fn create(&mut self, body: &Value) -> Result<Made, PostError> {
        let body = body.to_string().into_bytes();
        let path = self.path("");
        let heard = self.call(Method::PUT, path, Some(body)).await?;
        Ok(heard.made())
    }

    /// How many events the match has.
    pub(crate) async fn seq(&mut self) -> Result<u64, PostError> {
        let head = self.call(Method::GET, self.path(""), None).await?.body;
        seq_of(&head).ok_or_else(|| self.bad_answer("the head of the match", "it has no seq"))
    }

    /// Posts `events`, of which `body` is the request's.
    pub(crate) async fn post(
        &mut self,
        events: &[Event],
        body: Vec<u8>,
    ) -> Result<Posted, PostError> {
        let path = self.path("/events");
        let heard = self.call(Method::POST, path, Some(body)).await?;
        let (made, answer) = (heard.made(), heard.body);
        let stored = answer
            .get("events")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let ids = stored.iter().filter_map(|one| one.get("id")?.as_str());
        if !ids.eq(events.iter().map(|event| event.id.as_str())) {
            return Err(self.bad_answer("a post", "it does not name the events that were posted"));
        }
        let seq = seq_of(&answer).ok_or_else(|| self.bad_answer("a post", "it has no seq"))?;
        let strip = answer.get("strip").cloned().unwrap_or_default();
        Ok(Posted {
            made,
            seq,
            strip,
            warnings: stored.iter().flat_map(warnings_of).collect(),
        })
    }

    /// The state at `seq` or later: an instance that was not asked lately may be behind.
    pub(crate) async fn state(&mut self, seq: u64) -> Result<Value, PostError> {
        for _ in 0..STATE_TRIES_MAX {
            let mut answer = self
                .call(Method::GET, self.path("/state"), None)
                .await?
                .body;
            if seq_of(&answer).is_some_and(|has| has >= seq)
                && let Some(state) = answer.get_mut("state")
            {
                return Ok(state.take());
            }
            tokio::time::sleep(STATE_PAUSE).await;
        }
        Err(self.bad_answer("the state", &format!("it stayed behind seq {seq}")))
    }

    /// Every match that there is, as the directory lists it.
    pub(crate) async fn matches(&mut self) -> Result<Vec<Value>, PostError> {
        let path = "/v1/matches".to_owned();
        let mut answer = self.call(Method::GET, path, None).await?.body;
        match answer.get_mut("matches").map(Value::take) {
            Some(Value::Array(matches)) => Ok(matches),
            _ => Err(self.bad_answer("the list of matches", "it lists none")),
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/matches/{}{rest}", self.match_id)
    }

    fn bad_answer(&self, what: &str, why: &str) -> PostError {
        PostError::Answer {
            call: format!("{what} of {}", self.match_id),
            why: why.to_owned(),
        }
    }

    async fn call(
        &mut self,
        method: Method,
        path: String,
        body: Option<Vec<u8>>,
    ) -> Result<Heard, PostError> {
        let call = format!("{method} {path}");
        let mut retry = Retry::new(self.urls.len(), self.current, self.now_ms());
        loop {
            let heard = self.try_once(method.clone(), &path, body.clone()).await;
            let (retry_after_ms, last) = match heard {
                Ok(heard) => match verdict(heard.status) {
                    Verdict::Done => return Ok(heard),
                    Verdict::Refused => {
                        let problem = Problem::read(heard.status, &heard.body);
                        return Err(PostError::Refused { call, problem });
                    }
                    Verdict::Again => (
                        heard.retry_after_ms,
                        Problem::read(heard.status, &heard.body).to_string(),
                    ),
                },
                Err(error) => (None, with_causes(&error)),
            };
            // Without randomness the pause is merely longer.
            let random = getrandom::u32().unwrap_or(u32::MAX);
            let Some(next) = retry.after_failure(retry_after_ms, self.now_ms(), random) else {
                return Err(PostError::GaveUp { call, last });
            };
            tracing::debug!(call, failed = %self.urls[self.current], last, pause_ms = next.pause_ms, "trying again");
            tokio::time::sleep(Duration::from_millis(next.pause_ms)).await;
            self.current = next.url;
        }
    }

    async fn try_once(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> reqwest::Result<Heard> {
        let base = self.urls[self.current].as_str().trim_end_matches('/');
        let mut request = self
            .client
            .request(method, format!("{base}{path}"))
            .header("authorization", &self.authorization)
            .header("accept", "application/json");
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        Heard::read(request.send().await?).await
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }
}

/// An answer.
struct Heard {
    status: u16,
    retry_after_ms: Option<u64>,
    body: Value,
}

impl Heard {
    fn made(&self) -> Made {
        match self.status {
            201 => Made::Now,
            _ => Made::Before,
        }
    }

    async fn read(mut response: Response) -> reqwest::Result<Self> {
        let status = response.status();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok());
        let retry_after_ms = retry_after
            .and_then(|text| text.trim().parse::<u64>().ok())
            .map(|s| s.saturating_mul(1000));
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES_MAX {
                break;
            }
        }
        let (status, body) = match serde_json::from_slice(&bytes) {
            Ok(body) => (status, body),
            // Not the platform's answer, but some proxy's: as good as none.
            Err(_) if status.is_success() => (StatusCode::BAD_GATEWAY, Value::Null),
            Err(_) => (status, Value::Null),
        };
        Ok(Self {
            status: status.as_u16(),
            retry_after_ms,
            body,
        })
    }
}

fn parse_url(text: &str) -> Result<Url, PostError> {
    let fail = |why: String| PostError::Url {
        url: text.to_owned(),
        why,
    };
    let url = Url::parse(text).map_err(|error| fail(error.to_string()))?;
    match url.scheme() {
        "http" => Ok(url),
        // TLS ends at the load balancer; inside there is none, so the client has none.
        scheme => Err(fail(format!("only http is spoken here, not {scheme}"))),
    }
}

fn seq_of(answer: &Value) -> Option<u64> {
    answer.get("seq")?.as_u64()
}

fn warnings_of(stored: &Value) -> Vec<String> {
    let id = stored.get("id").and_then(Value::as_str).unwrap_or_default();
    let warnings = stored
        .get("warnings")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    warnings
        .map(|warning| {
            format!(
                "{id}: {}",
                warning
                    .as_str()
                    .map_or_else(|| warning.to_string(), str::to_owned)
            )
        })
        .collect()
}

/// An error with what it came from: reqwest's own text stops before the reason.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
