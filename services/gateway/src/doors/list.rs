//! `GET /v1/matches` and `GET /v1/live`: the strip of every match that the viewer's list shows, or
//! of every live public one, which is a stream too.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, State};
use axum::response::Response;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use grandstand_server::codec::Codec as Form;
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode, Uri};

use super::caching::{tagged, until_the_next_mark};
use super::parameters::Parameters;
use super::shown::word;
use super::stream;
use crate::Edge;
use crate::directory::Which;
use crate::refuse::Refused;

pub(super) async fn list(
    State(edge): State<Arc<Edge>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    answer(&edge, &uri, &headers, Which::All)
}

pub(super) async fn live(
    State(edge): State<Arc<Edge>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    match wants_stream(&headers) {
        true => stream::strips(edge, peer.map(|peer| peer.0.0.ip()), &uri, &headers),
        false => answer(&edge, &uri, &headers, Which::Live),
    }
}

fn answer(edge: &Edge, uri: &Uri, headers: &HeaderMap, which: Which) -> Result<Response, Refused> {
    let form = Form::of_answer(headers);
    Parameters::none(uri, form)?;
    let viewer = edge.access.viewer(headers)?;
    let now_us = edge.clock.now_us();
    let list = edge.directory.list(&viewer, which, now_us);
    let tag = format!("{}-{}", StateHash::of(&list).as_str(), word(form));
    let cache = until_the_next_mark(&viewer, viewer.policy(0), Visibility::Public, now_us);
    Ok(tagged(headers, &tag, cache, || {
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
