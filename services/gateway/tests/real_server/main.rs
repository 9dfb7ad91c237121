//! A gateway beside a real nats-server, seen as fans see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

mod budget;
mod closing;
mod damage;
mod deflated;
mod disclosure;
mod harness;
mod measured;
mod raw;
mod wire;
