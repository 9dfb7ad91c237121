//! Plants each fault that a log can have, and has it found and named.

use bytes::Bytes;
use grandstand_broker::StoredRecord;
use grandstand_core::hash::StateHash;
use grandstand_core::patch;
use grandstand_core::record::Record;
use serde_json::{Value, json};

use crate::sample;
use crate::verdict::{Check, Verdict};
use crate::verify::verify;

/// Changes record `index` of a log as `change` says.
fn with(
    mut records: Vec<StoredRecord>,
    index: usize,
    change: impl Fn(&mut Record),
) -> Vec<StoredRecord> {
    let mut record = Record::decode(&records[index].body).unwrap();
    change(&mut record);
    records[index].body = Bytes::from(record.encode());
    records
}

fn with_header(index: usize, name: &str, value: &str) -> Vec<StoredRecord> {
    let mut records = sample::cricket("m");
    assert!(
        records[index]
            .headers
            .insert(name.to_owned(), value.to_owned())
            .is_some()
    );
    records
}

/// Makes every hash and strip of a log fit its patches.
fn rehash(mut records: Vec<StoredRecord>) -> Vec<StoredRecord> {
    let mut state = json!({});
    for stored in &mut records {
        let mut record = Record::decode(&stored.body).unwrap();
        record
            .events
            .iter()
            .for_each(|event| patch::apply(&mut state, &event.patch));
        record.hash = StateHash::of(&state);
        stored.body = Bytes::from(record.encode());
        let strip = state["strip"].to_string();
        stored.headers.insert("Grandstand-Strip".to_owned(), strip);
    }
    records
}

/// What is wrong: seq and check.
fn faults(records: &[StoredRecord]) -> Vec<(Option<u64>, Check)> {
    told(&verify(records))
}

fn told(verdict: &Verdict) -> Vec<(Option<u64>, Check)> {
    verdict
        .faults
        .iter()
        .map(|fault| (fault.seq, fault.check))
        .collect()
}

#[test]
fn a_log_as_scoring_wrote_it_is_right() {
    for records in [sample::cricket("m"), sample::open("m", 30)] {
        let verdict = verify(&records);
        assert_eq!(verdict.faults, [], "and counted");
        assert_eq!(verdict.notes, []);
        assert_eq!(verdict.records, records.len() as u64);
        assert!(verdict.bytes > 0 && verdict.hash.is_some());
    }
    assert_eq!(verify(&sample::cricket("m")).events, 9);
}

#[test]
fn a_missing_record_is_a_hole_and_its_change_is_missed() {
    let mut records = sample::open("m", 6);
    records.remove(3);
    assert_eq!(
        faults(&records),
        [(Some(5), Check::Seq)],
        "the next patch heals the line"
    );

    let mut records = sample::cricket("m");
    records.remove(2);
    let found = faults(&records);
    assert!(found.contains(&(Some(6), Check::Seq)), "{found:?}");
    assert!(found.contains(&(Some(6), Check::Hash)), "{found:?}");
}

#[test]
fn a_repeated_record_shows_in_seq_id_and_time() {
    let mut records = sample::open("m", 4);
    records.insert(2, records[1].clone());
    let found = faults(&records);
    for check in [Check::Seq, Check::Id, Check::Ts] {
        assert!(found.contains(&(Some(2), check)), "{check:?} in {found:?}");
    }
}

#[test]
fn a_repeated_id_is_named_with_its_first_event() {
    let records = with(sample::open("m", 4), 3, |record| {
        record.events[0].id = "lot-2".parse().unwrap();
    });
    let verdict = verify(&records);
    assert_eq!(told(&verdict), [(Some(4), Check::Id)]);
    assert_eq!(verdict.faults[0].detail, "lot-2 is event 2 already");
}

#[test]
fn times_rise() {
    let records = with(sample::open("m", 4), 2, |record| {
        record.events[0].ts -= 1_000
    });
    assert_eq!(faults(&records), [(Some(3), Check::Ts)]);
}

#[test]
fn a_wrong_hash_is_told_once_and_where() {
    let records = with(sample::cricket("m"), 3, |record| {
        record.hash = StateHash::of(&json!({}));
    });
    assert_eq!(faults(&records), [(Some(6), Check::Hash)]);
}

#[test]
fn a_wrong_patch_is_told_where_it_is_first_seen() {
    let records = with(sample::cricket("m"), 2, |record| {
        record.events[0].patch["innings"]["i1"]["batting"]["b01"]["name"] = json!("Nobody");
    });
    assert_eq!(
        faults(&records),
        [(Some(5), Check::Hash), (Some(5), Check::Refold)]
    );
}

#[test]
fn a_wrong_fold_shows_even_where_every_hash_fits() {
    let records = rehash(with(sample::cricket("m"), 2, |record| {
        record.events[0].patch["innings"]["i1"]["batting"]["b01"]["name"] = json!("Nobody");
    }));
    let verdict = verify(&records);
    assert_eq!(told(&verdict), [(Some(5), Check::Refold)]);
    assert_eq!(
        verdict.faults[0].detail,
        r#"innings.i1.batting.b01.name is "Nobody", by the rules "A1""#
    );
}

