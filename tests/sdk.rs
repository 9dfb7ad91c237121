//! The JavaScript client against real gateways, in Node and in Chromium.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "sdk/fallback.rs"]
mod fallback;
#[path = "sdk/fan.rs"]
mod fan;
mod harness;
#[path = "sdk/node.rs"]
mod node;
#[path = "sdk/page.rs"]
mod page;
