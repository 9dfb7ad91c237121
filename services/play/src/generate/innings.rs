//! An innings, ball by ball, as the rules of a T20 have it.

use std::collections::VecDeque;

use serde_json::Number;

use crate::ball::{Delivery, Extras, Over, Replacements, Runs, Wicket};
use crate::cricsheet::{Innings, PenaltyRuns, Powerplay, Target};
use crate::dismissal::Kind;
use crate::generate::attack::Attack;
use crate::generate::chance::Chance;
use crate::generate::chances::{Happening, Situation, happening};
use crate::generate::outcome::Score;
use crate::generate::phase::{OVERS, POWERPLAY_OVERS, Phase};
use crate::generate::review::Reviews;
use crate::generate::team::Team;
use crate::generate::urge;
use crate::generate::wicket::Fielding;

/// Legal balls of an over.
pub(crate) const BALLS_PER_OVER: u32 = 6;

/// An innings that is to be played.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// Index of the team that bats.
    pub(crate) team: usize,
    pub(crate) batting: &'a Team,
    pub(crate) fielding: &'a Team,
    /// Indices of the batters, in the order in which they come.
    pub(crate) order: Vec<usize>,
    pub(crate) overs: u32,
    /// Runs that win the match, in a chase.
    pub(crate) target: Option<u32>,
    /// How well the side bats today, 100 as usual.
    pub(crate) form_percent: u64,
    pub(crate) super_over: bool,
}

/// Plays the innings of `plan`: ball by ball, and what it came to.
pub(crate) fn play(chance: &mut Chance, plan: &Plan) -> (Innings, Score) {
    let mut order = plan.order.iter().copied();
    let pair = [order.next().unwrap_or(0), order.next().unwrap_or(1)];
    let mut play = Play {
        plan,
        chance,
        pair,
        order: order.collect(),
        faced: vec![0; plan.batting.players.len()],
        runs: 0,
        wickets: 0,
        legal_balls: 0,
        is_free_hit: false,
        is_over: false,
        reviews: Reviews::new(),
    };
    let mut attack = Attack::new(plan.fielding);
    let mut overs = Vec::new();
    while overs.len() < plan.overs as usize && !play.is_over {
        overs.push(play.over(&mut attack, overs.len() as u32));
    }
    let score = Score {
        team: plan.team,
        runs: play.runs,
        wickets: play.wickets,
    };
    (plan.innings(overs), score)
}

impl Plan<'_> {
    fn innings(&self, overs: Vec<Over>) -> Innings {
        let of_match = !self.super_over;
        let tenths = |tenths: u32| {
            Number::from_f64(f64::from(tenths) / 10.0).unwrap_or_else(|| Number::from(0))
        };
        let powerplay = of_match.then(|| Powerplay {
            from: tenths(1),
            to: tenths(10 * (POWERPLAY_OVERS - 1) + BALLS_PER_OVER),
            kind: "mandatory".to_owned(),
        });
        Innings {
            team: self.batting.name.to_owned(),
            overs,
            declared: false,
            forfeited: false,
            super_over: self.super_over,
            target: self.target.filter(|_| of_match).map(|runs| Target {
                overs: Some(f64::from(OVERS)),
                runs: Some(runs),
            }),
            penalty_runs: PenaltyRuns::default(),
            absent_hurt: Vec::new(),
            miscounted_overs: Default::default(),
            powerplays: powerplay.into_iter().collect(),
        }
    }
}

/// An innings being played.
struct Play<'a> {
    plan: &'a Plan<'a>,
    chance: &'a mut Chance,
    /// On strike, and at the other end.
    pair: [usize; 2],
    /// Who is still to come.
    order: VecDeque<usize>,
    /// Balls that each has faced.
    faced: Vec<u32>,
    runs: u32,
    wickets: u32,
    legal_balls: u32,
    is_free_hit: bool,
    is_over: bool,
    reviews: Reviews,
}

