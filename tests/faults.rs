//! One process after the other is killed, frozen or stopped under load, and fans are let loose on it
//! that do not read, do not answer, or send what no client should: nothing that was accepted is lost,
//! nothing is told twice, and every fan ends at the same state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "faults/deaf.rs"]
mod deaf;
#[path = "faults/gateways.rs"]
mod gateways;
mod harness;
#[path = "faults/hostile.rs"]
mod hostile;
#[path = "faults/load.rs"]
mod load;
#[path = "faults/nats.rs"]
mod nats;
#[path = "faults/next.rs"]
mod next;
#[path = "faults/raw.rs"]
mod raw;
#[path = "faults/scorings.rs"]
mod scorings;
#[path = "faults/vanished.rs"]
mod vanished;
