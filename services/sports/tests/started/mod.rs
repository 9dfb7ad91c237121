//! A match of cricket after its first over, and posts to it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "for tests, each of which uses its part of this"
)]

use grandstand_core::event::{Event, Posted};
use grandstand_core::headers::Warning;
use grandstand_sports::{Game, Refusal, Rights, Sport};
use serde_json::{Value, json};

use crate::entries::{RIGHTS, creation, post, take};

pub(crate) fn created() -> Game {
    let mut game = Game::new(Sport::Cricket);
    add(&mut game, "created", "created", creation());
    game
}

pub(crate) fn add(game: &mut Game, id: &str, kind: &'static str, data: Value) -> Event {
    take(game, &post(id, "add", None, Some(&(kind, data)))).unwrap()
}

/// An innings of a after the first over: a1 and a2 are in, b1 has bowled.
pub(crate) fn started() -> Game {
    let mut game = created();
    add(
        &mut game,
        "start",
        "innings_start",
        json!({ "batting": "a" }),
    );
    for id in ["d1", "d2", "d3"] {
        add(&mut game, id, "delivery", ball());
    }
    add(&mut game, "o1", "over_end", json!({ "over": 0 }));
    game
}

pub(crate) fn ball() -> Value {
    json!({ "over": 0, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": 0 })
}

/// The next ball, with other members.
pub(crate) fn next(change: Value) -> Value {
    let mut ball =
        json!({ "over": 1, "batter": "a2", "non_striker": "a1", "bowler": "b2", "runs": 0 });
    grandstand_core::patch::apply(&mut ball, &change);
    ball
}

pub(crate) fn decide(
    game: &Game,
    posted: &Posted,
    rights: Rights,
) -> Result<(Event, Vec<Warning>), Refusal> {
    game.draft().decide(posted, rights, 1_790_000_000_000_000)
}

pub(crate) fn decide_add(
    game: &Game,
    kind: &'static str,
    data: Value,
) -> Result<Vec<String>, Refusal> {
    let posted = post("new", "add", None, Some(&(kind, data)));
    let (_, warnings) = decide(game, &posted, RIGHTS)?;
    Ok(warnings.into_iter().map(|warning| warning.rule).collect())
}

pub(crate) fn wicket(kind: &str, player: &str) -> Value {
    json!([{ "kind": kind, "player_out": player }])
}
