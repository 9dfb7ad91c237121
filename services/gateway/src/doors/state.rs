//! `GET /v1/matches/{match}/state`: the same document as a `snapshot` message.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use grandstand_core::frame::{Frame, Reason};
use grandstand_server::codec::Codec as Form;
use http::{HeaderMap, Uri};

use super::parameters::Parameters;
use super::shown::{Shown, Varies, codec, frame_response};
use crate::Edge;
use crate::refuse::Refused;

pub(super) async fn state(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let form = Form::of_answer(&headers);
    Parameters::none(&uri, form)?;
    let shown = Shown::of(&edge, &name, &headers).await?;
    let answer = shown.answer(&headers, Varies::Never, |ready, seq| {
        let log = ready.feed.follower.log();
        let tail = log.snapshot(codec(form), seq);
        let frame = Frame::of_snapshot(log.match_id(), log.epoch(), Reason::Asked, &tail);
        frame_response(form, frame)
    });
    Ok(answer?)
}
