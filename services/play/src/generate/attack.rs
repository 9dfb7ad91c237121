//! Who bowls which over: nobody two in a row, nobody more than his share.

use crate::generate::chance::Chance;
use crate::generate::phase::Phase;
use crate::generate::team::{Bowls, Style, Team};

/// Overs of one bowler in an innings.
const OVERS_MAX: u64 = 4;

/// The bowlers of an innings.
#[derive(Debug)]
pub(crate) struct Attack {
    /// Index in the team, how he bowls, and his overs.
    bowlers: Vec<(usize, Bowls, u64)>,
    /// Who bowled the last over, and the one before it.
    last: [Option<usize>; 2],
}

impl Attack {
    pub(crate) fn new(team: &Team) -> Self {
        let bowlers = team.players.iter().enumerate();
        let bowlers = bowlers.filter_map(|(index, player)| Some((index, player.bowls?, 0)));
        Self {
            bowlers: bowlers.collect(),
            last: [None, None],
        }
    }

    /// Index of who bowls the next over, which is of `phase`. There is always somebody: seven or
    /// more can bowl, and twenty overs need but five of them.
    pub(crate) fn next(&mut self, chance: &mut Chance, phase: Phase) -> usize {
        let [last, one_before] = self.last;
        let weights = self.bowlers.iter().map(|(index, bowls, overs)| {
            if last == Some(*index) {
                return 0;
            }
            let spell = if one_before == Some(*index) { 3 } else { 1 };
            (OVERS_MAX - overs) * spell * suits(*bowls, phase)
        });
        let chosen = chance.weighted_index(weights).unwrap_or(0);
        let (index, _, overs) = &mut self.bowlers[chosen];
        *overs += 1;
        self.last = [Some(*index), last];
        *index
    }
}

/// How gladly a captain turns to him.
fn suits(bowls: Bowls, phase: Phase) -> u64 {
    let regular = if bowls.is_regular { 8 } else { 1 };
    let style = match (phase, bowls.style) {
        (Phase::Powerplay | Phase::Death, Style::Pace) | (Phase::Middle, Style::Spin) => 4,
        (Phase::Powerplay | Phase::Death, Style::Spin) | (Phase::Middle, Style::Pace) => 1,
    };
    regular * style
}
