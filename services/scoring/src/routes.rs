//! The routes, as an index of the API.

use axum::Router;
use axum::middleware::from_fn_with_state;
use grandstand_server::cors::{self, Origin};
use grandstand_server::doors::Doors;
use grandstand_server::limits::{with_problem_fallbacks, with_time_limit};
use grandstand_server::openapi;
use serde_json::Value;

use crate::request::TRANSFER_MAX;
use crate::start::Api;
use crate::{access, create, devices, events, operations, post, propose, read, scorecard, signed};

/// Everything that is served, `pages` beside the API.
pub(crate) fn router(api: Api, pages: Router, origins: Vec<Origin>) -> Router {
    let time_max = api.request_max + TRANSFER_MAX;
    let (doors, document) = described();
    let routes = doors
        .route_layer(from_fn_with_state(api.clone(), signed::look))
        .with_state(api)
        .merge(openapi::routes(&document))
        .merge(grandstand_web::docs())
        .merge(pages);
    with_time_limit(with_problem_fallbacks(routes), time_max).layer(cors::layer(origins))
}

/// Every call, with what it takes and answers.
fn doors() -> Doors<Api> {
    Doors::default()
        .get("/v1/matches", read::directory, operations::directory())
        .get("/v1/matches/{match}", read::head, operations::head())
        .put(
            "/v1/matches/{match}",
            create::create_match,
            operations::create(),
        )
        .get(
            "/v1/matches/{match}/state",
            read::state,
            operations::state(),
        )
        .get(
            "/v1/matches/{match}/events",
            events::events,
            operations::events(),
        )
        .post(
            "/v1/matches/{match}/events",
            post::post_events,
            operations::post(),
        )
        .post(
            "/v1/matches/{match}/access",
            access::make_access,
            operations::make_access(),
        )
        .post(
            "/v1/matches/{match}/token",
            access::make_token,
            operations::make_token(),
        )
        .get(
            "/v1/matches/{match}/devices",
            devices::devices,
            operations::devices(),
        )
        .get(
            "/v1/matches/{match}/scorecard",
            scorecard::scorecard,
            operations::scorecard(),
        )
        .get(
            "/v1/matches/{match}/proposals",
            propose::proposals,
            operations::proposals(),
        )
        .post(
            "/v1/matches/{match}/cascade",
            propose::cascade,
            operations::cascade(),
        )
}

/// The calls as a router and as a document.
fn described() -> (Router<Api>, Value) {
    let (router, paths) = doors().into_parts();
    let document = openapi::document(operations::ABOUT, paths, operations::SCHEMAS);
    (router, document)
}

/// The OpenAPI document of the scorers' API.
pub fn openapi_document() -> Value {
    described().1
}
