//! What a tier buys, at every door: nobody sees an event earlier than he may, however he looks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

#[path = "tiers/changes.rs"]
mod changes;
#[path = "tiers/differential.rs"]
mod differential;
#[path = "tiers/doors.rs"]
mod doors;
#[path = "tiers/rule.rs"]
mod rule;
