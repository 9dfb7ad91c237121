//! `GET /v1/matches/{match}`: how far a match is, its strip, and how far that can be trusted.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use grandstand_server::codec::Codec as Form;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::shown::{Shown, Varies};
use crate::Edge;
use crate::refuse::Refused;

pub(super) async fn head(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let form = Form::of_answer(&headers);
    Parameters::none(&uri, form)?;
    let shown = Shown::of(&edge, &name, &headers).await?;
    let answer = shown.answer(&headers, Varies::WithStatus, |ready, seq| {
        let log = ready.feed.follower.log();
        let state = log.state_at(seq);
        let document = json!({
            "match": log.match_id(), "epoch": log.epoch(), "seq": seq, "ts": log.accepted_us(seq),
            "sport": state.get("sport").unwrap_or(&json!("open")),
            "visibility": ready.visibility, "status": ready.feed.status,
            "strip": state.get("strip").unwrap_or(&Value::Null),
        });
        form.answer(StatusCode::OK, &document)
    });
    Ok(answer?)
}
