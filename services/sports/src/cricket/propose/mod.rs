//! What the book expects next: proposals for the scorer, of which nothing is ever applied.

mod crease;
mod innings;
mod result;

use serde_json::{Map, Value, json};

use super::Book;
use super::book::Innings;
use super::words::Side;

pub(crate) use crease::{Pair, expected};

/// All that is proposed as things stand; what there is nothing to say of is absent. A member named
/// like a type of event is the `data` of the event that would enter it.
pub(crate) fn proposals(book: &Book) -> Map<String, Value> {
    let mut proposals = Map::new();
    if book.result.is_some() {
        return proposals;
    }
    match book.open() {
        Some(open) => {
            ball(open, &mut proposals);
            if let Some(player) = crease::retires(open) {
                let data = json!({ "player": player.as_str(), "kind": "retired not out" });
                proposals.insert("batter_retired".to_owned(), data);
            }
            if let Some(over) = innings::over_end(open) {
                proposals.insert("over_end".to_owned(), json!({ "over": over }));
            }
            if let Some(reason) = innings::end(book, open) {
                let data = json!({ "reason": reason.as_str() });
                proposals.insert("innings_end".to_owned(), data);
            }
        }
        None => {
            let next = [
                ("innings_start", innings::start(book)),
                ("result", result::propose(book)),
            ];
            for (name, data) in next {
                if let Some(data) = data {
                    proposals.insert(name.to_owned(), data);
                }
            }
        }
    }
    proposals
}

/// Who faces, who is at the other end, who bowls, and in which over.
fn ball(innings: &Innings, proposals: &mut Map<String, Value>) {
    let over = crease::next_over(innings);
    let pair = expected(innings, over);
    let is_order_known = !innings.crease.is_order_open;
    let players = [
        ("striker", pair.striker.filter(|_| is_order_known)),
        ("non_striker", pair.non_striker.filter(|_| is_order_known)),
        ("bowler", innings.crease.bowler.clone()),
    ];
    for (name, player) in players {
        if let Some(player) = player {
            proposals.insert(name.to_owned(), player.as_str().into());
        }
    }
    proposals.insert("over".to_owned(), over.into());
}

/// The innings of a side that count together: those of the match proper.
fn proper(book: &Book, side: Side) -> impl Iterator<Item = &Innings> {
    let all = book.innings.iter().map(AsRef::as_ref);
    all.filter(move |innings: &&Innings| innings.batting == side && !innings.super_over)
}

/// Whether both sides have begun all their innings of the match proper.
fn is_last_of_match(book: &Book) -> bool {
    let per_side = book.rules.innings_per_side as usize;
    [Side::A, Side::B]
        .into_iter()
        .all(|side| proper(book, side).count() >= per_side)
}

/// What wins the newest innings: as it was entered, else one more than the others are ahead, if its
/// side bats last in the match or in the super over (Law 16.1, 16.2).
fn needed(book: &Book, innings: &Innings) -> Option<i64> {
    if let Some(target) = &innings.target {
        return Some(target.runs.into());
    }
    if innings.super_over {
        let supers = book.innings.iter().filter(|one| one.super_over);
        let [.., theirs, _] = supers.collect::<Vec<_>>()[..] else {
            return None;
        };
        return (theirs.batting != innings.batting).then_some(theirs.runs + 1);
    }
    let earlier = book.match_runs(innings.batting) - innings.runs;
    is_last_of_match(book).then(|| book.match_runs(innings.batting.other()) + 1 - earlier)
}
