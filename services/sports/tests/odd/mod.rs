//! What is unusual in cricket, each with what comes before it and the warnings that it gets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod balls;
mod between;
mod innings;
mod wickets;

use grandstand_sports::{Game, Sport};
use serde_json::{Value, json};

use crate::entries::creation;
use crate::started::add;

/// A type of event and its data.
pub(crate) type Entered = (&'static str, Value);

/// What comes before, what is entered then, and the warnings that it gets.
pub(crate) struct Case {
    pub(crate) rules: Value,
    pub(crate) before: Vec<Entered>,
    pub(crate) then: Entered,
    pub(crate) warned: &'static [&'static str],
}

pub(crate) fn case(before: Vec<Entered>, then: Entered, warned: &'static [&'static str]) -> Case {
    let rules = json!({});
    Case {
        rules,
        before,
        then,
        warned,
    }
}

/// With other rules than those of the small match.
pub(crate) fn by_rules(rules: Value, mut case: Case) -> Case {
    case.rules = rules;
    case
}

pub(crate) fn start(batting: &str) -> Entered {
    ("innings_start", json!({ "batting": batting }))
}

pub(crate) fn end() -> Entered {
    ("innings_end", json!({ "reason": "declared" }))
}

/// A ball to a1, by another bowler in each over.
pub(crate) fn ball(over: u32, change: Value) -> Entered {
    let bowler = format!("b{}", over % 5 + 1);
    let mut data =
        json!({ "over": over, "batter": "a1", "non_striker": "a2", "bowler": bowler, "runs": 0 });
    grandstand_core::patch::apply(&mut data, &change);
    ("delivery", data)
}

pub(crate) fn over_end(over: u32) -> Entered {
    ("over_end", json!({ "over": over }))
}

/// An innings of a in which nobody has faced a ball, and then these.
pub(crate) fn played(more: Vec<Entered>) -> Vec<Entered> {
    let mut all = vec![start("a")];
    all.extend(more);
    all
}

pub(crate) fn cases() -> Vec<Case> {
    [balls::odd(), wickets::odd(), innings::odd(), between::odd()]
        .into_iter()
        .flatten()
        .collect()
}

pub(crate) fn game(case: &Case) -> Game {
    let mut game = Game::new(Sport::Cricket);
    let mut created = creation();
    grandstand_core::patch::apply(&mut created["rules"], &case.rules);
    add(&mut game, "created", "created", created);
    for (number, (kind, data)) in case.before.iter().enumerate() {
        add(&mut game, &format!("e{number}"), kind, data.clone());
    }
    game
}
