//! One turn: events are posted for a while, every fan gets all of them, and what that took.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::crowd::orders::{Counts, Window};
use crate::gateway_counts::GatewayCounts;
use crate::machine::CpuUse;
use crate::poster::Posts;

/// How long after the last post a fan may have it; a digest takes 5 s, and what is late is measured.
pub(crate) const SETTLE_MAX: Duration = Duration::from_secs(30);

/// What a turn came to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct TurnReport {
    pub(crate) fans: u64,
    /// Events that the fans together were to get.
    pub(crate) events_expected: u64,
    /// Events that they got as events.
    pub(crate) events: u64,
    /// Events that a snapshot stood in for.
    pub(crate) events_in_snapshots: u64,
    pub(crate) snapshots: BTreeMap<String, u64>,
    /// Messages of type `error`, and ends of connections.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Messages with events.
    pub(crate) frames: u64,
    pub(crate) bytes_per_frame: u64,
    /// Bytes of everything that fans read.
    pub(crate) bytes: u64,
    /// From accepted to read by the fan.
    pub(crate) latency_us: Latency,
    /// From the first packet of a connection to knowing where the match stands, of who came in it.
    pub(crate) joined_us: Latency,
    pub(crate) server_us_per_frame: Option<f64>,
    pub(crate) cpu: CpuUse,
    pub(crate) posts: Option<PostsReport>,
    /// What the gateways counted.
    pub(crate) gateways: Option<GatewayCounts>,
}

/// Quantiles of a latency in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Latency {
    pub(crate) count: u64,
    pub(crate) p50: Option<u64>,
    pub(crate) p95: Option<u64>,
    pub(crate) p99: Option<u64>,
    pub(crate) p999: Option<u64>,
    pub(crate) max: Option<u64>,
}

/// What was posted in a turn.
#[derive(Debug, Serialize)]
pub(crate) struct PostsReport {
    pub(crate) stored: u64,
    pub(crate) failed: u64,
    pub(crate) per_s: f64,
    /// From sent to answered.
    pub(crate) took_us: Latency,
}

impl TurnReport {
    /// Of what the fans counted in it.
    pub(crate) fn new(counts: &Counts, events_expected: u64, cpu: CpuUse) -> Self {
        let Window {
            frames,
            frame_bytes,
            bytes,
            events,
            told,
            snapshots,
            errors,
            latency_us,
            joined_us,
        } = &counts.window;
        Self {
            fans: counts.stands.values().map(|stand| stand.fans).sum(),
            events_expected,
            events: *events,
            events_in_snapshots: *told,
            snapshots: snapshots.clone(),
            errors: errors.clone(),
            frames: *frames,
            bytes_per_frame: frame_bytes / frames.max(&1),
            bytes: *bytes,
            latency_us: Latency::of(latency_us),
            joined_us: Latency::of(joined_us),
            // In ticks of 10 ms: a short turn says little.
            server_us_per_frame: (cpu.servers_ms > 0 && *frames > 0)
                .then(|| cpu.servers_ms as f64 * 1_000.0 / *frames as f64),
            cpu,
            posts: None,
            gateways: None,
        }
    }

    /// With what was posted.
    pub(crate) fn posted(mut self, posts: &Posts) -> Self {
        self.posts = Some(PostsReport::new(posts));
        self
    }

    /// Frames that came in a second, over all of the turn.
    pub(crate) fn frames_per_s(&self) -> f64 {
        self.frames as f64 * 1_000.0 / self.cpu.took_ms.max(1) as f64
    }

    /// Whether the numbers add up, where nobody came anew.
    pub(crate) fn wrong(&self) -> Option<String> {
        let got = self.events + self.events_in_snapshots;
        (got != self.events_expected)
            .then(|| format!("{got} events came, and {} should", self.events_expected))
    }
}

impl Latency {
    pub(crate) fn of(histogram: &crate::histogram::Histogram) -> Self {
        Self {
            count: histogram.count(),
            p50: histogram.quantile(500),
            p95: histogram.quantile(950),
            p99: histogram.quantile(990),
            p999: histogram.quantile(999),
            max: histogram.quantile(1_000),
        }
    }
}

impl PostsReport {
    pub(crate) fn new(posts: &Posts) -> Self {
        Self {
            stored: posts.stored(),
            failed: posts.failed,
            per_s: posts.stored() as f64 / posts.took.as_secs_f64().max(0.001),
            took_us: Latency::of(&posts.took_us),
        }
    }
}
