//! How a batter goes, and by whose hands.

use crate::ball::{Fielder, Wicket};
use crate::dismissal::Kind;
use crate::generate::chance::Chance;
use crate::generate::team::{Style, Team};

/// Of a thousand catches and run-outs, those by the twelfth man.
const SUBSTITUTE_PERMILLE: u64 = 25;

/// Who bowls, for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fielding<'a> {
    pub(crate) team: &'a Team,
    /// Index of the bowler.
    pub(crate) bowler: usize,
}

impl Fielding<'_> {
    /// How the striker is out on a ball that may take a wicket.
    pub(crate) fn kind(self, chance: &mut Chance) -> Kind {
        let player = &self.team.players[self.bowler];
        let is_spin = player.bowls.is_some_and(|bowls| bowls.style == Style::Spin);
        chance.weighted([
            (Kind::Caught, 590),
            (Kind::Bowled, 180),
            (Kind::Lbw, 85),
            (Kind::RunOut, 75),
            (Kind::Stumped, if is_spin { 80 } else { 0 }),
            (Kind::CaughtAndBowled, 30),
            (Kind::HitWicket, 3),
        ])
    }

    /// The wicket of `player_out`.
    pub(crate) fn wicket(self, chance: &mut Chance, kind: Kind, player_out: &str) -> Wicket {
        let fielders = match kind {
            Kind::Caught => vec![self.catcher(chance)],
            Kind::Stumped => vec![self.player(self.team.keeper)],
            Kind::RunOut => self.those_who_run_out(chance),
            Kind::Bowled
            | Kind::CaughtAndBowled
            | Kind::Lbw
            | Kind::HitWicket
            | Kind::TimedOut
            | Kind::ObstructingTheField
            | Kind::HandledTheBall
            | Kind::HitTheBallTwice
            | Kind::RetiredOut
            | Kind::RetiredHurt
            | Kind::RetiredNotOut => Vec::new(),
        };
        Wicket {
            kind,
            player_out: player_out.to_owned(),
            fielders,
        }
    }

    fn catcher(self, chance: &mut Chance) -> Fielder {
        if chance.happens(220) {
            return self.player(self.team.keeper);
        }
        self.fielder(chance)
    }

    /// A direct hit, or a throw to the stumps.
    fn those_who_run_out(self, chance: &mut Chance) -> Vec<Fielder> {
        let thrower = self.fielder(chance);
        let keeper = self.player(self.team.keeper);
        if chance.happens(350) || thrower.name == keeper.name {
            return vec![thrower];
        }
        vec![thrower, keeper]
    }

    /// Anybody but the bowler.
    fn fielder(self, chance: &mut Chance) -> Fielder {
        if chance.happens(SUBSTITUTE_PERMILLE) {
            return Fielder {
                name: Some(self.team.twelfth.clone()),
                substitute: true,
            };
        }
        let others = self.team.players.len() - 1;
        let index = chance.index(others);
        self.player(index + usize::from(index >= self.bowler))
    }

    fn player(self, index: usize) -> Fielder {
        Fielder {
            name: Some(self.team.players[index].name.clone()),
            substitute: false,
        }
    }
}
