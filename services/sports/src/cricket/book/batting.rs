//! The batting side's rows: batters, falls of wicket, partnerships.

use crate::cricket::delivery::{Delivery, Fielder};
use crate::cricket::words::{DismissalKind, PlayerId};

/// One batter's innings.
#[derive(Debug, Clone)]
pub(crate) struct BatterRow {
    pub(crate) player: PlayerId,
    pub(crate) runs: u32,
    pub(crate) balls: u32,
    pub(crate) fours: u32,
    pub(crate) sixes: u32,
    pub(crate) out: Option<Out>,
    /// How often he was out, where who is out bats on.
    pub(crate) outs: u32,
    /// All deliveries, wides among them.
    pub(crate) faced: u32,
    /// He had retired, and is back.
    pub(crate) is_back: bool,
    /// Another came for him for the rest of the match, and bats in his place.
    pub(crate) is_replaced: bool,
}

/// How a batter went.
#[derive(Debug, Clone)]
pub(crate) struct Out {
    pub(crate) kind: DismissalKind,
    pub(crate) bowler: Option<PlayerId>,
    pub(crate) fielders: Vec<String>,
}

impl Out {
    pub(crate) fn new(
        kind: DismissalKind,
        bowler: Option<&PlayerId>,
        fielders: &[Fielder],
    ) -> Self {
        Self {
            kind,
            bowler: bowler.filter(|_| kind.is_bowlers()).cloned(),
            fielders: fielders.iter().map(|f| f.text().to_owned()).collect(),
        }
    }
}

impl BatterRow {
    pub(crate) fn new(player: PlayerId) -> Self {
        Self {
            player,
            runs: 0,
            balls: 0,
            fours: 0,
            sixes: 0,
            out: None,
            outs: 0,
            faced: 0,
            is_back: false,
            is_replaced: false,
        }
    }

    /// How he is out, if he may not come back.
    pub(crate) fn dismissed(&self) -> Option<DismissalKind> {
        self.out
            .as_ref()
            .map(|out| out.kind)
            .filter(|kind| !kind.is_retirement())
    }

    pub(crate) fn is_retired_hurt(&self) -> bool {
        self.out
            .as_ref()
            .is_some_and(|out| out.kind == DismissalKind::RetiredHurt)
    }

    /// Faces a ball, which counts as so many legal ones: a wide is faced only where it is not bowled
    /// again (Law 22.8).
    pub(crate) fn face(&mut self, ball: &Delivery, legal_balls: u32) {
        self.runs += ball.runs;
        self.faced += 1;
        if ball.extras.wides == 0 || legal_balls > 0 {
            self.balls += 1;
        }
        match (ball.runs, ball.boundary) {
            (4, Some(_)) => self.fours += 1,
            (6, Some(_)) => self.sixes += 1,
            _ => {}
        }
    }
}

/// One fall of a wicket.
#[derive(Debug, Clone)]
pub(crate) struct Fall {
    pub(crate) player: PlayerId,
    pub(crate) runs: i64,
    /// Such as `2.3`.
    pub(crate) over: String,
}

/// Two batters together, in the order in which they came to bat, or the last one alone.
#[derive(Debug, Clone)]
pub(crate) struct Partnership {
    pub(crate) batters: Vec<PlayerId>,
    pub(crate) runs: u32,
    pub(crate) balls: u32,
}

impl Partnership {
    pub(crate) fn is_of(&self, ball: &Delivery) -> bool {
        ball.batters().count() == self.batters.len()
            && ball.batters().all(|player| self.batters.contains(player))
    }

    pub(crate) fn add(&mut self, ball: &Delivery, legal_balls: u32) {
        self.runs += ball.total();
        self.balls += legal_balls;
    }
}
