//! What is refused, and by which word; what a record carries with it.

use grandstand_core::headers::Visibility;
use grandstand_core::record::BODY_BYTES_MAX;
use serde_json::json;

use super::{Log, creation, events, post, set, stored};
use crate::decide::{Decision, Post, Purpose};
use crate::ledger::{Ledger, LedgerError};
use crate::refuse::{Place, Refused};

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
