//! `PUT /v1/matches/{match}`: creates a match, which is its event 1.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use grandstand_core::event::Posted;
use grandstand_server::problem::Problem;
use grandstand_sports::Sport;
use serde_json::{Value, json};

use crate::decide::{Expectation, Post, Purpose};
use crate::devices::device_of;
use crate::post::store;
use crate::refuse::{malformed, unreadable_event};
use crate::request::Caller;
use crate::start::Api;

/// The id and the type of the event that creates a match.
const CREATED: &str = "created";

pub(crate) async fn create_match(State(api): State<Api>, caller: Caller, body: Body) -> Response {
    let result = create(&api, &caller, body).await;
    caller.reply(result)
}

async fn create(api: &Api, caller: &Caller, body: Body) -> Result<Response, Problem> {
    let match_id = caller.writes()?;
    let document = caller.document(body).await?;
    let sport = sport_of(&document)?;
    let event = json!({ "id": CREATED, "type": CREATED, "data": document });
    let posted = Posted::parse(event, None).map_err(|error| unreadable_event(error, None))?;
    let post = Post {
        purpose: Purpose::Create(sport),
        events: vec![posted],
        expectation: Expectation::Any,
        scorer: caller.grant.sub.clone(),
        rights: caller.rights(),
        traceparent: caller.traceparent(),
        device: device_of(&caller.headers)?,
    };
    store(api, caller, &match_id, post).await
}

fn sport_of(document: &Value) -> Result<Sport, Problem> {
    if !document.is_object() {
        return Err(malformed("(document)", "a match is created with an object"));
    }
    match document.get("sport").map(Value::as_str) {
        None => Err(malformed("sport", "sport is missing")),
        Some(name) => name
            .and_then(Sport::parse)
            .ok_or_else(|| malformed("sport", "sport is one that is scored here: cricket or open")),
    }
}
