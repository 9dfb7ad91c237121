//! The scorers' HTTP API: any number of instances, none of which owns a match.
//!
//! [`start`] serves it on a listener until it is told to stop. The way of one post is in the
//! README beside this crate.

mod access;
mod answer;
mod args;
mod attempt;
mod catch_up;
mod create;
mod decide;
#[cfg(test)]
mod decide_tests;
mod devices;
mod events;
mod health;
mod ledger;
mod match_task;
mod matches;
mod missed;
mod operations;
mod pauses;
mod post;
mod propose;
mod read;
mod records;
mod refuse;
mod request;
mod routes;
mod scorecard;
mod signed;
mod start;
mod strips;
mod telemetry;

pub use args::ScoringArgs;
pub use routes::openapi_document;
pub use start::{Bounds, Running, ScoringConfig, start};
