//! What can be measured of a platform: a file each.

pub(crate) mod burst;
pub(crate) mod fans;
pub(crate) mod ingest;
pub(crate) mod late;
pub(crate) mod pairs;
pub(crate) mod slow;
pub(crate) mod storm;
pub(crate) mod story;
pub(crate) mod tiers;

use std::fmt::Display;

use serde::Serialize;

use crate::args::StageArgs;
use crate::figure::Figure;
use crate::stage::Turn;
use crate::turn::TurnReport;

/// What a scenario found.
pub(crate) trait Found: Serialize + Display {
    /// The numbers that it is run for.
    fn figures(&self) -> Vec<Figure>;
    /// What was not as it should be; empty if all was.
    fn wrong(&self) -> &[String];
}

/// What a scenario found that is a row of turns.
#[derive(Debug, Serialize)]
pub(crate) struct TurnsReport {
    pub(crate) fans: u32,
    pub(crate) matches: u32,
    pub(crate) gateways: usize,
    pub(crate) turns: Vec<NamedTurn>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) wrong: Vec<String>,
}

/// One of several turns.
#[derive(Debug, Serialize)]
pub(crate) struct NamedTurn {
    pub(crate) name: &'static str,
    pub(crate) turn: TurnReport,
}

impl TurnsReport {
    pub(crate) fn new(args: &StageArgs) -> Self {
        Self {
            fans: args.crowd.count,
            matches: args.load.matches,
            gateways: args.crowd.gateway.len(),
            turns: Vec::new(),
            figures: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// Adds a turn.
    pub(crate) fn add(&mut self, name: &'static str, turn: Turn) {
        let wrong = turn.wrong.into_iter();
        self.wrong.extend(wrong.map(|why| format!("{name}: {why}")));
        let turn = turn.report;
        self.turns.push(NamedTurn { name, turn });
    }

    /// The turns of a name.
    pub(crate) fn of(&self, name: &'static str) -> impl Iterator<Item = &TurnReport> {
        let named = self.turns.iter().filter(move |turn| turn.name == name);
        named.map(|turn| &turn.turn)
    }
}

impl Found for TurnsReport {
    fn figures(&self) -> Vec<Figure> {
        self.figures.clone()
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

/// Microseconds as milliseconds.
pub(crate) fn ms(us: Option<u64>) -> Option<f64> {
    us.map(|us| us as f64 / 1_000.0)
}

/// The one by the other; none without both, or by nothing.
pub(crate) fn ratio(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    let (one, other) = one.zip(other)?;
    (other > 0.0).then(|| one / other)
}
