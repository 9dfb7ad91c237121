//! Which match each fan follows.

use crate::args::FanSpread;

/// How far the next fan's place is from the one before: the golden ratio leaves no part of a line
/// without fans for long, however many there are.
const STEP: f64 = 0.618_033_988_749_894_9;

/// The match, by its number, of each of `count` fans from the one with number `first` on.
pub(crate) fn seats(first: u32, count: u32, matches: usize, spread: FanSpread) -> Vec<usize> {
    let numbers = first..first + count;
    match spread {
        FanSpread::Even => numbers
            .map(|number| number as usize % matches.max(1))
            .collect(),
        FanSpread::Zipf => {
            let ends = ends(matches);
            numbers
                .map(|number| (f64::from(number) * STEP).fract())
                .map(|place| ends.partition_point(|end| *end <= place))
                .map(|seat| seat.min(matches.saturating_sub(1)))
                .collect()
        }
    }
}

/// Where the share of each match ends on a line from 0 to 1: the second has half of the first's fans,
/// the third a third.
fn ends(matches: usize) -> Vec<f64> {
    let share = |number: usize| 1.0 / (number + 1) as f64;
    let all: f64 = (0..matches).map(share).sum();
    let ends = (0..matches).scan(0.0, |end, number| {
        *end += share(number) / all;
        Some(*end)
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_crowd_goes_round_the_matches_wherever_it_begins() {
        assert_eq!(seats(2, 4, 3, FanSpread::Even), [2, 0, 1, 2]);
    }

    #[test]
    fn the_second_match_has_half_of_the_firsts_fans_and_nobody_is_left_out() {
        let all = seats(0, 11_000, 3, FanSpread::Zipf);
        for (of, share) in [(0, 6_000), (1, 3_000), (2, 2_000)] {
            let fans = all.iter().filter(|seat| **seat == of).count();
            assert!(fans.abs_diff(share) <= 10, "{of}: {fans}");
        }
        let parts = [
            seats(0, 5_000, 3, FanSpread::Zipf),
            seats(5_000, 6_000, 3, FanSpread::Zipf),
        ];
        assert_eq!(parts.concat(), all, "it does not depend on the process");
    }
}