impl Play<'_> {
    fn over(&mut self, attack: &mut Attack, number: u32) -> Over {
        let phase = match self.plan.super_over {
            true => Phase::Death,
            false => Phase::of(number),
        };
        let bowler = attack.next(self.chance, phase);
        let mut deliveries = Vec::new();
        let mut legal_balls = 0;
        while legal_balls < BALLS_PER_OVER && !self.is_over {
            let ball = self.ball(phase, bowler);
            legal_balls += u32::from(ball.is_legal());
            deliveries.push(ball);
        }
        self.pair.swap(0, 1);
        Over {
            over: number,
            deliveries,
        }
    }

    fn ball(&mut self, phase: Phase, bowler: usize) -> Delivery {
        let happening = happening(self.chance, &self.situation(phase));
        let fielding = Fielding {
            team: self.plan.fielding,
            bowler,
        };
        let mut ball = self.plain(fielding);
        let striker = self.pair[0];
        let mut run = 0;
        match happening {
            Happening::Runs(runs) => {
                ball.runs.batter = runs;
                run = runs;
            }
            Happening::Boundary(runs) => ball.runs.batter = runs,
            Happening::Wide(runs) => {
                ball.extras.wides = 1 + runs;
                run = runs;
            }
            Happening::NoBall(runs) => {
                ball.extras.noballs = 1;
                ball.runs.batter = runs;
                run = runs;
            }
            Happening::Byes(runs) => {
                ball.extras.byes = runs;
                run = runs;
            }
            Happening::LegByes(runs) => {
                ball.extras.legbyes = runs;
                run = runs;
            }
            Happening::Wicket => ball.wickets = self.wicket(fielding, &mut ball.runs),
        }
        ball.runs.extras = ball.extras.by_kind().iter().map(|(_, runs)| runs).sum();
        ball.runs.total = ball.runs.batter + ball.runs.extras;
        ball.review = self
            .reviews
            .of(self.chance, &ball, [self.plan.batting, self.plan.fielding]);
        self.faced[striker] += u32::from(ball.extras.wides == 0);
        // Four and six are even, run or not.
        if run % 2 == 1 {
            self.pair.swap(0, 1);
        }
        self.count(&ball);
        ball
    }

    fn situation(&self, phase: Phase) -> Situation {
        let striker = &self.plan.batting.players[self.pair[0]];
        let balls_left = self.plan.overs * BALLS_PER_OVER - self.legal_balls;
        let needed = self.plan.target.map(|target| target - self.runs);
        Situation {
            phase,
            batting_percent: striker.batting_percent * self.plan.form_percent / 100,
            faced: self.faced[self.pair[0]],
            urge_percent: match needed {
                Some(runs) => urge::of_chase(runs, balls_left, self.wickets),
                None => urge::of_first(phase, balls_left, self.wickets),
            },
            is_free_hit: self.is_free_hit,
        }
    }

    fn plain(&self, fielding: Fielding) -> Delivery {
        let batter = |end: usize| self.plan.batting.players[self.pair[end]].name.clone();
        Delivery {
            batter: batter(0),
            non_striker: batter(1),
            bowler: fielding.team.players[fielding.bowler].name.clone(),
            runs: Runs {
                batter: 0,
                extras: 0,
                total: 0,
                non_boundary: false,
            },
            extras: Extras::default(),
            wickets: Vec::new(),
            review: None,
            replacements: Replacements::default(),
        }
    }

    /// Somebody is out, and the next comes in: at the end where the wicket fell.
    fn wicket(&mut self, fielding: Fielding, runs: &mut Runs) -> Vec<Wicket> {
        let kind = match self.is_free_hit {
            true => Kind::RunOut,
            false => fielding.kind(self.chance),
        };
        let mut end = 0;
        if kind == Kind::RunOut {
            runs.batter = u32::from(self.chance.happens(400));
            end = self.chance.index(2);
        }
        let out = self.pair[end];
        let name = &self.plan.batting.players[out].name;
        let wicket = fielding.wicket(self.chance, kind, name);
        self.wickets += 1;
        match self.order.pop_front() {
            Some(next) => self.pair[end] = next,
            None => self.is_over = true,
        }
        if kind == Kind::RunOut && self.chance.happens(500) {
            // At which end depends on who was on his way where.
            self.pair.swap(0, 1);
        }
        vec![wicket]
    }

    fn count(&mut self, ball: &Delivery) {
        self.runs += ball.runs.total;
        self.legal_balls += u32::from(ball.is_legal());
        self.is_free_hit = ball.extras.noballs > 0 || (self.is_free_hit && !ball.is_legal());
        let target = self.plan.target;
        self.is_over |= target.is_some_and(|target| self.runs >= target);
    }
}
