//! Who plays for whom, and by which id the platform knows him.

use std::collections::BTreeMap;

use crate::ball::Replacement;
use crate::cricsheet::{Innings, Match};

/// The longest player id that the platform takes.
const PLAYER_ID_BYTES_MAX: usize = 32;

/// One of the two teams, as the platform names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The team that the file names first.
    A,
    /// The other.
    B,
}

impl Side {
    /// The key of the team.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// The opponents.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Everybody who has a part in a match.
#[derive(Debug)]
pub struct Squads {
    teams: [String; 2],
    /// By side, since a name may play for both.
    players: BTreeMap<(Side, String), Player>,
    names: BTreeMap<String, String>,
}

/// One player.
#[derive(Debug, PartialEq, Eq)]
pub struct Player {
    /// By which the platform knows him.
    pub id: String,
    /// For whom he plays.
    pub side: Side,
}

impl Squads {
    /// Everybody whom `of` lists or shows at play.
    pub fn of(of: &Match) -> Self {
        let mut squads = Self {
            teams: [of.info.teams[0].clone(), of.info.teams[1].clone()],
            players: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for side in [Side::A, Side::B] {
            for name in of.info.players.get(squads.team(side)).into_iter().flatten() {
                squads.add(of, name, side);
            }
        }
        for innings in &of.innings {
            squads.add_those_at_play(of, innings);
        }
        squads
    }

    fn add_those_at_play(&mut self, of: &Match, innings: &Innings) {
        let Some(batting) = self.side(&innings.team) else {
            return;
        };
        for ball in innings.overs.iter().flat_map(|over| &over.deliveries) {
            self.add(of, &ball.batter, batting);
            self.add(of, &ball.non_striker, batting);
            self.add(of, &ball.bowler, batting.other());
            for wicket in &ball.wickets {
                self.add(of, &wicket.player_out, batting);
            }
            for replacement in ball
                .replacements
                .of_match
                .iter()
                .chain(&ball.replacements.role)
            {
                let side = self.side_of_replacement(replacement, batting);
                self.add(of, &replacement.incoming, side);
                if let Some(outgoing) = &replacement.outgoing {
                    self.add(of, outgoing, side);
                }
            }
        }
        for name in &innings.absent_hurt {
            self.add(of, name, batting);
        }
    }

    fn add(&mut self, of: &Match, name: &str, side: Side) {
        let key = (side, name.to_owned());
        if self.players.contains_key(&key) {
            return;
        }
        let stem = match of.info.registry.people.get(name) {
            Some(id) => format!("p{}", plain(id)),
            None => format!("n{}", plain(name)),
        };
        let stem = &stem[..stem.len().min(PLAYER_ID_BYTES_MAX - 4)];
        let mut id = stem.to_owned();
        for copy in 2..1000 {
            if !self.names.contains_key(&id) {
                break;
            }
            id = format!("{stem}-{copy}");
        }
        self.names.insert(id.clone(), name.to_owned());
        self.players.insert(key, Player { id, side });
    }

    /// The players whom `of` lists for `side`, with their names, each once.
    pub fn listed<'a>(&'a self, of: &'a Match, side: Side) -> Vec<(&'a Player, &'a str)> {
        let mut names: Vec<&str> = Vec::new();
        for name in of.info.players.get(self.team(side)).into_iter().flatten() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let listed = names.into_iter();
        listed
            .filter_map(|name| Some((self.player(side, name)?, name)))
            .collect()
    }

    /// The name of a team.
    pub fn team(&self, side: Side) -> &str {
        match side {
            Side::A => &self.teams[0],
            Side::B => &self.teams[1],
        }
    }

    /// Which team `name` is.
    pub fn side(&self, name: &str) -> Option<Side> {
        [Side::A, Side::B]
            .into_iter()
            .find(|side| self.team(*side) == name)
    }

    /// For whom somebody came, while `batting` bats.
    pub fn side_of_replacement(&self, replacement: &Replacement, batting: Side) -> Side {
        let named = replacement.team.as_ref().and_then(|team| self.side(team));
        if let Some(side) = named {
            return side;
        }
        match replacement.role.as_deref() {
            Some("bowler") => batting.other(),
            Some("batter") => batting,
            _ => {
                let goes = replacement.outgoing.as_deref();
                let goes = goes.and_then(|name| self.of_either(name, batting));
                goes.map_or(batting, |player| player.side)
            }
        }
    }

    /// The player of that name, of `side`.
    pub fn player(&self, side: Side, name: &str) -> Option<&Player> {
        self.players.get(&(side, name.to_owned()))
    }

    /// The player of that name, of `side` if there is one.
    pub fn of_either(&self, name: &str, side: Side) -> Option<&Player> {
        self.player(side, name)
            .or_else(|| self.player(side.other(), name))
    }

    /// The name of the player with that id.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }
}

/// What of `text` may stand in an id.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_player_is_known_by_his_registry_id() {
        let squads = Squads::of(&sample::tiny());
        assert_eq!(
            squads.player(Side::A, "A One"),
            Some(&Player {
                id: "pa1".into(),
                side: Side::A
            })
        );
        assert_eq!(squads.name("pb1"), Some("B One"));
    }

    #[test]
    fn a_player_without_one_is_known_by_his_name() {
        let mut file = sample::tiny();
        file.info.registry.people.clear();
        let long = "Łukasz ".repeat(20);
        file.info.players.insert(
            "Beta City".into(),
            vec!["B One".into(), long.clone(), "BOne".into()],
        );
        let squads = Squads::of(&file);
        let ids: Vec<&str> = ["B One", &long, "BOne"]
            .iter()
            .map(|name| {
                squads
                    .player(Side::B, name)
                    .expect("in the squad")
                    .id
                    .as_str()
            })
            .collect();
        assert_eq!(ids, ["nBOne", "nukaszukaszukaszukaszukaszuk", "nBOne-2"]);
        assert!(ids.iter().all(|id| id.len() <= PLAYER_ID_BYTES_MAX));
    }

    #[test]
    fn who_only_appears_on_a_ball_plays_too() {
        let mut file = sample::tiny();
        file.innings[0].overs[0].deliveries[0].bowler = "B Late".into();
        assert_eq!(
            Squads::of(&file)
                .player(Side::B, "B Late")
                .map(|player| player.side),
            Some(Side::B)
        );
    }

    #[test]
    fn who_plays_for_both_has_an_id_for_each() {
        let mut file = sample::tiny();
        file.innings[0].overs[0].deliveries[0].bowler = "A Five".into();
        let squads = Squads::of(&file);
        let ids = [Side::A, Side::B].map(|side| squads.player(side, "A Five").map(|p| &*p.id));
        assert_eq!(ids, [Some("pa5"), Some("pa5-2")]);
    }
}
