//! What was measured, as numbers; its members are what `--json` prints.

use std::time::Duration;

use grandstand_broker::BucketSize;
use serde::Serialize;

use crate::args::SessionsArgs;
use crate::phase::Phase;
use crate::post::Post;

/// The whole measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) sessions: u32,
    pub(crate) body_bytes: u32,
    pub(crate) ttl_s: u32,
    pub(crate) rate: Option<u32>,
    pub(crate) phases: Vec<PhaseReport>,
    pub(crate) bucket: BucketReport,
    /// How long after the last session's time the bucket was empty.
    pub(crate) empty_after_ms: u64,
    /// What was not as it should be, in words; empty if all was.
    pub(crate) wrong: Vec<String>,
}

/// One phase.
#[derive(Debug, Serialize)]
pub(crate) struct PhaseReport {
    pub(crate) phase: &'static str,
    pub(crate) took_ms: u64,
    /// Calls made to the bucket.
    pub(crate) calls: u64,
    pub(crate) calls_failed: u64,
    pub(crate) calls_per_s: u64,
    /// CPU time of the NATS server meanwhile.
    pub(crate) nats_cpu_ms: Option<u64>,
    pub(crate) posts: u64,
    pub(crate) posts_failed: u64,
    /// How long a stored post took; none without any.
    pub(crate) post_p50_us: Option<u64>,
    pub(crate) post_p95_us: Option<u64>,
    pub(crate) post_p99_us: Option<u64>,
    pub(crate) post_max_us: Option<u64>,
}

/// The bucket once all sessions were in it.
#[derive(Debug, Serialize)]
pub(crate) struct BucketReport {
    pub(crate) keys: u64,
    pub(crate) bytes: u64,
    pub(crate) bytes_per_key: u64,
}

impl BucketReport {
    pub(crate) fn new(size: BucketSize) -> Self {
        Self {
            keys: size.keys,
            bytes: size.bytes,
            bytes_per_key: size.bytes / size.keys.max(1),
        }
    }
}

impl Report {
    pub(crate) fn new(
        args: &SessionsArgs,
        phases: &[Phase],
        posts: &[Post],
        bucket: BucketReport,
        empty_after: Duration,
    ) -> Self {
        let wrong_calls = phases.iter().filter_map(|phase| {
            let first = phase.work.first_failure.as_ref()?;
            Some(format!(
                "{}: {} failed, first: {first}",
                phase.name, phase.work.failed
            ))
        });
        let mut wrong: Vec<String> = wrong_calls.collect();
        let failures: Vec<_> = posts
            .iter()
            .filter_map(|post| post.failure.as_ref())
            .collect();
        if let Some(first) = failures.first() {
            wrong.push(format!("{} posts failed, first: {first}", failures.len()));
        }
        if posts.is_empty() {
            wrong.push("nothing was posted".to_owned());
        }
        Self {
            sessions: args.count,
            body_bytes: args.body_bytes,
            ttl_s: args.ttl_s,
            rate: args.rate,
            phases: phases
                .iter()
                .map(|phase| PhaseReport::new(phase, posts))
                .collect(),
            bucket,
            empty_after_ms: whole_ms(empty_after),
            wrong,
        }
    }
}

impl PhaseReport {
    /// A post belongs to the phase in which it was sent.
    fn new(phase: &Phase, posts: &[Post]) -> Self {
        let took = phase.ended - phase.began;
        let (mut times, mut failed) = (Vec::new(), 0);
        for post in posts
            .iter()
            .filter(|post| (phase.began..phase.ended).contains(&post.at))
        {
            match post.failure {
                None => times.push(post.took),
                Some(_) => failed += 1,
            }
        }
        times.sort_unstable();
        let at = |percent| quantile(&times, percent).map(whole_us);
        Self {
            phase: phase.name,
            took_ms: whole_ms(took),
            calls: phase.work.done,
            calls_failed: phase.work.failed,
            calls_per_s: per_s(phase.work.done, took),
            nats_cpu_ms: phase.cpu.map(whole_ms),
            posts: times.len() as u64 + failed,
            posts_failed: failed,
            post_p50_us: at(50),
            post_p95_us: at(95),
            post_p99_us: at(99),
            post_max_us: at(100),
        }
    }
}

/// The smallest of the sorted `times` that at least `percent` of them do not exceed.
fn quantile(times: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied()
}

fn per_s(calls: u64, took: Duration) -> u64 {
    let per_ns = u128::from(calls) * 1_000_000_000 / took.as_nanos().max(1);
    u64::try_from(per_ns).unwrap_or(u64::MAX)
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn whole_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Work;
    use tokio::time::Instant;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        for (percent, ms) in [(50, 100), (95, 190), (99, 198), (100, 200)] {
            assert_eq!(quantile(&times, percent), Some(Duration::from_millis(ms)));
        }
        assert_eq!(quantile(&times[..1], 1), Some(Duration::from_millis(1)));
        assert_eq!(quantile(&[], 50), None);
    }

    #[test]
    fn a_post_counts_in_the_phase_that_it_was_sent_in() {
        let began = Instant::now();
        let ms = |n| began + Duration::from_millis(n);
        let phase = Phase {
            name: "write",
            began,
            ended: ms(100),
            work: Work {
                done: 50,
                ..Work::default()
            },
            cpu: None,
        };
        let post = |at, took_ms, failure: Option<&str>| Post {
            at,
            took: Duration::from_millis(took_ms),
            failure: failure.map(str::to_owned),
        };
        let posts = [
            post(ms(0), 1, None),
            post(ms(99), 300, None),
            post(ms(50), 9_000, Some("503")),
            post(ms(100), 7, None),
        ];

        let report = PhaseReport::new(&phase, &posts);

        assert_eq!((report.posts, report.posts_failed), (3, 1));
        assert_eq!(report.post_max_us, Some(300_000), "a failure is no latency");
        assert_eq!(report.calls_per_s, 500);
    }
}
