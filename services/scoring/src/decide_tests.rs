//! Decisions and answers on a log that is written as the broker would have it.

use std::collections::BTreeMap;

use grandstand_broker::StoredRecord;
use grandstand_core::event::{Event, Posted};
use grandstand_core::headers::{Device, Visibility};
use grandstand_core::ids::{Cursor, DeviceId, MatchId};
use grandstand_core::record::BODY_BYTES_MAX;
use grandstand_sports::{Rights, Sport};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::decide::{Decision, Expectation, Post, Purpose, decide};
use crate::ledger::{Ledger, LedgerError, Written};
use crate::missed::Missed;
use crate::records::MISSED_EVENTS_MAX;
use crate::refuse::{Place, Refused};

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
fn of_several_heads_one_that_holds_is_enough_and_the_newest_says_what_was_missed() {
    let mut log = Log::created();
    let mut heads = vec![log.head()];
    for (id, value) in [("a", 1), ("b", 2)] {
        log.store(&events(vec![set(id, value)]));
        heads.push(log.head());
    }
    let expecting = |heads: &[Cursor]| Post {
        expectation: Expectation::HeadIs(heads.to_vec()),
        ..events(vec![set("c", 3)])
    };

    let holds = log.decide(&expecting(&heads));
    assert!(matches!(holds, Ok(Decision::Append(_))), "{holds:?}");
    for old in [[heads[0], heads[1]], [heads[1], heads[0]]] {
        let Err(Refused::Stale { missed, .. }) = log.decide(&expecting(&old)) else {
            panic!("the head went on");
        };
        let told = log.told(&missed);
        let ids: Vec<_> = told.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["b"]);
    }
}

#[test]
fn a_refused_event_is_named_by_its_place_in_the_request() {
    let mut log = Log::created();
    log.store(&events(vec![set("a", 1)]));
    let no_strip = json!({"id": "bad", "type": "set", "patch": {"strip": null}});
    let refused_at = |post: &Post| match log.decide(post) {
        Err(Refused::Rules { posted, .. }) => (posted.id.as_str().to_owned(), posted.place),
        other => panic!("{other:?}"),
    };

    let known_before = events(vec![set("a", 1), set("b", 2), no_strip.clone()]);
    let alone = post(Purpose::Event, vec![no_strip]);

    assert_eq!(
        refused_at(&known_before),
        ("bad".to_owned(), Place::Array(2))
    );
    assert_eq!(refused_at(&alone), ("bad".to_owned(), Place::Alone));
}

#[test]
fn a_record_says_who_sent_it_and_who_may_see_the_match() {
    let mut private = creation();
    let data = private.events[0].data.as_mut().unwrap();
    data["visibility"] = json!("private");
    data["delay_s"] = json!(7);
    let mut log = Log::default();
    log.store(&private);
    log.store(&events(vec![set("a", 1)]));
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    let traced = Post {
        traceparent: Some(traceparent.clone()),
        ..events(vec![set("b", 2)])
    };

    let Ok(Decision::Append(written)) = log.decide(&traced) else {
        panic!("b is new");
    };

    let headers = &written.headers;
    assert_eq!(headers.scorer, "ann");
    assert_eq!(headers.traceparent, Some(traceparent));
    assert_eq!(
        (headers.visibility, headers.delay_s),
        (Visibility::Private, 7)
    );
}

#[test]
fn a_repeat_is_the_word_of_a_device_about_the_record_of_its_newest_event() {
    let mut log = Log::created();
    let saying = |pending, values: Vec<Value>| Post {
        device: Some(Device {
            id: DeviceId::new("phone").unwrap(),
            pending: Some(pending),
        }),
        ..events(values)
    };
    log.store(&saying(5, vec![set("a", 1)]));
    log.store(&saying(4, vec![set("b", 2), set("c", 3)]));
    let told = |log: &Log| {
        let ledger = log.writer.as_ref().unwrap();
        serde_json::to_value(ledger.devices().rows()).unwrap()[0].clone()
    };
    let before = told(&log);

    // The newest of these is in the newest record, though neither the last here nor in it.
    let repeat = saying(0, vec![set("b", 2), set("a", 1)]);
    log.writer.as_mut().unwrap().note_repeat(&repeat);

    let after = told(&log);
    assert_eq!(
        (&before["pending"], &after["pending"]),
        (&json!(4), &json!(0))
    );
    assert_eq!((&after["seq"], &after["ts"]), (&json!(4), &before["ts"]));
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
fn a_record_at_the_bound_is_taken_and_one_a_byte_above_is_not() {
    let log = Log::created();
    let with_last_of = |bytes: usize| {
        let event = |id: &str, bytes| {
            let data = json!({"text": "x".repeat(bytes)});
            json!({"id": id, "type": "set", "patch": {}, "data": data})
        };
        let many = vec![event("a", 50_000), event("b", 50_000), event("c", bytes)];
        log.decide(&events(many))
    };
    let Ok(Decision::Append(written)) = with_last_of(1_000) else {
        panic!("it is small enough");
    };
    let left = BODY_BYTES_MAX - written.body.len();

    let Ok(Decision::Append(largest)) = with_last_of(1_000 + left) else {
        panic!("it has as many bytes as a record may have");
    };
    assert_eq!(largest.body.len(), BODY_BYTES_MAX);
    let larger = with_last_of(1_000 + left + 1);
    assert!(matches!(larger, Err(Refused::RecordTooLarge)), "{larger:?}");
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
    let with = |name: &str, value: &str| {
        let mut record = good.clone();
        record.headers.insert(name.to_owned(), value.to_owned());
        record
    };
    let of_two = "0123456789abcdef0123456789abcdef,0123456789abcdef0123456789abcdef";
    let mut of_two_digests = with("Grandstand-Digests", of_two);
    let one_list = "[[]]".to_owned();
    let warnings = "Grandstand-Warnings".to_owned();
    of_two_digests.headers.insert(warnings, one_list);
    let unfit = [of_two_digests, with("Grandstand-Warnings", "[[],[]]")];
    let new_sport = with("Grandstand-Sport", "chess");

    let mut take = |record| Ledger::take(&mut log.reader, record);
    assert!(matches!(take(&unreadable), Err(LedgerError::Unreadable(_))));
    assert!(matches!(take(&newer), Err(LedgerError::NewerRules(_))));
    let chess = LedgerError::NewSport("chess".to_owned());
    assert_eq!(take(&new_sport), Err(chess));
    for record in &unfit {
        assert!(matches!(take(record), Err(LedgerError::Unreadable(_))));
    }
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
