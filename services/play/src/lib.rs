//! Scores a match over HTTP, out of a Cricsheet file or made up, and adds it up by itself to check
//! the platform's state.

mod args;
pub mod ball;
mod batch;
mod check;
pub mod compare;
#[cfg(test)]
mod compare_tests;
mod counter;
pub mod create;
pub mod cricsheet;
mod delivery;
pub mod dismissal;
mod ending;
pub mod event;
pub mod events;
#[cfg(test)]
mod events_tests;
mod fixtures;
pub mod generate;
mod left;
mod names;
mod play;
#[cfg(test)]
mod play_tests;
mod post;
mod problem;
pub mod read;
mod result;
mod retry;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_server;
#[cfg(test)]
mod sample_state;
pub mod squads;
mod state_figures;
pub mod tally;
#[cfg(test)]
mod tally_tests;

pub use args::{PlayArgs, Speed, Token, match_id_of};
pub use fixtures::{Fate, FateWord, FixturesArgs, FixturesError, ListError, make as make_fixtures};
pub use left::abandon_left;
pub use play::{Outcome, PlayError, Progress, run};
pub use problem::{PostError, Problem};
