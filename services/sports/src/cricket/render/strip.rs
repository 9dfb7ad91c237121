//! The strip: what a list of matches shows, never more than its bytes.

use std::sync::Arc;

use grandstand_core::hash;
use grandstand_core::value::STRIP_BYTES_MAX;
use serde_json::{Value, json};

use super::innings::overs_text;
use super::line;
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::words::{EndReason, Side, StatusWord};

/// The texts that are cut when a strip is too long.
const TEXTS: [&str; 5] = ["/line", "/title", "/score", "/sides/a", "/sides/b"];

/// The strip.
pub(super) fn render(book: &Book) -> Value {
    let title = book.created().map_or("", |created| &created.title);
    let side = |side| book.squads.squad(side).short().to_owned();
    let mut strip = json!({
        "title": title,
        "sides": { "a": side(Side::A), "b": side(Side::B) },
        "status": status_word(book.status),
    });
    let score = score(book);
    if !score.is_empty() {
        strip["score"] = score.into();
    }
    let line = line::render(book);
    if !line.is_empty() {
        strip["line"] = line.into();
    }
    cut_to_fit(&mut strip);
    strip
}

fn status_word(status: StatusWord) -> &'static str {
    match status {
        StatusWord::Scheduled | StatusWord::Delayed => "scheduled",
        StatusWord::Live => "live",
        StatusWord::Ended | StatusWord::Abandoned => "ended",
        StatusWord::Drinks
        | StatusWord::Lunch
        | StatusWord::Tea
        | StatusWord::InningsBreak
        | StatusWord::Timeout
        | StatusWord::Rain
        | StatusWord::BadLight
        | StatusWord::Stumps => "break",
    }
}

/// `RR 45/1 (5.2)` while that innings is open, to keep what every ball sends short; between innings
/// all of them: `RR 188/4 (20), DC 188/5 (20)`.
fn score(book: &Book) -> String {
    let Some(last) = book.innings.last() else {
        return String::new();
    };
    let super_over = if last.super_over { "Super over: " } else { "" };
    let short = |side| book.squads.squad(side).short();
    if book.open().is_some() {
        return format!(
            "{super_over}{} {}",
            short(last.batting),
            score_of(last, true)
        );
    }
    let of_side = |side: Side| {
        let all = book.innings.iter();
        let mine = all.filter(|one| one.batting == side && one.super_over == last.super_over);
        let scores: Vec<String> = mine
            .map(|one| score_of(one, Arc::ptr_eq(one, last)))
            .collect();
        (!scores.is_empty()).then(|| format!("{} {}", short(side), scores.join(" & ")))
    };
    let sides = [last.batting, last.batting.other()];
    let scores: Vec<String> = sides.into_iter().filter_map(of_side).collect();
    format!("{super_over}{}", scores.join(", "))
}

fn score_of(innings: &Innings, is_last: bool) -> String {
    let mut text = innings.runs.to_string();
    let is_all_out = innings.wickets >= innings.wickets_max && !innings.league.dismissed_bat_on();
    if !is_all_out && innings.end != Some(EndReason::AllOut) {
        text.push_str(&format!("/{}", innings.wickets));
    }
    if innings.end == Some(EndReason::Declared) {
        text.push('d');
    }
    if is_last || innings.overs_max.is_some() {
        text.push_str(&format!(" ({})", overs_text(innings.overs_bowled())));
    }
    text
}

/// Cuts the longest text, again and again, until the strip fits.
fn cut_to_fit(strip: &mut Value) {
    loop {
        let over = hash::canonical(strip).len().saturating_sub(STRIP_BYTES_MAX);
        if over == 0 {
            return;
        }
        let length = |path: &&str| {
            strip
                .pointer(path)
                .and_then(Value::as_str)
                .map_or(0, str::len)
        };
        let longest = TEXTS.into_iter().max_by_key(length);
        let Some(Value::String(text)) = longest.and_then(|path| strip.pointer_mut(path)) else {
            return;
        };
        cut(text, over);
    }
}

/// Takes about `bytes` off the end of a text, one character at least, and marks it.
fn cut(text: &mut String, bytes: usize) {
    let mark = '…';
    let marked = text.ends_with(mark);
    if marked {
        text.pop();
    }
    let bytes = if marked {
        bytes
    } else {
        bytes + mark.len_utf8()
    };
    // A little at a time: the longest text changes, and what is left should be balanced.
    let step = bytes.clamp(1, 8);
    let mut end = text.len().saturating_sub(step);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    let trimmed = text.trim_end().len();
    text.truncate(trimmed);
    if !text.is_empty() {
        text.push(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_fits_whatever_the_names() {
        for text in ["\"", "é", "🏏", "a b ", "\\"] {
            for length in [0, 1, 60, 250] {
                let long = text.repeat(length);
                let mut strip = json!({
                    "title": long, "sides": { "a": long, "b": long },
                    "status": "scheduled", "score": long, "line": long,
                });
                cut_to_fit(&mut strip);
                grandstand_core::value::check_state(&json!({ "strip": strip })).unwrap();
            }
        }
    }

    #[test]
    fn a_strip_that_fits_is_left_alone() {
        let strip = json!({ "title": "A v B", "sides": {}, "status": "live", "line": "x" });
        let mut cut = strip.clone();
        cut_to_fit(&mut cut);
        assert_eq!(cut, strip);
    }
}
