//! Refusals over HTTP: problems, each counted once by its word.

use axum::response::{IntoResponse, Response};
use grandstand_server::problem::Problem;

/// A problem on its way out.
#[derive(Debug)]
pub(crate) struct Refused(Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        count_refusal(problem.word());
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// Counts what was refused, by any door.
pub(crate) fn count_refusal(reason: &'static str) {
    metrics::counter!("grandstand_refusals_total", "reason" => reason).increment(1);
}
