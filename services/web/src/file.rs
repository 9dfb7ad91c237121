//! One file as a route: its type, a validator, and what the browser may do with it.

use std::fmt::Write;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use sha2::{Digest, Sha256};

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const CSS: &str = "text/css; charset=utf-8";
pub(crate) const JS: &str = "text/javascript; charset=utf-8";
pub(crate) const SVG: &str = "image/svg+xml";
pub(crate) const MANIFEST: &str = "application/manifest+json";

/// Scripts, styles and images come from this origin alone and nothing is inline, so that text from
/// a hostile scorer stays text. A page may connect to other gateways: it is sent on when one
/// drains, and it may be told of another at its start.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; manifest-src 'self'; connect-src 'self' http: https: ws: wss:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// A file of a page.
#[derive(Clone, Copy)]
pub(crate) struct File {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

impl File {
    pub(crate) const fn new(
        path: &'static str,
        content_type: &'static str,
        bytes: &'static [u8],
    ) -> Self {
        Self {
            path,
            content_type,
            bytes,
        }
    }
}

/// How long a browser takes a file for what it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// Files change with the binary, so a browser asks each time; the answer is usually 304.
    UntilAsked,
    /// Nothing else will ever be under this path.
    ForEver,
}

impl Lasts {
    fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::UntilAsked => "no-cache",
            Self::ForEver => "public, max-age=31536000, immutable",
        })
    }
}

/// A route for each file.
pub(crate) fn routes(files: &[File]) -> Router {
    let mut router = Router::new();
    for file in files {
        let bytes = Bytes::from_static(file.bytes);
        router = router.route(
            file.path,
            served(file.content_type, bytes, Lasts::UntilAsked),
        );
    }
    router
}

/// What answers with these bytes.
pub(crate) fn served(content_type: &'static str, bytes: Bytes, lasts: Lasts) -> MethodRouter {
    let etag = etag_of(&bytes);
    get(move |headers: HeaderMap| {
        let answer = answer(content_type, &bytes, &etag, lasts, &headers);
        async move { answer }
    })
}

fn answer(
    content_type: &'static str,
    bytes: &Bytes,
    etag: &HeaderValue,
    lasts: Lasts,
    asked: &HeaderMap,
) -> Response {
    let headers = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, lasts.cache_control()),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_SECURITY_POLICY),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    if known
        .filter_map(|value| value.to_str().ok())
        .any(|value| names(value, etag))
    {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    (headers, [content_type], bytes.clone()).into_response()
}

/// Whether an `If-None-Match` names this file as it is; a proxy may have made the validator weak.
fn names(value: &str, etag: &HeaderValue) -> bool {
    value.split(',').any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one).as_bytes() == etag.as_bytes()
    })
}

fn etag_of(bytes: &[u8]) -> HeaderValue {
    let digest = short_digest(Sha256::digest(bytes).as_slice());
    HeaderValue::try_from(format!("\"{digest}\""))
        .expect("hexadecimal digits in quotes are a header value")
}

/// As many digits of a digest as tell files and versions apart.
pub(crate) fn short_digest(digest: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest.iter().take(8) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that cannot ask its router fails"
)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    const FILES: &[File] = &[File::new("/x.js", JS, b"1;")];

    async fn ask(path: &str, known: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let request = request.body(Body::empty()).unwrap();
        routes(FILES).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_file_that_did_not_change_is_not_sent_again() {
        let first = ask("/x.js", None).await;
        assert_eq!(first.status(), StatusCode::OK);
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"other\", {etag}"),
            "*".to_owned(),
        ] {
            let again = ask("/x.js", Some(&known)).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(
            ask("/x.js", Some("\"other\"")).await.status(),
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn every_file_says_what_a_browser_may_do_with_it() {
        for known in [None, Some("*")] {
            let answer = ask("/x.js", known).await;
            let policy = answer.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.starts_with("default-src 'none'"));
            assert!(!policy.contains("unsafe"));
            assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }
}
