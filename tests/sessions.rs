//! What a gateway keeps off itself: the sessions of its fans, and its own presence.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

#[path = "sessions/buckets.rs"]
mod buckets;
#[path = "sessions/crowd.rs"]
mod crowd;
#[path = "sessions/peers.rs"]
mod peers;
#[path = "clients/proxy.rs"]
mod proxy;
#[path = "sessions/refused.rs"]
mod refused;
#[path = "sessions/resumed.rs"]
mod resumed;
#[path = "sessions/stage.rs"]
mod stage;
