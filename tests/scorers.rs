//! What is posted again, late, or by two scorers at once is in the log once, and whoever lost a race
//! is told what to go on from.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;
#[path = "scorers/late.rs"]
mod late;
#[path = "scorers/repeats.rs"]
mod repeats;
#[path = "scorers/season.rs"]
mod season;
#[path = "scorers/together.rs"]
mod together;
