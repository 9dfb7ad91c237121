//! Operators at work: a match is wiped and brought back under its fans, what can't be done is
//! refused with a reason, and the lists and the one screen say what is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

#[path = "ops/brought_back.rs"]
mod brought_back;
#[path = "ops/refused.rs"]
mod refused;
#[path = "ops/scored.rs"]
mod scored;
#[path = "ops/shown.rs"]
mod shown;
