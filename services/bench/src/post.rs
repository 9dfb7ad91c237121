//! A scorer who posts one event after the other while something else goes on, and how long each takes.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::BenchError;
use crate::scoring::{Scoring, run_name};

/// Between an answer and the next post: the scorer shall be a witness, not a load.
const PAUSE: Duration = Duration::from_millis(5);
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
        let place = Place {
            scoring: Scoring::new(url, token)?,
            run: run_name(),
        };
        place
            .create(0)
            .await
            .map_err(|why| place.scoring.error(why))?;
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
    scoring: Scoring,
    /// The matches of this run are this and a number.
    run: String,
}

impl Place {
    async fn create(&self, number: usize) -> Result<(), String> {
        let match_id = format!("{}-{number}", self.run);
        self.scoring.create(&match_id, 0).await.map(drop)
    }

    async fn post(&self, number: usize, event: usize) -> Result<(), String> {
        let match_id = format!("{}-{number}", self.run);
        let body = json!({"id": format!("e{event}"), "type": "count", "patch": {"count": event}});
        self.scoring.post(&match_id, &body).await.map(drop)
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
