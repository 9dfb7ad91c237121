//! The same match through every door: whoever looks, and however, sees each event once and ends at
//! the same state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

#[path = "doors/cached.rs"]
mod cached;
#[path = "doors/differential.rs"]
mod differential;
#[path = "doors/polling.rs"]
mod polling;
#[path = "doors/refused.rs"]
mod refused;
#[path = "protocol/stage.rs"]
#[allow(dead_code, reason = "the tests of the protocol use the rest")]
mod stage;
#[path = "doors/streams.rs"]
mod streams;
