//! The accept loop as clients meet it, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

mod crowds;
mod requests;
mod stage;
mod stops;
mod upgrades;
