//! Posts events at a steady rate, or as fast as they are taken, and knows where each match stands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::BenchError;
use crate::args::LoadArgs;
use crate::histogram::Histogram;
use crate::scoring::{Scoring, Stored, run_name};

/// So many posts wait for their answers; when scoring is slower than the rate, the rate is not held.
const IN_FLIGHT: usize = 64;
/// How many matches are created at once.
const CREATING: usize = 16;
/// A match takes 18,000 events.
const EVENTS_PER_MATCH_MAX: u64 = 17_900;

/// A match of this run.
pub(crate) struct Posted {
    pub(crate) id: String,
    epoch: String,
    /// The newest seq that is known to be stored.
    pub(crate) head: u64,
}

/// What is posted in a while.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    /// Events a second, over all matches; 0 for none.
    pub(crate) rate: f64,
    /// Events of a post.
    pub(crate) array: u32,
    pub(crate) duration: Duration,
}

/// The poster and its matches.
pub(crate) struct Poster {
    scoring: Scoring,
    pub(crate) matches: Vec<Posted>,
    /// Events are told apart by this number.
    next: AtomicU64,
    frame_bytes: usize,
}

/// What was posted.
#[derive(Debug, Default)]
pub(crate) struct Posts {
    /// Events stored in each match.
    pub(crate) events: Vec<u64>,
    /// Posts that were not, or not known to be.
    pub(crate) failed: u64,
    /// Why the first of them was not.
    pub(crate) first_failure: Option<String>,
    /// How long a stored post took, microseconds.
    pub(crate) took_us: Histogram,
    /// From the first to the last answer.
    pub(crate) took: Duration,
}

impl Poster {
    /// Creates the matches.
    pub(crate) async fn start(load: &LoadArgs) -> Result<Self, BenchError> {
        let scoring = Scoring::new(&load.scoring, &load.token)?;
        let (run, state_bytes) = (run_name(), load.state_bytes as usize);
        let creating = stream::iter(0..load.matches).map(|number| {
            let (id, scoring) = (format!("{run}-{number}"), &scoring);
            async move {
                let Stored { epoch, seq } = scoring.create(&id, state_bytes).await?;
                Ok(Posted {
                    id,
                    epoch,
                    head: seq,
                })
            }
        });
        let created: Vec<Result<Posted, String>> = creating.buffered(CREATING).collect().await;
        let matches = created.into_iter().collect::<Result<_, _>>();
        Ok(Self {
            matches: matches.map_err(|why| scoring.error(why))?,
            scoring,
            next: AtomicU64::new(1),
            frame_bytes: load.frame_bytes as usize,
        })
    }

    /// The ids of its matches.
    pub(crate) fn match_ids(&self) -> Vec<String> {
        self.matches
            .iter()
            .map(|posted| posted.id.clone())
            .collect()
    }

    /// The newest seq of each match.
    pub(crate) fn heads(&self) -> Vec<u64> {
        self.matches.iter().map(|posted| posted.head).collect()
    }

    /// Posts so many events a second for so long, to one match after the other.
    pub(crate) async fn post_steadily(&mut self, posting: Posting) -> Posts {
        let array = u64::from(posting.array);
        let rate = posting.rate / f64::from(posting.array);
        let count = match rate > 0.0 {
            true => (rate * posting.duration.as_secs_f64()).round().max(1.0) as u32,
            false => 0,
        };
        let began = Instant::now();
        let this = &*self;
        let posting = stream::iter(0..count).then(|n| async move {
            let due = Duration::from_secs_f64(f64::from(n) / rate);
            tokio::time::sleep_until(began + due).await;
            n as usize % this.matches.len()
        });
        let answers = posting
            .map(|number| async move { (number, this.post_timed(number, array).await) })
            .buffer_unordered(IN_FLIGHT);
        let answers: Vec<_> = answers.collect().await;
        let mut posts = Posts::new(self.matches.len());
        for (number, (took, answer)) in answers {
            self.note(&mut posts, number, array, took, answer);
        }
        posts.took = began.elapsed();
        posts
    }

