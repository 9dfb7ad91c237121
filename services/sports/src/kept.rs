//! A fact in little memory: of most balls there is nothing to keep but who, over, runs and extras.

use std::borrow::Cow;
use std::num::NonZeroU8;
use std::sync::Arc;

use crate::cricket::{Delivery, Drawn, Extras, Fact, PlayerId, Replacement, Review, Wicket};

/// The players whom the facts of a match name, by numbers that never change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Players(Vec<PlayerId>);

/// The number of a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlayerNumber(NonZeroU8);

impl Players {
    /// The number of `id`, a new one if need be; none if there are too many.
    fn number(&mut self, id: &PlayerId) -> Option<PlayerNumber> {
        let known = self.0.iter().position(|known| known == id);
        let index = known.unwrap_or(self.0.len());
        let number = NonZeroU8::new(u8::try_from(index + 1).ok()?)?;
        if known.is_none() {
            self.0.push(id.clone());
        }
        Some(PlayerNumber(number))
    }

    fn id(&self, PlayerNumber(number): PlayerNumber) -> PlayerId {
        self.0[usize::from(number.get()) - 1].clone()
    }
}

/// A fact as a list keeps it.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// A ball on which nobody was out, and nothing else is to be told.
    Ball(Ball),
    /// A ball of which there is more to tell.
    Eventful(Arc<(Ball, More)>),
    /// The end of an over that had its balls.
    OverEnd { over: u16 },
    /// Anything else.
    Whole(Arc<Fact>),
}

/// What there is to every ball.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ball {
    over: u16,
    batter: PlayerNumber,
    non_striker: Option<PlayerNumber>,
    bowler: PlayerNumber,
    runs: u8,
    boundary: u8,
    wides: u8,
    noballs: u8,
    byes: u8,
    legbyes: u8,
    penalty: u8,
    free_hit: bool,
    short_run: bool,
}

/// What there is to few.
#[derive(Debug, Clone)]
pub(crate) struct More {
    wickets: Box<[Wicket]>,
    replacements: Box<[Replacement]>,
    review: Option<Box<Review>>,
    drawn: Option<Box<Drawn>>,
}

impl Kept {
    /// Keeps `fact`, with its players among those of its list.
    pub(crate) fn new(fact: Fact, players: &mut Players) -> Self {
        let small = match &fact {
            Fact::Delivery(ball) => Ball::new(ball, players).map(|small| match More::of(ball) {
                None => Self::Ball(small),
                Some(more) => Self::Eventful(Arc::new((small, more))),
            }),
            Fact::OverEnd {
                over,
                miscounted: None,
            } => u16::try_from(*over).ok().map(|over| Self::OverEnd { over }),
            _ => None,
        };
        small.unwrap_or_else(|| Self::Whole(Arc::new(fact)))
    }

    /// The fact.
    pub(crate) fn fact(&self, players: &Players) -> Cow<'_, Fact> {
        match self {
            Self::Ball(ball) => Cow::Owned(Fact::Delivery(Box::new(ball.delivery(players)))),
            Self::Eventful(eventful) => {
                let (ball, more) = eventful.as_ref();
                let mut delivery = ball.delivery(players);
                more.add_to(&mut delivery);
                Cow::Owned(Fact::Delivery(Box::new(delivery)))
            }
            Self::OverEnd { over } => Cow::Owned(Fact::OverEnd {
                over: u32::from(*over),
                miscounted: None,
            }),
            Self::Whole(fact) => Cow::Borrowed(fact),
        }
    }
}

impl Ball {
    /// None if a number of it is larger than is kept here.
    fn new(ball: &Delivery, players: &mut Players) -> Option<Self> {
        let small = |number: u32| u8::try_from(number).ok();
        Some(Self {
            over: u16::try_from(ball.over).ok()?,
            batter: players.number(&ball.batter)?,
            non_striker: match &ball.non_striker {
                Some(id) => Some(players.number(id)?),
                None => None,
            },
            bowler: players.number(&ball.bowler)?,
            runs: small(ball.runs)?,
            // 4 or 6, as every ball is read.
            boundary: small(ball.boundary.unwrap_or(0))?,
            wides: small(ball.extras.wides)?,
            noballs: small(ball.extras.noballs)?,
            byes: small(ball.extras.byes)?,
            legbyes: small(ball.extras.legbyes)?,
            penalty: small(ball.extras.penalty)?,
            free_hit: ball.free_hit,
            short_run: ball.short_run,
        })
    }

