//! Following one match in a stream that loses, repeats, lags, and starts over: what is in the log
//! is always the beginning of one life of the match, and in the end all of the newest.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

mod gaps;
mod interleavings;
mod stage;
