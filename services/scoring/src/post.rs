//! `POST /v1/matches/{match}/events`: one event, or an array of them.

use std::collections::HashSet;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use grandstand_core::event::Posted;
use grandstand_core::ids::{Cursor, MatchId};
use grandstand_core::record::EVENTS_MAX;
use grandstand_server::etag::{Condition, if_match};
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{Answer, Stored};
use crate::decide::{Expectation, Post, Purpose};
use crate::devices::device_of;
use crate::match_task::Work;
use crate::missed::told;
use crate::refuse::{Outcome, Refused, counted, malformed, unreadable_event};
use crate::request::{Caller, only_value, with_etag};
use crate::start::Api;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(crate) async fn post_events(State(api): State<Api>, caller: Caller, body: Body) -> Response {
    let result = take_events(&api, &caller, body).await;
    caller.reply(result)
}

async fn take_events(api: &Api, caller: &Caller, body: Body) -> Result<Response, Problem> {
    let match_id = caller.writes()?;
    let post = read_post(caller, body).await?;
    store(api, caller, &match_id, post).await
}

/// What the request would have stored.
pub(crate) async fn read_post(caller: &Caller, body: Body) -> Result<Post, Problem> {
    let expectation = expectation_of(&caller.headers)?;
    let key = only_value(&caller.headers, IDEMPOTENCY_KEY)?;
    let (purpose, events) = match caller.document(body).await? {
        Value::Array(values) => (Purpose::Events, several(values, key)?),
        value => {
            let posted = Posted::parse(value, key).map_err(|e| unreadable_event(e, None))?;
            (Purpose::Event, vec![posted])
        }
    };
    Ok(Post {
        purpose,
        events,
        expectation,
        scorer: caller.grant.sub.clone(),
        rights: caller.rights(),
        traceparent: caller.traceparent(),
        device: device_of(&caller.headers)?,
    })
}

/// Has a request stored, and answers what came of it.
pub(crate) async fn store(
    api: &Api,
    caller: &Caller,
    match_id: &MatchId,
    post: Post,
) -> Result<Response, Problem> {
    let deadline = Instant::now() + api.request_max;
    let asked = api
        .matches
        .ask(match_id, |reply| Work::Post(Box::new(post), reply))
        .await;
    count(&asked);
    let (answer, stored) = match asked {
        Ok(done) => done,
        Err(refused) => return Err(told(api, match_id, refused, deadline).await.into()),
    };
    let status = match stored {
        Stored::Now => StatusCode::CREATED,
        Stored::Before => StatusCode::OK,
    };
    let mut response = caller.codec.answer(status, &answer);
    // A match id is plain ASCII, so it always is a header's value.
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/matches/{match_id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(with_etag(
        response,
        &format!("{}-{}", answer.epoch, answer.seq),
    ))
}

fn count(asked: &Result<(Answer, Stored), Refused>) {
    let outcome = outcome_word(asked.as_ref().map(|(_, stored)| *stored));
    metrics::counter!("grandstand_scoring_posts_total", "outcome" => outcome).increment(1);
}

fn outcome_word(asked: Result<Stored, &Refused>) -> &'static str {
    match asked {
        Ok(Stored::Now) => "stored",
        Ok(Stored::Before) => "repeated",
        Err(Refused::NoLeader {
            outcome: Outcome::Unknown,
        }) => "unknown",
        Err(Refused::NoLeader {
            outcome: Outcome::NothingStored,
        }) => "no_leader",
        Err(Refused::Busy) => "busy",
        Err(Refused::Fault) => "fault",
        Err(_) => "refused",
    }
}

fn several(values: Vec<Value>, key: Option<&str>) -> Result<Vec<Posted>, Problem> {
    if key.is_some() {
        let detail = "Idempotency-Key goes with a single event; in an array each has its id";
        return Err(malformed(IDEMPOTENCY_KEY, detail));
    }
    if values.is_empty() {
        return Err(malformed("(document)", "the array holds no event"));
    }
    if values.len() > EVENTS_MAX {
        let problem = Problem::new(ProblemKind::TooManyEvents);
        let detail = format!("post at most {EVENTS_MAX} at once");
        return Err(counted(
            problem.detail(detail).member("events_max", EVENTS_MAX),
        ));
    }
    let events: Vec<Posted> = values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            Posted::parse(value, None).map_err(|error| unreadable_event(error, Some(index)))
        })
        .collect::<Result<_, _>>()?;
    let mut seen = HashSet::new();
    match events.iter().position(|posted| !seen.insert(&posted.id)) {
        None => Ok(events),
        Some(index) => {
            let id = events[index].id.as_str();
            let detail = format!("{id} is there twice; every event has an id of its own");
            Err(malformed("id", detail)
                .member("id", id)
                .member("index", index))
        }
    }
}

fn expectation_of(headers: &HeaderMap) -> Result<Expectation, Problem> {
    let tags = match if_match(headers).map_err(counted)? {
        Condition::Absent | Condition::Any => return Ok(Expectation::Any),
        Condition::Listed(tags) => tags,
    };
    let heads: Result<Vec<Cursor>, _> = tags.iter().map(|tag| tag.parse()).collect();
    heads.map(Expectation::HeadIs).map_err(|_| {
        let detail = "If-Match names a position, such as \"1790000000123456.1-57\"";
        malformed("If-Match", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn many(count: usize) -> Vec<Value> {
        let ids = (0..count).map(|n| format!("e{n}"));
        ids.map(|id| json!({"id": id, "type": "set", "patch": {}}))
            .collect()
    }

    #[test]
    fn a_hundred_events_are_taken_at_once_and_not_one_more() {
        assert_eq!(several(many(EVENTS_MAX), None).unwrap().len(), EVENTS_MAX);
        let refused = several(many(EVENTS_MAX + 1), None).unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(refused.document()["events_max"], EVENTS_MAX);
    }

    #[test]
    fn an_event_that_is_there_twice_is_named_by_its_second_place() {
        let mut events = many(3);
        events.push(events[1].clone());
        let refused = several(events, None).unwrap_err().document();
        assert_eq!(
            (&refused["id"], &refused["index"]),
            (&json!("e1"), &json!(3))
        );
    }

    #[test]
    fn each_outcome_is_counted_by_its_word() {
        let no_leader = |outcome| Refused::NoLeader { outcome };
        for (asked, word) in [
            (Ok(Stored::Now), "stored"),
            (Ok(Stored::Before), "repeated"),
            (Err(&no_leader(Outcome::Unknown)), "unknown"),
            (Err(&no_leader(Outcome::NothingStored)), "no_leader"),
            (Err(&Refused::Busy), "busy"),
            (Err(&Refused::Fault), "fault"),
            (Err(&Refused::UnknownMatch), "refused"),
        ] {
            assert_eq!(outcome_word(asked), word);
        }
    }
}
