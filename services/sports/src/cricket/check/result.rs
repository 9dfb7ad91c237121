//! Checks of a result (Law 16): it is entered, never derived; where the runs say otherwise, they say
//! so.

use super::{Odd, people};
use crate::cricket::Book;
use crate::cricket::facts::MatchResult;
use crate::cricket::words::{NoWinner, Side};
use crate::refusal::Refusal;

pub(super) fn check(book: &Book, result: &MatchResult, odd: &mut Odd) -> Result<(), Refusal> {
    let refuse = |field: &str, detail: &str| Err(Refusal::impossible("result", detail).at(field));
    if result.winner.is_some() && result.result.is_some() {
        return refuse(
            "data.result",
            "a match has a winner, or a result without one",
        );
    }
    if result.winner.is_none() && result.result.is_none() {
        return refuse(
            "data",
            "a result names the winner, or tie, draw or no result",
        );
    }
    if result.winner.is_none() && (result.by.is_some() || result.awarded) {
        return refuse("data.winner", "nobody won, so by and awarded say nothing");
    }
    for (index, player) in result.player_of_match.iter().enumerate() {
        people::known(book, player, &format!("data.player_of_match.{index}"))?;
    }
    odd.note_if(
        (result.eliminator.is_some() || result.bowl_out.is_some())
            && result.result != Some(NoWinner::Tie),
        "tie_break",
        "a super over or a bowl-out decides a tie",
    );
    odd.note_if(
        book.open().is_some(),
        "innings_open",
        "an innings is still open",
    );
    odd.note_if(
        book.result.is_some(),
        "result_again",
        "this takes the place of the result before",
    );
    if let Some(winner) = result.winner
        && !result.awarded
        && result.method.is_none()
        && runs_say(book).is_some_and(|side| side != winner)
    {
        odd.note("result_differs", "the runs say that the other side won");
    }
    Ok(())
}

/// The side with more runs, where that decides: both had all of their innings, and no target was
/// set in another way.
fn runs_say(book: &Book) -> Option<Side> {
    let innings = |side| {
        let all = book.innings.iter();
        all.filter(|innings| innings.batting == side && !innings.super_over)
            .count()
    };
    let due = book.rules.innings_per_side as usize;
    if innings(Side::A) < due || innings(Side::B) < due {
        return None;
    }
    let (a, b) = (book.match_runs(Side::A), book.match_runs(Side::B));
    match a.cmp(&b) {
        std::cmp::Ordering::Less => Some(Side::B),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Side::A),
    }
}
