//! Who is expected to face and to bowl the next ball: a proposal that never stops anybody.

use crate::cricket::delivery::Delivery;
use crate::cricket::words::{DismissalKind, PlayerId};

/// The two ends, as far as they are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crease {
    pub(crate) striker: Option<PlayerId>,
    pub(crate) non_striker: Option<PlayerId>,
    pub(crate) bowler: Option<PlayerId>,
    pub(crate) free_hit: bool,
    /// The last batter is in alone: he faces every ball.
    pub(crate) is_alone: bool,
    /// Who is at which end can't be told from what was entered.
    pub(crate) is_order_open: bool,
}

/// Whether a no-ball is followed by a free hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FreeHits {
    /// It is.
    Given,
    /// It is not.
    None,
}

/// Where the next ball is bowled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextBall {
    /// From the same end.
    OfThisOver,
    /// From the other end.
    OfAnother,
}

impl Crease {
    /// After a ball on which the batters ran so often.
    pub(crate) fn after(&mut self, ball: &Delivery, runs_run: u32, free_hits: FreeHits) {
        self.striker = Some(ball.batter.clone());
        self.non_striker.clone_from(&ball.non_striker);
        self.is_alone = ball.non_striker.is_none();
        self.bowler = Some(ball.bowler.clone());
        if runs_run % 2 == 1 {
            self.change_ends();
        }
        self.is_order_open = ball.wickets.iter().any(|wicket| is_on_the_run(wicket.kind));
        let free_now = self.free_hit || ball.free_hit;
        self.free_hit = free_hits == FreeHits::Given
            && (ball.extras.noballs > 0 || (free_now && !ball.is_legal()));
    }

    pub(crate) fn vacate(&mut self, player: &PlayerId) {
        for end in [&mut self.striker, &mut self.non_striker] {
            if end.as_ref() == Some(player) {
                *end = None;
            }
        }
    }

    pub(crate) fn occupy(&mut self, player: &PlayerId) {
        if self.has(player) {
            return;
        }
        for end in [&mut self.striker, &mut self.non_striker] {
            if end.is_none() {
                *end = Some(player.clone());
                self.is_alone = false;
                return;
            }
        }
    }

    pub(crate) fn has(&self, player: &PlayerId) -> bool {
        self.striker.as_ref() == Some(player) || self.non_striker.as_ref() == Some(player)
    }

    pub(crate) fn change_ends(&mut self) {
        if !self.is_alone {
            std::mem::swap(&mut self.striker, &mut self.non_striker);
        }
    }

    /// Who is out and bats on does not face the next ball: where that is one of this over, the
    /// batters change ends.
    pub(crate) fn spare(&mut self, player: &PlayerId, next: NextBall) {
        let faces = match next {
            NextBall::OfThisOver => &self.striker,
            NextBall::OfAnother => &self.non_striker,
        };
        if faces.as_ref() == Some(player) {
            self.change_ends();
        }
    }

    /// Both have batted their time.
    pub(crate) fn clear(&mut self) {
        self.striker = None;
        self.non_striker = None;
    }
}

/// Whether the batters were between the ends, so that whether they had crossed (Law 30.2, 18.12)
/// decides who is where afterwards.
fn is_on_the_run(kind: DismissalKind) -> bool {
    matches!(
        kind,
        DismissalKind::RunOut | DismissalKind::Obstructing | DismissalKind::HandledTheBall
    )
}
