//! What both HTTP edges need and nothing about matches: accept loop, tokens, problems, codecs,
//! limits, health, telemetry and the stop.
//!
//! It depends on no crate of ours and knows no match, event, broker or sport.

pub mod access;
pub mod address;
pub mod admin;
pub mod args;
pub mod attempts;
pub mod bearer;
pub mod codec;
pub mod compress;
pub mod cors;
pub mod doors;
pub mod etag;
pub mod grant;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod negotiate;
pub mod openapi;
pub mod operation;
pub mod problem;
pub mod problem_kind;
pub mod query;
pub mod quota;
pub mod readiness;
pub mod serve;
pub mod stop;
mod strict;
pub mod tally;
pub mod telemetry;
pub mod token;
mod unread;
