//! What a scorer may enter: one variant for each type of event, with its `data` as read.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::book::Squads;
use super::delivery::{Delivery, Review, Wicket};
use super::setup::{NAME_CHARS_MAX, Player, check_unique};
use super::words::{
    DismissalKind, EndReason, NoWinner, Overs, PenaltyWhen, PlayerId, Side, StatusWord,
    TossDecision,
};
use crate::created::{CREATED, Created};
use crate::reader::{Read, Reader, Strictness, TEXT_CHARS_MAX};
use crate::refusal::Refusal;
use crate::sport::Sport;

/// One event of cricket.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    Created(Arc<Created>),
    Lineup {
        team: Side,
        players: Vec<Player>,
    },
    Toss(Toss),
    InningsStart(InningsStart),
    Delivery(Box<Delivery>),
    OverEnd {
        over: u32,
        miscounted: Option<u32>,
    },
    BatterIn {
        player: PlayerId,
    },
    BatterReturns {
        player: PlayerId,
    },
    BatterRetired {
        player: PlayerId,
        kind: DismissalKind,
    },
    Dismissal(Wicket),
    Penalty {
        team: Side,
        runs: u32,
        when: Option<PenaltyWhen>,
    },
    Powerplay(Powerplay),
    TargetRevised(Target),
    OversRevised {
        overs: Overs,
        bowler_overs_max: Option<u32>,
    },
    Review(Review),
    Status {
        status: StatusWord,
        note: Option<String>,
    },
    InningsEnd {
        reason: EndReason,
        absent_hurt: Vec<PlayerId>,
    },
    Result(MatchResult),
    Comment,
    Lock,
    Unlock,
    /// In the log, but not known to these rules: it changes nothing here.
    Unknown {
        kind: Box<str>,
    },
}

impl Fact {
    /// Makes the ids of a ball those that its squads have, so that they have no memory of their own.
    pub(crate) fn share(mut self, squads: &Squads) -> Self {
        if let Self::Delivery(ball) = &mut self {
            let ids = [&mut ball.batter, &mut ball.bowler].into_iter();
            for id in ids.chain(&mut ball.non_striker) {
                squads.share(id);
            }
            ball.wickets
                .iter_mut()
                .for_each(|wicket| squads.share(&mut wicket.player_out));
        }
        self
    }

    /// Its type.
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Created(_) => CREATED,
            Self::Lineup { .. } => "lineup",
            Self::Toss(_) => "toss",
            Self::InningsStart(_) => "innings_start",
            Self::Delivery(_) => "delivery",
            Self::OverEnd { .. } => "over_end",
            Self::BatterIn { .. } => "batter_in",
            Self::BatterReturns { .. } => "batter_returns",
            Self::BatterRetired { .. } => "batter_retired",
            Self::Dismissal(_) => "dismissal",
            Self::Penalty { .. } => "penalty",
            Self::Powerplay(_) => "powerplay",
            Self::TargetRevised(_) => "target_revised",
            Self::OversRevised { .. } => "overs_revised",
            Self::Review(_) => "review",
            Self::Status { .. } => "status",
            Self::InningsEnd { .. } => "innings_end",
            Self::Result(_) => "result",
            Self::Comment => "comment",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Unknown { kind } => kind,
        }
    }

    /// Reads a posted event of type `kind`; every member must be known.
    pub(crate) fn posted(kind: &str, data: Option<&Value>) -> Result<Self, Refusal> {
        Self::read(kind, data, Strictness::Strict)?.ok_or_else(|| {
            Refusal::malformed("type", format!("{kind} is no type of event in cricket"))
        })
    }

    /// Reads a stored event, as far as these rules know it.
    pub(crate) fn stored(kind: &str, data: Option<&Value>) -> Self {
        match Self::read(kind, data, Strictness::Tolerant) {
            Ok(Some(fact)) => fact,
            Ok(None) | Err(_) => Self::Unknown { kind: kind.into() },
        }
    }

    fn read(
        kind: &str,
        data: Option<&Value>,
        strictness: Strictness,
    ) -> Result<Option<Self>, Refusal> {
        let data = data.cloned().unwrap_or_else(|| Value::Object(Map::new()));
        if kind == CREATED {
            let created = Created::read(&data, Sport::Cricket, strictness)?;
            return Ok(Some(Self::Created(Arc::new(created))));
        }
        if kind == "delivery" {
            let delivery = Delivery::read(data, "data", strictness)?;
            return Ok(Some(Self::Delivery(Box::new(delivery))));
        }
        if kind == "review" {
            return Ok(Some(Self::Review(Review::read(data, "data", strictness)?)));
        }
        let mut reader = Reader::new(data, "data", strictness)?;
        let Some(fact) = Self::take(kind, &mut reader)? else {
            return Ok(None);
        };
        reader.finish()?;
        Ok(Some(fact))
    }

    /// Takes the members of the smaller types.
    fn take(kind: &str, reader: &mut Reader) -> Result<Option<Self>, Refusal> {
        Ok(Some(match kind {
            "lineup" => Self::lineup(reader)?,
            "toss" => Self::Toss(Toss::take(reader)?),
            "innings_start" => Self::InningsStart(InningsStart::take(reader)?),
            "over_end" => Self::OverEnd {
                over: reader.need("over")?,
                miscounted: reader
                    .may::<Miscounted>("miscounted")?
                    .map(|over| over.balls),
            },
            "batter_in" => Self::BatterIn {
                player: reader.need("player")?,
            },
            "batter_returns" => Self::BatterReturns {
                player: reader.need("player")?,
            },
            "batter_retired" => Self::BatterRetired {
                player: reader.need("player")?,
                kind: reader.need("kind")?,
            },
            "dismissal" => Self::Dismissal(Wicket::take(reader)?),
            "penalty" => Self::penalty(reader)?,
            "powerplay" => Self::Powerplay(Powerplay::take(reader)?),
            "target_revised" => Self::TargetRevised(Target::take(reader)?),
            "overs_revised" => Self::OversRevised {
                overs: reader.need("overs")?,
                bowler_overs_max: reader.may_number("bowler_overs_max", 1..=500)?,
            },
            "status" => Self::Status {
                status: reader.need("status")?,
                note: reader.may_text("note", 200)?,
            },
            "innings_end" => Self::InningsEnd {
                reason: reader.need("reason")?,
                absent_hurt: reader.may("absent_hurt")?.unwrap_or_default(),
            },
            "result" => Self::Result(MatchResult::take(reader)?),
            "comment" => {
                reader.may_text("about", 64)?;
                reader.need_text("text", TEXT_CHARS_MAX)?;
                Self::Comment
            }
            "lock" | "unlock" => {
                reader.may_text("reason", 200)?;
                if kind == "lock" {
                    Self::Lock
                } else {
                    Self::Unlock
                }
            }
            _ => return Ok(None),
        }))
    }

    fn lineup(reader: &mut Reader) -> Result<Self, Refusal> {
        let lineup = (reader.need("team")?, reader.need("players")?);
        let (team, players): (Side, Vec<Player>) = lineup;
        if players.is_empty() {
            return Err(Refusal::malformed("data.players", "data.players is empty"));
        }
        check_unique(&players, "data.players")?;
        Ok(Self::Lineup { team, players })
    }

    fn penalty(reader: &mut Reader) -> Result<Self, Refusal> {
        reader.may_text("reason", 200)?;
        Ok(Self::Penalty {
            team: reader.need("team")?,
            runs: reader.need("runs")?,
            when: reader.may("when")?,
        })
    }
}