#[test]
fn other_rules_are_said_and_not_called_wrong() {
    let wrong = |record: &mut Record| {
        record.events[0].patch["innings"]["i1"]["batting"]["b01"]["name"] = json!("Nobody");
    };
    for (rules, words) in [
        ("0", "fold it otherwise"),
        ("9", "not re-folded from here on"),
    ] {
        let mut records = rehash(with(sample::cricket("m"), 2, wrong));
        records[2]
            .headers
            .insert("Grandstand-Rules".to_owned(), rules.to_owned());
        let verdict = verify(&records);
        assert_eq!(verdict.faults, []);
        assert_eq!(verdict.notes.len(), 1, "{:?}", verdict.notes);
        assert!(
            verdict.notes[0].detail.contains(words),
            "{:?}",
            verdict.notes
        );
        assert_eq!(verdict.notes[0].seq, Some(5));
    }
}

#[test]
fn a_sport_of_tomorrow_is_checked_all_the_same() {
    let mut records = sample::open("m", 3);
    for record in &mut records {
        record
            .headers
            .insert("Grandstand-Sport".to_owned(), "chess".to_owned());
    }
    let verdict = verify(&records);
    assert_eq!((verdict.faults.len(), verdict.notes.len()), (0, 1));
    let broken = with(records, 1, |record| record.hash = StateHash::of(&json!(1)));
    assert_eq!(faults(&broken), [(Some(2), Check::Hash)]);
}

#[test]
fn a_foreign_strip_is_found() {
    let strip = r#"{"status":"live","title":"C v D"}"#;
    let records = with_header(3, "Grandstand-Strip", strip);
    assert_eq!(faults(&records), [(Some(6), Check::Strip)]);
}

#[test]
fn a_record_that_shows_a_match_to_others_than_its_creation_is_found() {
    let found = |name, value| faults(&with_header(3, name, value));
    let audience = [(Some(6), Check::Audience)];
    assert_eq!(found("Grandstand-Visibility", "private"), audience);
    assert_eq!(found("Grandstand-Delay", "30"), audience);
}

#[test]
fn a_device_is_no_fault_unless_it_cannot_be_read() {
    let found = |name: &str, pending: &str| {
        let mut records = sample::cricket("m");
        let told = [("Grandstand-Device", name), ("Grandstand-Pending", pending)];
        let told = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
        records[2].headers.extend(told);
        faults(&records)
    };
    assert_eq!(found("phone-1", "3"), []);
    assert_eq!(found("a phone", "3"), [(Some(5), Check::Headers)]);
    assert_eq!(found("phone-1", "many"), [(Some(5), Check::Headers)]);
}

#[test]
fn headers_of_another_match_or_count_are_found() {
    let found = |name, value| faults(&with_header(2, name, value));
    assert_eq!(found("Grandstand-Created", "7"), [(Some(5), Check::Origin)]);
    assert_eq!(
        found("Grandstand-Sport", "open"),
        [(Some(5), Check::Origin)]
    );
    assert_eq!(
        found("Grandstand-Digests", "a,b"),
        [(Some(5), Check::Digests)]
    );
    assert_eq!(
        found("Grandstand-Delay", "soon"),
        [(Some(5), Check::Headers)]
    );
}

#[test]
fn a_body_that_is_no_record_is_found_and_the_rest_still_counted() {
    let mut records = sample::open("m", 5);
    records[2].body = Bytes::from_static(b"\x82nonsense");
    let verdict = verify(&records);
    assert_eq!(told(&verdict), [(Some(3), Check::Body)]);
    assert_eq!((verdict.records, verdict.events), (5, 4));

    let mut trailing = sample::open("m", 3);
    trailing[1].body = [&trailing[1].body[..], b"\xc0"].concat().into();
    assert_eq!(faults(&trailing), [(Some(2), Check::Body)]);
}

#[test]
fn a_state_that_no_reader_holds_is_found() {
    let change = |value: Value| {
        rehash(with(sample::open("m", 3), 1, |record| {
            record.events[0].patch = json!({ "x": value });
        }))
    };
    assert_eq!(faults(&change(json!(7))), []);
    assert_eq!(faults(&change(json!([null]))), [(Some(2), Check::State)]);
    assert_eq!(faults(&change(json!(0.5))), [(Some(2), Check::State)]);
}

#[test]
fn a_correction_of_nothing_and_a_second_creation_are_found() {
    let nowhere = with(sample::cricket("m"), 6, |record| {
        record.events[0].reference = Some("nobody".parse().unwrap());
    });
    let found = faults(&nowhere);
    assert_eq!(found[0], (Some(9), Check::Ref), "{found:?}");

    let again = with(sample::open("m", 3), 2, |record| {
        record.events[0].kind = "created".to_owned();
    });
    assert_eq!(faults(&again), [(Some(3), Check::Creation)]);
    assert_eq!(
        faults(&sample::open("m", 3)[1..])[..2],
        [(Some(2), Check::Seq), (Some(2), Check::Creation)]
    );
}

#[test]
fn many_faults_are_counted_and_the_first_are_told() {
    let mut records = sample::open("m", 60);
    records.reverse();
    let verdict = verify(&records);
    assert_eq!(verdict.faults.len(), 20);
    assert!(verdict.faults_more > 30);
}

#[test]
fn a_log_too_long_for_a_refold_at_every_record_is_refolded_at_its_end() {
    let mut records = sample::open("m", 4_001);
    assert_eq!(faults(&records), []);
    records[4_000] = sample::cricket("m").remove(0);
    assert!(!faults(&records).is_empty());
}
