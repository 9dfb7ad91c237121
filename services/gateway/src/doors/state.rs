//! `GET /v1/matches/{match}/state`: the same document as a `snapshot` message.

use axum::response::Response;
use grandstand_core::frame::Reason;

use super::asked::Asked;
use super::shown::{Varies, codec, frame_response};
use crate::refuse::Refused;

pub(super) async fn state(asked: Asked) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown().await?;
    let answer = shown.answer(&asked.headers, Varies::Never, |ready, seq| {
        let log = ready.feed.follower.log();
        frame_response(form, log.snapshot(codec(form), seq, Reason::Asked))
    });
    Ok(answer?)
}
