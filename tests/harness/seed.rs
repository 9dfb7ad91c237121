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

/// A sequence of numbers that looks random (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence of `stream`: each user of one seed takes a stream of its own, so that the order
    /// in which tasks run changes nothing.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of `choices`.
    pub(crate) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}
