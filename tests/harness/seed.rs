//! Chance that can be had again: `GRANDSTAND_TEST_SEED` replays what a failed run printed.

/// The variable that a printed seed goes into.
const VARIABLE: &str = "GRANDSTAND_TEST_SEED";

/// The seed of this run, printed so that a failure can be replayed.
pub(crate) fn seed(test: &str) -> u64 {
    let given = std::env::var(VARIABLE)
        .ok()
        .map(|text| text.parse().expect("the seed is a number"));
    let seed = given.unwrap_or_else(|| {
        let since = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
        u64::from(since.subsec_nanos()) ^ since.as_secs()
    });
    eprintln!("{test}: {VARIABLE}={seed}");
    seed
}
