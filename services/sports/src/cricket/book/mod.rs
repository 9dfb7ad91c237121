//! The scorebook: what the events that count come to. Taking an event never fails; one that finds
//! no place (a ball after the innings, since a correction moved its end) changes nothing.

mod batting;
mod crease;
mod innings;
mod left_to_bat;
mod overs;
mod squads;

use std::sync::Arc;

use super::delivery::Delivery;
use super::facts::{Fact, InningsStart, MatchResult, Powerplay, Target, Toss};
use super::setup::Rules;
use super::words::{
    DismissalKind, EndReason, Overs, PenaltyWhen, PlayerId, ReplacementScope, ReviewDecision, Side,
    StatusWord,
};
use crate::created::{Beginning, Created};

pub(crate) use batting::{BatterRow, Partnership};
pub(crate) use innings::Innings;
pub(crate) use squads::{Squad, Squads};

/// A match of cricket so far.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    created: Option<Arc<Created>>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) squads: Arc<Squads>,
    pub(crate) toss: Option<Toss>,
    /// Shared, since a draft copies the book and changes but the last of them.
    pub(crate) innings: Vec<Arc<Innings>>,
    /// The last innings is being played.
    is_open: bool,
    next: NextInnings,
    pub(crate) powerplays: Vec<Powerplay>,
    pub(crate) status: StatusWord,
    pub(crate) status_note: Option<String>,
    pub(crate) result: Option<Arc<MatchResult>>,
    pub(crate) locked: bool,
    pub(crate) review_pending: bool,
    /// For whom others came for the rest of the match.
    pub(crate) replaced: Vec<PlayerId>,
}

/// What was entered for innings that have not begun.
#[derive(Debug, Clone, Default)]
struct NextInnings {
    penalty_a: u32,
    penalty_b: u32,
    overs: Option<Overs>,
    bowler_overs_max: Option<u32>,
    target: Option<Target>,
}

impl NextInnings {
    fn penalty(&mut self, team: Side) -> &mut u32 {
        match team {
            Side::A => &mut self.penalty_a,
            Side::B => &mut self.penalty_b,
        }
    }
}

impl Default for Book {
    fn default() -> Self {
        Self {
            created: None,
            rules: Arc::default(),
            squads: Arc::default(),
            toss: None,
            innings: Vec::new(),
            is_open: false,
            next: NextInnings::default(),
            powerplays: Vec::new(),
            status: StatusWord::Scheduled,
            status_note: None,
            result: None,
            locked: false,
            review_pending: false,
            replaced: Vec::new(),
        }
    }
}

impl Book {
    pub(crate) fn created(&self) -> Option<&Arc<Created>> {
        self.created.as_ref()
    }

    /// The innings that is being played.
    pub(crate) fn open(&self) -> Option<&Innings> {
        self.innings
            .last()
            .filter(|_| self.is_open)
            .map(Arc::as_ref)
    }

    fn open_mut(&mut self) -> Option<&mut Innings> {
        self.innings
            .last_mut()
            .filter(|_| self.is_open)
            .map(Arc::make_mut)
    }

    /// Takes one event that counts.
    pub(crate) fn step(&mut self, fact: &Fact) {
        match fact {
            Fact::Created(created) => self.create(created),
            Fact::Lineup { team, players } => {
                Arc::make_mut(&mut self.squads).add(*team, players);
            }
            Fact::Toss(toss) => self.toss = Some(*toss),
            Fact::InningsStart(start) => self.start_innings(start),
            Fact::Delivery(ball) => {
                if let Some(innings) = self.open_mut() {
                    innings.deliver(ball);
                    self.set_status(StatusWord::Live);
                }
                self.replace(ball);
                self.review_pending = ball
                    .review
                    .as_ref()
                    .is_some_and(|review| review.decision == ReviewDecision::Pending);
            }
            Fact::OverEnd { over, miscounted } => {
                if let Some(innings) = self.open_mut() {
                    innings.end_over(*over, *miscounted);
                }
            }
            Fact::BatterIn { player } => {
                if let Some(innings) = self.open_mut() {
                    innings.bring_in(player);
                }
            }
            Fact::BatterReturns { player } => {
                if let Some(innings) = self.open_mut() {
                    innings.bring_back(player);
                }
            }
            Fact::BatterRetired { player, kind } => self.dismiss(player, *kind, &[]),
            Fact::Dismissal(wicket) => {
                self.dismiss(&wicket.player_out, wicket.kind, &wicket.fielders);
            }
            Fact::Penalty { team, runs, when } => self.penalise(*team, *runs, *when),
            Fact::Powerplay(powerplay) => self.powerplays.push(powerplay.clone()),
            Fact::TargetRevised(target) => match self.open_mut() {
                Some(innings) => innings.set_target(target),
                None => self.next.target = Some(target.clone()),
            },
            Fact::OversRevised {
                overs,
                bowler_overs_max,
            } => self.revise_overs(*overs, *bowler_overs_max),
            Fact::Review(review) => {
                self.review_pending = review.decision == ReviewDecision::Pending;
            }
            Fact::Status { status, note } => {
                self.status = *status;
                self.status_note.clone_from(note);
            }
            Fact::InningsEnd {
                reason,
                absent_hurt,
            } => self.end_innings(*reason, absent_hurt),
            Fact::Result(result) => {
                self.result = Some(Arc::new(result.clone()));
                self.set_status(StatusWord::Ended);
            }
            Fact::Lock => self.locked = true,
            Fact::Unlock => self.locked = false,
            Fact::Comment | Fact::Unknown { .. } => {}
        }
    }

