//! Decisions that somebody wanted to see again, as far as a scorecard tells of them.

use crate::ball::{Delivery, Review};
use crate::dismissal::Kind;
use crate::generate::chance::Chance;
use crate::generate::names::UMPIRES;
use crate::generate::team::Team;

/// Reviews that a side may lose in an innings.
const REVIEWS_MAX: u32 = 2;

/// What the sides have left, the batting one first.
#[derive(Debug)]
pub(crate) struct Reviews([u32; 2]);

impl Reviews {
    pub(crate) fn new() -> Self {
        Self([REVIEWS_MAX; 2])
    }

    /// The review of `ball`, if there is one: a batter did not want to go, or the field did not
    /// want him to stay; all of them in vain.
    pub(crate) fn of(
        &mut self,
        chance: &mut Chance,
        ball: &Delivery,
        sides: [&Team; 2],
    ) -> Option<Review> {
        let is_lbw = ball.wickets.iter().any(|wicket| wicket.kind == Kind::Lbw);
        let is_dot = ball.wickets.is_empty() && ball.runs.total == 0;
        let by = match (is_lbw, is_dot) {
            (true, _) if chance.happens(400) => 0,
            (_, true) if chance.happens(12) => 1,
            _ => return None,
        };
        self.0[by] = self.0[by].checked_sub(1)?;
        Some(Review {
            by: Some(sides[by].name.to_owned()),
            umpire: Some(UMPIRES[chance.index(UMPIRES.len())].to_owned()),
            batter: Some(ball.batter.clone()),
            kind: Some("wicket".to_owned()),
            decision: Some("struck down".to_owned()),
            umpires_call: chance.happens(300),
        })
    }
}
