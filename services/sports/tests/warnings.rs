//! Every warning that cricket gives, each with what brings it about, and nothing that does not; and
//! that `schemas/README.md` tells what each means.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;
mod odd;
mod started;

use std::collections::BTreeSet;

use odd::{cases, game};
use started::decide_add;

#[test]
fn what_is_unusual_is_told_by_its_word_and_nothing_else_is() {
    for case in cases() {
        let game = game(&case);
        let (kind, data) = case.then;
        let warned = decide_add(&game, kind, data.clone()).unwrap();
        assert_eq!(warned, case.warned, "{kind} {data} after {:?}", case.before);
    }
}

/// The words in the table of warnings of a document.
fn documented(document: &str) -> BTreeSet<&str> {
    let table = document.split("### Warnings").nth(1).unwrap();
    let rows = table.split("\n#").next().unwrap().lines();
    let words = rows.filter_map(|row| row.strip_prefix("| `")?.split(" |").next());
    words
        .flat_map(|words| words.trim_end_matches('`').split("`, `"))
        .collect()
}

#[test]
fn the_protocol_tells_every_warning_and_each_was_seen() {
    let document = include_str!("../../../schemas/README.md");
    let seen: BTreeSet<&str> = cases()
        .iter()
        .flat_map(|case| case.warned)
        .copied()
        .collect();
    // They are not of an event that is added: `decide_corrections.rs` has them.
    let of_corrections = BTreeSet::from(["later_events", "locked"]);

    let told: BTreeSet<&str> = documented(document)
        .difference(&of_corrections)
        .copied()
        .collect();

    assert_eq!(told, seen);
}
