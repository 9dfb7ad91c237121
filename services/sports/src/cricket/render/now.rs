//! What is going on at this moment: the `now` of the state, while an innings is open.

use serde_json::{Map, Value};

use crate::cricket::Book;
use crate::cricket::book::Innings;

/// `now`, if an innings is open.
pub(super) fn render(book: &Book) -> Option<Value> {
    let innings = book.open()?;
    let mut now = Map::new();
    now.insert(
        "innings".to_owned(),
        format!("i{}", book.innings.len()).into(),
    );
    let crease = &innings.crease;
    for (name, player) in [
        ("striker", &crease.striker),
        ("non_striker", &crease.non_striker),
        ("bowler", &crease.bowler),
    ] {
        if let Some(player) = player {
            now.insert(name.to_owned(), player.as_str().into());
        }
    }
    if crease.free_hit {
        now.insert("free_hit".to_owned(), true.into());
    }
    if book.review_pending {
        now.insert("review".to_owned(), "pending".into());
    }
    let bpo = innings.balls_per_over;
    let made = innings.runs - i64::from(innings.start_runs());
    if let Some(rate) = rate(made, innings.legal_balls, bpo) {
        now.insert("run_rate".to_owned(), rate.into());
    }
    if let Some(rate) = runs_needed(innings)
        .zip(innings.balls_left())
        .and_then(|(runs, balls)| rate(runs, balls, bpo))
    {
        now.insert("required_rate".to_owned(), rate.into());
    }
    Some(Value::Object(now))
}

/// Runs still needed to reach the target, if it is not reached.
pub(super) fn runs_needed(innings: &Innings) -> Option<i64> {
    let target = innings.target.as_ref()?;
    Some(i64::from(target.runs) - innings.runs).filter(|runs| *runs > 0)
}

/// Runs an over with two decimals, rounded half up: numbers of a state have no fraction.
fn rate(runs: i64, balls: u32, balls_per_over: u32) -> Option<String> {
    let balls = i64::from(balls);
    if balls == 0 {
        return None;
    }
    let hundredths = (runs * i64::from(balls_per_over) * 200 + balls).div_euclid(balls * 2);
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    Some(format!("{sign}{whole}.{rest:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_text_with_two_decimals_rounded_half_up() {
        assert_eq!(rate(55, 40, 6).as_deref(), Some("8.25"));
        assert_eq!(rate(1, 16, 2).as_deref(), Some("0.13"));
        assert_eq!(rate(0, 6, 6).as_deref(), Some("0.00"));
        assert_eq!(rate(7, 0, 6), None);
        assert_eq!(rate(-5, 8, 6).as_deref(), Some("-3.75"));
    }
}
