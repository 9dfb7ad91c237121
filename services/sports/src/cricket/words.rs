//! The closed sets of words of cricket, and the names of players.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::reader::{Read, Strictness, words};
use crate::refusal::Refusal;

words! {
    /// One of the two teams.
    Side {
        /// The first named.
        A = "a",
        /// The other.
        B = "b",
    }
}

impl Side {
    /// The other team.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

words! {
    /// How a batter is out, or went.
    DismissalKind {
        /// The bowler hit the stumps.
        Bowled = "bowled",
        /// By a fielder.
        Caught = "caught",
        /// By the bowler.
        CaughtAndBowled = "caught and bowled",
        /// Leg before wicket.
        Lbw = "lbw",
        /// Out of his ground, by the keeper.
        Stumped = "stumped",
        /// Broke his own wicket.
        HitWicket = "hit wicket",
        /// Out of his ground.
        RunOut = "run out",
        /// Came too late.
        TimedOut = "timed out",
        /// In the fielders' way.
        Obstructing = "obstructing the field",
        /// Until 2017.
        HandledTheBall = "handled the ball",
        /// Not to guard his wicket.
        HitTwice = "hit the ball twice",
        /// Went without leave.
        RetiredOut = "retired out",
        /// May come back.
        RetiredHurt = "retired hurt",
        /// May come back.
        RetiredNotOut = "retired not out",
    }
}

impl DismissalKind {
    /// Whether it counts in `wickets`.
    pub(crate) fn is_wicket(self) -> bool {
        !matches!(self, Self::RetiredHurt | Self::RetiredNotOut)
    }

    /// Whether the bowler is credited.
    pub(crate) fn is_bowlers(self) -> bool {
        match self {
            Self::Bowled
            | Self::Caught
            | Self::CaughtAndBowled
            | Self::Lbw
            | Self::Stumped
            | Self::HitWicket => true,
            Self::RunOut
            | Self::TimedOut
            | Self::Obstructing
            | Self::HandledTheBall
            | Self::HitTwice
            | Self::RetiredOut
            | Self::RetiredHurt
            | Self::RetiredNotOut => false,
        }
    }

    /// Whether only the batter who faces can be out so: the bowler's wickets (Laws 32, 33, 35, 36,
    /// 39), and who hits the ball twice (Law 34).
    pub(crate) fn is_strikers(self) -> bool {
        self.is_bowlers() || self == Self::HitTwice
    }

    /// Whether the batter went of his own will.
    pub(crate) fn is_retirement(self) -> bool {
        matches!(
            self,
            Self::RetiredOut | Self::RetiredHurt | Self::RetiredNotOut
        )
    }
}

words! {
    /// What the winner of the toss chose.
    TossDecision {
        /// To bat.
        Bat = "bat",
        /// To field.
        Field = "field",
    }
}

words! {
    /// How a match stands between its balls.
    StatusWord {
        /// Not begun.
        Scheduled = "scheduled",
        /// To begin later than planned.
        Delayed = "delayed",
        /// In play.
        Live = "live",
        /// Drinks.
        Drinks = "drinks",
        /// Lunch.
        Lunch = "lunch",
        /// Tea.
        Tea = "tea",
        /// Between innings.
        InningsBreak = "innings_break",
        /// A team's time-out.
        Timeout = "timeout",
        /// Rain.
        Rain = "rain",
        /// Bad light.
        BadLight = "bad_light",
        /// The day is over.
        Stumps = "stumps",
        /// Over.
        Ended = "ended",
        /// Given up.
        Abandoned = "abandoned",
    }
}

words! {
    /// Why an innings is over.
    EndReason {
        /// Nobody is left to bat.
        AllOut = "all_out",
        /// All overs are bowled.
        Overs = "overs",
        /// The target is reached.
        Target = "target",
        /// Time is up.
        Time = "time",
        /// The captain said so.
        Declared = "declared",
        /// The captain said so before it began.
        Forfeited = "forfeited",
        /// Given up.
        Abandoned = "abandoned",
    }
}

words! {
    /// A result without a winner.
    NoWinner {
        /// Scores level, all done.
        Tie = "tie",
        /// Time ran out.
        Draw = "draw",
        /// Not enough play.
        NoResult = "no result",
    }
}

words! {
    /// What the umpires made of a review.
    ReviewDecision {
        /// Not known yet.
        Pending = "pending",
        /// The first decision was wrong.
        Upheld = "upheld",
        /// The first decision stands.
        StruckDown = "struck_down",
    }
}

words! {
    /// When a penalty counts.
    PenaltyWhen {
        /// In the team's next innings, or the one that it bats in.
        Pre = "pre",
        /// In the team's last innings.
        Post = "post",
    }
}

words! {
    /// What a replacement replaces.
    ReplacementScope {
        /// A player for the rest of the match.
        Match = "match",
        /// A player in what he was just doing.
        Role = "role",
    }
}

/// The id of a player, a key of the state: `[A-Za-z][A-Za-z0-9._-]{0,31}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlayerId(Arc<str>);

impl PlayerId {
    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Read for PlayerId {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        match value.as_str() {
            Some(text) if text.len() <= 32 && grandstand_core::value::is_key(text) => {
                Ok(Self(text.into()))
            }
            _ => Err(Refusal::malformed(
                place,
                format!(
                    "{place} is a player's id: a letter, then up to 31 of A-Z, a-z, 0-9, '.', '_' and '-'"
                ),
            )),
        }
    }
}

/// A number of overs: whole ones, and balls of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overs {
    /// Whole overs.
    pub(crate) overs: u32,
    /// Balls beyond them.
    pub(crate) balls: u32,
}

/// No innings is planned longer.
const OVERS_MAX: u32 = 500;

impl Overs {
    /// As the state holds it: a number, or text such as `"16.4"`.
    pub(crate) fn value(self) -> Value {
        match self.balls {
            0 => Value::from(self.overs),
            balls => Value::from(format!("{}.{balls}", self.overs)),
        }
    }

    pub(crate) fn balls(self, balls_per_over: u32) -> u32 {
        self.overs * balls_per_over + self.balls
    }
}

impl Read for Overs {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        let read = match &value {
            Value::Number(number) => number.as_u64().map(|overs| (overs, 0)),
            Value::String(text) => text
                .split_once('.')
                .and_then(|(overs, balls)| Some((overs.parse().ok()?, balls.parse::<u64>().ok()?))),
            _ => None,
        };
        match read {
            Some((overs, balls)) if overs <= u64::from(OVERS_MAX) && balls <= 12 => Ok(Self {
                overs: overs as u32,
                balls: balls as u32,
            }),
            _ => Err(Refusal::malformed(
                place,
                format!("{place} is a number of overs up to {OVERS_MAX}, or text such as \"16.4\""),
            )),
        }
    }
}
