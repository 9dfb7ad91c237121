//! What every end-to-end test stands on: the real binary, a real nats-server, and fans who trust
//! nobody. Nothing here uses the platform's own types: it is seen from the outside.
#![allow(dead_code, reason = "each test target uses a part of it")]

pub(crate) mod api;
pub(crate) mod browser;
pub(crate) mod cluster;
pub(crate) mod dev;
pub(crate) mod devtools;
pub(crate) mod fan;
pub(crate) mod listener;
pub(crate) mod looks;
pub(crate) mod matches;
pub(crate) mod node;
pub(crate) mod poller;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod replica;
pub(crate) mod seed;
pub(crate) mod socket;
pub(crate) mod wait;
