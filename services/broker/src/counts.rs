//! What becomes of a connection: counted for whoever waits for it, and logged once.

use async_nats::{Event, ServerError};
use metrics::describe_counter;
use tokio::sync::watch;

/// What happened to a connection since it was made. The numbers only grow, so whoever looks late
/// still sees that something happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionCounts {
    /// Times it was established, the first included.
    pub connected: u64,
    /// Times it was lost.
    pub disconnected: u64,
    /// Messages dropped because a subscription was not read fast enough.
    pub dropped: u64,
    /// Times the server refused a subject: our permissions and what we do have come apart.
    pub denied: u64,
}

/// Describes the metrics of every connection of this process.
pub(crate) fn describe() {
    describe_counter!(
        "grandstand_broker_messages_dropped_total",
        "Messages of the broker that were dropped, as they were not read fast enough; what is missing is read again"
    );
    describe_counter!(
        "grandstand_broker_live_unreadable_total",
        "Messages of the live feed that are neither records nor canaries"
    );
}

/// Counts what the client tells, and logs it.
pub(crate) fn count(event: &Event, counted: &watch::Sender<ConnectionCounts>) {
    match event {
        Event::Connected => {
            tracing::info!("connected to NATS");
            counted.send_modify(|counts| counts.connected += 1);
        }
        Event::Disconnected => {
            tracing::warn!("disconnected from NATS");
            counted.send_modify(|counts| counts.disconnected += 1);
        }
        // One a message: logging each would make the trouble worse.
        Event::SlowConsumer(_) => {
            metrics::counter!("grandstand_broker_messages_dropped_total").increment(1);
            counted.send_modify(|counts| counts.dropped += 1);
        }
        Event::ServerError(ServerError::Other(text))
            if text.to_lowercase().contains("permissions violation") =>
        {
            tracing::error!(%text, "NATS refuses a subject that this role uses");
            counted.send_modify(|counts| counts.denied += 1);
        }
        Event::LameDuckMode => tracing::info!("the NATS server is about to stop"),
        // That we are away is told; each attempt to come back that fails is not.
        Event::ClientError(_) if is_away(&counted.borrow()) => {
            tracing::debug!(%event, "NATS connection");
        }
        Event::Draining | Event::Closed => tracing::debug!(%event, "NATS connection"),
        Event::ServerError(_) | Event::ClientError(_) => tracing::warn!(%event, "NATS connection"),
    }
}

fn is_away(counts: &ConnectionCounts) -> bool {
    counts.disconnected >= counts.connected
}
