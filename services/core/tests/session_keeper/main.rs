//! Sessions of two gateways in one bucket: fans that move between them, a bucket that is away, slow,
//! or made anew.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod moves;
mod promises;
mod stage;
