//! What answers need to know of each record and its events, in little memory.

use std::collections::BTreeMap;

use grandstand_core::hash::StateHash;
use grandstand_core::headers::{Headers, Warning};
use grandstand_core::record::Record;
use serde_json::Value;

use crate::missed::Missed;
use crate::strips::{Strips, with_room};

/// How many events are told to scorers who missed them: the newest.
pub(crate) const MISSED_EVENTS_MAX: u64 = 100;
/// And how many bytes of records; the newest record is told whatever its size.
const MISSED_BYTES_MAX: usize = 256 * 1024;

/// The records of a match, whose events are numbered without a hole from 1.
#[derive(Debug, Default)]
pub(crate) struct Records {
    rows: Vec<Row>,
    strips: Strips,
    events: Vec<EventRow>,
    /// Of the few events that have any, by seq.
    warnings: BTreeMap<u64, Box<[Warning]>>,
}

#[derive(Debug)]
struct Row {
    stream_sequence: u64,
    last_seq: u32,
    body_bytes: u32,
    hash: StateHash,
}

#[derive(Debug)]
struct EventRow {
    ts: u64,
    digest: Digest,
}

/// The digest of an event as it was posted, of half its length as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest([u8; 16]);

/// What a record says beside its events.
#[derive(Debug)]
pub(crate) struct RecordFacts {
    /// The seq of its last event.
    pub(crate) last_seq: u64,
    /// The hash of the state after it.
    pub(crate) hash: StateHash,
    /// The strip after it.
    pub(crate) strip: Value,
}

/// What an answer says of an event.
#[derive(Debug)]
pub(crate) struct EventFacts<'a> {
    pub(crate) seq: u64,
    pub(crate) ts: u64,
    pub(crate) digest: Digest,
    pub(crate) warnings: &'a [Warning],
}

impl Records {
    /// Notes the next record of the log; its headers speak of as many events as it has.
    pub(crate) fn push(
        &mut self,
        stream_sequence: u64,
        headers: &Headers,
        record: &Record,
        body_bytes: usize,
    ) {
        let said = headers.digests.iter().zip(&headers.warnings);
        for (event, (digest, warnings)) in record.events.iter().zip(said) {
            let (ts, digest) = (event.ts, Digest::of(digest));
            self.events.push(EventRow { ts, digest });
            if !warnings.is_empty() {
                self.warnings.insert(event.seq, warnings.as_slice().into());
            }
        }
        self.strips.push(&headers.strip);
        self.rows.push(Row {
            stream_sequence,
            // A match has 20,000 records at most, and a record 100 events and 128 KiB.
            last_seq: self.events.len() as u32,
            body_bytes: body_bytes as u32,
            hash: record.hash,
        });
    }

    /// What is known of the event `seq`.
    pub(crate) fn event(&self, seq: u64) -> Option<EventFacts<'_>> {
        let row = self
            .events
            .get(usize::try_from(seq).ok()?.checked_sub(1)?)?;
        Some(EventFacts {
            seq,
            ts: row.ts,
            digest: row.digest,
            warnings: self.warnings.get(&seq).map_or(&[], |warnings| warnings),
        })
    }

    /// The record that holds the event `seq`.
    pub(crate) fn record_of(&self, seq: u64) -> Option<RecordFacts> {
        self.record(self.place_after(seq.checked_sub(1)?))
    }

    /// The newest record; none before the first.
    pub(crate) fn newest(&self) -> Option<RecordFacts> {
        self.record(self.rows.len().checked_sub(1)?)
    }

    /// The stream sequence of the record before the one that holds the event after `seq`, 0 if that
    /// is the first record; none if there is no such event.
    pub(crate) fn before_event_after(&self, seq: u64) -> Option<u64> {
        let place = self.place_after(seq);
        (place < self.rows.len()).then(|| self.before(place))
    }

    /// The events after `seq` that are to be told to who missed them, not read yet.
    pub(crate) fn missed_after(&self, seq: u64) -> Missed {
        let head = self.events.len() as u64;
        let first = head.saturating_sub(MISSED_EVENTS_MAX).max(seq) + 1;
        let oldest = self.place_after(first - 1);
        let mut bytes = 0;
        let newest = self.rows[oldest..].iter().rev();
        let fitting = newest.take_while(|row| {
            bytes += row.body_bytes as usize;
            bytes <= MISSED_BYTES_MAX
        });
        let records = fitting.count().max(1).min(self.rows.len() - oldest);
        let place = self.rows.len() - records;
        let before = place
            .checked_sub(1)
            .map_or(0, |before| u64::from(self.rows[before].last_seq));
        Missed::unread(self.before(place), records, first.max(before + 1)..=head)
    }

    /// Takes no more memory than it needs, and some to grow.
    pub(crate) fn rest(&mut self) {
        self.rows.shrink_to(with_room(self.rows.len()));
        self.events.shrink_to(with_room(self.events.len()));
        self.strips.rest();
    }

    fn record(&self, place: usize) -> Option<RecordFacts> {
        let row = self.rows.get(place)?;
        Some(RecordFacts {
            last_seq: row.last_seq.into(),
            hash: row.hash,
            strip: self.strips.get(place),
        })
    }

    /// The place of the record with the event after `seq`, or of the one to come.
    fn place_after(&self, seq: u64) -> usize {
        self.rows
            .partition_point(|row| u64::from(row.last_seq) <= seq)
    }

    /// The stream sequence of the record before the one at a place.
    fn before(&self, place: usize) -> u64 {
        let before = place.checked_sub(1);
        before.map_or(0, |before| self.rows[before].stream_sequence)
    }
}

impl Digest {
    /// The digest that a post or a header says in 32 hex digits. What is none is that of no post.
    pub(crate) fn of(text: &str) -> Self {
        let is_digest = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok();
        let number = number.filter(|_| is_digest);
        Self(number.unwrap_or_default().to_be_bytes())
    }
}
