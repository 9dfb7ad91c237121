//! The events that a scorer missed, read from the stream once a refusal is to tell of them.

use std::ops::RangeInclusive;

use grandstand_broker::{ReadFrom, StoredRecord};
use grandstand_core::event::Event;
use grandstand_core::ids::MatchId;
use grandstand_core::record::Record;
use tokio::time::Instant;

use crate::read::read_until;
use crate::refuse::Refused;
use crate::start::Api;

/// Events that were missed, and where they are in the stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Missed {
    /// The stream sequence of the record before theirs, or 0.
    pub(crate) after_stream_sequence: u64,
    pub(crate) records: usize,
    seqs: RangeInclusive<u64>,
    /// Empty until they are read.
    events: Vec<Event>,
}

impl Missed {
    /// The events `seqs`, in so many records.
    pub(crate) fn unread(
        after_stream_sequence: u64,
        records: usize,
        seqs: RangeInclusive<u64>,
    ) -> Self {
        Self {
            after_stream_sequence,
            records,
            seqs,
            events: Vec::new(),
        }
    }

    /// Those that were read.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Reads them: from a replica, or from the leader if that one lags. If nobody has them by
    /// `deadline`, whoever is refused reads the log by himself.
    async fn read(&mut self, api: &Api, match_id: &MatchId, deadline: Instant) {
        if self.seqs.is_empty() {
            return;
        }
        for from in [ReadFrom::AnyReplica, ReadFrom::Leader] {
            let (after, records) = (self.after_stream_sequence, self.records);
            let read = read_until(deadline, || {
                api.broker.read_some_after(match_id, after, records, from)
            });
            let Ok(records) = read.await else { return };
            if let Some(events) = self.events_of(&records) {
                self.events = events;
                return;
            }
        }
    }

    /// The events in `records`, if they are all there.
    pub(crate) fn events_of(&self, records: &[StoredRecord]) -> Option<Vec<Event>> {
        let records = records.iter().map(|stored| Record::decode(&stored.body));
        let records: Vec<Record> = records.collect::<Result<_, _>>().ok()?;
        let events = records.into_iter().flat_map(|record| record.events);
        let events: Vec<Event> = events
            .filter(|event| self.seqs.contains(&event.seq))
            .collect();
        let seqs = events.iter().map(|event| event.seq);
        seqs.eq(self.seqs.clone()).then_some(events)
    }
}

/// The refusal with the events that it tells of.
pub(crate) async fn told(
    api: &Api,
    match_id: &MatchId,
    mut refused: Refused,
    deadline: Instant,
) -> Refused {
    if let Refused::Stale { missed, .. } = &mut refused {
        missed.read(api, match_id, deadline).await;
    }
    refused
}
