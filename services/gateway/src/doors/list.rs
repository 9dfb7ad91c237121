//! `GET /v1/matches`: the strip of every match that the viewer's list shows.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use grandstand_server::codec::Codec as Form;
use http::{HeaderMap, StatusCode, Uri};

use super::caching::{tagged, until_the_next_mark};
use super::parameters::Parameters;
use super::shown::word;
use crate::Edge;
use crate::refuse::Refused;

pub(super) async fn list(
    State(edge): State<Arc<Edge>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let form = Form::of_answer(&headers);
    Parameters::none(&uri, form)?;
    let viewer = edge.access.viewer(&headers)?;
    let now_us = edge.clock.now_us();
    let list = edge.directory.list(&viewer, now_us);
    let tag = format!("{}-{}", StateHash::of(&list).as_str(), word(form));
    let cache = until_the_next_mark(&viewer, viewer.policy(0), Visibility::Public, now_us);
    Ok(tagged(&headers, &tag, cache, || {
        form.answer(StatusCode::OK, &list)
    }))
}
