//! The fans' protocol and doors, version 1, as any client meets them at a gateway.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

#[path = "protocol/cursors.rs"]
mod cursors;
#[path = "protocol/doors.rs"]
mod doors;
#[path = "protocol/marks.rs"]
mod marks;
#[path = "protocol/refusals.rs"]
mod refusals;
#[path = "protocol/stage.rs"]
mod stage;
#[path = "protocol/strips.rs"]
mod strips;
#[path = "protocol/subscribing.rs"]
mod subscribing;
#[path = "protocol/tokens.rs"]
mod tokens;
