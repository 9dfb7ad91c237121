//! Every metric that the code counts is described, so that `/metrics` says what it is.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its own tree fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The macros of the metrics crate.
const KINDS: [&str; 3] = ["counter!", "gauge!", "histogram!"];
const DESCRIBE: &str = "describe_";

#[test]
fn every_metric_is_described() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let texts: Vec<String> = sources(&services)
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let named = texts.iter().flat_map(|text| named(text));
    let (described, counted): (Vec<_>, Vec<_>) =
        named.partition(|(before, _)| before.ends_with(DESCRIBE));
    let names = |found: Vec<(_, String)>| found.into_iter().map(|(_, name)| name).collect();
    let (described, counted): (BTreeSet<String>, BTreeSet<String>) =
        (names(described), names(counted));
    assert!(counted.len() > 40, "they are found: {counted:?}");
    let lacking: Vec<_> = counted.difference(&described).collect();
    assert!(lacking.is_empty(), "not described: {lacking:?}");
    let is_counted = |name: &&String| {
        let quoted = format!("\"{name}\"");
        let places = texts.iter().map(|text| text.matches(&quoted).count());
        // One of them is its description.
        places.sum::<usize>() > 1
    };
    let unknown: Vec<_> = described.iter().filter(|name| !is_counted(name)).collect();
    assert!(
        unknown.is_empty(),
        "described, and never counted: {unknown:?}"
    );
}

/// The files of every crate's `src`.
fn sources(services: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(services)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|folder| folder.is_dir())
        .collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|end| end == "rs") => files.push(path),
                false => {}
            }
        }
    }
    files
}

/// What stands before each macro of a metric, and the name in it; those of tests are passed over.
fn named(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    for kind in KINDS {
        for (at, _) in text.match_indices(kind) {
            let rest = text[at + kind.len()..].trim_start_matches(['(', '\n', ' ']);
            let name = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            let name = name.filter(|name| !name.contains("_test_"));
            found.extend(name.map(|name| (&text[..at], name.to_owned())));
        }
    }
    found
}
