//! The routes, as an index of the API.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use grandstand_server::cors::{self, Origin};
use grandstand_server::limits::{with_problem_fallbacks, with_time_limit};

use crate::start::Api;
use crate::{access, create, devices, events, post as posts, propose, read, scorecard};

/// A body has this long to come, and an answer to be written, beside the time that the work takes.
const TRANSFER_MAX: Duration = Duration::from_secs(10);

/// Everything that is served, `pages` beside the API.
pub(crate) fn router(api: Api, pages: Router, origins: Vec<Origin>) -> Router {
    let time_max = api.request_max + TRANSFER_MAX;
    let routes = Router::new()
        .route("/v1/matches", get(read::directory))
        .route(
            "/v1/matches/{match}",
            get(read::head).put(create::create_match),
        )
        .route("/v1/matches/{match}/state", get(read::state))
        .route(
            "/v1/matches/{match}/events",
            get(events::events).post(posts::post_events),
        )
        .route("/v1/matches/{match}/access", post(access::make_access))
        .route("/v1/matches/{match}/token", post(access::make_token))
        .route("/v1/matches/{match}/scorecard", get(scorecard::scorecard))
        .route("/v1/matches/{match}/devices", get(devices::devices))
        .route("/v1/matches/{match}/proposals", get(propose::proposals))
        .route("/v1/matches/{match}/cascade", post(propose::cascade))
        .with_state(api)
        .merge(pages);
    with_time_limit(with_problem_fallbacks(routes), time_max).layer(cors::layer(origins))
}