    /// Posts `array` events at a time as fast as they are taken: so many wait for their answers, each
    /// in a match of its own if there are as many.
    pub(crate) async fn post_flat_out(
        &mut self,
        in_flight: usize,
        array: u64,
        duration: Duration,
    ) -> Posts {
        let began = Instant::now();
        let this = &*self;
        let writers = stream::iter(0..in_flight).map(|writer| async move {
            let number = writer % this.matches.len();
            let mut seq = this.matches[number].head;
            let mut answers = Vec::new();
            while began.elapsed() < duration && seq + array < EVENTS_PER_MATCH_MAX {
                let (took, answer) = this.post_timed(number, array).await;
                let failed = answer.is_err();
                seq = answer.as_ref().map_or(seq, |stored| stored.seq);
                answers.push((number, took, answer));
                if failed {
                    break;
                }
            }
            answers
        });
        let answers: Vec<_> = writers.buffer_unordered(in_flight).collect().await;
        let mut posts = Posts::new(self.matches.len());
        posts.took = began.elapsed();
        for (number, took, answer) in answers.into_iter().flatten() {
            self.note(&mut posts, number, array, took, answer);
        }
        posts
    }

    async fn post_timed(&self, number: usize, array: u64) -> (Duration, Result<Stored, String>) {
        let first = self.next.fetch_add(array, Ordering::Relaxed);
        let posted = &self.matches[number];
        let event = |n| event(&posted.id, &posted.epoch, n, self.frame_bytes);
        let body = match array {
            1 => event(first),
            _ => (first..first + array).map(event).collect(),
        };
        let began = Instant::now();
        let answer = self.scoring.post(&posted.id, &body).await;
        (began.elapsed(), answer)
    }

    fn note(
        &mut self,
        posts: &mut Posts,
        number: usize,
        events: u64,
        took: Duration,
        answer: Result<Stored, String>,
    ) {
        match answer {
            Ok(stored) => {
                let posted = &mut self.matches[number];
                posted.head = posted.head.max(stored.seq);
                posts.events[number] += events;
                posts
                    .took_us
                    .record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            }
            Err(why) => {
                posts.failed += 1;
                posts.first_failure.get_or_insert(why);
            }
        }
    }
}

impl Posts {
    fn new(matches: usize) -> Self {
        Self {
            events: vec![0; matches],
            ..Self::default()
        }
    }

    /// Events stored in all matches.
    pub(crate) fn stored(&self) -> u64 {
        self.events.iter().sum()
    }

    /// What went wrong, in words.
    pub(crate) fn wrong(&self) -> Option<String> {
        let first = self.first_failure.as_ref()?;
        Some(format!("{} posts failed, first: {first}", self.failed))
    }
}

/// The `n`th event, padded so that its frame has `frame_bytes` where its numbers have 3 and 16 digits.
fn event(match_id: &str, epoch: &str, n: u64, frame_bytes: usize) -> Value {
    let make = |note: &str| json!({"id": format!("e{n}"), "type": "count", "data": {"note": note}, "patch": {"count": n}});
    let bare = make("").to_string().len()
        + r#""seq":100,"ts":1000000000000000,"#.len()
        + format!(r#"{{"type":"events","match":"{match_id}","epoch":"{epoch}","events":[],"hash":"0123456789abcdef"}}"#).len();
    make(&"x".repeat(frame_bytes.saturating_sub(bare)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_makes_a_frame_of_the_size_that_was_asked_for() {
        let (id, epoch) = ("bench-0123456789abcdef-0", "1790000000123456.1");
        let mut event = event(id, epoch, 99, 463);
        event["seq"] = json!(100);
        event["ts"] = json!(1_790_000_000_123_456_u64);
        let frame = json!({"type": "events", "match": id, "epoch": epoch, "events": [event], "hash": "e181beed229e08a0"});
        assert_eq!(frame.to_string().len(), 463);
    }
}
