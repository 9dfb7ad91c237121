//! `GET /v1/matches/{match}/state`: the same document as a `snapshot` message.

use axum::extract::Path;
use axum::response::Response;
use grandstand_core::frame::Reason;

use super::asked::Asked;
use super::shown::{Varies, codec, frame_response};
use crate::refuse::Refused;

pub(super) async fn state(asked: Asked, Path(name): Path<String>) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown(&name).await?;
    let answer = shown.answer(&asked.headers, Varies::Never, |ready, seq| {
        let log = ready.feed.follower.log();
        frame_response(form, log.snapshot(codec(form), seq, Reason::Asked))
    });
    Ok(answer?)
}
