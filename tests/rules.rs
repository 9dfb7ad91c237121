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

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use seed::Chance;

/// How many matches a run makes.
const MATCHES: u64 = 400;
/// How many threads make them.
const THREADS: u64 = 2;

#[test]
fn the_rules_and_an_independent_count_agree_on_every_oddity() {
    let seed = seed::seed("the_rules_and_an_independent_count_agree_on_every_oddity");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in (thread..MATCHES).step_by(THREADS as usize) {
                    let mut chance = Chance::new(seed, number);
                    let file = file::make(&mut chance);
                    let check = || scored::check(&file, &mut chance);
                    if let Err(failure) = catch_unwind(AssertUnwindSafe(check)) {
                        eprintln!("match {number} of seed {seed}");
                        if let Ok(path) = std::env::var("GRANDSTAND_TEST_KEEP") {
                            std::fs::write(path, file.to_string()).unwrap();
                        }
                        resume_unwind(failure);
                    }
                }
            });
        }
    });
}
