//! `GET /v1/matches/{match}`: how far a match is, its strip, and how far that can be trusted.

use axum::response::Response;
use grandstand_core::frame::{Codec, Reason};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::Asked;
use super::shown::Varies;
use crate::refuse::Refused;

/// What is shown of a snapshot.
#[derive(Default, Deserialize)]
struct Snapshot {
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    sport: Option<Value>,
    #[serde(default)]
    strip: Value,
}

pub(super) async fn head(asked: Asked) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown().await?;
    let answer = shown.answer(&asked.headers, Varies::WithStatus, |ready, seq| {
        let log = ready.feed.follower.log();
        // Made once for all who see this seq; to fold the state costs up to 64 patches each time.
        let snapshot = log.snapshot(Codec::Json, seq, Reason::Asked);
        let Snapshot { state } = serde_json::from_slice(&snapshot.bytes()).unwrap_or_default();
        let document = json!({
            "match": log.match_id(), "epoch": log.epoch(), "seq": seq, "ts": log.accepted_us(seq),
            "sport": state.sport.unwrap_or_else(|| json!("open")),
            "visibility": ready.visibility, "status": ready.feed.status,
            "strip": state.strip,
        });
        form.answer(StatusCode::OK, &document)
    });
    Ok(answer?)
}
