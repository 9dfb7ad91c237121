//! Configuration that explains itself: every option is told, what is wrong names its place and its
//! cure, and a check finds it before a start does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "config/check.rs"]
mod check;
mod harness;
#[path = "config/options.rs"]
mod options;
#[path = "config/tokens.rs"]
mod tokens;
