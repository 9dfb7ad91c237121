//! How often which latency was measured, in little space and exact to 3 %.

use serde::{Deserialize, Serialize};

/// Each doubling of a value has so many buckets; below twice that, each value has its own.
const BUCKETS_PER_DOUBLING: u64 = 32;
const BITS: u32 = BUCKETS_PER_DOUBLING.trailing_zeros();

/// Values with their frequencies. Sparse on the wire: most buckets are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Sparse", into = "Sparse")]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

/// A histogram as processes tell it to each other: buckets that are not empty.
#[derive(Serialize, Deserialize)]
struct Sparse {
    buckets: Vec<(usize, u64)>,
    max: u64,
}

impl Histogram {
    /// Counts one value.
    pub(crate) fn record(&mut self, value: u64) {
        self.add(bucket_of(value), 1);
        self.max = self.max.max(value);
    }

    /// Adds what another process has counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (bucket, &count) in other.buckets.iter().enumerate() {
            self.add(bucket, count);
        }
        self.max = self.max.max(other.max);
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// A value that at least `per_mille` of a thousand do not exceed; none without any.
    pub(crate) fn quantile(&self, per_mille: u64) -> Option<u64> {
        let rank = (u128::from(self.count) * u128::from(per_mille)).div_ceil(1_000);
        let mut seen = 0;
        let found = self.buckets.iter().position(|&count| {
            seen += u128::from(count);
            count > 0 && seen >= rank
        })?;
        Some(largest_of(found).min(self.max))
    }

    fn add(&mut self, bucket: usize, count: u64) {
        if count == 0 {
            return;
        }
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += count;
        self.count += count;
    }
}

/// The doubling that the value is in, and the highest bits below its first.
fn bucket_of(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS + 1);
    let bucket = u64::from(shift) * BUCKETS_PER_DOUBLING + (value >> shift);
    usize::try_from(bucket).expect("fewer than 64 doublings of 32 buckets")
}

/// The largest value that goes into a bucket.
fn largest_of(bucket: usize) -> u64 {
    let shift = (bucket as u64 / BUCKETS_PER_DOUBLING).saturating_sub(1);
    let first = bucket as u64 - shift * BUCKETS_PER_DOUBLING;
    let after = u128::from(first + 1) << shift;
    u64::try_from(after - 1).unwrap_or(u64::MAX)
}

impl From<Histogram> for Sparse {
    fn from(histogram: Histogram) -> Self {
        let all = histogram.buckets.into_iter().enumerate();
        Self {
            buckets: all.filter(|(_, count)| *count > 0).collect(),
            max: histogram.max,
        }
    }
}

impl From<Sparse> for Histogram {
    /// A bucket beyond all values would cost memory, and nobody who is honest names one.
    fn from(sparse: Sparse) -> Self {
        let mut histogram = Self {
            max: sparse.max,
            ..Self::default()
        };
        let last = bucket_of(u64::MAX);
        for (bucket, count) in sparse.buckets.into_iter().filter(|(b, _)| *b <= last) {
            histogram.add(bucket, count);
        }
        histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_values_are_exact_and_nothing_gives_nothing() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(500), None);
        (1..=60).for_each(|value| histogram.record(value));
        for (per_mille, value) in [(1, 1), (500, 30), (950, 57), (1_000, 60)] {
            assert_eq!(histogram.quantile(per_mille), Some(value));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_value_goes_into_the_bucket_that_holds_it(value: u64) {
            let bucket = bucket_of(value);
            prop_assert!(value <= largest_of(bucket));
            prop_assert!(bucket == 0 || value > largest_of(bucket - 1));
            prop_assert!(largest_of(bucket) - value <= value / 31);
        }

        #[test]
        fn histograms_of_parts_add_up_to_that_of_the_whole(
            parts in prop::collection::vec(prop::collection::vec(0u64..5_000_000, 0..40), 1..5)
        ) {
            let mut whole = Histogram::default();
            let mut merged = Histogram::default();
            for part in &parts {
                let mut own = Histogram::default();
                for &value in part {
                    own.record(value);
                    whole.record(value);
                }
                let told = serde_json::to_string(&own).unwrap();
                merged.merge(&serde_json::from_str(&told).unwrap());
            }
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(whole.count(), parts.iter().map(Vec::len).sum::<usize>() as u64);
        }
    }
}
