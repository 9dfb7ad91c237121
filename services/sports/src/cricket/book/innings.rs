//! One innings: every figure of it, ball by ball (cricket.md, "How figures are counted").

use std::collections::BTreeMap;

use super::batting::{BatterRow, Fall, Out, Partnership};
use super::crease::{Crease, FreeHits, NextBall};
use super::overs::{BowlerRow, Over};
use crate::cricket::delivery::{Delivery, Extras, Fielder};
use crate::cricket::facts::{InningsStart, Target};
use crate::cricket::league::League;
use crate::cricket::setup::Rules;
use crate::cricket::words::{DismissalKind, EndReason, Overs, PlayerId, Side};

/// An innings so far.
#[derive(Debug, Clone)]
pub(crate) struct Innings {
    pub(crate) batting: Side,
    pub(crate) super_over: bool,
    pub(crate) follow_on: bool,
    pub(crate) balls_per_over: u32,
    pub(crate) wickets_max: u32,
    wide_runs: u32,
    noball_runs: u32,
    pub(crate) league: League,
    free_hits: FreeHits,
    pub(crate) overs_max: Option<Overs>,
    pub(crate) bowler_overs_max: Option<u32>,
    pub(crate) target: Option<Target>,
    /// What it comes to; where a wicket costs runs it may be less than nothing.
    pub(crate) runs: i64,
    pub(crate) wickets: u32,
    pub(crate) legal_balls: u32,
    pub(crate) extras: Extras,
    /// What its wickets cost.
    pub(crate) wicket_cost: u32,
    pub(crate) penalty_pre: u32,
    pub(crate) penalty_post: u32,
    pub(crate) batters: Vec<BatterRow>,
    pub(crate) bowlers: Vec<BowlerRow>,
    pub(crate) falls: Vec<Fall>,
    pub(crate) partnerships: Vec<Partnership>,
    pub(crate) overs: BTreeMap<u32, Over>,
    pub(crate) crease: Crease,
    pub(crate) absent_hurt: Vec<PlayerId>,
    pub(crate) end: Option<EndReason>,
}

impl Innings {
    pub(crate) fn new(start: &InningsStart, rules: &Rules) -> Self {
        let (overs, wickets_max, start_runs) = if start.super_over {
            let rules = &rules.super_over;
            (Some(rules.overs), rules.wickets_max, 0)
        } else {
            (rules.overs, rules.wickets_max, rules.league.start_runs())
        };
        Self {
            batting: start.batting,
            super_over: start.super_over,
            follow_on: start.follow_on,
            balls_per_over: rules.balls_per_over,
            wickets_max,
            wide_runs: rules.wide_runs,
            noball_runs: rules.noball_runs,
            league: rules.league,
            free_hits: if rules.league.free_hits(rules.overs) {
                FreeHits::Given
            } else {
                FreeHits::None
            },
            overs_max: overs.map(|overs| Overs { overs, balls: 0 }),
            bowler_overs_max: rules.bowler_overs_max.filter(|_| !start.super_over),
            target: None,
            runs: start_runs.into(),
            wickets: 0,
            legal_balls: 0,
            extras: Extras::default(),
            wicket_cost: 0,
            penalty_pre: 0,
            penalty_post: 0,
            batters: Vec::new(),
            bowlers: Vec::new(),
            falls: Vec::new(),
            partnerships: Vec::new(),
            overs: BTreeMap::new(),
            crease: Crease::default(),
            absent_hurt: Vec::new(),
            end: None,
        }
    }

    /// Takes a ball.
    pub(crate) fn deliver(&mut self, ball: &Delivery) {
        self.begin_over(ball.over);
        self.replace(ball);
        ball.batters().for_each(|player| self.bring_in(player));
        ball.batters().for_each(|player| self.bring_back(player));
        let legal_balls = self.league.legal_balls(ball, self.overs_max);
        let bowler = self.bowler_row(&ball.bowler);
        self.bowlers[bowler].bowl(ball, legal_balls);
        let is_past = self.last_over().is_some_and(|(last, _)| ball.over < last);
        let over = self.overs.entry(ball.over);
        let over = over.or_insert_with(|| Over::new(bowler));
        over.is_ended |= is_past;
        over.add(ball, legal_balls, bowler);
        over.is_full = over.legal_balls >= self.balls_per_over
            || self
                .league
                .is_spent(ball.over, over.deliveries, self.overs_max);
        if let Some(row) = self.batter_mut(&ball.batter) {
            row.face(ball, legal_balls);
        }
        self.runs += i64::from(ball.total());
        self.extras.add(&ball.extras);
        self.legal_balls += legal_balls;
        self.add_to_partnership(ball, legal_balls);
        self.crease.after(ball, self.runs_run(ball), self.free_hits);
        self.vacate_dismissed(ball);
        for wicket in &ball.wickets {
            let place = (ball.over, bowler);
            self.dismiss(
                &wicket.player_out,
                wicket.kind,
                Some(place),
                &wicket.fielders,
            );
        }
        self.leave_ended_over();
    }

