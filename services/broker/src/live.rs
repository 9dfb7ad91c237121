//! The live feed: every committed record of every match, once the broker has it, and what happened
//! to the feed itself.

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use tokio::sync::watch;

use crate::api::ANSWER_MAX;
use crate::canary::Canary;
use crate::connect::Broker;
use crate::counts::ConnectionCounts;
use crate::history::ReadError;
use crate::names::{LIVE_ALL, LIVE_CANARY_ALL};
use crate::record::{StoredRecord, number};

/// What the feed brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveItem {
    /// A record that is committed. It came at most once, and may be one that the reader has.
    Record(StoredRecord),
    /// A canary that is committed: the broker works.
    Canary {
        /// Its place in the stream of canaries: grows over all senders.
        number: u64,
        /// When its sender sent it, in Unix microseconds by the sender's clock.
        sent_at_us: u64,
        /// Why its sender takes no scores, if so.
        refusing: Option<String>,
    },
    /// The connection is lost: nothing comes until it is back.
    Disconnected,
    /// Something may be missing: ask for the tips of all matches that are followed, now.
    Interrupted(Interruption),
}

/// Why something may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// The connection was away for a while.
    Reconnected,
    /// The feed was read too slowly, and messages were dropped.
    Dropped,
}

/// One subscription to everything that is live, for as long as a gateway runs.
pub struct LiveFeed {
    records: Subscriber,
    canaries: Subscriber,
    counts: watch::Receiver<ConnectionCounts>,
    told: Told,
}

impl Broker {
    /// Subscribes. What is stored after this returns is on the feed, unless an interruption says so.
    pub async fn live_feed(&self) -> Result<LiveFeed, ReadError> {
        let unavailable = |error: &dyn std::fmt::Display| ReadError::Unavailable(error.to_string());
        let counts = self.counts();
        let told = Told(*counts.borrow());
        let subscribed = async {
            let records = self
                .client
                .subscribe(LIVE_ALL)
                .await
                .map_err(|e| unavailable(&e))?;
            let canaries = self
                .client
                .subscribe(LIVE_CANARY_ALL)
                .await
                .map_err(|e| unavailable(&e))?;
            // A round trip: the server has the subscriptions, not just our queue.
            self.stream_is_there().await?;
            Ok(LiveFeed {
                records,
                canaries,
                counts,
                told,
            })
        };
        match tokio::time::timeout(ANSWER_MAX * 2, subscribed).await {
            Ok(feed) => feed,
            Err(_) => Err(ReadError::Unavailable("timed out".to_owned())),
        }
    }
}

impl LiveFeed {
    /// What comes next; none once the connection is closed for good. Nothing is lost if the future
    /// is dropped. Trouble with the feed overtakes what waits in it, so that gaps are looked for at
    /// once.
    pub async fn next(&mut self) -> Option<LiveItem> {
        loop {
            let now = *self.counts.borrow_and_update();
            if let Some(item) = self.told.news(now) {
                return Some(item);
            }
            let item = tokio::select! {
                biased;
                changed = self.counts.changed() => {
                    changed.ok()?;
                    None
                }
                message = self.canaries.next() => canary(message?),
                message = self.records.next() => record(message?),
            };
            if item.is_some() {
                return item;
            }
        }
    }
}

/// Which of the connection's counts the reader of a feed was told.
struct Told(ConnectionCounts);

impl Told {
    /// What happened by `now` and is not told yet, one thing at a time; how the connection stands
    /// now comes last.
    fn news(&mut self, now: ConnectionCounts) -> Option<LiveItem> {
        if now.connected > self.0.connected {
            // The tips that are asked for now cover whatever else happened before.
            let is_lost_again = now.disconnected >= now.connected;
            self.0 = now;
            self.0.disconnected -= u64::from(is_lost_again);
            return Some(LiveItem::Interrupted(Interruption::Reconnected));
        }
        if now.dropped > self.0.dropped {
            self.0.dropped = now.dropped;
            return Some(LiveItem::Interrupted(Interruption::Dropped));
        }
        if now.disconnected > self.0.disconnected {
            self.0.disconnected = now.disconnected;
            return Some(LiveItem::Disconnected);
        }
        None
    }
}

fn record(message: Message) -> Option<LiveItem> {
    let record = StoredRecord::from_live(message);
    if record.is_none() {
        metrics::counter!("grandstand_broker_live_unreadable_total").increment(1);
    }
    record.map(LiveItem::Record)
}

fn canary(message: Message) -> Option<LiveItem> {
    let number = message
        .headers
        .as_ref()
        .and_then(|headers| number(headers, "Nats-Sequence"));
    let canary = serde_json::from_slice::<Canary>(&message.payload).ok();
    let (Some(number), Some(canary)) = (number, canary) else {
        metrics::counter!("grandstand_broker_live_unreadable_total").increment(1);
        return None;
    };
    Some(LiveItem::Canary {
        number,
        sent_at_us: canary.sent_at_us,
        refusing: canary.refusing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// The connection is lost, or comes back.
        Turn,
        Drop,
        /// The reader takes all that there is to tell.
        Read,
    }

    fn read_all(told: &mut Told, now: ConnectionCounts) -> Vec<LiveItem> {
        std::iter::from_fn(|| told.news(now)).take(10).collect()
    }

    proptest! {
        #[test]
        fn whatever_happened_between_two_reads_is_told_and_then_no_more(
            steps in prop::collection::vec(prop_oneof![Just(Step::Turn), Just(Step::Drop), Just(Step::Read)], 0..40)
        ) {
            let mut now = ConnectionCounts { connected: 1, ..Default::default() };
            let (mut told, mut read) = (Told(now), now);
            for step in steps.into_iter().chain([Step::Read]) {
                match step {
                    Step::Turn if now.connected > now.disconnected => now.disconnected += 1,
                    Step::Turn => now.connected += 1,
                    Step::Drop => now.dropped += 1,
                    Step::Read => {
                        let items = read_all(&mut told, now);
                        let interrupted = items.iter().any(|item| matches!(item, LiveItem::Interrupted(_)));
                        prop_assert_eq!(interrupted, now.connected > read.connected || now.dropped > read.dropped);
                        let is_lost = now.disconnected == now.connected;
                        let is_news = now.disconnected > read.disconnected;
                        prop_assert_eq!(items.last() == Some(&LiveItem::Disconnected), is_lost && is_news);
                        prop_assert!(items.len() <= 3);
                        read = now;
                    }
                }
            }
        }
    }
}
