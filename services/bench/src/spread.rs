//! The middle of several measurements, and how far apart they are.

use serde::Serialize;

/// Of an odd number of values each is one that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) min: f64,
    pub(crate) lower_quartile: f64,
    pub(crate) median: f64,
    pub(crate) upper_quartile: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of these values; none of none.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        Some(Self {
            count: values.len(),
            min,
            lower_quartile: at(&values, 1),
            median: at(&values, 2),
            upper_quartile: at(&values, 3),
            max,
        })
    }
}

/// The value at so many quarters of the sorted ones, or between its neighbours.
fn at(sorted: &[f64], quarters: usize) -> f64 {
    let place = (sorted.len() - 1) * quarters;
    let (below, share) = (place / 4, (place % 4) as f64 / 4.0);
    match sorted.get(below + 1) {
        Some(above) => sorted[below] + (above - sorted[below]) * share,
        None => sorted[below],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_in_the_middle() {
        let spread = Spread::of([5.0, 1.0, 4.0, 2.0, 3.0].into_iter()).unwrap();
        assert_eq!(
            [
                spread.min,
                spread.lower_quartile,
                spread.median,
                spread.upper_quartile,
                spread.max
            ],
            [1.0, 2.0, 3.0, 4.0, 5.0]
        );
        assert_eq!(Spread::of([1.0, 2.0].into_iter()).unwrap().median, 1.5);
        assert_eq!(Spread::of([7.0].into_iter()).unwrap().upper_quartile, 7.0);
        assert_eq!(Spread::of(std::iter::empty()), None);
    }
}