    /// A correction may say of who faced or stood that he was out before: he is not there for the
    /// next ball.
    fn vacate_dismissed(&mut self, ball: &Delivery) {
        for player in ball.batters() {
            if self
                .batter(player)
                .is_some_and(|row| row.dismissed().is_some())
            {
                self.crease.vacate(player);
            }
        }
    }

    /// A ball may find its over ended, since a correction moved the end before it: the next one is
    /// of another over all the same.
    fn leave_ended_over(&mut self) {
        let ended = self.last_over().filter(|(_, over)| over.is_ended);
        if let Some((last, _)) = ended {
            self.end_over_at_crease(last);
        }
    }

    /// Another over than the last one ends that one.
    fn begin_over(&mut self, number: u32) {
        if let Some((last, over)) = self.overs.iter_mut().next_back()
            && *last < number
            && !over.is_ended
        {
            over.is_ended = true;
            let last = *last;
            self.end_over_at_crease(last);
        }
    }

    fn end_over_at_crease(&mut self, number: u32) {
        self.crease.bowler = None;
        if self.ends_change_after(number) {
            self.crease.change_ends();
        }
        if self.league.pair_changes_after(number) {
            self.crease.clear();
        }
    }

    /// Whether the next over is bowled from the other end.
    pub(crate) fn ends_change_after(&self, number: u32) -> bool {
        (number + 1).is_multiple_of(self.league.overs_per_end(self.balls_per_over))
    }

    /// How often the batters crossed, as far as runs tell it.
    fn runs_run(&self, ball: &Delivery) -> u32 {
        let extras = &ball.extras;
        ball.runs
            + extras.byes
            + extras.legbyes
            + extras.wides.saturating_sub(self.wide_runs)
            + extras.noballs.saturating_sub(self.noball_runs)
            + u32::from(ball.short_run)
    }

    fn add_to_partnership(&mut self, ball: &Delivery, legal_balls: u32) {
        match self.partnerships.last_mut() {
            Some(last) if last.is_of(ball) => last.add(ball, legal_balls),
            _ => {
                let came = |id: &PlayerId| self.batters.iter().position(|row| row.player == *id);
                let mut batters: Vec<PlayerId> = ball.batters().cloned().collect();
                batters.sort_by_key(came);
                let mut partnership = Partnership {
                    batters,
                    runs: 0,
                    balls: 0,
                };
                partnership.add(ball, legal_balls);
                self.partnerships.push(partnership);
            }
        }
    }

    pub(crate) fn end_over(&mut self, number: u32, miscounted: Option<u32>) {
        let last = self.last_over().map(|(last, _)| last);
        if let Some(over) = self.overs.get_mut(&number) {
            over.miscounted = miscounted.or(over.miscounted);
            if !over.is_ended {
                over.is_ended = true;
                if last == Some(number) {
                    self.end_over_at_crease(number);
                }
            }
        }
    }

    /// A batter comes to bat. Who has batted and is not out comes again where pairs have their turn
    /// twice, and where another was entered in his place.
    pub(crate) fn bring_in(&mut self, player: &PlayerId) {
        match self.batter(player) {
            None => self.batters.push(BatterRow::new(player.clone())),
            Some(row) if row.out.is_some() => return,
            Some(_) => {}
        }
        self.crease.occupy(player);
    }

    /// A batter who retired bats again; for anybody else it changes nothing. The wicket of one who
    /// had retired out was one all the same.
    pub(crate) fn bring_back(&mut self, player: &PlayerId) {
        let Some(row) = self.batter_mut(player) else {
            self.bring_in(player);
            return;
        };
        if row.out.as_ref().is_some_and(|out| out.kind.is_retirement()) {
            row.out = None;
            row.is_back = true;
            self.crease.occupy(player);
        }
    }

