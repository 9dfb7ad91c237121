//! `GET /v1/matches` and `GET /v1/live`: the strip of every match that the viewer's list shows, or
//! of every live public one, which is a stream too.

use axum::response::{IntoResponse, Response};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use grandstand_server::codec::EncodeError;
use grandstand_server::negotiate::preferred;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::asked::Asked;
use super::caching::{STATUS, tagged, until_the_next_mark};
use super::shown::word;
use super::stream;
use crate::access::Viewer;
use crate::directory::Which;
use crate::refuse::Refused;

pub(super) async fn list(asked: Asked) -> Result<Response, Refused> {
    asked.wish(&[], |_| Ok(()))?;
    let viewer = asked.edge.access.viewer(&asked.headers)?;
    let now_us = asked.edge.clock.now_us();
    let list = asked.edge.directory.list(&viewer, Which::All, now_us);
    let hash = StateHash::of(&list);
    Ok(answer(&asked, &viewer, now_us, hash, || {
        asked.form.answer(StatusCode::OK, &list)
    }))
}

pub(super) async fn live(asked: Asked) -> Result<Response, Refused> {
    match wants_stream(&asked.headers) {
        true => stream::strips(asked),
        false => live_list(&asked),
    }
}

fn live_list(asked: &Asked) -> Result<Response, Refused> {
    asked.wish(&[], |_| Ok(()))?;
    let (edge, form) = (&asked.edge, asked.form);
    let viewer = edge.access.viewer(&asked.headers)?;
    let now_us = edge.clock.now_us();
    let list = edge
        .live_lists
        .of(&edge.directory, &viewer, form, now_us)
        .map_err(|error| not_encoded(&error).codec(form))?;
    Ok(answer(asked, &viewer, now_us, list.hash, || {
        ([(CONTENT_TYPE, form.media_type())], list.body.clone()).into_response()
    }))
}

/// A list that has this hash.
fn answer(
    asked: &Asked,
    viewer: &Viewer,
    now_us: u64,
    hash: StateHash,
    body: impl FnOnce() -> Response,
) -> Response {
    let tag = format!("{hash}-{}", word(asked.form));
    let cache = until_the_next_mark(viewer, viewer.policy(0), Visibility::Public, now_us);
    let mut response = tagged(&asked.headers, viewer, &tag, cache, body);
    let status = HeaderValue::from_static(asked.edge.strips.status().as_str());
    response.headers_mut().insert(STATUS, status);
    response
}

fn not_encoded(error: &EncodeError) -> Problem {
    tracing::error!(%error, "the list of live matches could not be encoded");
    Problem::new(ProblemKind::Fault).detail("the list could not be written")
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let is_stream = |range: &str| match range.to_ascii_lowercase().as_str() {
        "text/event-stream" => Some(true),
        "application/json" | "application/msgpack" => Some(false),
        _ => None,
    };
    preferred(headers, is_stream) == Some(true)
}