/// Who won the toss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Toss {
    pub(crate) winner: Side,
    pub(crate) decision: TossDecision,
    pub(crate) uncontested: bool,
}

impl Toss {
    fn take(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            winner: reader.need("winner")?,
            decision: reader.need("decision")?,
            uncontested: reader.may("uncontested")?.unwrap_or_default(),
        })
    }

    /// The side that bats first.
    pub(crate) fn bats_first(self) -> Side {
        match self.decision {
            TossDecision::Bat => self.winner,
            TossDecision::Field => self.winner.other(),
        }
    }
}

/// An innings begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InningsStart {
    pub(crate) batting: Side,
    pub(crate) super_over: bool,
    pub(crate) target: Option<Target>,
    pub(crate) follow_on: bool,
}

impl InningsStart {
    fn take(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            batting: reader.need("batting")?,
            super_over: reader.may("super_over")?.unwrap_or_default(),
            target: reader.may("target")?,
            follow_on: reader.may("follow_on")?.unwrap_or_default(),
        })
    }
}

/// What the side that bats last must make.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) runs: u32,
    pub(crate) overs: Option<Overs>,
    pub(crate) method: Option<String>,
    pub(crate) par: Option<u32>,
}

impl Target {
    fn take(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            method: reader.may_text("method", NAME_CHARS_MAX)?,
            par: reader.may("par")?,
            ..Self::plain(reader)?
        })
    }

    fn plain(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            runs: reader.need("runs")?,
            overs: reader.may("overs")?,
            method: None,
            par: None,
        })
    }
}

impl Read for Target {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let target = Self::plain(&mut reader)?;
        reader.finish()?;
        Ok(target)
    }
}

/// An over with other than its number of legal balls.
struct Miscounted {
    balls: u32,
}

impl Read for Miscounted {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let balls = reader.need("balls")?;
        reader.may_text("umpire", NAME_CHARS_MAX)?;
        reader.finish()?;
        Ok(Self { balls })
    }
}

/// Overs with restricted fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Powerplay {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) kind: String,
}

impl Powerplay {
    fn take(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            from: reader.need_text("from", 8)?,
            to: reader.need_text("to", 8)?,
            kind: reader.need_text("kind", 30)?,
        })
    }
}

/// How the match ended, as entered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MatchResult {
    pub(crate) winner: Option<Side>,
    pub(crate) by: Option<Margin>,
    pub(crate) result: Option<NoWinner>,
    pub(crate) method: Option<String>,
    pub(crate) eliminator: Option<Side>,
    pub(crate) bowl_out: Option<Side>,
    pub(crate) awarded: bool,
    pub(crate) player_of_match: Vec<PlayerId>,
}

impl MatchResult {
    fn take(reader: &mut Reader) -> Result<Self, Refusal> {
        Ok(Self {
            winner: reader.may("winner")?,
            by: reader.may("by")?,
            result: reader.may("result")?,
            method: reader.may_text("method", NAME_CHARS_MAX)?,
            eliminator: reader.may("eliminator")?,
            bowl_out: reader.may("bowl_out")?,
            awarded: reader.may("awarded")?.unwrap_or_default(),
            player_of_match: reader.may("player_of_match")?.unwrap_or_default(),
        })
    }
}

/// By how much a match was won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Margin {
    pub(crate) runs: Option<u32>,
    pub(crate) wickets: Option<u32>,
    pub(crate) innings: Option<u32>,
}

impl Read for Margin {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let mut reader = Reader::new(value, place, strictness)?;
        let margin = Self {
            runs: reader.may("runs")?,
            wickets: reader.may("wickets")?,
            innings: reader.may("innings")?,
        };
        reader.finish()?;
        Ok(margin)
    }
}
