//! Chance that can be had again: one seed gives the same numbers on every machine.

/// A sequence of numbers that looks random (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of `seed` for one `purpose`: more numbers drawn for one, or in another order,
    /// leave the others alone.
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(seed ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Whether it happened this time.
    pub fn happens(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of `choices`, all as likely; there is at least one.
    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())].clone()
    }

    /// An index below `length`.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// One of `choices`, each as often as its weight says.
    pub fn weighted<T: Copy, const N: usize>(&mut self, choices: [(T, u64); N]) -> T {
        self.weighted_index(choices.map(|(_, weight)| weight))
            .map_or(choices[0].0, |index| choices[index].0)
    }

    /// The index of one of `weights`, if any of them is above 0.
    pub fn weighted_index(
        &mut self,
        weights: impl IntoIterator<Item = u64, IntoIter: Clone>,
    ) -> Option<usize> {
        let weights = weights.into_iter();
        let mut left = self.below(weights.clone().sum());
        weights.enumerate().find_map(|(index, weight)| {
            if left < weight {
                return Some(index);
            }
            left -= weight;
            None
        })
    }

    /// Takes one of `from` away, if there is one.
    pub fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        let index = self.index(from.len());
        Some(from.swap_remove(index))
    }
}
