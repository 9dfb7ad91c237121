//! Whether an event may be so after what came before it. What can't be is refused; what is only
//! unusual is accepted with a warning: when in doubt, warn, for cricket has seen every oddity.

mod between;
mod delivery;
mod dismissal;
mod innings;
mod people;
mod result;

use grandstand_core::event::Op;
use grandstand_core::headers::Warning;

use super::{Book, Fact};
use crate::refusal::{Refusal, RefusalKind};
use crate::sport::Rights;

/// What is unusual about an event.
#[derive(Debug, Default)]
struct Odd(Vec<Warning>);

impl Odd {
    fn note(&mut self, rule: &str, detail: impl Into<String>) {
        self.0.push(Warning {
            rule: rule.to_owned(),
            detail: detail.into(),
        });
    }

    fn note_if(&mut self, is_odd: bool, rule: &str, detail: &str) {
        if is_odd {
            self.note(rule, detail);
        }
    }
}

/// Whether `fact` may be so after `book`, and what is unusual about it.
pub(crate) fn check(book: &Book, fact: &Fact) -> Result<Vec<Warning>, Refusal> {
    let mut odd = Odd::default();
    match fact {
        Fact::Lineup { team, players } => between::lineup(book, *team, players, &mut odd)?,
        Fact::Toss(toss) => between::toss(book, *toss, &mut odd),
        Fact::InningsStart(start) => innings::start(book, start, &mut odd)?,
        Fact::Delivery(ball) => delivery::check(book, ball, &mut odd)?,
        Fact::OverEnd { over, miscounted } => {
            innings::over_end(book, *over, *miscounted, &mut odd)?
        }
        Fact::BatterIn { player } => people::comes_in(book, player, &mut odd)?,
        Fact::BatterReturns { player } => people::returns(book, player, &mut odd)?,
        Fact::BatterRetired { player, kind } => {
            dismissal::retirement(book, player, *kind, &mut odd)?;
        }
        Fact::Dismissal(wicket) => dismissal::between_balls(book, wicket, &mut odd)?,
        Fact::Penalty { runs, .. } => between::penalty(*runs, &mut odd)?,
        Fact::TargetRevised(target) => between::target(book, target, &mut odd)?,
        Fact::OversRevised { overs, .. } => between::overs(book, *overs, &mut odd)?,
        Fact::Review(review) => {
            if let Some(batter) = &review.batter {
                people::known(book, batter, "data.batter")?;
            }
        }
        Fact::InningsEnd {
            reason,
            absent_hurt,
        } => innings::end(book, *reason, absent_hurt, &mut odd)?,
        Fact::Result(result) => result::check(book, result, &mut odd)?,
        Fact::Lock => odd.note_if(book.locked, "locked", "the match is locked already"),
        Fact::Unlock => odd.note_if(!book.locked, "not_locked", "the match is not locked"),
        Fact::Created(_)
        | Fact::Powerplay(_)
        | Fact::Status { .. }
        | Fact::Comment
        | Fact::Unknown { .. } => {}
    }
    Ok(odd.0)
}

/// Whether the poster may do this to a match that may be locked.
pub(crate) fn check_rights(
    book: &Book,
    op: Op,
    fact: Option<&Fact>,
    rights: Rights,
) -> Result<(), Refusal> {
    if let Some(fact) = fact {
        check_rights_of(fact, rights)?;
    }
    if !book.locked {
        return Ok(());
    }
    match op {
        Op::Add if matches!(fact, Some(Fact::Unlock)) => Ok(()),
        Op::Add => Err(Refusal::impossible(
            "locked",
            "the match is locked: an official may correct it, or unlock it first",
        )),
        Op::Insert | Op::Amend | Op::Void | Op::Restore if rights.official => Ok(()),
        Op::Insert | Op::Amend | Op::Void | Op::Restore => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "locked",
            "the match is locked: only an official may correct it",
        )),
    }
}

/// Locking and unlocking, and correcting either, is for officials.
pub(crate) fn check_rights_of(fact: &Fact, rights: Rights) -> Result<(), Refusal> {
    if matches!(fact, Fact::Lock | Fact::Unlock) && !rights.official {
        return Err(Refusal::new(
            RefusalKind::NotAllowed,
            "right_official",
            "to lock and unlock a match takes the right official",
        ));
    }
    Ok(())
}
