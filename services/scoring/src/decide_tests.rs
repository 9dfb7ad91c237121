//! Decisions and answers on a log that is written as the broker would have it.

use std::collections::BTreeMap;

use grandstand_broker::StoredRecord;
use grandstand_core::event::{Event, Posted};
use grandstand_core::ids::{Cursor, MatchId};
use grandstand_sports::{Rights, Sport};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::decide::{Decision, Expectation, Post, Purpose, decide};
use crate::ledger::{Ledger, LedgerError, Written};
use crate::missed::Missed;
use crate::records::MISSED_EVENTS_MAX;
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

#[test]
fn who_wrote_a_record_and_who_read_it_answer_alike() {
    let mut log = Log::created();
    let first = events(vec![set("a", 1), set("b", 2)]);
    log.store(&first);
    let [before, _] = log.answers(&first);
    log.store(&events(vec![set("c", 3)]));

    let [writer, reader] = log.answers(&first);

    assert_eq!(writer, reader);
    assert_eq!(writer, before, "what comes later changes no answer");
    let answer = writer.unwrap();
    assert_eq!(answer.seq, 3);
    assert_eq!(
        answer.events.iter().map(|e| e.seq).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(answer.epoch.created_us, NOW_US, "event 1 was accepted then");
    assert_eq!(answer.strip["title"], "A v B");
}

#[test]
fn a_known_id_with_an_equal_body_is_a_repeat_and_with_another_a_refusal_of_all() {
    let mut log = Log::created();
    log.store(&events(vec![set("a", 1)]));

    assert!(is_repeat(log.decide(&events(vec![set("a", 1)]))));
    assert!(is_repeat(log.decide(&creation())));
    let mixed = log.decide(&events(vec![set("b", 2), set("a", 9)]));
    assert!(matches!(mixed, Err(Refused::IdReused { id, seq: 2 }) if id.as_str() == "a"));
    let mut other = creation();
    other.events[0].digest = "other".to_owned();
    assert!(matches!(log.decide(&other), Err(Refused::OtherCreation)));
}

#[test]
fn of_an_array_with_known_events_only_the_new_ones_are_stored() {
    let mut log = Log::created();
    log.store(&events(vec![set("a", 1)]));
    let mixed = events(vec![set("b", 2), set("a", 1), set("c", 3)]);

    let Ok(Decision::Append(written)) = log.decide(&mixed) else {
        panic!("b and c are new");
    };
    let ids: Vec<_> = written
        .record
        .events
        .iter()
        .map(|e| e.id.as_str())
        .collect();
    assert_eq!(ids, ["b", "c"]);
    log.store(&mixed);
    let [answer, _] = log.answers(&mixed);
    let seqs: Vec<_> = answer.unwrap().events.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, [3, 2, 4], "in the order of the request");
}

#[test]
fn times_rise_even_where_the_clock_does_not() {
    let mut log = Log::created();
    let two = events(vec![set("a", 1), set("b", 2)]);
    log.store(&two);

    let [answer, _] = log.answers(&two);

    let times: Vec<_> = answer.unwrap().events.iter().map(|e| e.ts).collect();
    assert_eq!(times, [NOW_US + 1, NOW_US + 2]);
}

#[test]
fn a_stale_head_is_refused_with_what_was_missed_unless_all_is_known() {
    let mut log = Log::created();
    let old_head = log.head();
    log.store(&events(vec![set("a", 1), set("b", 2)]));
    let expecting = |head: Cursor, events: Vec<Value>| Post {
        expectation: Expectation::HeadIs(vec![head]),
        ..post(Purpose::Events, events)
    };

    assert!(is_repeat(
        log.decide(&expecting(old_head, vec![set("a", 1)]))
    ));
    let stale = log.decide(&expecting(old_head, vec![set("c", 3)]));
    let Err(Refused::Stale { seq, missed, .. }) = stale else {
        panic!("the head went on");
    };
    assert_eq!(seq, 3);
    let told = log.told(&missed);
    let ids: Vec<_> = told.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(matches!(
        log.decide(&expecting(log.head(), vec![set("c", 3)])),
        Ok(Decision::Append(_))
    ));
    let mut other_life = log.head();
    other_life.epoch.as_mut().unwrap().incarnation += 1;
    assert!(matches!(
        log.decide(&expecting(other_life, vec![set("c", 3)])),
        Err(Refused::Stale { missed, .. }) if log.told(&missed).len() == 3
    ));
}

