//! Adds a match up straight from the file, by the definitions of the scorecard: the independent
//! figures that the platform's state is held against.

use std::collections::BTreeMap;

use crate::counter;
use crate::cricsheet::Match;
use crate::dismissal::Kind;

/// The figures of one innings; players by name.
#[derive(Debug, Default)]
pub struct InningsTally {
    /// Who bats.
    pub team: String,
    /// Outside the match total.
    pub super_over: bool,
    /// Everything, penalties included.
    pub runs: u32,
    /// Dismissals, without those who retired hurt or not out.
    pub wickets: u32,
    /// Neither wides nor no-balls.
    pub legal_balls: u32,
    /// Full overs, miscounted ones among them.
    pub completed_overs: u32,
    /// Full overs and the balls of the open one.
    pub overs: String,
    /// Runs by kind, only kinds that occurred.
    pub extras: BTreeMap<&'static str, u32>,
    /// Given before it began.
    pub penalty_pre: u32,
    /// Given after its end.
    pub penalty_post: u32,
    /// Who could not bat.
    pub absent_hurt: Vec<String>,
    /// In order of appearance.
    pub batting: Vec<BattingRow>,
    /// In order of appearance.
    pub bowling: Vec<BowlingRow>,
    /// In order.
    pub fall_of_wickets: Vec<Fall>,
    /// In order.
    pub partnerships: Vec<Partnership>,
    /// In order.
    pub per_over: Vec<OverTally>,
}

impl InningsTally {
    /// Those who can bat no more: out, absent, or hurt and not back.
    pub fn unable_to_bat(&self) -> usize {
        let hurt = |row: &&BattingRow| {
            row.out
                .as_ref()
                .is_some_and(|out| out.kind == Kind::RetiredHurt)
        };
        self.wickets as usize + self.absent_hurt.len() + self.batting.iter().filter(hurt).count()
    }
}

/// One batter's figures.
#[derive(Debug)]
pub struct BattingRow {
    /// Who.
    pub player: String,
    /// Off the bat.
    pub runs: u32,
    /// All but wides.
    pub balls: u32,
    /// Boundaries of 4.
    pub fours: u32,
    /// Boundaries of 6.
    pub sixes: u32,
    /// How he went, if he did and has not come back.
    pub out: Option<Out>,
}

/// How a batter went.
#[derive(Debug)]
pub struct Out {
    /// The way.
    pub kind: Kind,
    /// Whose wicket it is.
    pub bowler: Option<String>,
    /// By whose hands; a substitute without a name is `sub`.
    pub fielders: Vec<String>,
}

/// One bowler's figures.
#[derive(Debug, Default)]
pub struct BowlingRow {
    /// Who.
    pub player: String,
    /// Legal ones.
    pub balls: u32,
    /// Completed overs of his alone without a run of his.
    pub maidens: u32,
    /// Off the bat, wides, no-balls.
    pub runs: u32,
    /// Credited to him.
    pub wickets: u32,
    /// Runs of wides.
    pub wides: u32,
    /// Runs of no-balls.
    pub noballs: u32,
    /// Legal balls without a run of his.
    pub dots: u32,
}

/// When a wicket fell.
#[derive(Debug)]
pub struct Fall {
    /// Whose.
    pub player: String,
    /// The total after the ball.
    pub runs: u32,
    /// Over and legal ball.
    pub over: String,
}

/// What two batters made together.
#[derive(Debug)]
pub struct Partnership {
    /// The pair, sorted.
    pub batters: [String; 2],
    /// All runs.
    pub runs: u32,
    /// Legal ones.
    pub balls: u32,
}

/// What an over brought.
#[derive(Debug)]
pub struct OverTally {
    /// From 0.
    pub over: u32,
    /// All runs.
    pub runs: u32,
    /// Wickets.
    pub wickets: u32,
}

/// The figures of every innings of `of`.
pub fn tally(of: &Match) -> Vec<InningsTally> {
    of.innings
        .iter()
        .map(|innings| counter::count(innings, of.info.balls_per_over))
        .collect()
}
