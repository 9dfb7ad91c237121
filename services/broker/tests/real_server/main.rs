//! What this crate promises, tried on a real nats-server: one for each test, in a folder of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod buckets;
mod copies;
mod harness;
mod live;
mod permissions;
mod provisioning;
mod records;
mod server_process;
