//! `bench ingest`: how many events scoring takes, one by one and in arrays, and how many messages the
//! broker would without it.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use grandstand_broker::{Broker, ConnectOptions, Role, Trial, TrialError};
use serde::Serialize;
use tokio::time::Instant;

use crate::BenchError;
use crate::args::{IngestArgs, LoadArgs};
use crate::figure::{Figure, Target};
use crate::poster::{Poster, Posting, Posts};
use crate::scenarios::{Found, ms, ratio};
use crate::turn::PostsReport;

/// What `bench ingest` found.
#[derive(Debug, Serialize)]
pub(crate) struct IngestReport {
    pub(crate) matches: u32,
    pub(crate) in_flight: u32,
    pub(crate) array: u32,
    /// Events a second that were asked for, and over how many matches.
    pub(crate) paced_rate: f64,
    pub(crate) paced_matches: u32,
    /// One event a post, at that pace.
    pub(crate) paced: PostsReport,
    /// One event a post; `per_s` counts events.
    pub(crate) singles: PostsReport,
    /// So many events a post; `per_s` counts events.
    pub(crate) arrays: PostsReport,
    /// Messages as long as these events, published to a stream of the same definition with nothing
    /// around it; none without the operators' key.
    pub(crate) bare: Option<Bare>,
    /// What was not as it should be; empty if all was.
    pub(crate) wrong: Vec<String>,
}

impl Found for IngestReport {
    fn figures(&self) -> Vec<Figure> {
        let per_s = |name, posts: &PostsReport| Figure::told(name, Some(posts.per_s), "/s");
        let by_bare = |name: &str, posts: &PostsReport, of: fn(&Bare) -> f64| {
            let value = ratio(Some(posts.per_s), self.bare.as_ref().map(of));
            Figure::told(format!("events by a bare publish, {name}"), value, "x")
        };
        let (rate, matches) = (self.paced_rate, self.paced_matches);
        let paced = format!("a post of one at {rate} a second over {matches} matches: p99");
        vec![
            Figure::told(paced, ms(self.paced.took_us.p99), "ms").should_be(Target::AtMost(25.0)),
            per_s("events, a post each", &self.singles).should_be(Target::AtLeast(1_000.0)),
            per_s("events, in arrays", &self.arrays).should_be(Target::AtLeast(5_000.0)),
            Figure::told(
                "a post of one, flat out: p99",
                ms(self.singles.took_us.p99),
                "ms",
            ),
            by_bare("a post each", &self.singles, |bare| bare.singles_per_s),
            by_bare("in arrays", &self.arrays, |bare| bare.arrays_per_s),
        ]
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

/// What the broker takes without scoring.
#[derive(Debug, Serialize)]
pub(crate) struct Bare {
    /// Events a second, a message each.
    pub(crate) singles_per_s: f64,
    /// Events a second, as many to a message as in the arrays.
    pub(crate) arrays_per_s: f64,
}

/// Measures by what the command line says: half of the time at a pace, a quarter flat out one by
/// one, a quarter in arrays.
pub(crate) async fn measure(args: &IngestArgs) -> Result<IngestReport, BenchError> {
    let in_flight = args.in_flight as usize;
    let quarter = args.load.duration() / 4;
    let paced = post_at_a_pace(args).await?;
    let mut poster = Poster::start(&args.load).await?;
    let before: u64 = poster.heads().iter().sum();
    let singles = poster.post_flat_out(in_flight, 1, quarter).await;
    let arrays = poster
        .post_flat_out(in_flight, args.array.into(), quarter)
        .await;
    let stored = singles.stored() + arrays.stored();
    let numbered = poster.heads().iter().sum::<u64>() - before;

    let mut wrong: Vec<String> = [&paced, &singles, &arrays]
        .iter()
        .filter_map(|p| p.wrong())
        .collect();
    if stored != numbered {
        wrong.push(format!(
            "{stored} events were stored, and {numbered} are numbered"
        ));
    }
    if singles.stored() == 0 || arrays.stored() == 0 {
        wrong.push("the matches were full before all was posted".to_owned());
    }
    let bare = match (&args.nats_url, &args.keys) {
        (Some(nats_url), Some(keys)) => Some(bare(args, nats_url, keys).await?),
        _ => None,
    };
    Ok(IngestReport {
        matches: args.load.matches,
        in_flight: args.in_flight,
        array: args.array,
        paced_rate: args.paced_rate,
        paced_matches: args.paced_matches,
        paced: PostsReport::new(&paced),
        singles: PostsReport::new(&singles),
        arrays: PostsReport::new(&arrays),
        bare,
        wrong,
    })
}

/// As a day of cricket is scored: a post for each event, spread over many matches.
async fn post_at_a_pace(args: &IngestArgs) -> Result<Posts, BenchError> {
    let load = LoadArgs {
        matches: args.paced_matches,
        ..args.load.clone()
    };
    let posting = Posting {
        rate: args.paced_rate,
        array: 1,
        duration: args.load.duration() / 2,
    };
    let mut poster = Poster::start(&load).await?;
    Ok(poster.post_steadily(posting).await)
}

/// How long messages are published bare, at most: they are all kept until the end.
const BARE_MAX: Duration = Duration::from_secs(3);
/// A message that is not stored by then is not going to be.
const STORED_MAX: Duration = Duration::from_secs(10);

/// The same to a stream of our own, as many in flight.
async fn bare(args: &IngestArgs, nats_url: &str, keys: &Path) -> Result<Bare, BenchError> {
    let options = ConnectOptions {
        name: "grandstand-bench".to_owned(),
        ..ConnectOptions::new(nats_url, keys, Role::Ops)
    };
    let broker = Broker::connect(options).await?;
    let trial = broker.begin_trial().await?;
    let measured = async {
        Ok::<_, TrialError>(Bare {
            singles_per_s: publish_flat_out(args, &trial, 1).await?,
            arrays_per_s: publish_flat_out(args, &trial, args.array).await?,
        })
    };
    let measured = measured.await;
    trial.end().await?;
    broker.close().await;
    Ok(measured?)
}

/// Events a second, `array` of them to a message.
async fn publish_flat_out(args: &IngestArgs, trial: &Trial, array: u32) -> Result<f64, TrialError> {
    let duration = (args.load.duration() / 2).min(BARE_MAX);
    let body = Bytes::from(vec![b'x'; (args.load.frame_bytes * array) as usize]);
    let subjects = args.load.matches as usize;
    let began = Instant::now();
    let writers = stream::iter(0..args.in_flight as usize).map(|writer| {
        let body = &body;
        async move {
            let mut stored = 0;
            while began.elapsed() < duration {
                trial
                    .publish(writer % subjects, body.clone(), STORED_MAX)
                    .await?;
                stored += u64::from(array);
            }
            Ok::<_, TrialError>(stored)
        }
    });
    let stored = writers.buffer_unordered(args.in_flight as usize);
    let add = |all, stored| std::future::ready(Ok(all + stored));
    let stored: u64 = stored.try_fold(0, add).await?;
    Ok(stored as f64 / began.elapsed().as_secs_f64().max(0.001))
}
