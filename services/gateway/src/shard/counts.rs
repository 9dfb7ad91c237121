//! What is counted of fans, by handles that are looked up once.

use std::sync::Arc;

use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::News;
use grandstand_server::tally::{Tally, Told, tally};
use metrics::{Counter, Gauge, Histogram};

const DELIVERY: Told = Told {
    name: "grandstand_delivery_seconds",
    help: "From accepted by scoring to written to the fan's socket, by policy, for fans who had caught up",
};

/// The counters of one shard, or of all streams; all shards' are the same series.
pub(crate) struct Counts {
    pub(crate) connections: Gauge,
    pub(crate) frames: Counter,
    pub(super) loops: Histogram,
    by_policy: [(Counter, Arc<Tally>); 3],
}

/// The same news of many fans, one after the other: counted together, since whoever counts shares
/// memory with the other shards.
#[derive(Debug, Default)]
pub(super) struct SameNews(Option<(News, u64)>);

impl SameNews {
    /// One more fan was told something; what was gathered before, if that is something else.
    pub(super) fn add(&mut self, news: Option<News>) -> Option<(News, u64)> {
        let news = news?;
        match &mut self.0 {
            Some((same, fans)) if *same == news => {
                *fans += 1;
                None
            }
            other => other.replace((news, 1)),
        }
    }

    /// What was gathered last.
    pub(super) fn end(self) -> Option<(News, u64)> {
        self.0
    }
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
                let delivery = tally(DELIVERY, "policy", policy);
                (events, delivery)
            }),
        }
    }

    /// A frame of a match was written at `now_us` to each of so many fans.
    pub(crate) fn news(&self, news: News, fans: u64, now_us: u64) {
        let (events, delivery) = &self.by_policy[news.policy as usize];
        events.increment(news.events * fans);
        if let Some(accepted_us) = news.accepted_us {
            delivery.record(now_us.saturating_sub(accepted_us), fans);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_counted_together_as_long_as_it_is_the_same() {
        let of = |events| News {
            policy: PolicyName::Batch,
            events,
            accepted_us: Some(7),
            is_all: true,
        };
        let mut same = SameNews::default();
        assert_eq!(same.add(None), None);
        assert_eq!(same.add(Some(of(1))), None);
        assert_eq!(same.add(None), None);
        assert_eq!(same.add(Some(of(1))), None);
        assert_eq!(same.add(Some(of(2))), Some((of(1), 2)));
        assert_eq!(same.end(), Some((of(2), 1)));
        assert_eq!(SameNews::default().end(), None);
    }
}