#[test]
fn no_more_than_the_newest_hundred_are_told_as_missed() {
    let mut log = Log::created();
    for n in 0..MISSED_EVENTS_MAX + 20 {
        // Two events in a record, of which the oldest that is told of has but one of the newest.
        let [one, two] = [0, 1].map(|half| set(&format!("e{n}-{half}"), n));
        log.store(&events(vec![one, two]));
    }
    log.store(&events(vec![set("last", 1)]));
    let ledger = log.writer.as_ref().unwrap();

    let missed = log.told(&ledger.missed_after(0));

    assert_eq!(missed.len() as u64, MISSED_EVENTS_MAX);
    assert_eq!(missed.last().unwrap().seq, ledger.seq());
    assert_eq!(log.told(&ledger.missed_after(ledger.seq())), []);
    let two = log.told(&ledger.missed_after(ledger.seq() - 2));
    assert_eq!(two.len(), 2);
}

#[test]
fn what_is_told_as_missed_has_a_bound_of_bytes_too() {
    let mut log = Log::created();
    let large = |id: &str| json!({"id": id, "type": "set", "patch": {}, "data": {"text": "x".repeat(50_000)}});
    for n in 0..10 {
        log.store(&events(vec![large(&format!("e{n}"))]));
    }
    let ledger = log.writer.as_ref().unwrap();

    let missed = log.told(&ledger.missed_after(0));

    assert_eq!(missed.len(), 5, "the newest, up to 256 KiB");
    assert_eq!(missed.last().unwrap().seq, ledger.seq());
}

#[test]
fn a_record_beyond_what_is_stored_is_refused_before_it_is_sent() {
    let log = Log::created();
    let large = |id: &str| {
        let text = "x".repeat(30_000);
        json!({"id": id, "type": "set", "patch": {"text": text}, "data": {"text": text}})
    };

    assert!(matches!(
        log.decide(&events(vec![large("a")])),
        Ok(Decision::Append(_))
    ));
    assert!(matches!(
        log.decide(&events(vec![large("a"), large("b"), large("c")])),
        Err(Refused::RecordTooLarge)
    ));
}

#[test]
fn a_match_that_is_not_there_takes_only_its_creation() {
    let log = Log::default();

    let refused = log.decide(&events(vec![set("a", 1)]));

    assert!(matches!(refused, Err(Refused::UnknownMatch)));
    assert!(matches!(log.decide(&creation()), Ok(Decision::Append(_))));
}

#[test]
fn what_the_ledger_cannot_take_changes_nothing() {
    let mut log = Log::created();
    let Ok(Decision::Append(mut written)) = log.decide(&events(vec![set("a", 1)])) else {
        panic!("a is new");
    };
    let good = stored(&written, 20);

    let mut unreadable = good.clone();
    unreadable.body = unreadable.body.slice(1..);
    written.headers.rules_version += 1;
    let newer = stored(&written, 20);
    let mut other_life = good.clone();
    let created = "Grandstand-Created".to_owned();
    other_life.headers.insert(created, "7".to_owned());

    let mut take = |record| Ledger::take(&mut log.reader, record);
    assert!(matches!(take(&unreadable), Err(LedgerError::Unreadable(_))));
    assert!(matches!(take(&newer), Err(LedgerError::NewerRules(_))));
    // It would fit by its seq alone.
    assert!(matches!(
        take(&other_life),
        Err(LedgerError::OtherLife { found: 7, .. })
    ));
    assert_eq!(take(&good), Ok(()));
    assert_eq!(
        take(&good),
        Err(LedgerError::Broken {
            expected: 3,
            found: 2
        })
    );
    assert_eq!(log.reader.unwrap().seq(), 2);
}
