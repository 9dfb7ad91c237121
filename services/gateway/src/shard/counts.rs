//! What a shard counts, by handles that are looked up once.

use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::News;
use metrics::{Counter, Gauge, Histogram};

/// The counters of one shard; all shards' are the same series.
pub(super) struct Counts {
    pub(super) connections: Gauge,
    pub(super) frames: Counter,
    pub(super) loops: Histogram,
    by_policy: [(Counter, Histogram); 3],
}

impl Counts {
    pub(super) fn new() -> Self {
        let policies = [PolicyName::Digest, PolicyName::Batch, PolicyName::Realtime];
        Self {
            connections: metrics::gauge!("grandstand_connections"),
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
    pub(super) fn news(&self, news: News, now_us: u64) {
        let (events, delivery) = &self.by_policy[news.policy as usize];
        events.increment(news.events);
        if let Some(accepted_us) = news.accepted_us {
            delivery.record(now_us.saturating_sub(accepted_us) as f64 / 1e6);
        }
    }
}

/// A connection ends, and why.
pub(super) fn count_cut(reason: &'static str) {
    metrics::counter!("grandstand_disconnects_total", "reason" => reason).increment(1);
}

/// A session was taken up, and how.
pub(super) fn count_resumed(by: &'static str) {
    metrics::counter!("grandstand_sessions_resumed_total", "by" => by).increment(1);
}
