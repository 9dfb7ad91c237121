//! The doors for who comes over plain HTTP: each looks at the same logs as a socket does, and shows
//! what the viewer's policy has released.
//!
//! All begin with what was [`asked`] and what is [`shown`]: a match, through the eyes of who asks. [`caching`] says
//! who may keep an answer and for how long, [`operations`] what OpenAPI says of each. The others are
//! one door each.

mod asked;
mod caching;
mod events;
mod head;
mod list;
pub(crate) mod operations;
mod segment;
mod shown;
mod state;
mod stream;

use std::sync::Arc;

use grandstand_server::doors::Doors;

use crate::Edge;

pub(crate) use self::stream::Streams;

/// Adds all of them.
pub(crate) fn add_to(doors: Doors<Arc<Edge>>) -> Doors<Arc<Edge>> {
    doors
        .get("/v1/live", list::live, operations::live())
        .get("/v1/matches", list::list, operations::list())
        .get("/v1/matches/{match}", head::head, operations::head())
        .get(
            "/v1/matches/{match}/state",
            state::state,
            operations::state(),
        )
        .get(
            "/v1/matches/{match}/log/{epoch}/{n}",
            segment::segment,
            operations::segment(),
        )
        .get(
            "/v1/matches/{match}/events",
            events::events,
            operations::events(),
        )
        .get(
            "/v1/matches/{match}/stream",
            stream::stream,
            operations::stream(),
        )
}
