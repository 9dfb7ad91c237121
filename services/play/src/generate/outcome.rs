//! Who won a made-up match, by how much, and who played best in it.

use std::collections::BTreeMap;

use crate::create::WICKETS_MAX;
use crate::cricsheet::{Margin, Match, Outcome};
use crate::generate::team::Team;
use crate::tally::tally;

/// What an innings came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Score {
    /// Index of the team that batted.
    pub(crate) team: usize,
    pub(crate) runs: u32,
    pub(crate) wickets: u32,
}

/// How the match of these innings ended: a super over decides what was a tie.
pub(crate) fn of(teams: &[Team; 2], scores: &[Score]) -> Outcome {
    let name = |score: Score| Some(teams[score.team].name.to_owned());
    let [first, second, super_overs @ ..] = scores else {
        return Outcome::default();
    };
    if first.runs == second.runs {
        let eliminator = match super_overs {
            [.., one, other] if one.runs > other.runs => name(*one),
            [.., one, other] if one.runs < other.runs => name(*other),
            _ => None,
        };
        return Outcome {
            result: Some("tie".to_owned()),
            eliminator,
            ..Outcome::default()
        };
    }
    let (winner, by) = if first.runs > second.runs {
        let runs = Some(first.runs - second.runs);
        (
            first,
            Margin {
                runs,
                ..Margin::default()
            },
        )
    } else {
        let wickets = Some(WICKETS_MAX as u32 - second.wickets);
        (
            second,
            Margin {
                wickets,
                ..Margin::default()
            },
        )
    };
    Outcome {
        winner: name(*winner),
        by: Some(by),
        ..Outcome::default()
    }
}

/// Runs that a wicket is worth.
const WICKET_RUNS: u32 = 22;

/// Who did most for the side that won, or for either where nobody did.
pub(crate) fn best_player(of: &Match) -> Option<String> {
    let outcome = &of.info.outcome;
    let winner = outcome.winner.as_ref().or(outcome.eliminator.as_ref());
    let mut points: BTreeMap<String, u32> = BTreeMap::new();
    for sum in tally(of).iter().filter(|sum| !sum.super_over) {
        let batted_won = winner.is_none_or(|winner| *winner == sum.team);
        let fielded_won = winner.is_none_or(|winner| *winner != sum.team);
        for row in sum.batting.iter().filter(|_| batted_won) {
            *points.entry(row.player.clone()).or_default() += row.runs;
        }
        for row in sum.bowling.iter().filter(|_| fielded_won) {
            let saved = (row.balls * 8 / 6).saturating_sub(row.runs);
            *points.entry(row.player.clone()).or_default() += row.wickets * WICKET_RUNS + saved;
        }
    }
    let best = points.into_iter().max_by_key(|(_, points)| *points);
    best.map(|(player, _)| player)
}
