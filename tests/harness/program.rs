//! Programs that tests use and the project does not bring along.

use std::path::PathBuf;

/// The first of these that is on the path, one program by several names. Its absence skips the test
/// with a line that says so; in CI it is a failure.
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!in_ci, "CI has to have {}", names[0]);
        eprintln!("SKIPPED: {} is not installed here", names[0]);
    }
    found
}
