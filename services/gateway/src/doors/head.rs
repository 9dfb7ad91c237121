//! `GET /v1/matches/{match}`: how far a match is, its strip, and how far that can be trusted.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::asked::Asked;
use super::shown::Varies;
use crate::refuse::Refused;

pub(super) async fn head(asked: Asked, Path(name): Path<String>) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown(&name).await?;
    let answer = shown.answer(&asked.headers, Varies::WithStatus, |ready, seq| {
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
