//! Who signs a request, looked at once, and how many requests a token has: counted before anything
//! else is done.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use grandstand_server::bearer::bearer_of;
use grandstand_server::codec::Codec;
use grandstand_server::grant::Grant;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::quota::{Exceeded, Left, Quota, Quotas};
use grandstand_server::token::TokenError;
use http::{HeaderName, HeaderValue};
use serde_json::json;

use crate::refuse::counted;
use crate::start::Api;

/// The name of the only policy there is, as RateLimit and RateLimit-Policy tell it.
const POLICY: &str = "token";
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What a request's token grants, or why nothing.
#[derive(Clone)]
pub(crate) struct Signed(pub(crate) Result<Grant, TokenError>);

/// The requests of each token.
pub(crate) struct Counter {
    quota: Quota,
    began: Instant,
    hashes: RandomState,
    quotas: Mutex<Quotas>,
}

impl Counter {
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            quota,
            began: Instant::now(),
            hashes: RandomState::new(),
            quotas: Mutex::new(Quotas::new(quota)),
        }
    }

    fn take(&self, token: &str) -> Result<Left, Exceeded> {
        let now_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let token = self.hashes.hash_one(token);
        let mut quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        quotas.take(token, now_us)
    }
}

/// Looks at the token and counts the request: an answer says what is left, one too many is refused.
pub(crate) async fn look(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let token = bearer_of(request.headers());
    let signed = token.clone().and_then(|token| api.verifier.verify(token));
    // Only a token that is good is counted, so that made-up ones take nobody's place.
    let taken = match (&api.counter, &signed, token) {
        (Some(counter), Ok(_), Ok(token)) => Some((counter.quota, counter.take(token))),
        _ => None,
    };
    let codec = Codec::of_answer(request.headers());
    request.extensions_mut().insert(Signed(signed));
    match taken {
        None => next.run(request).await,
        Some((quota, Ok(left))) => told(next.run(request).await, quota, left),
        Some((quota, Err(Exceeded { retry_after_s }))) => {
            let problem = Problem::new(ProblemKind::QuotaExceeded)
                .detail(format!("ask again in {retry_after_s} s"))
                .member("violated-policies", json!([POLICY]))
                .retry_after_s(retry_after_s);
            let left = Left {
                requests: 0,
                window_s: retry_after_s,
            };
            told(counted(problem).codec(codec).into_response(), quota, left)
        }
    }
}

fn told(mut response: Response, quota: Quota, left: Left) -> Response {
    let Quota {
        requests_max,
        window_s,
    } = quota;
    let policy = format!("\"{POLICY}\";q={requests_max};w={window_s}");
    let left = format!("\"{POLICY}\";r={};t={}", left.requests, left.window_s);
    for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
        // Names and numbers always are a header's value.
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
