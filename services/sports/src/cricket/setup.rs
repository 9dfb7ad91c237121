//! What a match of cricket begins with: its rules and its teams.

use serde_json::{Value, json};

use super::league::League;
use super::words::{PlayerId, Side};
use crate::reader::{Read, Reader, Strictness};
use crate::refusal::Refusal;

/// The longest name of a team or a player, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 60;
/// The longest short name of a team, in characters.
const SHORT_CHARS_MAX: usize = 8;
/// A squad has at most this many players.
pub(crate) const SQUAD_MAX: usize = 40;

/// Rules and teams.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setup {
    pub(crate) rules: Rules,
    pub(crate) a: Team,
    pub(crate) b: Team,
}

impl Setup {
    /// Takes cricket's own members out of a creation.
    pub(crate) fn read(created: &mut Reader) -> Result<Self, Refusal> {
        let rules = created.may("rules")?;
        let Teams { a, b } = created.need("teams")?;
        if let Some(player) = a.players.iter().find(|player| b.has(&player.id)) {
            let detail = format!(
                "{} plays for both teams; ids are unique in the match",
                player.id
            );
            return Err(Refusal::impossible("player_side", detail).at("data.teams.b.players"));
        }
        Ok(Self {
            rules: rules.unwrap_or_default(),
            a,
            b,
        })
    }

    pub(crate) fn team(&self, side: Side) -> &Team {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }
}

/// The rules profile of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) balls_per_over: u32,
    /// None: unlimited.
    pub(crate) overs: Option<u32>,
    pub(crate) innings_per_side: u32,
    pub(crate) wickets_max: u32,
    pub(crate) noball_runs: u32,
    pub(crate) wide_runs: u32,
    pub(crate) bowler_overs_max: Option<u32>,
    /// How long the match is planned; none: as a Test.
    pub(crate) days: Option<u32>,
    pub(crate) super_over: SuperOver,
    pub(crate) league: League,
}

/// The rules of a super over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SuperOver {
    pub(crate) overs: u32,
    pub(crate) wickets_max: u32,
}

impl Default for SuperOver {
    fn default() -> Self {
        Self {
            overs: 1,
            wickets_max: 2,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            balls_per_over: 6,
            overs: None,
            innings_per_side: 2,
            wickets_max: 10,
            noball_runs: 1,
            wide_runs: 1,
            bowler_overs_max: None,
            days: None,
            super_over: SuperOver::default(),
            league: League::default(),
        }
    }
}

impl Rules {
    /// The rules as the state holds them, the defaults filled in.
    pub(crate) fn render(&self) -> Value {
        let mut rules = json!({
            "balls_per_over": self.balls_per_over,
            "innings_per_side": self.innings_per_side,
            "wickets_max": self.wickets_max,
            "noball_runs": self.noball_runs,
            "wide_runs": self.wide_runs,
        });
        if let Some(overs) = self.overs {
            rules["overs"] = overs.into();
            rules["super_over"] = json!({
                "overs": self.super_over.overs,
                "wickets_max": self.super_over.wickets_max,
            });
        }
        for (name, number) in [
            ("bowler_overs_max", self.bowler_overs_max),
            ("days", self.days),
        ] {
            if let Some(number) = number {
                rules[name] = number.into();
            }
        }
        self.league.render(&mut rules);
        rules
    }

    /// The lead on first innings with which the other side may be asked to follow on (Law 14.1).
    pub(crate) fn follow_on_lead(&self) -> i64 {
        match self.days {
            Some(1) => 75,
            Some(2) => 100,
            Some(3 | 4) => 150,
            Some(_) | None => 200,
        }
    }
}

impl Read for Rules {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let law = Self::default();
        let mut reader = Reader::new(value, place, strictness)?;
        let overs = reader.may_number("overs", 1..=500)?;
        let innings = reader.may_number("innings_per_side", 1..=4)?;
        let league = League::take(&mut reader)?;
        // Where the last batter stands alone, he is one more to be got out.
        let wickets_max = law.wickets_max + u32::from(league.last_batter_stands());
        let rules = Self {
            balls_per_over: reader
                .may_number("balls_per_over", 1..=12)?
                .unwrap_or(law.balls_per_over),
            overs,
            innings_per_side: innings.unwrap_or(if overs.is_some() { 1 } else { 2 }),
            wickets_max: reader
                .may_number("wickets_max", 1..=20)?
                .unwrap_or(wickets_max),
            noball_runs: reader
                .may_number("noball_runs", 0..=10)?
                .unwrap_or(law.noball_runs),
            wide_runs: reader
                .may_number("wide_runs", 0..=10)?
                .unwrap_or(law.wide_runs),
            bowler_overs_max: reader.may_number("bowler_overs_max", 1..=500)?,
            days: reader.may_number("days", 1..=10)?,
            super_over: reader.may("super_over")?.unwrap_or_default(),
            league,
        };
        reader.finish()?;
        Ok(rules)
    }
}

impl Read for SuperOver {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let law = Self::default();
        let mut reader = Reader::new(value, place, strictness)?;
        let super_over = Self {
            overs: reader.may_number("overs", 1..=10)?.unwrap_or(law.overs),
            wickets_max: reader
                .may_number("wickets_max", 1..=20)?
                .unwrap_or(law.wickets_max),
        };
        reader.finish()?;
        Ok(super_over)
    }
}

struct Teams {
    a: Team,
    b: Team,
}

impl Read for Teams {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let teams = Self {
            a: reader.need("a")?,
            b: reader.need("b")?,
        };
        reader.finish()?;
        Ok(teams)
    }
}

/// A team as it was entered at the creation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Team {
    pub(crate) name: String,
    pub(crate) short: Option<String>,
    pub(crate) players: Vec<Player>,
}

impl Team {
    fn has(&self, id: &PlayerId) -> bool {
        self.players.iter().any(|player| player.id == *id)
    }
}

impl Read for Team {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let team = Self {
            name: reader.need_text("name", NAME_CHARS_MAX)?,
            short: reader.may_text("short", SHORT_CHARS_MAX)?,
            players: reader.may("players")?.unwrap_or_default(),
        };
        let players = reader.place("players");
        reader.finish()?;
        check_unique(&team.players, &players)?;
        Ok(team)
    }
}

/// A player: his id never changes, his name may.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Player {
    /// By which events name him.
    pub(crate) id: PlayerId,
    /// For people.
    pub(crate) name: String,
}

impl Read for Player {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let player = Self {
            id: reader.need("id")?,
            name: reader.need_text("name", NAME_CHARS_MAX)?,
        };
        reader.finish()?;
        Ok(player)
    }
}

/// No id twice in one list.
pub(crate) fn check_unique(players: &[Player], place: &str) -> Result<(), Refusal> {
    for (index, player) in players.iter().enumerate() {
        if players
            .iter()
            .take(index)
            .any(|other| other.id == player.id)
        {
            let detail = format!("{} is named twice", player.id);
            return Err(Refusal::impossible("player_twice", detail).at(place));
        }
    }
    Ok(())
}
