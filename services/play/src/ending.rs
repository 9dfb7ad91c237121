//! Why an innings ended and how long it could have been: what a scorer knows and a file does not
//! say outright.

use crate::create::{SUPER_OVER_WICKETS_MAX, WICKETS_MAX, innings_per_side};
use crate::cricsheet::Match;
use crate::tally::InningsTally;

/// The `reason` of the `innings_end` of innings `index`.
pub(crate) fn reason(of: &Match, sums: &[InningsTally], index: usize) -> &'static str {
    let innings = &of.innings[index];
    let sum = &sums[index];
    let wickets_max = if innings.super_over {
        SUPER_OVER_WICKETS_MAX
    } else {
        WICKETS_MAX
    };
    if innings.forfeited {
        "forfeited"
    } else if innings.declared {
        "declared"
    } else if sum.unable_to_bat() >= wickets_max {
        "all_out"
    } else if needed(of, sums, index).is_some_and(|needed| i64::from(sum.runs) >= needed) {
        "target"
    } else if overs_max(of, sums, index).is_some_and(|overs_max| sum.completed_overs >= overs_max) {
        "overs"
    } else if of.info.overs.is_none() {
        "time"
    } else {
        "abandoned"
    }
}

/// Overs to which innings `index` was cut before it began, where only the chase shows it: the
/// first innings stopped at just the overs that the second was given.
pub(crate) fn shortened_to(of: &Match, sums: &[InningsTally], index: usize) -> Option<u32> {
    let planned = of.info.overs?;
    let chase = of.innings.get(1)?;
    let overs = chase.target.as_ref()?.whole_overs()?;
    let first_stopped_there = index == 0 && sums[0].overs == overs.to_string();
    (first_stopped_there && overs < planned && sums[0].unable_to_bat() < WICKETS_MAX)
        .then_some(overs)
}

fn overs_max(of: &Match, sums: &[InningsTally], index: usize) -> Option<u32> {
    let innings = &of.innings[index];
    if innings.super_over {
        return Some(1);
    }
    let target = innings
        .target
        .as_ref()
        .and_then(|target| target.whole_overs());
    target
        .or_else(|| shortened_to(of, sums, index))
        .or(of.info.overs)
}

/// What wins innings `index`, if it is the last that its side may bat: the file's target, else the
/// runs that the others are ahead, and one.
pub(crate) fn needed(of: &Match, sums: &[InningsTally], index: usize) -> Option<i64> {
    let innings = &of.innings[index];
    if let Some(runs) = innings.target.as_ref().and_then(|target| target.runs) {
        return Some(i64::from(runs));
    }
    let before = &sums[..index];
    if innings.super_over {
        let earlier = before.iter().filter(|sum| sum.super_over).count();
        return (earlier % 2 == 1).then(|| i64::from(before[index - 1].runs) + 1);
    }
    if index + 1 < 2 * innings_per_side(of) {
        return None;
    }
    let lead: i64 = before
        .iter()
        .map(|sum| {
            if sum.team == innings.team {
                -i64::from(sum.runs)
            } else {
                i64::from(sum.runs)
            }
        })
        .sum();
    Some(lead + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::tally::tally;

    #[test]
    fn the_real_innings_ended_as_they_did() {
        let expected = [
            ("1144530", "overs all_out overs overs"),
            ("1252690", "overs target"),
            ("1299163", "all_out target"),
            ("1323162", "overs target"),
            ("1345425", "overs overs overs overs"),
            ("1370352", "overs all_out"),
            ("1384439", "all_out target"),
            ("1389401", "all_out all_out declared all_out"),
            ("1406076", "all_out all_out declared all_out"),
            ("1473469", "overs overs all_out target"),
            ("1477012", "overs target"),
            ("501263", "overs target"),
            ("573012", "all_out all_out all_out"),
        ];
        for (name, file, _) in sample::real_matches() {
            let sums = tally(&file);
            let reasons: Vec<&str> = (0..sums.len())
                .map(|index| reason(&file, &sums, index))
                .collect();
            let (_, wanted) = expected
                .iter()
                .find(|(id, _)| name == format!("{id}.json"))
                .expect("a known match");
            assert_eq!(reasons.join(" "), *wanted, "{name}");
            let cut = (name == "1477012.json").then_some(32);
            assert_eq!(shortened_to(&file, &sums, 0), cut, "{name}");
        }
    }

    #[test]
    fn the_last_innings_needs_one_more_than_the_lead() {
        let (mut file, ones) = (sample::tiny(), sample::tiny().innings[1].clone());
        file.info.match_type = "Test".to_owned();
        file.innings.extend([file.innings[0].clone(), ones]);
        for innings in &mut file.innings {
            innings.target = None;
        }
        let sums = tally(&file);
        let needed: Vec<Option<i64>> = (0..4).map(|index| needed(&file, &sums, index)).collect();
        assert_eq!(needed, [None, None, None, Some(27 + 27 - 2 + 1)]);
        file.innings[2].super_over = true;
        file.innings[3].super_over = true;
        let sums = tally(&file);
        assert_eq!(super::needed(&file, &sums, 2), None);
        assert_eq!(super::needed(&file, &sums, 3), Some(28));
    }

    #[test]
    fn an_innings_that_just_stopped_ran_out_of_time_or_was_abandoned() {
        let mut file = sample::tiny();
        assert_eq!(reason(&file, &tally(&file), 0), "abandoned");
        file.info.overs = None;
        assert_eq!(reason(&file, &tally(&file), 0), "time");
        file.innings[0].forfeited = true;
        assert_eq!(reason(&file, &tally(&file), 0), "forfeited");
    }
}
