//! Bringing a match's ledger up to what the leader has.

use std::cmp::Ordering;

use grandstand_broker::{Broker, ReadError, ReadFrom, StoredRecord};
use grandstand_core::ids::MatchId;
use thiserror::Error;

use crate::ledger::{Ledger, LedgerError};

/// What the leader had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// The ledger is as the log.
    Nothing,
    /// The ledger was behind, and is not any more.
    Something,
    /// The ledger has more than the leader says that there is: the leader lags, or the log was
    /// rolled back. Only a refused append tells.
    Less,
}

/// Why the ledger is not up to date.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum CatchUpError {
    /// Ask again.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Asking again won't help.
    #[error(transparent)]
    Log(#[from] LedgerError),
}

/// Brings `ledger` up to what the leader has; none before the first record. Dropped at any time,
/// the ledger is a shorter one that is right as well.
pub(crate) async fn catch_up(
    broker: &Broker,
    match_id: &MatchId,
    ledger: &mut Option<Ledger>,
) -> Result<News, CatchUpError> {
    let Some(newest) = broker.newest(match_id, ReadFrom::Leader).await? else {
        let had = ledger.take();
        return Ok(had.map_or(News::Nothing, |_| News::Something));
    };
    match newest.stream_sequence.cmp(&tip(ledger)) {
        Ordering::Equal => return Ok(News::Nothing),
        Ordering::Less => return Ok(News::Less),
        Ordering::Greater => {}
    }
    match Ledger::take(ledger, &newest) {
        Ok(()) => return Ok(News::Something),
        // More than one record came meanwhile, or the log is another.
        Err(error) if error.is_another_log() => {}
        Err(error) => return Err(error.into()),
    }
    match read_up_to(broker, match_id, ledger, newest.stream_sequence).await {
        Err(CatchUpError::Log(error)) if error.is_another_log() && ledger.is_some() => {
            tracing::warn!(%match_id, "the log is another than it was; reading it anew");
            *ledger = None;
            read_up_to(broker, match_id, ledger, newest.stream_sequence).await?;
        }
        other => other?,
    }
    Ok(News::Something)
}

/// Reads up to `end`: from a replica in batches, which is fast and holds nothing but what is
/// committed, and what that one lacks from the leader.
async fn read_up_to(
    broker: &Broker,
    match_id: &MatchId,
    ledger: &mut Option<Ledger>,
    end: u64,
) -> Result<(), CatchUpError> {
    for from in [ReadFrom::AnyReplica, ReadFrom::Leader] {
        if tip(ledger) >= end {
            break;
        }
        match broker.read_after(match_id, tip(ledger), from).await {
            Ok(records) => take_all(ledger, &records)?,
            Err(error) if from == ReadFrom::AnyReplica => {
                tracing::debug!(%error, "no replica answered; asking the leader");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn take_all(ledger: &mut Option<Ledger>, records: &[StoredRecord]) -> Result<(), LedgerError> {
    records
        .iter()
        .try_for_each(|record| Ledger::take(ledger, record))
}

fn tip(ledger: &Option<Ledger>) -> u64 {
    ledger.as_ref().map_or(0, Ledger::tip)
}
