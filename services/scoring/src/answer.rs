//! The answer to a post, built only from what is stored, so that a repeat has the same.

use grandstand_core::event::Posted;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Warning;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use serde::Serialize;
use serde_json::Value;

use crate::ledger::Ledger;

/// What a scorer is told once every event of the request is in the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answer {
    #[serde(rename = "match")]
    pub(crate) match_id: MatchId,
    pub(crate) epoch: Epoch,
    /// The seq after the record that holds the last of the events.
    pub(crate) seq: u64,
    /// The hash of the state there.
    pub(crate) hash: StateHash,
    /// The strip there.
    pub(crate) strip: Value,
    /// The events in the order of the request.
    pub(crate) events: Vec<AnswerEvent>,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct AnswerEvent {
    pub(crate) id: EventId,
    pub(crate) seq: u64,
    pub(crate) ts: u64,
    pub(crate) warnings: Vec<Warning>,
}

/// Whether this very request stored anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Now,
    Before,
}

impl Answer {
    /// The answer to a post of `events`; none unless all of them are in the log.
    pub(crate) fn of(
        match_id: &MatchId,
        incarnation: u64,
        ledger: &Ledger,
        events: &[Posted],
    ) -> Option<Self> {
        let facts: Vec<_> = events
            .iter()
            .map(|posted| ledger.event(&posted.id))
            .collect::<Option<_>>()?;
        let last = facts.iter().max_by_key(|facts| facts.seq)?;
        let record = ledger.record_of(last.seq)?;
        let said = events
            .iter()
            .zip(&facts)
            .map(|(posted, facts)| AnswerEvent {
                id: posted.id.clone(),
                seq: facts.seq,
                ts: facts.ts,
                warnings: facts.warnings.to_vec(),
            });
        Some(Self {
            match_id: match_id.clone(),
            epoch: ledger.epoch(incarnation),
            seq: record.last_seq,
            hash: record.hash,
            strip: record.strip,
            events: said.collect(),
        })
    }
}
