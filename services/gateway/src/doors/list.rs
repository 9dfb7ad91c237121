//! `GET /v1/matches` and `GET /v1/live`: the strip of every match that the viewer's list shows, or
//! of every live public one, which is a stream too.

use axum::response::Response;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};

use super::asked::Asked;
use super::caching::{tagged, until_the_next_mark};
use super::shown::word;
use super::stream;
use crate::directory::Which;
use crate::refuse::Refused;

pub(super) async fn list(asked: Asked) -> Result<Response, Refused> {
    answer(&asked, Which::All)
}

pub(super) async fn live(asked: Asked) -> Result<Response, Refused> {
    match wants_stream(&asked.headers) {
        true => stream::strips(asked),
        false => answer(&asked, Which::Live),
    }
}

fn answer(asked: &Asked, which: Which) -> Result<Response, Refused> {
    asked.wish(&[], |_| Ok(()))?;
    let (edge, form) = (&asked.edge, asked.form);
    let viewer = edge.access.viewer(&asked.headers)?;
    let now_us = edge.clock.now_us();
    let list = edge.directory.list(&viewer, which, now_us);
    let tag = format!("{}-{}", StateHash::of(&list).as_str(), word(form));
    let cache = until_the_next_mark(&viewer, viewer.policy(0), Visibility::Public, now_us);
    Ok(tagged(&asked.headers, &tag, cache, || {
        form.answer(StatusCode::OK, &list)
    }))
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.any(|range| {
        let essence = range.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("text/event-stream")
    })
}
