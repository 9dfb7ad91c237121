//! Real matches to play, where they are at hand.

use std::path::{Path, PathBuf};

/// The real matches of limited overs, in the order that they are brought up in.
pub(crate) const LIMITED_OVERS: [&str; 10] = [
    "1473469", "1370352", "1345425", "501263", "1323162", "1299163", "1252690", "1477012",
    "1384439", "1144530",
];
/// The real Tests, the shortest first.
pub(crate) const TESTS: [&str; 3] = ["573012", "1406076", "1389401"];

/// The file of a real match.
pub(crate) fn file(name: &str) -> PathBuf {
    folder().join(format!("{name}.json"))
}

/// Whether the real matches are there; if not, says that the test is skipped.
pub(crate) fn at_hand() -> bool {
    let there = file(LIMITED_OVERS[0]).is_file();
    if !there {
        eprintln!(
            "SKIPPED: no real matches in {}; GRANDSTAND_SHARED names the folder that holds data/cricsheet",
            folder().display()
        );
    }
    there
}

fn folder() -> PathBuf {
    let shared = std::env::var_os("GRANDSTAND_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    shared.join("data/cricsheet")
}
