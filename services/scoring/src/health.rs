//! What the instance knows of its broker: which life of the stream this is, and whether it may be
//! sent requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use grandstand_broker::{AppendError, Broker, ReadError};
use grandstand_server::readiness::Check;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often the leader of the stream is asked which life of it this is.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// So many appends or probes without an answer in a row, and we look for another server: one that
/// is cut off from its peers does not let go by itself.
const UNANSWERED_MAX: u32 = 3;

/// What the parts of an instance share about the broker.
pub(crate) struct Health {
    /// None while it has to be read again: a stream may be restored while we are cut off.
    incarnation: watch::Sender<Option<u64>>,
    /// Why no scores are taken, for the canary.
    refusing: watch::Sender<Option<String>>,
    /// Appends without an answer in a row, and probes.
    appends_unanswered: AtomicU32,
    probes_unanswered: AtomicU32,
}

impl Health {
    pub(crate) fn new(refusing: watch::Sender<Option<String>>) -> Self {
        Self {
            incarnation: watch::Sender::new(None),
            refusing,
            appends_unanswered: AtomicU32::new(0),
            probes_unanswered: AtomicU32::new(0),
        }
    }

    /// The stream's incarnation, waiting until it is known, but not beyond `deadline`.
    pub(crate) async fn incarnation(&self, deadline: Instant) -> Option<u64> {
        let mut known = self.incarnation.subscribe();
        let known = tokio::time::timeout_at(deadline, known.wait_for(Option::is_some)).await;
        // The outer error is the deadline's, the inner cannot be: `self` holds the sender.
        known.ok()?.ok().and_then(|incarnation| *incarnation)
    }

    /// Takes note of what came of an append.
    pub(crate) async fn appended(&self, result: &Result<u64, AppendError>, broker: &Broker) {
        match result {
            Err(AppendError::Unknown { reason }) => {
                tracing::debug!(%reason, "an append has no outcome");
                no_answer(&self.appends_unanswered, broker).await;
            }
            Err(AppendError::StreamFull) => self.refuse(Some("the stream of scores is full")),
            Ok(_) => {
                self.appends_unanswered.store(0, Ordering::Relaxed);
                self.refuse(None);
            }
            // A leader without its peers answers so as well.
            Err(AppendError::Conflict) => {}
            Err(_) => self.appends_unanswered.store(0, Ordering::Relaxed),
        }
    }

    /// Whether the stream was full has to be looked at: nobody may be posting any more.
    async fn look_for_room(&self, broker: &Broker) {
        let refuses = self.refusing.borrow().is_some();
        if refuses && broker.scores_have_room().await == Ok(true) {
            self.refuse(None);
        }
    }

    fn refuse(&self, reason: Option<&str>) {
        self.refusing.send_if_modified(|refusing| {
            let changed = refusing.as_deref() != reason;
            *refusing = reason.map(str::to_owned);
            changed
        });
    }
}

async fn no_answer(unanswered: &AtomicU32, broker: &Broker) {
    let in_a_row = unanswered.fetch_add(1, Ordering::Relaxed) + 1;
    if in_a_row.is_multiple_of(UNANSWERED_MAX) && broker.is_connected() {
        tracing::warn!("the NATS server does not answer; looking for another");
        broker.reconnect().await;
    }
}

/// Keeps the incarnation and the readiness check true until `stop`.
pub(crate) async fn watch_broker(
    broker: Broker,
    health: Arc<Health>,
    check: Check,
    stop: CancellationToken,
) {
    let watching = async {
        let mut counts = broker.counts();
        let mut lost = counts.borrow_and_update().disconnected;
        let mut ticks = tokio::time::interval(PROBE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                // Fails only when the client is gone; then the probe says so at each tick.
                Ok(()) = counts.changed() => {}
            }
            let lost_now = counts.borrow_and_update().disconnected;
            if std::mem::replace(&mut lost, lost_now) != lost_now {
                health.incarnation.send_replace(None);
            }
            probe(&broker, &health, &check).await;
        }
    };
    stop.run_until_cancelled(watching).await;
}

async fn probe(broker: &Broker, health: &Health, check: &Check) {
    if !broker.is_connected() {
        return check.not_ready("not connected to NATS");
    }
    match broker.incarnation().await {
        Ok(incarnation) => {
            health
                .incarnation
                .send_if_modified(|known| known.replace(incarnation) != Some(incarnation));
            health.probes_unanswered.store(0, Ordering::Relaxed);
            check.ready();
            health.look_for_room(broker).await;
        }
        Err(error) => {
            check.not_ready(error.to_string());
            if matches!(error, ReadError::Unavailable(_)) {
                no_answer(&health.probes_unanswered, broker).await;
            }
        }
    }
}
