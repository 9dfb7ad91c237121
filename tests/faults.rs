//! One process after the other is killed, frozen or stopped under load: nothing that was accepted is
//! lost, nothing is told twice, and every fan ends at the same state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "faults/gateways.rs"]
mod gateways;
mod harness;
#[path = "faults/load.rs"]
mod load;
#[path = "faults/nats.rs"]
mod nats;
#[path = "faults/scorings.rs"]
mod scorings;
