//! Who expected another head is told what was missed.

use grandstand_core::ids::Cursor;
use serde_json::{Value, json};

use super::{Log, events, is_repeat, post, set};
use crate::decide::{Decision, Expectation, Post, Purpose};
use crate::records::MISSED_EVENTS_MAX;
use crate::refuse::Refused;

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
