//! The platform that compose.yaml describes: its files say what they should, and the same processes
//! behind the same balancer keep what is promised.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "compose/balancer.rs"]
mod balancer;
#[path = "compose/files.rs"]
mod files;
mod harness;
#[path = "compose/refusals.rs"]
mod refusals;
#[path = "compose/steps.rs"]
mod steps;
#[path = "compose/topology.rs"]
mod topology;
