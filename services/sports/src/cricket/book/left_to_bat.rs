//! Whether anybody is left to bat.

use std::collections::BTreeSet;

use super::batting::BatterRow;
use super::innings::Innings;
use crate::cricket::delivery::Delivery;
use crate::cricket::words::{PlayerId, ReplacementScope};

impl Innings {
    /// Notes for whom others came for the rest of the match.
    pub(super) fn replace(&mut self, ball: &Delivery) {
        let all = ball.replacements.iter();
        for one in all.filter(|one| one.scope == ReplacementScope::Match) {
            for (player, is_replaced) in [
                (one.player_out.as_ref(), true),
                (Some(&one.player_in), false),
            ] {
                if let Some(row) = player.and_then(|player| self.batter_mut(player)) {
                    row.is_replaced = is_replaced;
                }
            }
        }
    }

    /// Nobody is left to bat: who is hurt and not back counts here, but not if another bats in his
    /// place (ICC playing conditions, 1.2.7: concussion), and nobody counts twice.
    pub(crate) fn is_all_out(&self) -> bool {
        if self.league.dismissed_bat_on() {
            return false;
        }
        let is_hurt = |row: &&BatterRow| row.is_retired_hurt() && !row.is_replaced;
        let hurt = self.batters.iter().filter(is_hurt).count();
        let bats = |player: &&PlayerId| self.batter(player).is_none_or(|row| row.out.is_none());
        let absent: BTreeSet<&PlayerId> = self.absent_hurt.iter().filter(bats).collect();
        self.wickets as usize + absent.len() + hurt >= self.wickets_max as usize
    }

    /// Whether the last batter is in, and bats on alone.
    pub(crate) fn is_last_batter(&self) -> bool {
        self.league.last_batter_stands() && self.wickets + 1 == self.wickets_max
    }
}
