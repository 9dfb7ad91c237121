//! One match as the log says it: the game, and what answers need to know of each record.

use grandstand_broker::StoredRecord;
use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{Epoch, EventId};
use grandstand_core::record::Record;
use grandstand_sports::{Drafted, Game, RULES_VERSION, Sport};
use thiserror::Error;

use crate::decide::Post;
use crate::devices::Devices;
use crate::missed::Missed;
use crate::records::{EventFacts, RecordFacts, Records};

/// A match from its first record on.
#[derive(Debug)]
pub(crate) struct Ledger {
    game: Game,
    created_us: u64,
    visibility: Visibility,
    delay_s: u32,
    /// The stream sequence of its newest record, 0 before the first.
    tip: u64,
    last_ts: u64,
    records: Records,
    devices: Devices,
}

impl LedgerError {
    /// Whether the log may only be another than the one that was read so far.
    pub(crate) fn is_another_log(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::OtherLife { .. })
    }
}

/// A record that was decided, and what becomes of the match once it is in the log.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) headers: Headers,
    pub(crate) record: Record,
    pub(crate) body: bytes::Bytes,
    pub(crate) drafted: Drafted,
}

/// Why a record of the log can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum LedgerError {
    /// Rules that we do not know made it.
    #[error("a record was made by version {0} of the rules, this instance knows {RULES_VERSION}")]
    NewerRules(u32),
    /// Its sport is none that we know.
    #[error("the sport {0:?} is not known to this instance")]
    NewSport(String),
    /// It does not follow the one before it: the log is another than we thought.
    #[error("a record begins with event {found} where {expected} is due")]
    Broken { expected: u64, found: u64 },
    /// It is of another life of the match: the log was wiped, and begins anew.
    #[error(
        "a record is of the match created at {found}, those before it of the one created at {known}"
    )]
    OtherLife { known: u64, found: u64 },
    /// It is no record.
    #[error("a stored record can't be read: {0}")]
    Unreadable(String),
}

impl Ledger {
    /// A match before its first record.
    pub(crate) fn new(sport: Sport) -> Self {
        Self {
            game: Game::new(sport),
            created_us: 0,
            visibility: Visibility::default(),
            delay_s: 0,
            tip: 0,
            last_ts: 0,
            records: Records::default(),
            devices: Devices::default(),
        }
    }

    /// Takes the next record of the log into `ledger`, which is none before the first. A record
    /// that can't be taken changes nothing.
    pub(crate) fn take(
        ledger: &mut Option<Self>,
        stored: &StoredRecord,
    ) -> Result<(), LedgerError> {
        let headers = Headers::read(|name| stored.headers.get(name).map(String::as_str))
            .map_err(|error| LedgerError::Unreadable(error.to_string()))?;
        if headers.rules_version > RULES_VERSION {
            return Err(LedgerError::NewerRules(headers.rules_version));
        }
        let sport = Sport::parse(&headers.sport)
            .ok_or_else(|| LedgerError::NewSport(headers.sport.clone()))?;
        let record = Record::decode(&stored.body)
            .map_err(|error| LedgerError::Unreadable(error.to_string()))?;
        if headers.digests.len() != record.events.len()
            || headers.warnings.len() != record.events.len()
        {
            let reason = "its headers speak of another number of events".to_owned();
            return Err(LedgerError::Unreadable(reason));
        }
        let found = headers.created_us;
        if let Some(known) = ledger.as_ref().map(Self::created_us)
            && known != found
        {
            return Err(LedgerError::OtherLife { known, found });
        }
        let due = ledger.as_ref().map_or(1, |ledger| ledger.seq() + 1);
        for (expected, event) in (due..).zip(&record.events) {
            if event.seq != expected {
                let found = event.seq;
                return Err(LedgerError::Broken { expected, found });
            }
        }
        let ledger = ledger.get_or_insert_with(|| Self::new(sport));
        for event in &record.events {
            ledger.game.apply(event);
        }
        ledger.note(stored.stream_sequence, &headers, &record, stored.body.len());
        Ok(())
    }

    /// Takes a record that was decided on this very ledger and is in the log now.
    pub(crate) fn adopt(&mut self, stream_sequence: u64, written: Written) {
        let Written {
            headers,
            record,
            body,
            drafted,
        } = written;
        self.game.adopt(drafted);
        self.note(stream_sequence, &headers, &record, body.len());
    }

    fn note(
        &mut self,
        stream_sequence: u64,
        headers: &Headers,
        record: &Record,
        body_bytes: usize,
    ) {
        self.tip = stream_sequence;
        self.created_us = headers.created_us;
        self.visibility = headers.visibility;
        self.delay_s = headers.delay_s;
        if let Some(last) = record.events.last() {
            self.last_ts = last.ts;
            if let Some(device) = &headers.device {
                self.devices.note(device, last.seq, last.ts);
            }
        }
        self.records
            .push(stream_sequence, headers, record, body_bytes);
    }

    /// Takes little memory until the next request.
    pub(crate) fn rest(&mut self) {
        self.game.rest();
        self.records.rest();
    }

    /// The game, to decide on.
    pub(crate) fn game(&self) -> &Game {
        &self.game
    }

    /// Its epoch in this incarnation of the stream.
    pub(crate) fn epoch(&self, incarnation: u64) -> Epoch {
        Epoch {
            created_us: self.created_us,
            incarnation,
        }
    }

    /// The seq of its last event.
    pub(crate) fn seq(&self) -> u64 {
        self.game.seq()
    }

    /// Takes what the device that sent a repeat says of itself now.
    pub(crate) fn note_repeat(&mut self, post: &Post) {
        let known = post.events.iter();
        let known = known.filter_map(|posted| self.event(&posted.id));
        let last = known.map(|facts| (facts.seq, facts.ts)).max();
        if let (Some(device), Some((seq, ts))) = (&post.device, last)
            && let Some(record) = self.record_of(seq)
        {
            self.devices.note_repeat(device, record.last_seq, ts);
        }
    }

    /// The stream sequence of its newest record, 0 before the first.
    pub(crate) fn tip(&self) -> u64 {
        self.tip
    }

    /// When its last event was accepted.
    pub(crate) fn last_ts(&self) -> u64 {
        self.last_ts
    }

    /// When it was created.
    pub(crate) fn created_us(&self) -> u64 {
        self.created_us
    }

    /// Who may find it.
    pub(crate) fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// How far behind its fans are kept, in seconds.
    pub(crate) fn delay_s(&self) -> u32 {
        self.delay_s
    }

    /// What its devices said of themselves.
    pub(crate) fn devices(&self) -> &Devices {
        &self.devices
    }

    /// What is known of the event with that id.
    pub(crate) fn event(&self, id: &EventId) -> Option<EventFacts<'_>> {
        self.records.event(self.game.contains(id)?)
    }

    /// The record that holds the event `seq`.
    pub(crate) fn record_of(&self, seq: u64) -> Option<RecordFacts> {
        self.records.record_of(seq)
    }

    /// The newest record; none before the first.
    pub(crate) fn newest(&self) -> Option<RecordFacts> {
        self.records.newest()
    }

    /// The stream sequence of the record before the one that holds the event after `seq`, 0 if that
    /// is the first record; none if there is no such event.
    pub(crate) fn before_event_after(&self, seq: u64) -> Option<u64> {
        self.records.before_event_after(seq)
    }

    /// The events after `seq` that are to be told to who missed them.
    pub(crate) fn missed_after(&self, seq: u64) -> Missed {
        self.records.missed_after(seq)
    }
}
