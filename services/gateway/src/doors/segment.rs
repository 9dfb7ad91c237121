//! `GET /v1/matches/{match}/log/{epoch}/{n}`: seq 64n+1 to 64n+64, for ever the same.

use std::fmt::Display;
use std::str::FromStr;

use axum::response::Response;
use grandstand_core::ids::Epoch;
use grandstand_core::log::SEGMENT_EVENTS;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;

use super::asked::Asked;
use super::caching::{for_ever, tagged};
use super::shown::{codec, frame_response, word};
use crate::refuse::Refused;

pub(super) async fn segment(asked: Asked) -> Result<Response, Refused> {
    let form = asked.form;
    let shown = asked.shown().await?;
    let (Some(epoch), Some(n)) = (
        spelled::<Epoch>(asked.named("epoch")),
        spelled::<u64>(asked.named("n")),
    ) else {
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

/// What is written as we write it: by another spelling a cache would keep a segment twice.
fn spelled<T: FromStr + Display>(text: &str) -> Option<T> {
    let value = text.parse::<T>().ok()?;
    (value.to_string() == text).then_some(value)
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
