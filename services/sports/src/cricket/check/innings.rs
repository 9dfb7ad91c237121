//! Checks of the beginning and the end of innings and overs.

use super::{Odd, between, people};
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::facts::InningsStart;
use crate::cricket::words::{EndReason, PlayerId};
use crate::refusal::Refusal;

/// More innings than this is no match.
const INNINGS_MAX: usize = 40;

pub(super) fn start(book: &Book, start: &InningsStart, odd: &mut Odd) -> Result<(), Refusal> {
    if book.open().is_some() {
        let detail = "an innings is open; innings_end closes it";
        return Err(Refusal::impossible("innings_open", detail));
    }
    if book.innings.len() >= INNINGS_MAX {
        let detail = format!("the match has {INNINGS_MAX} innings already");
        return Err(Refusal::impossible("innings_max", detail));
    }
    if start.target.as_ref().is_some_and(|target| target.runs == 0) {
        let detail = "a target is one run at least";
        return Err(Refusal::impossible("target", detail).at("data.target.runs"));
    }
    if let Some(overs) = start.target.as_ref().and_then(|target| target.overs) {
        between::fits(book, overs, "data.target.overs")?;
    }
    let of_kind = |innings: &&Innings| innings.super_over == start.super_over;
    let before: Vec<&Innings> = book
        .innings
        .iter()
        .map(AsRef::as_ref)
        .filter(of_kind)
        .collect();
    if start.super_over {
        return Ok(());
    }
    let mine = before
        .iter()
        .filter(|innings| innings.batting == start.batting);
    odd.note_if(
        mine.count() >= book.rules.innings_per_side as usize,
        "innings_again",
        "this side has had its innings",
    );
    let first = book.toss.map(|toss| toss.bats_first());
    odd.note_if(
        before.is_empty() && first.is_some_and(|side| side != start.batting),
        "toss",
        "by the toss the other side bats first",
    );
    let chases = before.len() + 1 == 2 * book.rules.innings_per_side as usize;
    if chases && book.rules.overs.is_some() && start.target.is_none() {
        let theirs = book.match_runs(start.batting.other());
        let mine = book.match_runs(start.batting);
        let target = (theirs - mine).max(0) + 1;
        odd.note(
            "target_missing",
            format!("no target was entered; by the runs it is {target}"),
        );
    }
    note_follow_on(book, start, &before, odd);
    odd.note_if(
        book.result.is_some(),
        "result_entered",
        "the match has its result already",
    );
    Ok(())
}

/// The side that batted second may be asked to bat again at once, if it is far enough behind
/// (Law 14.1).
fn note_follow_on(book: &Book, start: &InningsStart, before: &[&Innings], odd: &mut Odd) {
    let may = match before {
        [first, second] => {
            second.batting == start.batting
                && first.batting != second.batting
                && first.runs - second.runs >= book.rules.follow_on_lead()
        }
        _ => false,
    };
    odd.note_if(
        start.follow_on && !may,
        "follow_on",
        "by the runs and the days of the match nobody follows on (Law 14.1)",
    );
}

pub(super) fn over_end(
    book: &Book,
    number: u32,
    miscounted: Option<u32>,
    odd: &mut Odd,
) -> Result<(), Refusal> {
    let innings = people::open(book)?;
    let refuse = |detail: String| Err(Refusal::impossible("over", detail).at("data.over"));
    let Some((last, over)) = innings.last_over() else {
        return refuse("no over has begun".to_owned());
    };
    if number != last {
        return refuse(format!("the over is {last}, not {number}"));
    }
    if over.is_ended {
        return refuse(format!("over {last} has ended already"));
    }
    let (bowled, due) = (over.legal_balls, innings.balls_per_over);
    match miscounted {
        Some(balls) if balls != bowled => {
            let detail = format!("{balls} balls are entered, but {bowled} legal ones were bowled");
            odd.note("miscounted", detail);
        }
        None if bowled != due && !over.is_full => {
            let detail = format!("over {number} ends with {bowled} legal balls instead of {due}");
            odd.note("over_balls", detail);
        }
        Some(_) | None => {}
    }
    Ok(())
}

pub(super) fn end(
    book: &Book,
    reason: EndReason,
    absent_hurt: &[PlayerId],
    odd: &mut Odd,
) -> Result<(), Refusal> {
    let innings = people::open(book)?;
    for (index, player) in absent_hurt.iter().enumerate() {
        people::batting(book, innings, player, &format!("data.absent_hurt.{index}"))?;
        if innings.batter(player).is_some() || absent_hurt.iter().take(index).any(|id| id == player)
        {
            odd.note(
                "absent_hurt",
                format!("{player} has batted, or is there twice"),
            );
        }
    }
    let mut after = innings.clone();
    after.end(reason, absent_hurt);
    let reached = innings
        .target
        .as_ref()
        .map(|target| innings.runs >= i64::from(target.runs));
    let is_odd = match reason {
        EndReason::AllOut => !after.is_all_out(),
        EndReason::Overs => innings.balls_left() != Some(0),
        EndReason::Target => reached != Some(true),
        EndReason::Time | EndReason::Declared | EndReason::Forfeited | EndReason::Abandoned => {
            false
        }
    };
    let detail = format!(
        "the score does not say that the innings is over: {}",
        reason.as_str()
    );
    odd.note_if(is_odd, "innings_end", &detail);
    Ok(())
}
