//! What is counted of fans, by handles that are looked up once.

use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::News;
use metrics::{Counter, Gauge, Histogram};

/// The counters of one shard, or of all streams; all shards' are the same series.
pub(crate) struct Counts {
    pub(crate) connections: Gauge,
    pub(crate) frames: Counter,
    pub(super) loops: Histogram,
    by_policy: [(Counter, Histogram); 3],
}

impl Counts {
    /// By `transport`, a word for the way in which fans are connected.
    pub(crate) fn new(transport: &'static str) -> Self {
        let policies = [PolicyName::Digest, PolicyName::Batch, PolicyName::Realtime];
        Self {
            connections: metrics::gauge!("grandstand_connections", "transport" => transport),
            frames: metrics::counter!("grandstand_frames_total"),
            loops: metrics::histogram!("grandstand_shard_lag_seconds"),
            by_policy: policies.map(PolicyName::as_str).map(|policy| {
                let events = metrics::counter!("grandstand_events_total", "policy" => policy);
                let delivery =
                    metrics::histogram!("grandstand_delivery_seconds", "policy" => policy);
                (events, delivery)
            }),
        }
    }

    /// A frame of a match was written at `now_us`.
    pub(crate) fn news(&self, news: News, now_us: u64) {
        let (events, delivery) = &self.by_policy[news.policy as usize];
        events.increment(news.events);
        if let Some(accepted_us) = news.accepted_us {
            delivery.record(now_us.saturating_sub(accepted_us) as f64 / 1e6);
        }
    }
}

/// Somebody connects, with so many cursors.
pub(crate) fn count_connect(cursors: u64) {
    let resumed = if cursors > 0 { "true" } else { "false" };
    metrics::counter!("grandstand_connects_total", "resumed" => resumed).increment(1);
    metrics::counter!("grandstand_resumes_total").increment(cursors);
}

/// A connection ends, and why.
pub(crate) fn count_cut(reason: &'static str) {
    metrics::counter!("grandstand_disconnects_total", "reason" => reason).increment(1);
}

/// A session was taken up, and how.
pub(super) fn count_resumed(by: &'static str) {
    metrics::counter!("grandstand_sessions_resumed_total", "by" => by).increment(1);
}
