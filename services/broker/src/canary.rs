//! The canary: a record a second that proves that the broker commits and that the stream of scores
//! has a leader, and says whether scores are being accepted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::api::ApiError;
use crate::connect::Broker;
use crate::names::{CANARY, SCORES, random_suffix};

const INTERVAL: Duration = Duration::from_secs(1);
/// A canary that is not stored within this is late news; the next one is due.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// What a canary carries. Its number is its place in its stream.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Canary {
    /// When it was sent, in Unix microseconds by the sender's clock.
    pub(crate) sent_at_us: u64,
    /// Why the sender takes no scores at the moment, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refusing: Option<String>,
}

#[derive(Deserialize)]
struct Acknowledgement {
    stream: String,
}

/// Appends a canary a second until `stop`. `refusing` is why this instance takes no scores at the
/// moment, in words for people; none while it does.
pub async fn run_canary(
    broker: Broker,
    refusing: watch::Receiver<Option<String>>,
    stop: CancellationToken,
) {
    let subject = format!("canary.{}", random_suffix());
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let canary = Canary {
            sent_at_us: now_us(),
            refusing: refusing.borrow().clone(),
        };
        let sent = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            sent = send(&broker, &subject, &canary) => sent,
        };
        let fails = sent.is_err();
        // Each change is logged once: a broker that is away would fill the log.
        match (failing, sent) {
            (true, Ok(())) => tracing::info!("canaries are stored again"),
            (false, Err(error)) => tracing::warn!(%error, "a canary was not stored"),
            (true, Err(_)) | (false, Ok(())) => {}
        }
        failing = fails;
    }
}

async fn send(broker: &Broker, subject: &str, canary: &Canary) -> Result<(), ApiError> {
    // Their streams have leaders of their own: that canaries are stored says nothing of scores.
    let scores = tokio::time::timeout(ANSWER_MAX, broker.stream_facts(SCORES)).await;
    match scores {
        Ok(Ok(Some(facts))) if !facts.leaderless => {}
        Ok(Err(error)) => return Err(ApiError::NoAnswer(error.to_string())),
        Ok(Ok(_)) | Err(_) => {
            let why = "no server leads the stream of scores".to_owned();
            return Err(ApiError::NoAnswer(why));
        }
    }
    let body = serde_json::to_vec(canary).map_err(|error| ApiError::NoAnswer(error.to_string()))?;
    let stored: Acknowledgement = broker
        .ask(subject.to_owned(), None, body.into(), ANSWER_MAX)
        .await?;
    if stored.stream != CANARY {
        return Err(ApiError::NoAnswer(format!(
            "the stream {} took it",
            stored.stream
        )));
    }
    Ok(())
}

fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
