//! Whatever a log holds, in whatever order: the fold takes it, and its sums agree.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod entries;

use entries::{Entry, creation, logged};
use grandstand_core::event::Op;
use grandstand_core::value;
use grandstand_sports::{Game, Sport};
use proptest::prelude::*;
use serde_json::Value;

/// A log that begins with its creation; each number says what an event does to the list.
fn log(entries: &[(Entry, u32, usize)]) -> Game {
    let mut game = Game::new(Sport::Cricket);
    game.apply(&logged(1, Op::Add, None, &("created", creation())));
    for (index, (entry, choice, target)) in entries.iter().enumerate() {
        let seq = index as u64 + 2;
        let op = match choice {
            0 => Op::Insert,
            1 => Op::Amend,
            2 => Op::Void,
            3 => Op::Restore,
            _ => Op::Add,
        };
        let reference = format!("e{}", 1 + target % (index + 2));
        let reference = (op != Op::Add).then_some(reference.as_str());
        game.apply(&logged(seq, op, reference, entry));
    }
    game
}

fn rows<'a>(innings: &'a Value, table: &str) -> Vec<&'a Value> {
    innings[table].as_object().unwrap().values().collect()
}

fn sum(rows: &[&Value], figure: &str) -> u64 {
    rows.iter().map(|row| row[figure].as_u64().unwrap()).sum()
}

fn check_sums(innings: &Value) {
    let number = |name: &str| innings[name].as_u64().unwrap_or(0);
    let extras = |name: &str| innings["extras"][name].as_u64().unwrap_or(0);
    let (batting, bowling) = (rows(innings, "batting"), rows(innings, "bowling"));
    let all_extras: u64 = innings["extras"]
        .as_object()
        .unwrap()
        .values()
        .map(|runs| runs.as_u64().unwrap())
        .sum();
    let off_the_bat = sum(&batting, "runs");
    let penalties = number("penalty_pre") + number("penalty_post");
    let on_balls = number("runs") - penalties;

    assert_eq!(on_balls, off_the_bat + all_extras);
    assert_eq!(sum(&rows(innings, "per_over"), "runs"), on_balls);
    let partnerships = rows(innings, "partnerships");
    assert_eq!(sum(&partnerships, "runs"), on_balls);
    assert_eq!(sum(&partnerships, "balls"), number("legal_balls"));
    assert_eq!(
        sum(&bowling, "runs"),
        off_the_bat + extras("wides") + extras("noballs")
    );
    assert_eq!(sum(&bowling, "balls"), number("legal_balls"));
    assert_eq!(sum(&bowling, "wides"), extras("wides"));
    let kept = |row: &&&Value| {
        row["out"]["kind"]
            .as_str()
            .is_some_and(|kind| !["retired hurt", "retired not out"].contains(&kind))
    };
    let out = batting.iter().filter(kept).count() as u64;
    // Who retired out and came back has no row that says so, but the wicket fell.
    assert!(number("wickets") >= out);
    assert_eq!(
        number("wickets"),
        rows(innings, "fall_of_wickets").len() as u64
    );
    assert!(sum(&bowling, "wickets") <= out);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_list_of_events_breaks_the_fold_and_its_sums_agree(
        entries in prop::collection::vec((entries::entry(), 0..24u32, 0..100usize), 1..60)
    ) {
        let state = log(&entries).refold();

        value::check_state(&state).unwrap();
        for innings in state["innings"].as_object().into_iter().flatten() {
            check_sums(innings.1);
        }
    }
}

#[test]
fn what_newer_rules_wrote_is_passed_over() {
    let mut game = Game::new(Sport::Cricket);
    game.apply(&logged(1, Op::Add, None, &("created", creation())));
    let mut newer = logged(
        2,
        Op::Add,
        None,
        &("drone_view", serde_json::json!({ "height": 4 })),
    );
    newer.patch = serde_json::json!({ "drone": { "height": 4 } });
    game.apply(&newer);

    assert_eq!(game.state()["drone"]["height"], 4);
    assert_eq!(game.refold()["sport"], "cricket");
    assert_eq!(game.seq(), 2);
}
