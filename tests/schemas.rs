//! The JSON Schemas and the AsyncAPI document describe what is really said, and refuse what is
//! really refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "schemas/contract.rs"]
mod contract;
#[path = "schemas/documents.rs"]
mod documents;
mod harness;
#[path = "schemas/mutations.rs"]
mod mutations;
#[path = "schemas/refusals.rs"]
mod refusals;
#[path = "schemas/samples.rs"]
mod samples;
#[path = "schemas/traffic.rs"]
mod traffic;
