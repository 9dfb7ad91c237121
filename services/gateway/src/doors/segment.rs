//! `GET /v1/matches/{match}/log/{epoch}/{n}`: seq 64n+1 to 64n+64, for ever the same.

use axum::extract::Path;
use axum::response::Response;
use grandstand_core::ids::Epoch;
use grandstand_core::log::SEGMENT_EVENTS;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;

use super::asked::Asked;
use super::caching::{for_ever, tagged};
use super::shown::{codec, frame_response, word};
use crate::refuse::Refused;

pub(super) async fn segment(
    asked: Asked,
    Path((name, epoch, n)): Path<(String, String, String)>,
) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown(&name).await?;
    let (Ok(epoch), Ok(n)) = (epoch.parse::<Epoch>(), n.parse::<u64>()) else {
        return Err(no_segment().codec(form).into());
    };
    let found = shown.look(|ready| {
        let log = ready.feed.follower.log();
        let released = shown.released(ready, shown.now_us);
        if log.epoch() != epoch {
            return Err(no_segment());
        }
        match log.segment(codec(form), n, released) {
            Some(frame) => Ok((frame, ready.visibility)),
            None => Err(why_not(n, log.evicted().min(released))),
        }
    })?;
    let (frame, visibility) = found.map_err(|problem| problem.codec(form))?;
    let tag = format!("{epoch}-{n}-{}", word(form));
    let cache = for_ever(&shown.viewer, visibility);
    Ok(tagged(&asked.headers, &shown.viewer, &tag, cache, || {
        frame_response(form, frame)
    }))
}

/// Why segment `n` is not there for who may see that the events up to `evicted` are gone.
fn why_not(n: u64, evicted: u64) -> Problem {
    if n.saturating_mul(SEGMENT_EVENTS) >= evicted {
        return no_segment();
    }
    Problem::new(ProblemKind::SegmentEvicted).detail(format!(
        "The events up to seq {evicted} had to make room. Take the state, which holds what they \
         came to, and go on from its seq; another gateway may still have them."
    ))
}

fn no_segment() -> Problem {
    Problem::new(ProblemKind::NoSegment)
        .detail("A segment is there once its 64 events are, and you may see the last of them.")
}
