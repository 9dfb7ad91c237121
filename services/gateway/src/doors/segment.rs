//! `GET /v1/matches/{match}/log/{epoch}/{n}`: seq 64n+1 to 64n+64, for ever the same.

use axum::extract::Path;
use axum::response::Response;
use grandstand_core::ids::Epoch;
use grandstand_server::codec::Codec as Form;
use grandstand_server::problem::Problem;

use super::asked::Asked;
use super::caching::{for_ever, tagged};
use super::shown::{codec, frame_response, not_found, word};
use crate::refuse::Refused;

pub(super) async fn segment(
    asked: Asked,
    Path((name, epoch, n)): Path<(String, String, String)>,
) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown(&name).await?;
    let (Ok(epoch), Ok(n)) = (epoch.parse::<Epoch>(), n.parse::<u64>()) else {
        return Err(no_segment(form).into());
    };
    let found = shown.look(|ready| {
        let log = ready.feed.follower.log();
        let same_epoch = log.epoch() == epoch;
        let segment = || log.segment(codec(form), n, shown.released(ready, shown.now_us));
        Some((same_epoch.then(segment).flatten()?, ready.visibility))
    })?;
    let Some((frame, visibility)) = found else {
        return Err(no_segment(form).into());
    };
    let tag = format!("{epoch}-{n}-{}", word(form));
    let cache = for_ever(&shown.viewer, visibility);
    Ok(tagged(&asked.headers, &tag, cache, || {
        frame_response(form, frame)
    }))
}

fn no_segment(form: Form) -> Problem {
    not_found("no-segment", "There is no such segment (yet)")
        .detail("A segment is there once its 64 events are, and you may see the last of them.")
        .codec(form)
}
