//! The line of a strip: how it stands, as a fan would say it.

use super::now::runs_needed;
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::facts::{MatchResult, Toss};
use crate::cricket::words::{NoWinner, Side, StatusWord, TossDecision};

/// The line; empty if there is nothing to say.
pub(super) fn render(book: &Book) -> String {
    if let Some(result) = &book.result {
        return of_result(book, result);
    }
    let pause = of_status(book);
    let play = match (book.innings.last(), book.toss) {
        (Some(last), _) => of_innings(book, last),
        (None, Some(toss)) => of_toss(book, toss),
        (None, None) => String::new(),
    };
    match (pause.is_empty(), play.is_empty()) {
        (false, false) => format!("{pause}: {play}"),
        (false, true) => pause,
        (true, _) => play,
    }
}

fn of_status(book: &Book) -> String {
    if let Some(note) = &book.status_note {
        return note.clone();
    }
    let text = match book.status {
        StatusWord::Scheduled | StatusWord::Live | StatusWord::Ended => "",
        StatusWord::Delayed => "Delayed",
        StatusWord::Drinks => "Drinks",
        StatusWord::Lunch => "Lunch",
        StatusWord::Tea => "Tea",
        StatusWord::InningsBreak => "Innings break",
        StatusWord::Timeout => "Time-out",
        StatusWord::Rain => "Rain",
        StatusWord::BadLight => "Bad light",
        StatusWord::Stumps => "Stumps",
        StatusWord::Abandoned => "Abandoned",
    };
    text.to_owned()
}

fn of_toss(book: &Book, toss: Toss) -> String {
    let team = book.squads.squad(toss.winner).short();
    let choice = match toss.decision {
        TossDecision::Bat => "bat",
        TossDecision::Field => "field",
    };
    format!("{team} chose to {choice}")
}

fn of_innings(book: &Book, innings: &Innings) -> String {
    let team = book.squads.squad(innings.batting).short();
    if let Some(target) = &innings.target {
        return match (runs_needed(innings), innings.balls_left()) {
            (None, _) => format!("{team} reached the target of {}", target.runs),
            (Some(runs), Some(balls)) => format!("{team} need {runs} from {balls}"),
            (Some(runs), None) => format!("{team} need {runs} to win"),
        };
    }
    let others = book
        .innings
        .iter()
        .any(|other| other.batting != innings.batting);
    if book.rules.innings_per_side > 1 && others {
        let mine = book.match_runs(innings.batting);
        let theirs = book.match_runs(innings.batting.other());
        return match mine.cmp(&theirs) {
            std::cmp::Ordering::Less => format!("{team} trail by {}", theirs - mine),
            std::cmp::Ordering::Equal => "Scores are level".to_owned(),
            std::cmp::Ordering::Greater => format!("{team} lead by {}", mine - theirs),
        };
    }
    match book.toss {
        Some(toss) if !innings.super_over => of_toss(book, toss),
        Some(_) | None => String::new(),
    }
}

fn of_result(book: &Book, result: &MatchResult) -> String {
    let team = |side: Side| &book.squads.squad(side).name;
    let mut line = match (result.winner, result.result) {
        (Some(winner), _) if result.awarded => format!("{} were awarded the match", team(winner)),
        (Some(winner), _) => format!("{} won{}", team(winner), margin(result)),
        (None, Some(NoWinner::Tie)) | (None, None) => "Match tied".to_owned(),
        (None, Some(NoWinner::Draw)) => "Match drawn".to_owned(),
        (None, Some(NoWinner::NoResult)) => "No result".to_owned(),
    };
    if let Some(method) = &result.method {
        line.push_str(&format!(" ({method})"));
    }
    if let Some(side) = result.eliminator {
        let how = eliminator(book, side);
        line.push_str(&format!(" ({} won {how})", team(side)));
    }
    if let Some(side) = result.bowl_out {
        line.push_str(&format!(" ({} won the bowl-out)", team(side)));
    }
    line
}

/// What a side won after a tie: a super over that was tied too was decided otherwise.
fn eliminator(book: &Book, winner: Side) -> &'static str {
    let runs = |side| {
        let mut innings = book.innings.iter().rev();
        innings
            .find(|innings| innings.super_over && innings.batting == side)
            .map(|innings| innings.runs)
    };
    match (runs(winner), runs(winner.other())) {
        (Some(mine), Some(theirs)) if mine > theirs => "the super over",
        _ => "the tie-break",
    }
}

fn margin(result: &MatchResult) -> String {
    let Some(by) = result.by else {
        return String::new();
    };
    let count = |number: u32, one: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {one}{plural}")
    };
    let mut parts = Vec::new();
    if by.innings.is_some() {
        parts.push("an innings".to_owned());
    }
    parts.extend(by.runs.map(|runs| count(runs, "run")));
    parts.extend(by.wickets.map(|wickets| count(wickets, "wicket")));
    if parts.is_empty() {
        return String::new();
    }
    format!(" by {}", parts.join(" and "))
}
