//! The admin port: `/livez`, `/readyz` and `/metrics`.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use crate::codec::Codec;
use crate::readiness::Readiness;
use crate::telemetry::Metrics;

/// The routes that every admin port has; merge a role's own into it.
pub fn router(readiness: Readiness, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz).with_state(readiness))
        .route("/metrics", get(metrics_text).with_state(metrics))
}

/// 200 when ready, else 503 with what is wrong by check: `{"ready":false,"reasons":{…}}`.
async fn readyz(State(readiness): State<Readiness>) -> Response {
    let reasons = readiness.reasons();
    let ready = reasons.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({ "ready": ready, "reasons": reasons });
    (
        [(CACHE_CONTROL, "no-store")],
        Codec::Json.answer(status, &body),
    )
        .into_response()
}

async fn metrics_text(State(metrics): State<Metrics>) -> Response {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        metrics.render(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn ask(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn it_says_what_keeps_it_from_being_ready() {
        let readiness = Readiness::new();
        let router = router(readiness.clone(), Metrics::install().unwrap());
        let broker = readiness.check("broker");

        let (status, body) = ask(&router, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body, r#"{"ready":false,"reasons":{"broker":"starting"}}"#);

        broker.ready();
        let (status, body) = ask(&router, "/readyz").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, r#"{"ready":true,"reasons":{}}"#);
    }

    #[tokio::test]
    async fn it_is_alive_and_shows_its_metrics() {
        let router = router(Readiness::new(), Metrics::install().unwrap());
        metrics::counter!("grandstand_admin_test_total").increment(3);
        assert_eq!(
            ask(&router, "/livez").await,
            (StatusCode::OK, "ok\n".to_owned())
        );
        let (status, body) = ask(&router, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("grandstand_admin_test_total 3"), "{body}");
    }
}
