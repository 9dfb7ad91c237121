//! What leagues play beside the Laws: juniors, pairs, last batter stands. What is absent is by the
//! Laws. The sources are listed in `schemas/README.md`, "Rules of leagues".

use serde_json::Value;

use super::delivery::Delivery;
use super::words::Overs;
use crate::reader::Reader;
use crate::refusal::Refusal;

/// The rules of a league.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct League {
    /// None: they are bowled again, as Law 22.8 says.
    wides_rebowled: Option<bool>,
    /// None: they are bowled again, as Law 21.17 says.
    noballs_rebowled: Option<bool>,
    /// In the last over of an innings both are bowled again, and it has all its balls.
    last_over_by_law: Option<bool>,
    /// An over has no more deliveries, whatever they were.
    over_deliveries_max: Option<u32>,
    /// A batter faces no more deliveries, wides and no-balls among them.
    batter_balls_max: Option<u32>,
    /// A batter retires when he has made so many.
    retire_runs: Option<u32>,
    /// The last batter bats on alone.
    last_batter_stands: Option<bool>,
    /// Two batters bat together for so many overs, whatever happens.
    pair_overs: Option<u32>,
    /// Who is out bats on.
    dismissed_bat_on: Option<bool>,
    /// What a wicket costs the side.
    wicket_runs: Option<u32>,
    /// What a side begins with.
    start_runs: Option<u32>,
    /// Overs bowled from one end before the other has its turn.
    overs_per_end: Option<u32>,
    /// Whether a no-ball is followed by a free hit.
    free_hits: Option<bool>,
}

impl League {
    /// Takes its members out of the rules of a match.
    pub(crate) fn take(rules: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            wides_rebowled: rules.may("wides_rebowled")?,
            noballs_rebowled: rules.may("noballs_rebowled")?,
            last_over_by_law: rules.may("last_over_by_law")?,
            over_deliveries_max: rules.may_number("over_deliveries_max", 1..=30)?,
            batter_balls_max: rules.may_number("batter_balls_max", 1..=500)?,
            retire_runs: rules.may_number("retire_runs", 1..=500)?,
            last_batter_stands: rules.may("last_batter_stands")?,
            pair_overs: rules.may_number("pair_overs", 1..=50)?,
            dismissed_bat_on: rules.may("dismissed_bat_on")?,
            wicket_runs: rules.may_number("wicket_runs", 1..=50)?,
            start_runs: rules.may_number("start_runs", 1..=1000)?,
            overs_per_end: rules.may_number("overs_per_end", 1..=10)?,
            free_hits: rules.may("free_hits")?,
        })
    }

    /// Puts those that were entered into the state's rules.
    pub(crate) fn render(&self, rules: &mut Value) {
        for (name, flag) in [
            ("wides_rebowled", self.wides_rebowled),
            ("noballs_rebowled", self.noballs_rebowled),
            ("last_over_by_law", self.last_over_by_law),
            ("last_batter_stands", self.last_batter_stands),
            ("dismissed_bat_on", self.dismissed_bat_on),
            ("free_hits", self.free_hits),
        ] {
            if let Some(flag) = flag {
                rules[name] = flag.into();
            }
        }
        for (name, number) in [
            ("over_deliveries_max", self.over_deliveries_max),
            ("batter_balls_max", self.batter_balls_max),
            ("retire_runs", self.retire_runs),
            ("pair_overs", self.pair_overs),
            ("wicket_runs", self.wicket_runs),
            ("start_runs", self.start_runs),
            ("overs_per_end", self.overs_per_end),
        ] {
            if let Some(number) = number {
                rules[name] = number.into();
            }
        }
    }

    /// The legal balls that a delivery counts as, in an innings of `overs_max`: 1, or 0 if it is to
    /// be bowled again.
    pub(crate) fn legal_balls(&self, ball: &Delivery, overs_max: Option<Overs>) -> u32 {
        let again = if self.is_by_law(ball.over, overs_max) {
            !ball.is_legal()
        } else {
            let wides = ball.extras.wides > 0 && self.wides_rebowled != Some(false);
            let noballs = ball.extras.noballs > 0 && self.noballs_rebowled != Some(false);
            wides || noballs
        };
        u32::from(!again)
    }

    /// Whether an over has as many deliveries as it may have.
    pub(crate) fn is_spent(&self, number: u32, deliveries: u32, overs_max: Option<Overs>) -> bool {
        let max = self.over_deliveries_max.unwrap_or(u32::MAX);
        deliveries >= max && !self.is_by_law(number, overs_max)
    }

    /// Whether this over is bowled as the Laws say, though others are not.
    fn is_by_law(&self, over: u32, overs_max: Option<Overs>) -> bool {
        let last = overs_max.map(|overs| overs.overs + u32::from(overs.balls > 0));
        self.last_over_by_law == Some(true) && last.is_some_and(|last| over + 1 >= last)
    }

    /// Whether a batter with so many runs has made what he may.
    pub(crate) fn retires_with(&self, runs: u32, faced: u32) -> bool {
        self.retire_runs.is_some_and(|max| runs >= max)
            || self.batter_balls_max.is_some_and(|max| faced >= max)
    }

    /// Whether the last batter bats on alone.
    pub(crate) fn last_batter_stands(&self) -> bool {
        self.last_batter_stands == Some(true)
    }

    /// Whether who is out bats on; in pairs he does unless it was said that he does not.
    pub(crate) fn dismissed_bat_on(&self) -> bool {
        self.dismissed_bat_on.unwrap_or(self.pair_overs.is_some())
    }

    /// Whether another pair comes after this over.
    pub(crate) fn pair_changes_after(&self, over: u32) -> bool {
        self.pair_overs
            .is_some_and(|overs| (over + 1).is_multiple_of(overs))
    }

    /// What a wicket costs.
    pub(crate) fn wicket_runs(&self) -> u32 {
        self.wicket_runs.unwrap_or(0)
    }

    /// What a side begins with.
    pub(crate) fn start_runs(&self) -> u32 {
        self.start_runs.unwrap_or(0)
    }

    /// Overs from one end, in turn (Law 17.1). Where overs are of five, ten balls are bowled from
    /// one end, as in The Hundred (its playing conditions, 17.1), if nothing else was said.
    pub(crate) fn overs_per_end(&self, balls_per_over: u32) -> u32 {
        let usual = if balls_per_over == 5 { 2 } else { 1 };
        self.overs_per_end.unwrap_or(usual)
    }

    /// Whether there are free hits: where overs are limited, if nothing else was said (ICC playing
    /// conditions for ODIs and T20Is, 21.19).
    pub(crate) fn free_hits(&self, overs: Option<u32>) -> bool {
        self.free_hits.unwrap_or(overs.is_some())
    }
}
