//! The ways in which a batter goes, and what each of them counts for.

use serde::Deserialize;

/// How a batter went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the Laws explain themselves")]
pub enum Kind {
    Bowled,
    Caught,
    #[serde(rename = "caught and bowled")]
    CaughtAndBowled,
    Lbw,
    Stumped,
    #[serde(rename = "hit wicket")]
    HitWicket,
    #[serde(rename = "run out")]
    RunOut,
    #[serde(rename = "timed out")]
    TimedOut,
    #[serde(rename = "obstructing the field")]
    ObstructingTheField,
    #[serde(rename = "handled the ball")]
    HandledTheBall,
    #[serde(rename = "hit the ball twice")]
    HitTheBallTwice,
    #[serde(rename = "retired out")]
    RetiredOut,
    #[serde(rename = "retired hurt")]
    RetiredHurt,
    #[serde(rename = "retired not out")]
    RetiredNotOut,
}

/// In which event a dismissal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// In the delivery itself.
    OnTheBall,
    /// In a `dismissal` after it.
    AfterTheBall,
    /// In a `batter_retired` after it.
    AsRetirement,
}

impl Kind {
    /// The word for it, Cricsheet's and ours.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bowled => "bowled",
            Self::Caught => "caught",
            Self::CaughtAndBowled => "caught and bowled",
            Self::Lbw => "lbw",
            Self::Stumped => "stumped",
            Self::HitWicket => "hit wicket",
            Self::RunOut => "run out",
            Self::TimedOut => "timed out",
            Self::ObstructingTheField => "obstructing the field",
            Self::HandledTheBall => "handled the ball",
            Self::HitTheBallTwice => "hit the ball twice",
            Self::RetiredOut => "retired out",
            Self::RetiredHurt => "retired hurt",
            Self::RetiredNotOut => "retired not out",
        }
    }

    /// Whether it is a wicket of the innings.
    pub fn is_wicket(self) -> bool {
        !matches!(self, Self::RetiredHurt | Self::RetiredNotOut)
    }

    /// Whether it is the bowler's.
    pub fn is_bowlers(self) -> bool {
        match self {
            Self::Bowled
            | Self::Caught
            | Self::CaughtAndBowled
            | Self::Lbw
            | Self::Stumped
            | Self::HitWicket => true,
            Self::RunOut
            | Self::TimedOut
            | Self::ObstructingTheField
            | Self::HandledTheBall
            | Self::HitTheBallTwice
            | Self::RetiredOut
            | Self::RetiredHurt
            | Self::RetiredNotOut => false,
        }
    }

    /// In which event it is told.
    pub fn told(self) -> Told {
        match self {
            Self::RetiredOut | Self::RetiredHurt | Self::RetiredNotOut => Told::AsRetirement,
            Self::TimedOut => Told::AfterTheBall,
            Self::Bowled
            | Self::Caught
            | Self::CaughtAndBowled
            | Self::Lbw
            | Self::Stumped
            | Self::HitWicket
            | Self::RunOut
            | Self::ObstructingTheField
            | Self::HandledTheBall
            | Self::HitTheBallTwice => Told::OnTheBall,
        }
    }
}
