//! Whether an over or an innings has come to its end, and which innings is next.

use serde_json::{Value, json};

use super::{needed, proper};
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::words::{EndReason, Overs, Side, StatusWord};

/// The over that has all its balls and was not ended (Law 17.4).
pub(super) fn over_end(innings: &Innings) -> Option<u32> {
    let (number, over) = innings.last_over()?;
    (!over.is_ended && over.is_full).then_some(number)
}

/// Why the innings is over, if the score says so (Law 13.3; Law 16.6 for the winning hit).
pub(super) fn end(book: &Book, innings: &Innings) -> Option<EndReason> {
    let may_fall_back = innings.league.dismissed_bat_on();
    if innings.is_all_out() {
        Some(EndReason::AllOut)
    } else if !may_fall_back && needed(book, innings).is_some_and(|needed| innings.runs >= needed) {
        Some(EndReason::Target)
    } else if innings.balls_left() == Some(0) {
        Some(EndReason::Overs)
    } else {
        None
    }
}

/// The `innings_start` that comes next, while the match is not decided.
pub(super) fn start(book: &Book) -> Option<Value> {
    let given_up = matches!(book.status, StatusWord::Abandoned | StatusWord::Ended);
    if given_up {
        return None;
    }
    let played = proper(book, Side::A).count() + proper(book, Side::B).count();
    let due = 2 * book.rules.innings_per_side as usize;
    match book.innings.last() {
        None => {
            let toss = book.toss?;
            Some(json!({ "batting": toss.bats_first().as_str() }))
        }
        Some(last) if played < due => in_turn(book, last, played + 1 == due),
        Some(last) => super_over(book, last),
    }
}

/// Innings are taken in turn (Law 13.2), but for a follow-on (Law 14).
fn in_turn(book: &Book, last: &Innings, is_last_of_match: bool) -> Option<Value> {
    if super::result::is_won_by_an_innings(book) {
        return None;
    }
    let first = book.innings.first()?.batting;
    let a_side_is_through =
        |side: Side| proper(book, side).count() >= book.rules.innings_per_side as usize;
    let batting = match last.batting.other() {
        other if a_side_is_through(other) => last.batting,
        other => other,
    };
    let mut data = json!({ "batting": batting.as_str() });
    let lead = book.match_runs(batting.other()) - book.match_runs(batting);
    let revised = book.next_target();
    if let Some(target) = revised {
        data["target"] = target_data(target.runs.into(), target.overs);
    } else if is_last_of_match && lead >= 0 {
        data["target"] = target_data(lead + 1, book.next_overs());
    }
    let played = proper(book, Side::A).count() + proper(book, Side::B).count();
    if played == 2 && book.rules.innings_per_side == 2 && last.batting != first {
        let lead = book.match_runs(first) - book.match_runs(first.other());
        if lead >= book.rules.follow_on_lead() {
            data["follow_on_possible"] = true.into();
        }
    }
    Some(data)
}

fn target_data(runs: i64, overs: Option<Overs>) -> Value {
    let mut target = json!({ "runs": runs });
    if let Some(overs) = overs {
        target["overs"] = overs.value();
    }
    target
}

/// After a tie in a match of limited overs. Who batted second bats first (ICC T20I playing
/// conditions, super over procedure), again and again until one side has more.
fn super_over(book: &Book, last: &Innings) -> Option<Value> {
    book.rules.overs?;
    let of_super_overs = book.innings.iter().filter(|one| one.super_over).count();
    if of_super_overs % 2 == 1 {
        let target = target_data(last.runs + 1, None);
        let batting = last.batting.other().as_str();
        return Some(json!({ "batting": batting, "super_over": true, "target": target }));
    }
    let level = match book.innings.as_slice() {
        [.., first, second] if second.super_over => first.runs == second.runs,
        _ => super::result::is_tied(book),
    };
    level.then(|| json!({ "batting": last.batting.as_str(), "super_over": true }))
}
