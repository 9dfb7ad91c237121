//! Overs and balls in Cricsheet's JSON format.

use serde::Deserialize;

use crate::dismissal::{Kind, Told};

/// One over.
#[derive(Debug, Clone, Deserialize)]
pub struct Over {
    /// From 0.
    pub over: u32,
    /// All balls, legal or not.
    pub deliveries: Vec<Delivery>,
}

impl Over {
    /// Balls that are neither wide nor no-ball.
    pub fn legal_balls(&self) -> u32 {
        self.deliveries
            .iter()
            .map(|ball| u32::from(ball.is_legal()))
            .sum()
    }
}

/// One ball.
#[derive(Debug, Clone, Deserialize)]
pub struct Delivery {
    /// On strike.
    pub batter: String,
    /// At the other end.
    pub non_striker: String,
    /// Who bowls.
    pub bowler: String,
    /// What it brought.
    pub runs: Runs,
    /// Runs that are not off the bat, by kind.
    #[serde(default)]
    pub extras: Extras,
    /// Who went, retirements among them.
    #[serde(default)]
    pub wickets: Vec<Wicket>,
    /// A decision that was reviewed.
    pub review: Option<Review>,
    /// Who came for whom before it.
    #[serde(default)]
    pub replacements: Replacements,
}

impl Delivery {
    /// Neither wide nor no-ball.
    pub fn is_legal(&self) -> bool {
        self.extras.wides == 0 && self.extras.noballs == 0
    }

    /// In which event `wicket` is told: out on the ball is only who was at the crease.
    pub fn told(&self, wicket: &Wicket) -> Told {
        let pair = [&self.batter, &self.non_striker];
        match wicket.kind.told() {
            Told::OnTheBall if !pair.contains(&&wicket.player_out) => Told::AfterTheBall,
            told => told,
        }
    }

    /// The wickets in the order in which they are told: those of the ball itself first.
    pub fn wickets_in_order(&self) -> Vec<&Wicket> {
        let mut wickets: Vec<&Wicket> = self.wickets.iter().collect();
        wickets.sort_by_key(|wicket| self.told(wicket) != Told::OnTheBall);
        wickets
    }

    /// 4 or 6 off the bat that crossed the rope.
    pub fn boundary(&self) -> Option<u32> {
        let runs = self.runs.batter;
        (matches!(runs, 4 | 6) && !self.runs.non_boundary).then_some(runs)
    }
}

/// What a ball brought.
#[derive(Debug, Clone, Deserialize)]
pub struct Runs {
    /// Off the bat.
    pub batter: u32,
    /// Otherwise.
    pub extras: u32,
    /// Together.
    pub total: u32,
    /// 4 or 6 that were run.
    #[serde(default)]
    pub non_boundary: bool,
}

/// Runs that are not off the bat, by kind.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Extras {
    /// Of wide balls.
    #[serde(default)]
    pub wides: u32,
    /// Of no-balls.
    #[serde(default)]
    pub noballs: u32,
    /// Byes.
    #[serde(default)]
    pub byes: u32,
    /// Leg-byes.
    #[serde(default)]
    pub legbyes: u32,
    /// Given on this ball.
    #[serde(default)]
    pub penalty: u32,
}

impl Extras {
    /// Each kind with its name, in the order in which they are told.
    pub fn by_kind(&self) -> [(&'static str, u32); 5] {
        [
            ("wides", self.wides),
            ("noballs", self.noballs),
            ("byes", self.byes),
            ("legbyes", self.legbyes),
            ("penalty", self.penalty),
        ]
    }
}

/// Who went, and how.
#[derive(Debug, Clone, Deserialize)]
pub struct Wicket {
    /// How.
    pub kind: Kind,
    /// Who.
    pub player_out: String,
    /// By whose hands.
    #[serde(default)]
    pub fielders: Vec<Fielder>,
}

/// Who had a hand in it; a substitute may be unnamed.
#[derive(Debug, Clone, Deserialize)]
pub struct Fielder {
    /// Who.
    #[serde(default, deserialize_with = "crate::names::read")]
    pub name: Option<String>,
    /// Not of the eleven.
    #[serde(default)]
    pub substitute: bool,
}

/// A decision that was reviewed.
#[derive(Debug, Clone, Deserialize)]
pub struct Review {
    /// Team that asked.
    pub by: Option<String>,
    /// Whose decision.
    pub umpire: Option<String>,
    /// About whom.
    pub batter: Option<String>,
    /// wicket, or wide and no-ball in later formats.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// upheld, struck down.
    pub decision: Option<String>,
    /// Stood only because it was too close.
    #[serde(default)]
    pub umpires_call: bool,
}

/// Who came for whom.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Replacements {
    /// For the rest of the match.
    #[serde(default, rename = "match")]
    pub of_match: Vec<Replacement>,
    /// In what he was doing.
    #[serde(default)]
    pub role: Vec<Replacement>,
}

/// Somebody for somebody.
#[derive(Debug, Clone, Deserialize)]
pub struct Replacement {
    /// Who came.
    #[serde(rename = "in")]
    pub incoming: String,
    /// For whom.
    #[serde(rename = "out")]
    pub outgoing: Option<String>,
    /// Of which team, where a match is meant.
    pub team: Option<String>,
    /// batter or bowler, where a role is meant.
    pub role: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
