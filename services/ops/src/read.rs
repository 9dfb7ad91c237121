//! Reading a whole match, through an election if it must be.

use std::time::Duration;

use anyhow::anyhow;
use grandstand_broker::{Broker, BucketError, ReadError, ReadFrom, StoredRecord};
use grandstand_core::ids::MatchId;

/// How often a match is read before it counts as unreadable, and the pause that grows in between:
/// an election takes up to 8 s.
const READS_MAX: u32 = 8;
const READ_PAUSE: Duration = Duration::from_millis(500);

/// All records of a match: the leader says where it ends, and whoever is near what is in it. None
/// if there is no such match.
pub(crate) async fn whole_match(
    broker: &Broker,
    match_id: &MatchId,
) -> Result<Vec<StoredRecord>, ReadError> {
    again_and_again(match_id, || near(broker, match_id)).await
}

/// Why a bucket, which is the stream `stream`, can't be read, and what to do about it.
pub(crate) async fn bucket_away(
    broker: &Broker,
    stream: &str,
    error: BucketError,
) -> anyhow::Error {
    match broker.stream_facts(stream).await {
        Ok(None) => anyhow!("{stream} is missing; `grandstand ops provision` makes it"),
        Ok(Some(_)) | Err(_) => anyhow!("{error}; `grandstand ops status` says more"),
    }
}

/// The same by the leader alone, which takes a request for each record.
pub(crate) async fn leader_log(
    broker: &Broker,
    match_id: &MatchId,
) -> Result<Vec<StoredRecord>, ReadError> {
    again_and_again(match_id, || {
        broker.read_after(match_id, 0, ReadFrom::Leader)
    })
    .await
}

async fn again_and_again<R: Future<Output = Result<Vec<StoredRecord>, ReadError>>>(
    match_id: &MatchId,
    read: impl Fn() -> R,
) -> Result<Vec<StoredRecord>, ReadError> {
    let mut attempt = 1;
    loop {
        match read().await {
            Err(ReadError::Unavailable(reason)) if attempt < READS_MAX => {
                tracing::debug!(%match_id, attempt, reason, "reading again");
                tokio::time::sleep(READ_PAUSE * attempt).await;
                attempt += 1;
            }
            done => return done,
        }
    }
}

async fn near(broker: &Broker, match_id: &MatchId) -> Result<Vec<StoredRecord>, ReadError> {
    let Some(newest) = broker.newest(match_id, ReadFrom::Leader).await? else {
        return Ok(Vec::new());
    };
    let records = broker.read_after(match_id, 0, ReadFrom::AnyReplica).await?;
    let last = records.last().map_or(0, |record| record.stream_sequence);
    // A replica may be a moment behind, and not know yet that the match was wiped in between.
    match last < newest.stream_sequence {
        true => broker.read_after(match_id, 0, ReadFrom::Leader).await,
        false => Ok(records),
    }
}
