//! Who may play: the teams with everybody who was ever in their line-up.

use crate::cricket::setup::{Player, Setup};
use crate::cricket::words::{PlayerId, Side};

/// Both teams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Squads {
    a: Squad,
    b: Squad,
}

/// One team.
#[derive(Debug, Clone, Default)]
pub(crate) struct Squad {
    pub(crate) name: String,
    pub(crate) short: Option<String>,
    pub(crate) players: Vec<Player>,
}

impl Squad {
    /// What a list of matches calls it.
    pub(crate) fn short(&self) -> &str {
        self.short.as_deref().unwrap_or(&self.name)
    }

    fn find(&self, id: &PlayerId) -> Option<&Player> {
        self.players.iter().find(|player| player.id == *id)
    }
}

impl Squads {
    pub(crate) fn of(setup: &Setup) -> Self {
        let squad = |side| {
            let team = setup.team(side);
            Squad {
                name: team.name.clone(),
                short: team.short.clone(),
                players: team.players.clone(),
            }
        };
        Self {
            a: squad(Side::A),
            b: squad(Side::B),
        }
    }

    pub(crate) fn squad(&self, side: Side) -> &Squad {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    /// The team of a player.
    pub(crate) fn side_of(&self, id: &PlayerId) -> Option<Side> {
        [Side::A, Side::B]
            .into_iter()
            .find(|side| self.squad(*side).find(id).is_some())
    }

    /// Makes `id` the one of the squad that names the same player.
    pub(crate) fn share(&self, id: &mut PlayerId) {
        if let Some(player) = self.a.find(id).or_else(|| self.b.find(id)) {
            id.clone_from(&player.id);
        }
    }

    /// The name of a player, or his id if nobody has entered him.
    pub(crate) fn name<'a>(&'a self, id: &'a PlayerId) -> &'a str {
        let player = self.a.find(id).or_else(|| self.b.find(id));
        player.map_or(id.as_str(), |player| &player.name)
    }

    /// Adds players to a team; one who is there already gets his new name.
    pub(crate) fn add(&mut self, side: Side, players: &[Player]) {
        for player in players {
            if self.side_of(&player.id) == Some(side.other()) {
                continue;
            }
            let squad = match side {
                Side::A => &mut self.a,
                Side::B => &mut self.b,
            };
            match squad.players.iter_mut().find(|old| old.id == player.id) {
                Some(old) => old.name.clone_from(&player.name),
                None => squad.players.push(player.clone()),
            }
        }
    }
}
