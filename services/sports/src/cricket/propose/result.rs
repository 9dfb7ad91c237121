//! How the match ended, by its innings: a proposal, for what counts is what was entered.

use serde_json::{Value, json};

use super::{is_last_of_match, needed, proper};
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::facts::Target;
use crate::cricket::words::{EndReason, Side, StatusWord};

/// The `data` of a result, if the innings say what it is (Law 16).
pub(super) fn propose(book: &Book) -> Option<Value> {
    let last = book.innings.last()?;
    if last.super_over {
        return after_super_over(book);
    }
    if book.status == StatusWord::Abandoned {
        return Some(json!({ "result": unfinished(book) }));
    }
    if let Some((winner, runs)) = by_an_innings(book) {
        let by = json!({ "innings": 1, "runs": runs });
        return Some(json!({ "winner": winner.as_str(), "by": by }));
    }
    if !is_last_of_match(book) {
        // Time is up before all innings were played: Law 16.5.2.
        let drawn = last.end == Some(EndReason::Time) && book.rules.overs.is_none();
        return drawn.then(|| json!({ "result": "draw" }));
    }
    of_last_innings(book, last)
}

/// Whether the sides have as many runs, with all innings of the match proper played (Law 16.5.1).
pub(super) fn is_tied(book: &Book) -> bool {
    let mut of_match = book.innings.iter().filter(|one| !one.super_over);
    let Some(last) = of_match.next_back() else {
        return false;
    };
    is_last_of_match(book)
        && is_completed(last)
        && needed(book, last).is_some_and(|needed| last.runs == needed - 1)
}

/// Whether a side has all its innings behind it and is still behind.
pub(super) fn is_won_by_an_innings(book: &Book) -> bool {
    by_an_innings(book).is_some()
}

fn of_last_innings(book: &Book, last: &Innings) -> Option<Value> {
    let needed = needed(book, last)?;
    let method = last
        .target
        .as_ref()
        .and_then(|target| target.method.as_deref());
    let by_runs = last.league.dismissed_bat_on();
    let mut result = if by_runs && last.runs >= needed {
        let runs = last.runs - (needed - 1);
        json!({ "winner": last.batting.as_str(), "by": { "runs": runs } })
    } else if last.runs >= needed {
        let wickets = last.wickets_max.saturating_sub(last.wickets);
        json!({ "winner": last.batting.as_str(), "by": { "wickets": wickets } })
    } else if !is_completed(last) {
        return unfinished_chase(book, last);
    } else if last.runs + 1 == needed {
        json!({ "result": "tie" })
    } else {
        let runs = needed - 1 - last.runs;
        json!({ "winner": last.batting.other().as_str(), "by": { "runs": runs } })
    };
    if let Some(method) = method {
        result["method"] = method.into();
    }
    Some(result)
}

/// A chase that was given up: against par if one was entered (the ICC's playing conditions, clause
/// 16.4: the score is compared with the par score), else drawn where time ran out.
fn unfinished_chase(book: &Book, last: &Innings) -> Option<Value> {
    let target = last.target.as_ref();
    if let Some(Target {
        par: Some(par),
        method,
        ..
    }) = target
    {
        let ahead = last.runs - i64::from(*par);
        let winner = match ahead.cmp(&0) {
            std::cmp::Ordering::Less => last.batting.other(),
            std::cmp::Ordering::Equal => return Some(json!({ "result": "tie" })),
            std::cmp::Ordering::Greater => last.batting,
        };
        let mut result = json!({
            "winner": winner.as_str(), "by": { "runs": ahead.abs() },
        });
        if let Some(method) = method {
            result["method"] = method.as_str().into();
        }
        return Some(result);
    }
    let drawn = last.end == Some(EndReason::Time) && book.rules.overs.is_none();
    drawn.then(|| json!({ "result": "draw" }))
}

fn unfinished(book: &Book) -> &'static str {
    match book.rules.overs {
        Some(_) => "no result",
        None => "draw",
    }
}

fn after_super_over(book: &Book) -> Option<Value> {
    let [.., first, second] = book.innings.as_slice() else {
        return None;
    };
    let supers = book.innings.iter().filter(|one| one.super_over).count();
    if supers % 2 == 1 || first.batting == second.batting {
        return None;
    }
    let winner = match first.runs.cmp(&second.runs) {
        std::cmp::Ordering::Less => second.batting,
        std::cmp::Ordering::Equal => return Some(json!({ "result": "tie" })),
        std::cmp::Ordering::Greater => first.batting,
    };
    Some(json!({ "result": "tie", "eliminator": winner.as_str() }))
}

/// The side that is ahead after all innings of the other, with one of its own in hand, and by how
/// many runs (Law 16.7).
fn by_an_innings(book: &Book) -> Option<(Side, i64)> {
    if !book.innings.last().is_some_and(|last| is_completed(last)) {
        return None;
    }
    let per_side = book.rules.innings_per_side as usize;
    [Side::A, Side::B].into_iter().find_map(|side| {
        let in_hand = proper(book, side).count() < per_side;
        let through = proper(book, side.other()).count() >= per_side;
        let ahead = book.match_runs(side) - book.match_runs(side.other());
        (per_side > 1 && in_hand && through && ahead > 0).then_some((side, ahead))
    })
}

/// Whether nothing of it is left to play (Law 13.3).
fn is_completed(innings: &Innings) -> bool {
    match innings.end {
        Some(
            EndReason::AllOut
            | EndReason::Overs
            | EndReason::Target
            | EndReason::Declared
            | EndReason::Forfeited,
        ) => true,
        Some(EndReason::Time | EndReason::Abandoned) | None => false,
    }
}
