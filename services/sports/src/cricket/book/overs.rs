//! Overs and the bowlers' rows, and how far an innings has come by them.

use super::innings::Innings;
use crate::cricket::delivery::Delivery;
use crate::cricket::words::{Overs, PlayerId};

/// One over, as far as it is bowled.
#[derive(Debug, Clone)]
pub(crate) struct Over {
    pub(crate) runs: u32,
    pub(crate) wickets: u32,
    pub(crate) legal_balls: u32,
    /// All of them, to be bowled again or not.
    pub(crate) deliveries: u32,
    pub(crate) bowler_runs: u32,
    /// The row of whoever bowled its last ball.
    pub(crate) bowler: usize,
    /// He bowled all of it.
    pub(crate) is_sole_bowler: bool,
    /// Its end was entered, or another over has begun.
    pub(crate) is_ended: bool,
    /// It has all its balls.
    pub(crate) is_full: bool,
    /// Its number of balls, entered as other than it should be.
    pub(crate) miscounted: Option<u32>,
    /// Its balls as the state shows them.
    pub(crate) balls: String,
}

impl Over {
    pub(crate) fn new(bowler: usize) -> Self {
        Self {
            runs: 0,
            wickets: 0,
            legal_balls: 0,
            deliveries: 0,
            bowler_runs: 0,
            bowler,
            is_sole_bowler: true,
            is_ended: false,
            is_full: false,
            miscounted: None,
            balls: String::new(),
        }
    }

    pub(crate) fn add(&mut self, ball: &Delivery, legal_balls: u32, bowler: usize) {
        self.runs += ball.total();
        self.legal_balls += legal_balls;
        self.deliveries += 1;
        self.bowler_runs += ball.bowler_runs();
        self.is_sole_bowler &= bowler == self.bowler;
        self.bowler = bowler;
        if !self.balls.is_empty() {
            self.balls.push(' ');
        }
        self.balls.push_str(&ball_text(ball));
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.is_ended || self.is_full
    }

    pub(crate) fn is_maiden(&self, balls_per_over: u32) -> bool {
        self.is_complete()
            && self.is_sole_bowler
            && self.bowler_runs == 0
            && self.legal_balls >= balls_per_over.min(5)
    }
}

/// One ball as an over shows it: `.`, `4`, `1nb+4`, `W`.
fn ball_text(ball: &Delivery) -> String {
    let mut parts = Vec::new();
    if ball.runs > 0 {
        parts.push(ball.runs.to_string());
    }
    for (_, letters, runs) in ball.extras.each() {
        if runs > 0 {
            parts.push(format!("{runs}{letters}"));
        }
    }
    if ball.wickets.iter().any(|wicket| wicket.kind.is_wicket()) {
        parts.push("W".to_owned());
    }
    if parts.is_empty() {
        return ".".to_owned();
    }
    parts.join("+")
}

/// One bowler's figures; his maidens are counted from the overs.
#[derive(Debug, Clone)]
pub(crate) struct BowlerRow {
    pub(crate) player: PlayerId,
    pub(crate) balls: u32,
    pub(crate) runs: u32,
    pub(crate) wickets: u32,
    pub(crate) wides: u32,
    pub(crate) noballs: u32,
    pub(crate) dots: u32,
}

impl BowlerRow {
    pub(crate) fn new(player: PlayerId) -> Self {
        Self {
            player,
            balls: 0,
            runs: 0,
            wickets: 0,
            wides: 0,
            noballs: 0,
            dots: 0,
        }
    }

    pub(crate) fn bowl(&mut self, ball: &Delivery, legal_balls: u32) {
        self.runs += ball.bowler_runs();
        self.wides += ball.extras.wides;
        self.noballs += ball.extras.noballs;
        self.balls += legal_balls;
        if ball.bowler_runs() == 0 {
            self.dots += legal_balls;
        }
    }
}

impl Innings {
    pub(crate) fn last_over(&self) -> Option<(u32, &Over)> {
        self.overs
            .iter()
            .next_back()
            .map(|(number, over)| (*number, over))
    }

    /// Overs as people say them: completed ones, and the balls of the open one. Overs of which
    /// nothing was entered are not among them.
    pub(crate) fn overs_bowled(&self) -> Overs {
        let overs = self.overs.values();
        let complete = |over: &&Over| over.is_complete();
        Overs {
            overs: overs.filter(complete).count() as u32,
            balls: self.balls_of_open_over(),
        }
    }

    fn balls_of_open_over(&self) -> u32 {
        self.last_over()
            .filter(|(_, over)| !over.is_complete())
            .map_or(0, |(_, over)| over.legal_balls)
    }

    /// Balls left of the overs that there are, by the number of the over that is bowled; none if
    /// they are unlimited.
    pub(crate) fn balls_left(&self) -> Option<u32> {
        let all = self.overs_max?.balls(self.balls_per_over);
        let overs = self
            .last_over()
            .map_or(0, |(number, over)| number + u32::from(over.is_complete()));
        let gone = overs
            .saturating_mul(self.balls_per_over)
            .saturating_add(self.balls_of_open_over());
        Some(all.saturating_sub(gone))
    }

    pub(crate) fn maidens(&self, bowler: usize) -> usize {
        let maiden = |over: &&Over| over.bowler == bowler && over.is_maiden(self.balls_per_over);
        self.overs.values().filter(maiden).count()
    }
}
