//! The fan page in a real browser, on the real platform: what a fan sees, hears and may rely on.
//! Skipped with a line on stderr where there is no Chromium.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

#[path = "fan_page/connection.rs"]
mod connection;
#[path = "fan_page/finding.rs"]
mod finding;
#[path = "fan_page/for_everybody.rs"]
mod for_everybody;
#[path = "fan_page/ground.rs"]
mod ground;
#[path = "fan_page/hostile.rs"]
mod hostile;
#[path = "fan_page/score.rs"]
mod score;
