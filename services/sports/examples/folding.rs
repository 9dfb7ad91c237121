//! How long real matches take to fold: a whole T20, and a Test again after a correction.
//!
//! `cargo run --release -p grandstand-sports --example folding`

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "it measures, and reads files that are there"
)]

#[path = "../tests/cricsheet/mod.rs"]
mod cricsheet;

use std::time::{Duration, Instant};

use cricsheet::{Converter, Scored};
use grandstand_core::event::Posted;
use grandstand_sports::{Game, Rights, Sport};
use serde_json::json;

/// Each is timed so often, and the median told.
const ROUNDS: usize = 21;

fn main() {
    println!("match events | applied as a log | folded and rendered | corrected at its beginning");
    for (name, path) in cricsheet::files() {
        let documents = Converter::convert(&cricsheet::read(&path));
        let scored = cricsheet::score(&documents);
        let applied = median(|| {
            let mut game = Game::new(Sport::Cricket);
            scored.events.iter().for_each(|event| game.apply(event));
            game.created().unwrap();
        });
        let folded = median(|| {
            scored.game.refold();
        });
        let corrected = median(|| correct(&scored));
        println!(
            "{name} {} | {applied:?} | {folded:?} | {corrected:?}",
            scored.events.len()
        );
    }
}

/// Voids the first ball.
fn correct(scored: &Scored) {
    let first = scored.events.iter().find(|event| event.kind == "delivery");
    let void = json!({ "id": "void", "op": "void", "ref": first.unwrap().id });
    let rights = Rights {
        open: false,
        official: true,
    };
    let posted = Posted::parse(void, None).unwrap();
    scored.game.draft().decide(&posted, rights, 1).unwrap();
}

fn median(work: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}
