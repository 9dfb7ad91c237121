//! The door to the house: who finds no room is told what to do, nobody takes the room of others, and
//! whoever comes in too slowly, too often or too fast stops nobody.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "admission/bounds.rs"]
mod bounds;
#[path = "admission/floods.rs"]
mod floods;
mod harness;
#[path = "admission/stage.rs"]
mod stage;
