//! The API as scorers meet it: real ports, a real nats-server.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

mod access;
mod bad_input;
mod broker_away;
mod devices;
mod events;
mod harness;
mod posting;
mod proposing;
mod quota;
mod reading;
mod rules_versions;
mod scorecards;
mod together;
