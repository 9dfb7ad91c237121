//! What is stored once and told again: repeats, arrays with some of them, and what both ledgers answer.

use grandstand_core::headers::Device;
use grandstand_core::ids::DeviceId;
use serde_json::{Value, json};

use super::{Log, NOW_US, creation, events, is_repeat, set};
use crate::decide::{Decision, Post};
use crate::refuse::Refused;

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
