//! `GET /v1/matches/{match}/state`: the same document as a `snapshot` message.

use axum::extract::Path;
use axum::response::Response;
use grandstand_core::frame::{Frame, Reason};

use super::asked::Asked;
use super::shown::{Varies, codec, frame_response};
use crate::refuse::Refused;

pub(super) async fn state(asked: Asked, Path(name): Path<String>) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown(&name).await?;
    let answer = shown.answer(&asked.headers, Varies::Never, |ready, seq| {
        let log = ready.feed.follower.log();
        let tail = log.snapshot(codec(form), seq);
        let frame = Frame::of_snapshot(log.match_id(), log.epoch(), Reason::Asked, &tail);
        frame_response(form, frame)
    });
    Ok(answer?)
}
