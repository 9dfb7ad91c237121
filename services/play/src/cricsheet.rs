//! A match in Cricsheet's JSON format (1.0 to 1.2), as far as we need it: fields that we do not
//! know are passed over, those that we need must be there.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use crate::ball::Over;

/// One match.
#[derive(Debug, Clone, Deserialize)]
pub struct Match {
    /// About the file.
    pub meta: Meta,
    /// About the match.
    pub info: Info,
    /// Ball by ball, super overs among them; none where nobody played.
    #[serde(default)]
    pub innings: Vec<Innings>,
}

/// About the file.
#[derive(Debug, Clone, Deserialize)]
pub struct Meta {
    /// Version of the format.
    pub data_version: String,
}

/// About the match.
#[derive(Debug, Clone, Deserialize)]
pub struct Info {
    /// Legal balls of an over.
    #[serde(default = "six")]
    pub balls_per_over: u32,
    /// Days of play; there are no times of day.
    #[serde(default)]
    pub dates: Vec<String>,
    /// Test, MDM, ODI, ODM, T20, IT20.
    pub match_type: String,
    /// Overs of an innings; absent where they are unlimited.
    pub overs: Option<u32>,
    /// How it ended.
    #[serde(default)]
    pub outcome: Outcome,
    /// By name.
    #[serde(default)]
    pub player_of_match: Vec<String>,
    /// Names of each team's players.
    #[serde(default)]
    pub players: BTreeMap<String, Vec<String>>,
    /// Ids of people.
    #[serde(default)]
    pub registry: Registry,
    /// The two teams.
    pub teams: Vec<String>,
    /// Who chose what.
    #[serde(default)]
    pub toss: Toss,
}

fn six() -> u32 {
    6
}

/// Ids of everybody who is named.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Registry {
    /// Name to id.
    #[serde(default)]
    pub people: BTreeMap<String, String>,
}

/// Who chose what.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Toss {
    /// Team; absent where nobody tossed.
    pub winner: Option<String>,
    /// bat or field.
    pub decision: Option<String>,
    /// The visitors were given the choice.
    #[serde(default)]
    pub uncontested: bool,
}

/// How a match ended; teams by name.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Outcome {
    /// Who won.
    pub winner: Option<String>,
    /// By how much.
    pub by: Option<Margin>,
    /// D/L, VJD, Awarded and so on.
    pub method: Option<String>,
    /// tie, draw, no result.
    pub result: Option<String>,
    /// Who won the super over.
    pub eliminator: Option<String>,
    /// Who won the bowl-out.
    pub bowl_out: Option<String>,
}

/// By how much a match was won.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Margin {
    /// Runs.
    pub runs: Option<u32>,
    /// Wickets.
    pub wickets: Option<u32>,
    /// Innings.
    pub innings: Option<u32>,
}

/// One innings, or one side of a super over.
#[derive(Debug, Clone, Deserialize)]
pub struct Innings {
    /// Who bats.
    pub team: String,
    /// Absent when forfeited.
    #[serde(default)]
    pub overs: Vec<Over>,
    /// Ended by the captain.
    #[serde(default)]
    pub declared: bool,
    /// Never begun.
    #[serde(default)]
    pub forfeited: bool,
    /// Outside the match total.
    #[serde(default)]
    pub super_over: bool,
    /// What the chasing side needs.
    pub target: Option<Target>,
    /// Runs that belong to no ball.
    #[serde(default)]
    pub penalty_runs: PenaltyRuns,
    /// Who could not bat.
    #[serde(default)]
    pub absent_hurt: Vec<String>,
    /// Overs of another length than meant, by their number from 0.
    #[serde(default)]
    pub miscounted_overs: BTreeMap<String, Miscounted>,
    /// Fielding restrictions.
    #[serde(default)]
    pub powerplays: Vec<Powerplay>,
}

impl Innings {
    /// Whether the over at `index` counts as a full one: all its balls were bowled, or the umpire
    /// ended it early (another over follows, or the file says so).
    pub fn is_completed(&self, index: usize, balls_per_over: u32) -> bool {
        let over = &self.overs[index];
        let legal = over.legal_balls();
        index + 1 < self.overs.len()
            || legal >= balls_per_over
            || self
                .miscount_of(over)
                .is_some_and(|miscount| miscount.balls == legal)
    }

    /// What the file says of a miscount of `over`.
    pub fn miscount_of(&self, over: &Over) -> Option<&Miscounted> {
        self.miscounted_overs.get(&over.over.to_string())
    }
}

/// What the chasing side needs.
#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    /// In how many overs, whole or, after rain, not.
    pub overs: Option<f64>,
    /// Runs to win.
    pub runs: Option<u32>,
}

impl Target {
    /// In how many overs, where that is a whole number.
    pub fn whole_overs(&self) -> Option<u32> {
        let overs = self.overs?;
        (overs.fract() == 0.0 && (1.0..=500.0).contains(&overs)).then_some(overs as u32)
    }

    /// The same as an event tells it: a number, or after rain text such as `"7.3"`.
    pub fn overs_told(&self) -> Option<Value> {
        if let Some(overs) = self.whole_overs() {
            return Some(overs.into());
        }
        let text = self.overs?.to_string();
        let (overs, balls) = text.split_once('.')?;
        let is_told = overs.parse::<u32>().is_ok_and(|overs| overs <= 500) && balls.len() == 1;
        is_told.then(|| text.into())
    }
}

/// Runs that belong to no ball.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PenaltyRuns {
    /// Given before this innings began.
    #[serde(default)]
    pub pre: u32,
    /// Given after it had ended.
    #[serde(default)]
    pub post: u32,
}

/// An over of another length than meant.
#[derive(Debug, Clone, Deserialize)]
pub struct Miscounted {
    /// Legal balls that were bowled; a number, or in some files text.
    #[serde(deserialize_with = "number_or_text")]
    pub balls: u32,
    /// Who counted.
    pub umpire: Option<String>,
}

fn number_or_text<'de, D: Deserializer<'de>>(read: D) -> Result<u32, D::Error> {
    match Value::deserialize(read)? {
        Value::String(text) => text.parse().map_err(D::Error::custom),
        number => u32::deserialize(number).map_err(D::Error::custom),
    }
}

/// A stretch of fielding restrictions.
#[derive(Debug, Clone, Deserialize)]
pub struct Powerplay {
    /// Over and ball, such as 0.1.
    pub from: Number,
    /// Over and ball, such as 5.6.
    pub to: Number,
    /// mandatory, batting, fielding.
    #[serde(rename = "type")]
    pub kind: String,
}
