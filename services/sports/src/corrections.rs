//! Decides insert, amend, void and restore: by the event itself and its place. What they make of
//! later events is told in warnings, so that a repair in two steps is possible.

use std::collections::BTreeSet;

use grandstand_core::event::{Op, Posted};
use grandstand_core::headers::Warning;
use grandstand_core::ids::EventId;

use crate::created::CREATED;
use crate::cricket::{self, Book, Fact};
use crate::effective::Entry;
use crate::fold::List;
use crate::ids::{Names, Place};
use crate::kept::Kept;
use crate::refusal::{Refusal, RefusalKind};
use crate::sport::Rights;

/// How many later events a warning names.
const LATER_WARNINGS_MAX: usize = 5;

/// A correction that may be.
pub(crate) struct Corrected {
    pub(crate) kind: String,
    pub(crate) tags: Vec<String>,
    pub(crate) book: Book,
    pub(crate) list: List,
    pub(crate) warnings: Vec<Warning>,
}

/// Decides a correction of `list`, whose copy it gets; `names` are those of its events.
pub(crate) fn decide(
    list: List,
    names: Names<'_>,
    posted: &Posted,
    fact: Option<Fact>,
    rights: Rights,
) -> Result<Corrected, Refusal> {
    let unknown = || {
        let detail = "ref names no event that can be corrected";
        Refusal::new(RefusalKind::UnknownRef, "unknown_ref", detail).at("ref")
    };
    let reference = posted.reference.as_ref().ok_or_else(unknown)?;
    let named = names.find(reference).ok_or_else(unknown)?;
    let position = list.position(named.place).ok_or_else(unknown)?;
    let entry = list.get(position).ok_or_else(unknown)?;
    let stands = list.fact(entry);
    check_standing(entry, stands.kind(), posted, reference)?;
    cricket::check_rights_of(&stands, rights)?;
    let (kind, place) = match posted.op {
        Op::Insert => (
            posted.kind.clone().unwrap_or_default(),
            list.insert_position(position),
        ),
        Op::Add | Op::Amend | Op::Void | Op::Restore => (stands.kind().to_owned(), position),
    };
    // What is checked and stands in this place afterwards.
    let fact = match posted.op {
        Op::Add | Op::Insert | Op::Amend => fact,
        Op::Restore => Some(stands.into_owned()),
        Op::Void => None,
    };
    let before = book_before(&list, place);
    let (mut warnings, tags) = match &fact {
        Some(fact) => {
            let warnings = cricket::check(&before, fact)?;
            let mut after = before.clone();
            after.step(fact);
            (warnings, cricket::tags(&before, &after, fact))
        }
        None => (Vec::new(), Vec::new()),
    };
    let mut corrected = list.clone();
    match (posted.op, fact) {
        (Op::Insert, Some(fact)) => corrected.insert(position, names.next(), fact),
        (Op::Amend, Some(fact)) => corrected.amend(position, fact),
        (Op::Void, _) => corrected.set_void(position, true),
        (Op::Restore, _) => corrected.set_void(position, false),
        (Op::Add | Op::Insert | Op::Amend, _) => return Err(unknown()),
    }
    let same_until = if posted.op == Op::Insert {
        place
    } else {
        place + 1
    };
    let (odd_before, _) = oddities(&list, place, same_until, before.clone());
    let shift = usize::from(posted.op == Op::Insert);
    let (odd_after, book) = oddities(&corrected, place, same_until + shift, before);
    warnings.extend(new_warnings(names, &odd_before, odd_after));
    let tags = std::iter::once("correction".to_owned())
        .chain(tags)
        .collect();
    Ok(Corrected {
        kind,
        tags,
        book,
        list: corrected,
        warnings,
    })
}

/// Whether an entry of type `kind` may be corrected so.
fn check_standing(
    entry: &Entry<Kept>,
    kind: &str,
    posted: &Posted,
    id: &EventId,
) -> Result<(), Refusal> {
    let refuse = |rule, detail: String| Err(Refusal::impossible(rule, detail).at("ref").about(id));
    match posted.op {
        Op::Amend if entry.is_void => refuse("void", format!("{id} is void; restore it first")),
        Op::Amend if posted.kind.as_deref() != Some(kind) => {
            let detail =
                format!("{id} is of type {kind}; to make it another, void it and insert after it");
            Err(Refusal::impossible("amend_type", detail)
                .at("type")
                .about(id))
        }
        Op::Void if entry.is_void => refuse(
            "void",
            format!("{id} is void already; restore makes it count again"),
        ),
        Op::Void if kind == CREATED => refuse(
            "void_created",
            "the creation of a match can't be void; amend it".to_owned(),
        ),
        Op::Restore if !entry.is_void => refuse("not_void", format!("{id} is not void")),
        Op::Add | Op::Insert | Op::Amend | Op::Void | Op::Restore => Ok(()),
    }
}

/// The book before what stands at `place`.
fn book_before(list: &List, place: usize) -> Book {
    let mut book = Book::default();
    for (_, _, fact) in list.standing_from(0).take_while(|(at, ..)| *at < place) {
        book.step(&fact);
    }
    book
}

/// An event that the rules find odd, the rule, and what they say.
pub(crate) type Oddity = (Place, String, String);

/// Folds on from `place`, and says what is odd about the events from `judged_from` on.
pub(crate) fn oddities(
    list: &List,
    place: usize,
    judged_from: usize,
    mut book: Book,
) -> (Vec<Oddity>, Book) {
    let mut odd = Vec::new();
    for (at, entry, fact) in list.standing_from(place) {
        if at >= judged_from {
            match cricket::check(&book, &fact) {
                Ok(warnings) => odd.extend(
                    warnings
                        .into_iter()
                        .map(|warning| (entry.place, warning.rule, warning.detail)),
                ),
                Err(refusal) => {
                    odd.push((entry.place, refusal.rule.to_owned(), refusal.detail));
                }
            }
        }
        book.step(&fact);
    }
    (odd, book)
}

/// What is odd now and was not before, as warnings, of which there are not many.
pub(crate) fn new_warnings(
    names: Names<'_>,
    before: &[Oddity],
    after: Vec<Oddity>,
) -> Vec<Warning> {
    let before: BTreeSet<(Place, &str)> = before
        .iter()
        .map(|(place, rule, _)| (*place, rule.as_str()))
        .collect();
    let new: Vec<Oddity> = after
        .into_iter()
        .filter(|(place, rule, _)| !before.contains(&(*place, rule.as_str())))
        .collect();
    let more = new.len().saturating_sub(LATER_WARNINGS_MAX);
    let mut warnings: Vec<Warning> = new
        .into_iter()
        .take(LATER_WARNINGS_MAX)
        .map(|(place, rule, detail)| Warning {
            rule,
            detail: format!("because of this, {}: {detail}", names.text(place)),
        })
        .collect();
    if more > 0 {
        warnings.push(Warning {
            rule: "later_events".to_owned(),
            detail: format!("and {more} more events are odd because of this"),
        });
    }
    warnings
}
