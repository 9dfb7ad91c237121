//! A scorer who posts one event after the other while something else goes on, and how long each takes.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::BenchError;

/// Between an answer and the next post: the scorer shall be a witness, not a load.
const PAUSE: Duration = Duration::from_millis(5);
/// Longer than the 10 s after which scoring itself says that it has no leader.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How many events go into one match before the next is created; a match takes 18,000.
const EVENTS_MAX: usize = 10_000;
/// How many posts are kept; more than an hour makes.
const POSTS_MAX: usize = 1_000_000;

/// One post.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) at: Instant,
    pub(crate) took: Duration,
    /// Why it is not stored, if it isn't.
    pub(crate) failure: Option<String>,
}

/// The scorer at work.
pub(crate) struct Scorer {
    posting: JoinHandle<Vec<Post>>,
    /// Stops the work even if nobody waits for its end.
    stop: DropGuard,
}

impl Scorer {
    /// Creates a match and begins; what scoring refuses to begin with is an error.
    pub(crate) async fn start(url: &str, token: &str) -> Result<Self, BenchError> {
        let fail = |why: String| BenchError::Scoring {
            url: url.to_owned(),
            why,
        };
        let client = Client::builder()
            .timeout(ANSWER_MAX)
            // A redirect would take the token somewhere else.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| fail(error.to_string()))?;
        let place = Place {
            client,
            url: url.trim_end_matches('/').to_owned(),
            authorization: format!("Bearer {token}"),
            run: format!("bench-{:016x}", getrandom::u64().unwrap_or_default()),
        };
        place.create(0).await.map_err(fail)?;
        let stop = CancellationToken::new();
        let posting = tokio::spawn(post_until(place, stop.clone()));
        Ok(Self {
            posting,
            stop: stop.drop_guard(),
        })
    }

    /// Stops after the post in hand; all that were made.
    pub(crate) async fn end(self) -> Vec<Post> {
        drop(self.stop);
        self.posting.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the scorer ended abnormally");
            Vec::new()
        })
    }
}

struct Place {
    client: Client,
    url: String,
    authorization: String,
    /// The matches of this run are this and a number.
    run: String,
}

impl Place {
    fn request(&self, method: Method, number: usize, path: &str) -> RequestBuilder {
        let url = format!("{}/v1/matches/{}-{number}{path}", self.url, self.run);
        self.client
            .request(method, url)
            .header("authorization", &self.authorization)
    }

    async fn create(&self, number: usize) -> Result<(), String> {
        let title = format!("{} {number}", self.run);
        let body = json!({"sport": "open", "title": title, "visibility": "unlisted",
            "state": {"strip": {"title": title, "status": "live"}, "count": 0}});
        send(self.request(Method::PUT, number, "").json(&body)).await
    }

    async fn post(&self, number: usize, event: usize) -> Result<(), String> {
        let body = json!({"id": format!("e{event}"), "type": "count", "patch": {"count": event}});
        send(self.request(Method::POST, number, "/events").json(&body)).await
    }
}

async fn post_until(place: Place, stop: CancellationToken) -> Vec<Post> {
    let mut posts = Vec::new();
    let mut match_number = 0;
    while !stop.is_cancelled() && posts.len() < POSTS_MAX {
        let event = posts.len() % EVENTS_MAX;
        if event == 0 && !posts.is_empty() {
            match_number += 1;
            if let Err(why) = place.create(match_number).await {
                tracing::warn!(why, "the next match is not created");
            }
        }
        let at = Instant::now();
        let posted = place.post(match_number, event).await;
        posts.push(Post {
            at,
            took: at.elapsed(),
            failure: posted.err(),
        });
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    posts
}

async fn send(request: RequestBuilder) -> Result<(), String> {
    let response = request.send().await.map_err(|error| with_causes(&error))?;
    let status = response.status();
    let body = response
        .bytes()
        .await
        .map_err(|error| with_causes(&error))?;
    if status.is_success() {
        return Ok(());
    }
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = |member| problem.get(member).and_then(Value::as_str).unwrap_or("");
    Err(format!("{status}: {} {}", said("title"), said("detail")))
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
