//! Which pages of other origins may call us.

use std::str::FromStr;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION,
    CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER,
};
use http::request::Parts;
use http::{HeaderValue, Method, Uri};
use thiserror::Error;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a page may remember what it may do.
const PREFLIGHT_AGE_MAX: Duration = Duration::from_secs(600);

/// An origin such as `https://scores.example`: scheme, host and, where it is not usual, port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not an origin such as https://scores.example (no path, no '*')")]
pub struct OriginError(String);

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let error = || OriginError(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| error())?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) =
            (uri.scheme_str(), uri.authority())
        else {
            return Err(error());
        };
        // Browsers send an origin in exactly this form.
        let plain = format!("{scheme}://{authority}").to_ascii_lowercase();
        if plain != text || text.contains(['@', '*']) {
            return Err(error());
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| error())
    }
}

/// Lets pages of `origins` do everything, and those of any other origin only GET without
/// `Authorization`: what they may see is public anyway. Cookies play no part. `ETag`,
/// `Retry-After`, what tells pollers when to come again, and what a token has left are exposed.
pub fn layer(origins: Vec<Origin>) -> CorsLayer {
    let allowed = move |origin: &HeaderValue, request: &Parts| {
        origins.iter().any(|listed| listed.0 == *origin) || is_public_get(request)
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT])
        .allow_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            HeaderName::from_static("grandstand-device"),
            HeaderName::from_static("grandstand-pending"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            ETAG,
            RETRY_AFTER,
            HeaderName::from_static("grandstand-poll-after-ms"),
            HeaderName::from_static("grandstand-status"),
            HeaderName::from_static("grandstand-tier"),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(PREFLIGHT_AGE_MAX)
}

/// A GET without credentials, or the preflight of one.
fn is_public_get(request: &Parts) -> bool {
    let asks_for = |name: HeaderName| {
        let values = request.headers.get_all(name);
        values
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect::<Vec<_>>()
            .join(",")
    };
    match request.method {
        Method::GET | Method::HEAD => !request.headers.contains_key(AUTHORIZATION),
        Method::OPTIONS => {
            matches!(
                asks_for(ACCESS_CONTROL_REQUEST_METHOD).as_str(),
                "GET" | "HEAD"
            ) && asks_for(ACCESS_CONTROL_REQUEST_HEADERS)
                .split(',')
                .all(|name| !name.trim().eq_ignore_ascii_case("authorization"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::get;
    use http::header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN,
    };
    use tower::ServiceExt;

    const LISTED: &str = "https://scores.example";
    const OTHER: &str = "https://other.example";

    async fn is_allowed(origin: &str, method: &str, headers: &[(HeaderName, &str)]) -> bool {
        let answer = ask(origin, method, headers).await;
        answer
            .headers()
            .get(ACCESS_CONTROL_ALLOW_ORIGIN)
            .is_some_and(|allowed| allowed == origin)
    }

    async fn ask(
        origin: &str,
        method: &str,
        headers: &[(HeaderName, &str)],
    ) -> axum::response::Response {
        let router = axum::Router::new()
            .route("/", get(|| async {}).post(|| async {}))
            .layer(layer(vec![LISTED.parse().unwrap()]));
        let mut request = Request::builder()
            .method(method)
            .uri("/")
            .header(ORIGIN, origin);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn any_origin_may_get_what_is_public() {
        let wants_get = (ACCESS_CONTROL_REQUEST_METHOD, "GET");
        assert!(is_allowed(OTHER, "GET", &[]).await);
        assert!(is_allowed(OTHER, "OPTIONS", std::slice::from_ref(&wants_get)).await);
        assert!(!is_allowed(OTHER, "GET", &[(AUTHORIZATION, "Bearer a")]).await);
        assert!(!is_allowed(OTHER, "POST", &[]).await);
        assert!(!is_allowed(OTHER, "OPTIONS", &[(ACCESS_CONTROL_REQUEST_METHOD, "POST")]).await);
        let with_token = (ACCESS_CONTROL_REQUEST_HEADERS, "accept, Authorization");
        assert!(!is_allowed(OTHER, "OPTIONS", &[wants_get, with_token]).await);
    }

    #[tokio::test]
    async fn a_listed_origin_may_post_with_a_token() {
        let wants_post = (ACCESS_CONTROL_REQUEST_METHOD, "POST");
        let with_token = (ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
        assert!(is_allowed(LISTED, "OPTIONS", &[wants_post, with_token]).await);
        assert!(is_allowed(LISTED, "POST", &[(AUTHORIZATION, "Bearer a")]).await);
    }

    #[tokio::test]
    async fn pages_see_the_headers_they_need_and_send_no_cookies() {
        let answer = ask(LISTED, "GET", &[]).await;
        assert_eq!(
            answer.headers()[ACCESS_CONTROL_EXPOSE_HEADERS],
            "etag,retry-after,grandstand-poll-after-ms,grandstand-status,grandstand-tier,\
             ratelimit,ratelimit-policy"
        );
        assert!(
            !answer
                .headers()
                .contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS)
        );
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for good in [LISTED, "http://localhost:8080", "http://127.0.0.1:3000"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "",
            "scores.example",
            "https://a.example/",
            "https://A.example",
            "ftp://a.example",
            "https://*.example",
            "https://a@b.example",
            "null",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
