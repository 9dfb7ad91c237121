//! Decisions and answers on a log that is written as the broker would have it.

mod missed;
mod refused;
mod repeats;

use std::collections::BTreeMap;

use grandstand_broker::StoredRecord;
use grandstand_core::event::{Event, Posted};
use grandstand_core::ids::{Cursor, MatchId};
use grandstand_sports::{Rights, Sport};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::decide::{Decision, Expectation, Post, Purpose, decide};
use crate::ledger::{Ledger, Written};
use crate::missed::Missed;
use crate::refuse::Refused;

const NOW_US: u64 = 1_790_000_000_000_000;
const INCARNATION: u64 = 3;

fn match_id() -> MatchId {
    MatchId::new("m").unwrap()
}

fn post(purpose: Purpose, events: Vec<Value>) -> Post {
    let events = events.into_iter();
    Post {
        purpose,
        events: events
            .map(|event| Posted::parse(event, None).unwrap())
            .collect(),
        expectation: Expectation::Any,
        scorer: "ann".to_owned(),
        rights: Rights {
            open: true,
            official: false,
        },
        traceparent: None,
        device: None,
    }
}

fn creation() -> Post {
    let strip = json!({"title": "A v B", "status": "live"});
    let data = json!({"sport": "open", "title": "A v B", "state": {"strip": strip}});
    let event = json!({"id": "created", "type": "created", "data": data});
    post(Purpose::Create(Sport::Open), vec![event])
}

fn set(id: &str, value: u64) -> Value {
    json!({"id": id, "type": "set", "patch": {"value": value}})
}

fn events(values: Vec<Value>) -> Post {
    post(Purpose::Events, values)
}

/// A log with the ledger of who wrote it, and the one of who only reads it.
#[derive(Default)]
struct Log {
    writer: Option<Ledger>,
    reader: Option<Ledger>,
    sequence: u64,
    records: Vec<StoredRecord>,
}

impl Log {
    fn created() -> Self {
        let mut log = Self::default();
        log.store(&creation());
        log
    }

    fn decide(&self, post: &Post) -> Result<Decision, Refused> {
        decide(self.writer.as_ref(), post, INCARNATION, NOW_US)
    }

    fn store(&mut self, post: &Post) {
        let Decision::Append(written) = self.decide(post).unwrap() else {
            panic!("a repeat stores nothing");
        };
        self.sequence += 10;
        let stored = stored(&written, self.sequence);
        self.writer
            .get_or_insert_with(|| Ledger::new(Sport::Open))
            .adopt(self.sequence, *written);
        Ledger::take(&mut self.reader, &stored).unwrap();
        self.records.push(stored);
    }

    /// What a refusal tells of, read as the broker would have it.
    fn told(&self, missed: &Missed) -> Vec<Event> {
        let after = missed.after_stream_sequence;
        let records = self.records.iter();
        let records = records.filter(|record| record.stream_sequence > after);
        let records: Vec<StoredRecord> = records.take(missed.records).cloned().collect();
        missed.events_of(&records).expect("they are all there")
    }

    fn answers(&self, post: &Post) -> [Option<Answer>; 2] {
        [&self.writer, &self.reader].map(|ledger| {
            Answer::of(
                &match_id(),
                INCARNATION,
                ledger.as_ref().unwrap(),
                &post.events,
            )
        })
    }

    fn head(&self) -> Cursor {
        let ledger = self.writer.as_ref().unwrap();
        Cursor {
            epoch: Some(ledger.epoch(INCARNATION)),
            seq: ledger.seq(),
        }
    }
}

fn stored(written: &Written, sequence: u64) -> StoredRecord {
    let headers = written.headers.to_pairs().into_iter();
    StoredRecord {
        match_id: match_id(),
        stream_sequence: sequence,
        last_stream_sequence: None,
        stored_at_us: 0,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<BTreeMap<_, _>>(),
        body: written.body.clone(),
    }
}

fn is_repeat(decision: Result<Decision, Refused>) -> bool {
    matches!(decision, Ok(Decision::Repeat))
}