    /// A batter goes; `place` is the over and the bowler's row, if it was on a ball. Who is out
    /// already can't be out again.
    pub(crate) fn dismiss(
        &mut self,
        player: &PlayerId,
        kind: DismissalKind,
        place: Option<(u32, usize)>,
        fielders: &[Fielder],
    ) {
        if self.batter(player).is_none() {
            self.batters.push(BatterRow::new(player.clone()));
        }
        let bats_on = self.league.dismissed_bat_on() && kind.is_wicket() && !kind.is_retirement();
        if bats_on {
            self.spare(player);
        } else {
            self.crease.vacate(player);
        }
        let bowler = place.and_then(|(_, row)| self.bowlers.get_mut(row));
        let out = Out::new(kind, bowler.as_ref().map(|row| &row.player), fielders);
        let batter = self.batters.iter_mut().find(|row| row.player == *player);
        let Some(batter) =
            batter.filter(|row| !row.out.as_ref().is_some_and(|out| out.kind.is_wicket()))
        else {
            return;
        };
        if bats_on {
            batter.outs += 1;
        } else {
            batter.out = Some(out);
        }
        if !kind.is_wicket() {
            return;
        }
        if let Some(bowler) = bowler.filter(|_| kind.is_bowlers()) {
            bowler.wickets += 1;
        }
        self.wickets += 1;
        self.wicket_cost += self.league.wicket_runs();
        self.runs -= i64::from(self.league.wicket_runs());
        let number = place.map(|(over, _)| over);
        let number = number
            .or(self.last_over().map(|(last, _)| last))
            .unwrap_or(0);
        let mut balls = 0;
        if let Some(over) = self.overs.get_mut(&number) {
            over.wickets += 1;
            balls = over.legal_balls.min(self.balls_per_over);
        }
        self.falls.push(Fall {
            player: player.clone(),
            runs: self.runs,
            over: format!("{number}.{balls}"),
        });
    }

    /// Who is out and bats on does not face the next ball.
    fn spare(&mut self, player: &PlayerId) {
        let next = match self.last_over() {
            Some((_, over)) if over.is_full && !over.is_ended => NextBall::OfAnother,
            Some((_, over)) if over.is_ended && self.crease.bowler.is_some() => NextBall::OfAnother,
            Some(_) | None => NextBall::OfThisOver,
        };
        self.crease.spare(player, next);
    }

    pub(crate) fn penalise_pre(&mut self, runs: u32) {
        self.penalty_pre += runs;
        self.runs += i64::from(runs);
    }

    pub(crate) fn penalise_post(&mut self, runs: u32) {
        self.penalty_post += runs;
        self.runs += i64::from(runs);
    }

    /// The target, and with it the overs in which to make it.
    pub(crate) fn set_target(&mut self, target: &Target) {
        if target.overs.is_some() {
            self.overs_max = target.overs;
        }
        self.target = Some(target.clone());
    }

    pub(crate) fn end(&mut self, reason: EndReason, absent_hurt: &[PlayerId]) {
        self.end = Some(reason);
        self.absent_hurt = absent_hurt.to_vec();
    }

    pub(crate) fn batter(&self, player: &PlayerId) -> Option<&BatterRow> {
        self.batters.iter().find(|row| row.player == *player)
    }

    pub(super) fn batter_mut(&mut self, player: &PlayerId) -> Option<&mut BatterRow> {
        self.batters.iter_mut().find(|row| row.player == *player)
    }

    fn bowler_row(&mut self, player: &PlayerId) -> usize {
        let found = self.bowlers.iter().position(|row| row.player == *player);
        found.unwrap_or_else(|| {
            self.bowlers.push(BowlerRow::new(player.clone()));
            self.bowlers.len() - 1
        })
    }

    /// What its side began with.
    pub(crate) fn start_runs(&self) -> u32 {
        if self.super_over {
            0
        } else {
            self.league.start_runs()
        }
    }

    /// Whether a batter has faced or made what he may.
    pub(crate) fn retires(&self, row: &BatterRow) -> bool {
        !row.is_back && self.league.retires_with(row.runs, row.faced)
    }
}
