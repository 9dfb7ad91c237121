//! What is wrong with a file is told by the line at which it is.

use grandstand_core::record::RecordParts;
use serde_json::{Value, json};

use super::*;
use crate::line::RecordLine;
use crate::sample;

/// The lines of a match, as `replay --to-file` writes them.
fn lines(records: &[StoredRecord]) -> Vec<Value> {
    let line = |record: &StoredRecord| {
        let parts = RecordParts::decode(record.body.clone()).unwrap();
        serde_json::to_value(RecordLine::new(record, &parts)).unwrap()
    };
    records.iter().map(line).collect()
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What a changed file is told.
fn fault(change: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut lines = lines(&sample::cricket("m"));
    change(&mut lines);
    check(text(&lines).as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_file_gives_the_records_again_byte_for_byte() {
    for records in [sample::cricket("m"), sample::open("sale", 70)] {
        let checked = check(text(&lines(&records)).as_bytes()).unwrap();

        assert_eq!(checked.records.len(), records.len());
        for (found, record) in checked.records.iter().zip(&records) {
            assert_eq!(found.body, record.body);
            assert_eq!(found.headers, record.headers);
        }
        assert_eq!(checked.match_id, records[0].match_id);
        assert_eq!(checked.created, "1790000000000000");
        assert_eq!(checked.notes, Vec::<String>::new());
    }
}

#[test]
fn a_hole_and_a_repeat_are_told_by_their_events() {
    assert_eq!(
        fault(|lines| drop(lines.remove(1))),
        "line 2: seq: events 2 to 4 are missing before event 5"
    );
    assert_eq!(
        fault(|lines| drop(lines.remove(0))),
        "line 1: seq: event 1 is missing before event 2"
    );
    assert_eq!(
        fault(|lines| lines.insert(2, lines[1].clone())),
        "line 3: seq: event 2 comes again, where event 5 belongs"
    );
    let inside = fault(|lines| drop(lines[1]["events"].as_array_mut().unwrap().remove(1)));
    assert!(inside.starts_with("line 2: it is not a record"), "{inside}");
}

#[test]
fn a_wrong_hash_a_changed_patch_and_a_second_id_are_told() {
    let hash = fault(|lines| lines[2]["hash"] = json!("0123456789abcdef"));
    assert!(
        hash.starts_with("line 3: hash: the record says 0123456789abcdef, its patches give "),
        "{hash}"
    );
    let patch = fault(|lines| lines[3]["events"][0]["patch"]["more"] = json!(1));
    assert!(patch.starts_with("line 4: hash: "), "{patch}");
    let id = fault(|lines| lines[3]["events"][0]["id"] = json!("toss"));
    assert_eq!(id, "line 4: id: toss is event 2 already");
}

#[test]
fn a_line_that_is_cut_off_another_match_and_nonsense_are_told() {
    let whole = text(&lines(&sample::cricket("m")));
    let cut = check(&whole.as_bytes()[..whole.len() - 5]).unwrap_err();
    assert_eq!(
        cut.to_string(),
        "line 7: it is cut off: the file ends in the middle of a record"
    );
    // Whole but for its end of line.
    assert!(check(&whole.as_bytes()[..whole.len() - 1]).is_ok());
    let blank = format!("{whole}\n");
    let blank = check(blank.as_bytes()).unwrap_err();
    assert_eq!(blank.to_string(), "line 8: it is empty; take it out");
    let unknown = fault(|lines| lines[2]["more"] = json!(1));
    assert!(!unknown.contains("line 1"), "{unknown}");
    let other = fault(|lines| lines[4]["match"] = json!("n"));
    assert!(
        other.starts_with("line 5: it is of the match n, the lines before it of m"),
        "{other}"
    );
    let nonsense = fault(|lines| lines[5] = json!(["no", "record"]));
    assert!(
        nonsense.starts_with("line 6: it is not a record"),
        "{nonsense}"
    );
    let more = fault(|lines| lines[0]["more"] = json!(1));
    assert!(
        more.contains("line 1: ") && more.contains("unknown field `more`"),
        "{more}"
    );
    let empty = check("".as_bytes()).unwrap_err();
    assert!(empty.to_string().contains("the file is empty"));
    let long = format!("{}\n", "x".repeat(2 << 20));
    let long = check(long.as_bytes()).unwrap_err();
    assert!(
        long.to_string().starts_with("line 1: it is longer than"),
        "{long}"
    );
}

#[test]
fn what_could_not_be_written_again_as_it_was_is_refused() {
    let newer = fault(|lines| lines[1]["events"][2]["wagon"] = json!({"x": 1}));
    assert!(
        newer.starts_with("line 2: event 4 holds what this version does not know (wagon)"),
        "{newer}"
    );
    let header = fault(|lines| lines[1]["headers"]["Nats-TTL"] = json!("1s"));
    assert!(
        header.contains(r#"line 2: "#) && header.contains("Nats-TTL"),
        "{header}"
    );
    let control = fault(|lines| lines[2]["headers"]["traceparent"] = json!("a\nb"));
    assert!(control.contains("traceparent"), "{control}");
    let created = fault(|lines| lines[2]["headers"]["Grandstand-Created"] = json!("7"));
    assert!(created.starts_with("line 3: origin: "), "{created}");
}

#[test]
fn no_bytes_panic_the_reader_of_files() {
    let whole = text(&lines(&sample::cricket("m"))).into_bytes();
    for cut in (0..whole.len()).step_by(97) {
        assert!(check(&whole[..cut]).is_err() || whole[cut - 1] == b'\n');
        let mut flipped = whole.clone();
        flipped[cut] ^= 0x20;
        // Some changes are none, such as a letter's case inside a free text.
        let _ = check(&flipped[..]);
    }
}

#[test]
fn only_the_first_half_of_the_epoch_changes() {
    let records = sample::cricket("m");
    let headers = headers_created(&records[0].headers, "1800000000000000");
    let mut back = headers.clone();
    assert_eq!(headers[CREATED], "1800000000000000");
    back.insert(CREATED.to_owned(), records[0].headers[CREATED].clone());
    assert_eq!(back, records[0].headers);
}
