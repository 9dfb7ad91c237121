//! The data of a delivery, as read.

use serde_json::Value;

use super::setup::NAME_CHARS_MAX;
use super::words::{DismissalKind, PlayerId, ReplacementScope, ReviewDecision, Side};
use crate::reader::{Read, Reader, Strictness};
use crate::refusal::Refusal;

/// One ball.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delivery {
    /// The over as entered, from 0.
    pub(crate) over: u32,
    /// Who faced.
    pub(crate) batter: PlayerId,
    /// Who stood at the other end; nobody where the last batter bats on alone.
    pub(crate) non_striker: Option<PlayerId>,
    /// Who bowled.
    pub(crate) bowler: PlayerId,
    /// Off the bat.
    pub(crate) runs: u32,
    /// Not off the bat.
    pub(crate) extras: Extras,
    /// It crossed the rope: 4 or 6.
    pub(crate) boundary: Option<u32>,
    /// Who is out.
    pub(crate) wickets: Vec<Wicket>,
    /// A free hit, as entered.
    pub(crate) free_hit: bool,
    /// A run was not completed.
    pub(crate) short_run: bool,
    /// A team asked for another look.
    pub(crate) review: Option<Box<Review>>,
    /// Players who came for others.
    pub(crate) replacements: Vec<Replacement>,
    /// For whoever draws it; no figure needs it.
    pub(crate) drawn: Option<Box<Drawn>>,
}

impl Delivery {
    /// Neither wide nor no-ball.
    pub(crate) fn is_legal(&self) -> bool {
        self.extras.wides == 0 && self.extras.noballs == 0
    }

    /// Who is in.
    pub(crate) fn batters(&self) -> impl Iterator<Item = &PlayerId> {
        std::iter::once(&self.batter).chain(&self.non_striker)
    }

    /// All runs of the ball.
    pub(crate) fn total(&self) -> u32 {
        self.runs + self.extras.total()
    }

    /// What is counted against the bowler.
    pub(crate) fn bowler_runs(&self) -> u32 {
        self.runs + self.extras.wides + self.extras.noballs
    }
}

impl Read for Delivery {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let delivery = Self {
            over: reader.need("over")?,
            batter: reader.need("batter")?,
            non_striker: reader.may("non_striker")?,
            bowler: reader.need("bowler")?,
            runs: reader.need("runs")?,
            extras: reader.may("extras")?.unwrap_or_default(),
            boundary: reader.may("boundary")?,
            wickets: reader.may("wickets")?.unwrap_or_default(),
            free_hit: reader.may("free_hit")?.unwrap_or_default(),
            short_run: reader.may("short_run")?.unwrap_or_default(),
            review: reader.may("review")?.map(Box::new),
            replacements: reader.may("replacements")?.unwrap_or_default(),
            drawn: Drawn::take(&mut reader)?.map(Box::new),
        };
        if !matches!(delivery.boundary, None | Some(4 | 6)) {
            let place = reader.place("boundary");
            return Err(Refusal::malformed(&place, format!("{place} is 4 or 6")));
        }
        reader.finish()?;
        Ok(delivery)
    }
}

/// How the ball was hit, and where it went.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawn {
    /// In words.
    pub(crate) shot: Option<String>,
    /// Where to.
    pub(crate) position: Option<Position>,
}

impl Drawn {
    fn take(reader: &mut Reader) -> Result<Option<Self>, Refusal> {
        let drawn = Self {
            shot: reader.may_text("shot", NAME_CHARS_MAX)?,
            position: reader.may("position")?,
        };
        let is_empty = drawn.shot.is_none() && drawn.position.is_none();
        Ok((!is_empty).then_some(drawn))
    }
}

/// Where the ball went, in thousandths of the way to the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// Across.
    pub(crate) x: i64,
    /// Along.
    pub(crate) y: i64,
}

impl Read for Position {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let mut axis = |name| {
            let at: Value = reader.need(name)?;
            let at = at.as_i64().filter(|at| (-1000..=1000).contains(at));
            at.ok_or_else(|| {
                let place = reader.place(name);
                Refusal::malformed(&place, format!("{place} is -1000 to 1000"))
            })
        };
        let position = Self {
            x: axis("x")?,
            y: axis("y")?,
        };
        reader.finish()?;
        Ok(position)
    }
}

/// Runs not off the bat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extras {
    /// Out of reach, with what was run.
    pub(crate) wides: u32,
    /// Not a fair ball.
    pub(crate) noballs: u32,
    /// Past bat and body.
    pub(crate) byes: u32,
    /// Off the body.
    pub(crate) legbyes: u32,
    /// Awarded on this ball.
    pub(crate) penalty: u32,
}