    /// The target that was entered for the innings to come.
    pub(crate) fn next_target(&self) -> Option<&Target> {
        self.next.target.as_ref()
    }

    /// The overs that the innings to come has.
    pub(crate) fn next_overs(&self) -> Option<Overs> {
        let by_rules = self.rules.overs.map(|overs| Overs { overs, balls: 0 });
        self.next.overs.or(by_rules)
    }

    fn create(&mut self, created: &Arc<Created>) {
        if let Beginning::Cricket(setup) = &created.beginning {
            self.rules = Arc::new(setup.rules.clone());
            self.squads = Arc::new(Squads::of(setup));
        }
        self.created = Some(created.clone());
    }

    /// Who comes may have gone before.
    fn replace(&mut self, ball: &Delivery) {
        let of_match = ball.replacements.iter();
        for one in of_match.filter(|one| one.scope == ReplacementScope::Match) {
            self.replaced.retain(|gone| *gone != one.player_in);
            self.replaced.extend(one.player_out.clone());
        }
    }

    fn set_status(&mut self, status: StatusWord) {
        if self.status != status {
            self.status = status;
            self.status_note = None;
        }
    }

    fn start_innings(&mut self, start: &InningsStart) {
        let mut innings = Innings::new(start, &self.rules);
        let next = &mut self.next;
        innings.penalise_pre(std::mem::take(next.penalty(start.batting)));
        if let Some(overs) = next.overs.take() {
            innings.overs_max = Some(overs);
        }
        if let Some(overs) = next.bowler_overs_max.take() {
            innings.bowler_overs_max = Some(overs);
        }
        if let Some(target) = next.target.take().or(start.target.clone()) {
            innings.set_target(&target);
        }
        self.innings.push(Arc::new(innings));
        self.is_open = true;
        self.set_status(StatusWord::Live);
    }

    fn end_innings(&mut self, reason: EndReason, absent_hurt: &[PlayerId]) {
        if let Some(innings) = self.open_mut() {
            innings.end(reason, absent_hurt);
            self.is_open = false;
            self.review_pending = false;
            self.set_status(StatusWord::InningsBreak);
        }
    }

    fn dismiss(
        &mut self,
        player: &PlayerId,
        kind: DismissalKind,
        fielders: &[super::delivery::Fielder],
    ) {
        if let Some(innings) = self.open_mut() {
            innings.dismiss(player, kind, None, fielders);
        }
    }

    /// To the batting side: its open innings. To the fielding side: its last or its next one.
    fn penalise(&mut self, team: Side, runs: u32, when: Option<PenaltyWhen>) {
        let batting = self.open().is_some_and(|innings| innings.batting == team);
        let mine = self
            .innings
            .iter_mut()
            .rev()
            .find(|innings| innings.batting == team);
        match (when, mine) {
            (Some(PenaltyWhen::Pre), Some(innings)) if batting => {
                Arc::make_mut(innings).penalise_pre(runs);
            }
            (Some(PenaltyWhen::Post) | None, Some(innings)) => {
                Arc::make_mut(innings).penalise_post(runs);
            }
            (Some(PenaltyWhen::Pre), Some(_)) | (_, None) => {
                let pending = self.next.penalty(team);
                *pending += runs;
            }
        }
    }

    fn revise_overs(&mut self, overs: Overs, bowler_overs_max: Option<u32>) {
        match self.open_mut() {
            Some(innings) => {
                innings.overs_max = Some(overs);
                innings.bowler_overs_max = bowler_overs_max.or(innings.bowler_overs_max);
            }
            None => {
                self.next.overs = Some(overs);
                self.next.bowler_overs_max = bowler_overs_max;
            }
        }
    }

    /// Runs of a side in the match proper, super overs left out.
    pub(crate) fn match_runs(&self, side: Side) -> i64 {
        let innings = self.innings.iter();
        innings
            .filter(|innings| innings.batting == side && !innings.super_over)
            .map(|innings| innings.runs)
            .sum()
    }
}
