//! What every part of Grandstand agrees on, and nothing else: ids, the event envelope, patches and
//! hashes, records, frames, the match log, cursors and policies.
//!
//! Everything here is pure. No clock, socket, randomness or environment: time is an argument, and
//! `clippy.toml` beside this crate bans the rest. It knows no sport.

pub mod connection;
pub mod event;
pub mod follow;
pub mod frame;
pub mod hash;
pub mod headers;
mod heap;
pub mod ids;
pub mod log;
pub mod message;
pub mod patch;
pub mod policy;
pub mod presence;
#[cfg(test)]
mod proptests;
pub mod record;
#[cfg(test)]
mod schemas;
pub mod session;
pub mod session_keeper;
pub mod strips;
pub mod subscription;
pub mod value;
mod wire;
