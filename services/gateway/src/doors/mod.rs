//! The doors for who comes over plain HTTP: each looks at the same logs as a socket does, and shows
//! what the viewer's policy has released.
//!
//! All begin with what was [`asked`] and what is [`shown`]: a match, through the eyes of who asks. [`caching`] says
//! who may keep an answer and for how long. The others are one door each.

mod asked;
mod caching;
mod events;
mod head;
mod list;
mod segment;
mod shown;
mod state;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::Edge;

pub(crate) use self::stream::Streams;

/// All of them.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/v1/live", get(list::live))
        .route("/v1/matches", get(list::list))
        .route("/v1/matches/{match}", get(head::head))
        .route("/v1/matches/{match}/state", get(state::state))
        .route("/v1/matches/{match}/log/{epoch}/{n}", get(segment::segment))
        .route("/v1/matches/{match}/events", get(events::events))
        .route("/v1/matches/{match}/stream", get(stream::stream))
}
