//! A gateway without sockets: a stream, its log, and fans who read it through connections.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

mod deadlines;
mod fan;
mod guesses;
mod interleavings;
mod log;
mod promises;
mod rights;
mod sessions;
mod socket;
mod strips;
mod world;
