//! Makes up a T20 as it might have been: legal by the rules of cricket, plausible, and the same
//! each time for one seed.

mod attack;
pub mod chance;
mod chances;
mod innings;
mod names;
mod outcome;
mod phase;
mod review;
pub mod slips;
mod team;
#[cfg(test)]
mod tests;
mod urge;
mod wicket;

use std::collections::BTreeMap;

use grandstand_core::ids::MatchId;

use crate::cricsheet::{Info, Innings, Match, Meta, Registry, Toss};
use crate::generate::chance::Chance;
use crate::generate::innings::{BALLS_PER_OVER, Plan};
use crate::generate::outcome::Score;
use crate::generate::phase::OVERS;
use crate::generate::team::Team;

/// Super overs that are played until one decides.
const SUPER_OVERS_MAX: usize = 3;
/// Batters of a side in a super over, which ends with the second wicket.
const SUPER_OVER_BATTERS: usize = 3;

/// The match id that a seed gives.
pub fn match_id(seed: u64) -> MatchId {
    MatchId::new(format!("t20-{seed}")).expect("a short id of letters, digits and a dash")
}

/// Whether it is the id of a made-up match.
pub fn is_made_up(match_id: &MatchId) -> bool {
    let seed = match_id.as_str().strip_prefix("t20-");
    seed.is_some_and(|seed| seed.parse::<u64>().is_ok())
}

/// The match of `seed`.
pub fn generate(seed: u64) -> Match {
    let teams = team::two(&mut Chance::new(seed, 1));
    let mut chance = Chance::new(seed, 2);
    let chance = &mut chance;
    let winner = chance.index(2);
    let fields = chance.happens(650);
    let first = if fields { 1 - winner } else { winner };
    let mut game = Game {
        teams: &teams,
        // A good pitch is good for both.
        pitch_percent: 98 + chance.below(9),
        first,
        innings: Vec::new(),
        scores: Vec::new(),
    };
    game.play(chance);
    let outcome = outcome::of(&teams, &game.scores);
    let of_team = |team: &Team| {
        let players = team.players.iter().map(|player| player.name.clone());
        (team.name.to_owned(), players.collect())
    };
    let mut made = Match {
        meta: Meta {
            data_version: "1.1.0".to_owned(),
        },
        info: Info {
            balls_per_over: BALLS_PER_OVER,
            // No day of the calendar's: the same match is played whenever somebody asks for it.
            dates: Vec::new(),
            match_type: "T20".to_owned(),
            overs: Some(OVERS),
            outcome,
            player_of_match: Vec::new(),
            players: teams.iter().map(of_team).collect(),
            registry: registry(&teams),
            teams: teams.iter().map(|team| team.name.to_owned()).collect(),
            toss: Toss {
                winner: Some(teams[winner].name.to_owned()),
                decision: Some(if fields { "field" } else { "bat" }.to_owned()),
                uncontested: false,
            },
        },
        innings: game.innings,
    };
    made.info.player_of_match = outcome::best_player(&made).into_iter().collect();
    made
}

/// Short ids: they are in every event.
fn registry(teams: &[Team; 2]) -> Registry {
    let sides = teams.iter().zip(["a", "b"]);
    let people = sides.flat_map(|(team, side)| {
        let players = team.players.iter().enumerate();
        players.map(move |(place, player)| (player.name.clone(), format!("{side}{}", place + 1)))
    });
    Registry {
        people: people.collect::<BTreeMap<String, String>>(),
    }
}

/// A match being played.
struct Game<'a> {
    teams: &'a [Team; 2],
    pitch_percent: u64,
    /// Index of the team that bats first.
    first: usize,
    innings: Vec<Innings>,
    scores: Vec<Score>,
}

impl Game<'_> {
    fn play(&mut self, chance: &mut Chance) {
        let everybody = || (0..11).collect();
        self.innings(chance, self.first, everybody(), false);
        self.innings(chance, 1 - self.first, everybody(), false);
        for round in 0..SUPER_OVERS_MAX {
            if self.is_decided() {
                return;
            }
            let from = round * SUPER_OVER_BATTERS;
            let order = || (from..from + SUPER_OVER_BATTERS).collect();
            // Who batted last bats first now, and so on.
            let first = self.scores.last().map_or(self.first, |last| last.team);
            self.innings(chance, first, order(), true);
            self.innings(chance, 1 - first, order(), true);
        }
    }

    /// Whether the last two innings decided it.
    fn is_decided(&self) -> bool {
        matches!(self.scores.as_slice(), [.., one, other] if one.runs != other.runs)
    }

    fn innings(
        &mut self,
        chance: &mut Chance,
        batting: usize,
        order: Vec<usize>,
        super_over: bool,
    ) {
        let is_chase = self.scores.len() % 2 == 1;
        let before = self.scores.last().filter(|_| is_chase);
        let plan = Plan {
            team: batting,
            batting: &self.teams[batting],
            fielding: &self.teams[1 - batting],
            order,
            overs: if super_over { 1 } else { OVERS },
            target: before.map(|score| score.runs + 1),
            form_percent: self.pitch_percent * (95 + chance.below(11)) / 100,
            super_over,
        };
        let (innings, score) = innings::play(chance, &plan);
        self.innings.push(innings);
        self.scores.push(score);
    }
}