impl Extras {
    /// All of them.
    pub(crate) fn total(&self) -> u32 {
        self.wides + self.noballs + self.byes + self.legbyes + self.penalty
    }

    /// Each with its name in events and states, and its letters in an over.
    pub(crate) fn each(&self) -> [(&'static str, &'static str, u32); 5] {
        [
            ("wides", "wd", self.wides),
            ("noballs", "nb", self.noballs),
            ("byes", "b", self.byes),
            ("legbyes", "lb", self.legbyes),
            ("penalty", "p", self.penalty),
        ]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.wides += other.wides;
        self.noballs += other.noballs;
        self.byes += other.byes;
        self.legbyes += other.legbyes;
        self.penalty += other.penalty;
    }
}

impl Read for Extras {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let extras = Self {
            wides: reader.may("wides")?.unwrap_or(0),
            noballs: reader.may("noballs")?.unwrap_or(0),
            byes: reader.may("byes")?.unwrap_or(0),
            legbyes: reader.may("legbyes")?.unwrap_or(0),
            penalty: reader.may("penalty")?.unwrap_or(0),
        };
        reader.finish()?;
        Ok(extras)
    }
}

/// A dismissal, on a ball or between two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wicket {
    /// How.
    pub(crate) kind: DismissalKind,
    /// Who.
    pub(crate) player_out: PlayerId,
    /// By whom.
    pub(crate) fielders: Vec<Fielder>,
}

impl Wicket {
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            kind: reader.need("kind")?,
            player_out: reader.need("player_out")?,
            fielders: reader.may("fielders")?.unwrap_or_default(),
        })
    }
}

impl Read for Wicket {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let wicket = Self::take(&mut reader)?;
        reader.finish()?;
        Ok(wicket)
    }
}

/// A fielder who had a part in a dismissal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fielder {
    /// His id, if he is in a squad.
    pub(crate) player: Option<PlayerId>,
    /// His name, if that is all that is known.
    pub(crate) name: Option<String>,
    /// Whether he came for somebody, if it was said.
    pub(crate) substitute: Option<bool>,
}

impl Fielder {
    /// As the state names him.
    pub(crate) fn text(&self) -> &str {
        match (&self.player, &self.name) {
            (Some(player), _) => player.as_str(),
            (None, Some(name)) => name,
            (None, None) => "sub",
        }
    }
}

impl Read for Fielder {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let fielder = Self {
            player: reader.may("player")?,
            name: reader.may_text("name", NAME_CHARS_MAX)?,
            substitute: reader.may("substitute")?,
        };
        reader.finish()?;
        Ok(fielder)
    }
}

/// A team asks for another look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Review {
    /// The team that asks.
    pub(crate) by: Side,
    /// About whom.
    pub(crate) batter: Option<PlayerId>,
    /// What came of it.
    pub(crate) decision: ReviewDecision,
    /// Whose decision it was.
    pub(crate) umpire: Option<String>,
    /// Of what.
    pub(crate) kind: Option<String>,
    /// Whether it was too close to call, if it was said.
    pub(crate) umpires_call: Option<bool>,
}

impl Read for Review {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let review = Self {
            by: reader.need("by")?,
            batter: reader.may("batter")?,
            decision: reader.need("decision")?,
            umpire: reader.may_text("umpire", NAME_CHARS_MAX)?,
            kind: reader.may_text("type", NAME_CHARS_MAX)?,
            umpires_call: reader.may("umpires_call")?,
        };
        reader.finish()?;
        Ok(review)
    }
}

/// One player comes for another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replacement {
    /// For the match, or for what he was doing.
    pub(crate) scope: ReplacementScope,
    /// Who comes.
    pub(crate) player_in: PlayerId,
    /// Who goes.
    pub(crate) player_out: Option<PlayerId>,
    /// Whose team.
    pub(crate) team: Option<Side>,
    /// In what he was doing.
    pub(crate) role: Option<String>,
    /// Why.
    pub(crate) reason: String,
}

impl Read for Replacement {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let replacement = Self {
            scope: reader.need("scope")?,
            player_in: reader.need("in")?,
            player_out: reader.may("out")?,
            team: reader.may("team")?,
            role: reader.may_text("role", NAME_CHARS_MAX)?,
            reason: reader.need_text("reason", NAME_CHARS_MAX)?,
        };
        reader.finish()?;
        Ok(replacement)
    }
}
