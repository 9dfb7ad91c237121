//! Checks of who is named: the right team, and not out already.

use super::Odd;
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::words::{DismissalKind, PlayerId, Side};
use crate::refusal::Refusal;

/// The innings that is open.
pub(super) fn open(book: &Book) -> Result<&Innings, Refusal> {
    book.open().ok_or_else(|| {
        Refusal::impossible("no_innings", "no innings is open; innings_start opens one")
    })
}

/// The team of a player whom somebody has entered.
pub(super) fn known(book: &Book, player: &PlayerId, field: &str) -> Result<Side, Refusal> {
    book.squads.side_of(player).ok_or_else(|| {
        let detail = format!("{player} is in no line-up; lineup adds players");
        Refusal::impossible("unknown_player", detail).at(field)
    })
}

/// A player of the side that bats.
pub(super) fn batting(
    book: &Book,
    innings: &Innings,
    player: &PlayerId,
    field: &str,
) -> Result<(), Refusal> {
    if known(book, player, field)? == innings.batting {
        return Ok(());
    }
    let detail = format!("{player} plays for the side that fields");
    Err(Refusal::impossible("batting_side", detail).at(field))
}

/// A player of the side that fields.
pub(super) fn fielding(
    book: &Book,
    innings: &Innings,
    player: &PlayerId,
    field: &str,
) -> Result<(), Refusal> {
    if known(book, player, field)? != innings.batting {
        return Ok(());
    }
    let detail = format!("{player} plays for the side that bats");
    Err(Refusal::impossible("fielding_side", detail).at(field))
}

/// A batter who is out in this innings takes no more part in it.
pub(super) fn not_out(innings: &Innings, player: &PlayerId, field: &str) -> Result<(), Refusal> {
    match innings.batter(player).and_then(|row| row.dismissed()) {
        None => Ok(()),
        Some(kind) => {
            let detail = format!("{player} is out already: {}", kind.as_str());
            Err(Refusal::impossible("batter_out", detail).at(field))
        }
    }
}

/// A batter comes to bat.
pub(super) fn comes_in(book: &Book, player: &PlayerId, odd: &mut Odd) -> Result<(), Refusal> {
    let innings = open(book)?;
    batting(book, innings, player, "data.player")?;
    not_out(innings, player, "data.player")?;
    if innings.batter(player).is_some() {
        odd.note("batter_in", format!("{player} has been in already"));
    }
    Ok(())
}

/// Who retired for another reason than illness or injury comes back only if the other captain lets
/// him (Law 25.4.3).
pub(super) fn note_return(innings: &Innings, player: &PlayerId, odd: &mut Odd) {
    let out = innings.batter(player).and_then(|row| row.out.as_ref());
    if out.is_some_and(|out| out.kind == DismissalKind::RetiredOut) {
        let detail = format!("{player} had retired out: the other captain must agree (Law 25.4.3)");
        odd.note("retired_out", detail);
    }
}

/// Whom another has replaced for the match takes no more part in it (Law 1.3).
pub(super) fn note_replaced(book: &Book, player: &PlayerId, odd: &mut Odd) {
    if book.replaced.contains(player) {
        let detail = format!("{player} was replaced for the match");
        odd.note("player_replaced", detail);
    }
}

/// A batter who went comes back.
pub(super) fn returns(book: &Book, player: &PlayerId, odd: &mut Odd) -> Result<(), Refusal> {
    let innings = open(book)?;
    batting(book, innings, player, "data.player")?;
    not_out(innings, player, "data.player")?;
    note_return(innings, player, odd);
    if innings.batter(player).is_none_or(|row| row.out.is_none()) {
        odd.note("not_retired", format!("{player} had not retired"));
    }
    Ok(())
}
