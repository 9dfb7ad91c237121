//! Checks of what is entered between balls: line-ups, toss, penalties, targets.

use super::Odd;
use crate::cricket::Book;
use crate::cricket::facts::{Target, Toss};
use crate::cricket::setup::{Player, SQUAD_MAX};
use crate::cricket::words::{Overs, Side};
use crate::refusal::Refusal;

/// More penalty runs at once are a slip of the finger.
const PENALTY_MAX: u32 = 100;

pub(super) fn lineup(
    book: &Book,
    team: Side,
    players: &[Player],
    odd: &mut Odd,
) -> Result<(), Refusal> {
    let mut new = 0;
    for (index, player) in players.iter().enumerate() {
        match book.squads.side_of(&player.id) {
            None => new += 1,
            Some(side) if side == team => {
                odd.note(
                    "player_known",
                    format!("{} is in the line-up already", player.id),
                );
            }
            Some(_) => {
                let detail = format!("{} plays for the other team", player.id);
                let field = format!("data.players.{index}.id");
                return Err(Refusal::impossible("player_side", detail).at(&field));
            }
        }
    }
    if book.squads.squad(team).players.len() + new > SQUAD_MAX {
        let detail = format!("a team has at most {SQUAD_MAX} players");
        return Err(Refusal::impossible("squad_max", detail).at("data.players"));
    }
    Ok(())
}

pub(super) fn toss(book: &Book, _: Toss, odd: &mut Odd) {
    odd.note_if(
        book.toss.is_some(),
        "toss_again",
        "the toss was entered before",
    );
    odd.note_if(
        !book.innings.is_empty(),
        "toss_late",
        "the match has begun already",
    );
}

pub(super) fn penalty(runs: u32, odd: &mut Odd) -> Result<(), Refusal> {
    if runs == 0 || runs > PENALTY_MAX {
        let detail = format!("a penalty is 1 to {PENALTY_MAX} runs");
        return Err(Refusal::impossible("penalty", detail).at("data.runs"));
    }
    odd.note_if(
        !runs.is_multiple_of(5),
        "penalty_runs",
        "penalties are five runs by the Laws",
    );
    Ok(())
}

pub(super) fn target(book: &Book, target: &Target, odd: &mut Odd) -> Result<(), Refusal> {
    if target.runs == 0 {
        let detail = "a target is one run at least";
        return Err(Refusal::impossible("target", detail).at("data.runs"));
    }
    if let Some(overs) = target.overs {
        fits(book, overs, "data.overs")?;
    }
    odd.note_if(
        book.innings.is_empty(),
        "target_early",
        "nobody has batted yet; the target counts for the next innings",
    );
    Ok(())
}

pub(super) fn overs(book: &Book, overs: Overs, odd: &mut Odd) -> Result<(), Refusal> {
    fits(book, overs, "data.overs")?;
    odd.note_if(
        book.rules.overs.is_none(),
        "overs_unlimited",
        "by its rules this match has no number of overs",
    );
    Ok(())
}

/// The balls beyond whole overs are fewer than an over has.
pub(super) fn fits(book: &Book, overs: Overs, field: &str) -> Result<(), Refusal> {
    let balls_per_over = book.rules.balls_per_over;
    if overs.balls < balls_per_over {
        return Ok(());
    }
    let detail = format!(
        "{} balls are no part of an over of {balls_per_over}",
        overs.balls
    );
    Err(Refusal::impossible("overs", detail).at(field))
}