    fn delivery(&self, players: &Players) -> Delivery {
        Delivery {
            over: self.over.into(),
            batter: players.id(self.batter),
            non_striker: self.non_striker.map(|number| players.id(number)),
            bowler: players.id(self.bowler),
            runs: self.runs.into(),
            extras: Extras {
                wides: self.wides.into(),
                noballs: self.noballs.into(),
                byes: self.byes.into(),
                legbyes: self.legbyes.into(),
                penalty: self.penalty.into(),
            },
            boundary: (self.boundary > 0).then(|| self.boundary.into()),
            wickets: Vec::new(),
            free_hit: self.free_hit,
            short_run: self.short_run,
            review: None,
            replacements: Vec::new(),
            drawn: None,
        }
    }
}

impl More {
    /// None if there is nothing more.
    fn of(ball: &Delivery) -> Option<Self> {
        let is_usual = ball.wickets.is_empty()
            && ball.replacements.is_empty()
            && ball.review.is_none()
            && ball.drawn.is_none();
        (!is_usual).then(|| Self {
            wickets: ball.wickets.as_slice().into(),
            replacements: ball.replacements.as_slice().into(),
            review: ball.review.clone(),
            drawn: ball.drawn.clone(),
        })
    }

    fn add_to(&self, ball: &mut Delivery) {
        ball.wickets = self.wickets.to_vec();
        ball.replacements = self.replacements.to_vec();
        ball.review.clone_from(&self.review);
        ball.drawn.clone_from(&self.drawn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effective::Entry;
    use serde_json::{Value, json};

    fn fact(change: Value) -> Fact {
        let mut ball =
            json!({ "over": 3, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": 1 });
        grandstand_core::patch::apply(&mut ball, &change);
        Fact::posted("delivery", Some(&ball)).unwrap()
    }

    #[test]
    fn the_usual_ball_is_small_and_comes_back_whole() {
        let mut players = Players::default();
        for change in [
            json!({}),
            json!({ "over": 998, "runs": 6, "boundary": 6 }),
            json!({ "runs": 4, "boundary": 4, "short_run": true }),
            json!({ "non_striker": null, "runs": 0 }),
            json!({ "runs": 0, "free_hit": true, "extras":
                { "wides": 1, "noballs": 2, "byes": 3, "legbyes": 4, "penalty": 5 } }),
            json!({ "batter": "a2", "non_striker": "a1", "bowler": "b2", "runs": 255 }),
        ] {
            let fact = fact(change);
            let kept = Kept::new(fact.clone(), &mut players);
            assert!(matches!(kept, Kept::Ball(_)), "{fact:?}");
            assert_eq!(*kept.fact(&players), fact);
        }
        assert!(size_of::<Entry<Kept>>() <= 24);
    }

    #[test]
    fn whatever_is_unusual_is_kept_all_the_same() {
        let mut players = Players::default();
        for change in [
            json!({ "over": 10_000, "runs": 256 }),
            json!({ "extras": { "byes": 300 } }),
            json!({ "wickets": [{ "kind": "run out", "player_out": "a2",
                "fielders": [{ "player": "b2" }, { "name": "Somebody" }] }] }),
            json!({ "review": { "by": "b", "decision": "pending" } }),
            json!({ "replacements": [{ "scope": "match", "in": "b3", "reason": "injury" }] }),
            json!({ "shot": "sweep", "position": { "x": 1, "y": -2 } }),
        ] {
            let fact = fact(change);
            let kept = Kept::new(fact.clone(), &mut players);
            assert_eq!(*kept.fact(&players), fact);
        }
        for (kind, data) in [
            ("over_end", json!({ "over": 3 })),
            (
                "over_end",
                json!({ "over": 3, "miscounted": { "balls": 5 } }),
            ),
            ("comment", json!({ "text": "rain" })),
        ] {
            let fact = Fact::posted(kind, Some(&data)).unwrap();
            let kept = Kept::new(fact.clone(), &mut players);
            assert_eq!(*kept.fact(&players), fact);
            assert_eq!(fact.kind(), kind);
        }
    }

    #[test]
    fn a_player_too_many_is_kept_with_his_ball() {
        let mut players = Players::default();
        for n in 0..300 {
            let bowler = format!("b{n}");
            let fact = fact(json!({ "bowler": bowler }));
            let kept = Kept::new(fact.clone(), &mut players);
            assert_eq!(*kept.fact(&players), fact);
            assert_eq!(matches!(kept, Kept::Ball(_)), n < 253);
        }
        assert_eq!(players.0.len(), usize::from(u8::MAX));
    }
}
