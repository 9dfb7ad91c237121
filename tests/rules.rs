//! Made-up matches of every oddity that real files hold: play's events are taken by the rules, and
//! the state says what play counted by itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "rules/ball.rs"]
mod ball;
#[path = "rules/dismissal.rs"]
mod dismissal;
#[path = "rules/file.rs"]
mod file;
#[path = "rules/innings.rs"]
mod innings;
#[path = "rules/outcome.rs"]
mod outcome;
#[path = "rules/scored.rs"]
mod scored;
#[path = "harness/seed.rs"]
mod seed;
#[path = "rules/side.rs"]
mod side;

use std::panic::{AssertUnwindSafe, catch_unwind};

use grandstand_play::generate::chance::Chance;

/// How many matches a run makes.
const MATCHES: u64 = 600;
/// How many threads make them.
const THREADS: u64 = 2;

#[test]
fn the_rules_and_an_independent_count_agree_on_every_oddity() {
    let seed = seed::seed("the_rules_and_an_independent_count_agree_on_every_oddity");
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || failures(seed, thread)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(failed.is_empty(), "matches {failed:?} of seed {seed}");
}

/// The matches of a thread that were refused or counted otherwise.
fn failures(seed: u64, thread: u64) -> Vec<u64> {
    let numbers = (thread..MATCHES).step_by(THREADS as usize);
    let fails = |number: &u64| {
        let mut chance = Chance::new(seed, *number);
        let file = file::make(&mut chance);
        let check = AssertUnwindSafe(|| scored::check(&file, &mut chance));
        catch_unwind(check).is_err()
    };
    numbers.filter(fails).collect()
}
