//! What the follower asks of the broker: each job reads, and says what it found.

use std::collections::{BTreeMap, HashSet};

use grandstand_broker::{Broker, ReadError, ReadFrom, StoredRecord};
use grandstand_core::follow::{Arrival, Whom};
use grandstand_core::headers::{Headers, HeadersError};
use grandstand_core::ids::MatchId;
use grandstand_core::record::RecordParts;
use thiserror::Error;

/// A job's end.
pub(crate) enum Found {
    /// The whole log of a match; none if there is no such match.
    Log(MatchId, Result<Option<Log>, ReadError>),
    /// Records that were missing.
    Missing(MatchId, Whom, Result<Vec<StoredRecord>, ReadError>),
    /// Tips of matches that were quiet, by whoever answered.
    Tips(Vec<MatchId>, Result<Vec<(MatchId, u64)>, ReadError>),
    /// The tip of a match by its leader, 0 for none.
    LeaderTip(MatchId, Result<u64, ReadError>),
    /// Which life of the stream this is.
    Incarnation(Result<u64, ReadError>),
    /// The newest record of every match.
    Directory(Result<Vec<StoredRecord>, ReadError>),
    /// Those of some matches in the list that are gone, as they were listed.
    Wiped(Result<Vec<(MatchId, u64)>, ReadError>),
}

/// A log as it was read.
pub(crate) struct Log {
    /// The newest record by the leader.
    pub(crate) newest: StoredRecord,
    /// What was read, which may lag behind the newest.
    pub(crate) records: Vec<StoredRecord>,
}

/// A record that was taken apart.
pub(crate) struct Arrived {
    pub(crate) arrival: Arrival,
    pub(crate) headers: Headers,
}

/// Why a stored message is no record.
#[derive(Debug, Error)]
#[error("stream sequence {stream_sequence} is not a record of ours: {reason}")]
pub(crate) struct Unreadable {
    stream_sequence: u64,
    reason: String,
}

/// Reads the whole log of a match: the leader says where it ends, and anybody what is in it.
pub(crate) async fn log(broker: Broker, match_id: MatchId) -> Found {
    let found = read_log(&broker, &match_id).await;
    Found::Log(match_id, found)
}

async fn read_log(broker: &Broker, match_id: &MatchId) -> Result<Option<Log>, ReadError> {
    let Some(newest) = broker.newest(match_id, ReadFrom::Leader).await? else {
        return Ok(None);
    };
    let records = broker.read_after(match_id, 0, ReadFrom::AnyReplica).await?;
    Ok(Some(Log { newest, records }))
}

/// Reads what comes after a stream sequence.
pub(crate) async fn missing(broker: Broker, match_id: MatchId, after: u64, whom: Whom) -> Found {
    let from = match whom {
        Whom::Replica => ReadFrom::AnyReplica,
        Whom::Leader => ReadFrom::Leader,
    };
    let found = broker.read_after(&match_id, after, from).await;
    Found::Missing(match_id, whom, found)
}

/// Asks anybody for the tips of `matches`.
pub(crate) async fn tips(broker: Broker, matches: Vec<MatchId>) -> Found {
    let found = broker.tips(&matches).await;
    Found::Tips(matches, found)
}

/// Asks the leader for the tip of a match.
pub(crate) async fn leader_tip(broker: Broker, match_id: MatchId) -> Found {
    let newest = broker.newest(&match_id, ReadFrom::Leader).await;
    Found::LeaderTip(
        match_id,
        newest.map(|newest| newest.map_or(0, |record| record.stream_sequence)),
    )
}

/// Asks which life of the stream this is.
pub(crate) async fn incarnation(broker: Broker) -> Found {
    Found::Incarnation(broker.incarnation().await)
}

/// Reads the newest record of every match.
pub(crate) async fn directory(broker: Broker) -> Found {
    Found::Directory(broker.directory().await)
}

/// Finds those of `listed` that the leader has no record of.
pub(crate) async fn wiped(broker: Broker, listed: Vec<(MatchId, u64)>) -> Found {
    Found::Wiped(find_wiped(&broker, listed).await)
}

async fn find_wiped(
    broker: &Broker,
    mut listed: Vec<(MatchId, u64)>,
) -> Result<Vec<(MatchId, u64)>, ReadError> {
    let asked: Vec<MatchId> = listed
        .iter()
        .map(|(match_id, _)| match_id.clone())
        .collect();
    let there: HashSet<MatchId> = broker
        .tips(&asked)
        .await?
        .into_iter()
        .map(|tip| tip.0)
        .collect();
    listed.retain(|(match_id, _)| !there.contains(match_id));
    let mut wiped = Vec::new();
    for (match_id, stream_sequence) in listed {
        // Whoever was asked may only lag.
        if broker.newest(&match_id, ReadFrom::Leader).await?.is_none() {
            wiped.push((match_id, stream_sequence));
        }
    }
    Ok(wiped)
}

/// Takes a stored record apart.
pub(crate) fn arrived(record: StoredRecord) -> Result<Arrived, Unreadable> {
    let stream_sequence = record.stream_sequence;
    let unreadable = |reason: String| Unreadable {
        stream_sequence,
        reason,
    };
    let parts = RecordParts::decode(record.body).map_err(|e| unreadable(e.to_string()))?;
    let headers = headers(&record.headers).map_err(|e| unreadable(e.to_string()))?;
    let arrival = Arrival {
        stream_sequence,
        last_stream_sequence: record.last_stream_sequence,
        parts,
    };
    Ok(Arrived { arrival, headers })
}

/// Reads a record's headers, whatever its body.
pub(crate) fn headers(pairs: &BTreeMap<String, String>) -> Result<Headers, HeadersError> {
    Headers::read(|name| pairs.get(name).map(String::as_str))
}
