//! The table of allowed edges between our crates: adding one is a decision, made here and said in
//! ARCHITECTURE.md.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its own tree fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each crate and what it may depend on, tests included.
const EDGES: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("sports", &["core"]),
    ("broker", &["core"]),
    ("server", &[]),
    ("scoring", &["core", "sports", "broker", "server", "web"]),
    ("web", &[]),
    ("gateway", &["core", "broker", "server", "web"]),
    ("ops", &["core", "sports", "broker"]),
    ("bench", &["core", "broker"]),
    ("play", &["core"]),
    (
        "grandstand",
        // On sports only its tests, which hold the rules against an independent count.
        &[
            "core", "sports", "broker", "server", "scoring", "gateway", "ops", "play", "bench",
        ],
    ),
];

#[test]
fn crates_depend_on_each_other_only_as_the_table_says() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let found: BTreeMap<String, BTreeSet<String>> = fs::read_dir(&services)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                edges_of(&path),
            )
        })
        .collect();
    let allowed: BTreeMap<String, BTreeSet<String>> = EDGES
        .iter()
        .map(|(name, edges)| {
            (
                (*name).to_owned(),
                edges.iter().map(|edge| (*edge).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        allowed.keys().collect::<Vec<_>>(),
        "every crate is in the table"
    );
    for (name, edges) in &found {
        let surplus: Vec<_> = edges.difference(&allowed[name]).collect();
        assert!(surplus.is_empty(), "{name} must not depend on {surplus:?}");
    }
}

#[test]
fn only_broker_names_the_nats_client() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (name, _) in EDGES.iter().filter(|(name, _)| *name != "broker") {
        let manifest = fs::read_to_string(services.join(name).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("async-nats"), "{name} names async-nats");
    }
}

fn edges_of(crate_dir: &Path) -> BTreeSet<String> {
    let manifest = fs::read_to_string(crate_dir.join("Cargo.toml")).unwrap();
    let lines = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("grandstand-"));
    lines
        .filter_map(|rest| rest.split(['.', ' ', '=']).next())
        .filter(|name| !manifest.contains(&format!("name = \"grandstand-{name}\"")))
        .map(str::to_owned)
        .collect()
}
