//! Answers in fewer bytes for clients that take them so: brotli or gzip, by `Accept-Encoding`.
//!
//! What many ask for is compressed once. Streams, such as SSE, go out as they are: only a body
//! whose length is known is whole.

mod kept;

use std::io::{self, Write};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use self::kept::Kept;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// Smaller bodies fit in one packet anyway.
const BYTES_MIN: u64 = 1024;
/// Larger bodies go out as they are.
const BYTES_MAX: u64 = 4 * 1024 * 1024;
/// A scorecard of 24 KB takes 0.6 ms of CPU and becomes 4.2 KB with brotli, 0.24 ms and 4.3 KB with
/// gzip; at their lowest 0.2 and 0.12 ms, and 6.1 KB. Brotli above 4 takes up to 9 ms for 3.8 KB.
const BROTLI_QUALITY: u32 = 4;
const GZIP_LEVEL: u32 = 4;
/// As large a window as our largest answers need.
const BROTLI_WINDOW_BITS: u32 = 20;

/// The answers of `router`, compressed where the client takes that and it is worth it.
pub fn compressed(router: Router) -> Router {
    let kept = Arc::new(Kept::default());
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        compress(Arc::clone(&kept), request, next)
    }))
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    /// The best of those that the client takes.
    fn wanted(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(ACCEPT_ENCODING).iter();
        let listed: Vec<(&str, f32)> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(weighed)
            .collect();
        let weight = |coding: Self| {
            let named = |names: &[&str]| {
                let found = listed
                    .iter()
                    .find(|(name, _)| names.iter().any(|one| one.eq_ignore_ascii_case(name)));
                found.map(|(_, weight)| *weight)
            };
            named(coding.names()).or(named(&["*"])).unwrap_or(0.0)
        };
        // The first of equals wins: it is the shorter one.
        match (weight(Self::Brotli), weight(Self::Gzip)) {
            (brotli, gzip) if brotli > 0.0 && brotli >= gzip => Some(Self::Brotli),
            (_, gzip) if gzip > 0.0 => Some(Self::Gzip),
            _ => None,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Brotli => &["br"],
            Self::Gzip => &["gzip", "x-gzip"],
        }
    }

    fn pack(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let room = Vec::with_capacity(plain.len() / 2);
        match self {
            Self::Brotli => {
                let window = BROTLI_WINDOW_BITS;
                let mut out = brotli::CompressorWriter::new(room, 4096, BROTLI_QUALITY, window);
                out.write_all(plain)?;
                Ok(out.into_inner())
            }
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut out = flate2::write::GzEncoder::new(room, level);
                out.write_all(plain)?;
                out.finish()
            }
        }
    }
}

/// A coding of a list and its weight: 1 where none is said, 0 where it can't be read.
fn weighed(entry: &str) -> (&str, f32) {
    let mut parts = entry.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (name, weight.map_or(1.0, |text| text.parse().unwrap_or(0.0)))
}

async fn compress(kept: Arc<Kept>, request: Request, next: Next) -> Response {
    let coding = Coding::wanted(request.headers());
    let mut response = next.run(request).await;
    let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
    if !is_unchanged && !is_worth_it(&response) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    let Some(coding) = coding else {
        return response;
    };
    weaken_tag(headers);
    if is_unchanged {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let packed = match to_bytes(body, BYTES_MAX as usize).await {
        Ok(plain) => kept.packed(coding, plain).await,
        Err(error) => Err(io::Error::other(error)),
    };
    match packed {
        Ok(packed) => {
            let name = HeaderValue::from_static(coding.names()[0]);
            parts.headers.insert(CONTENT_ENCODING, name);
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(packed))
        }
        Err(error) => {
            tracing::error!(%error, "an answer can't be compressed");
            Problem::new(ProblemKind::Fault).into_response()
        }
    }
}

fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let is_plain = !headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(CONTENT_RANGE);
    let bytes = response.body().size_hint().exact();
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&[][..], |kind| kind.as_bytes());
    is_plain
        && bytes.is_some_and(|bytes| (BYTES_MIN..=BYTES_MAX).contains(&bytes))
        && (kind.starts_with(b"text/") || kind.starts_with(b"application/"))
}

/// The same document in other bytes: a strong tag names bytes.
fn weaken_tag(headers: &mut HeaderMap) {
    let strong = headers
        .get(ETAG)
        .filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    let weak = strong.map(|tag| [b"W/", tag.as_bytes()].concat());
    if let Some(Ok(weak)) = weak.map(|weak| HeaderValue::from_bytes(&weak)) {
        headers.insert(ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use bytes::Bytes;
    use http::header::IF_NONE_MATCH;
    use std::io::Read;
    use tower::ServiceExt;

    const TEXT: &str = "the same few words again and again, ";

    fn router() -> Router {
        let text = || TEXT.repeat(100);
        let tagged = |headers: HeaderMap| async move {
            match crate::etag::if_none_match(&headers).names("t") {
                true => ([(ETAG, "\"t\"")], StatusCode::NOT_MODIFIED).into_response(),
                false => ([(ETAG, "\"t\"")], TEXT.repeat(100)).into_response(),
            }
        };
        let streamed = || async move {
            let chunks = futures_util::stream::iter([Ok::<_, io::Error>(TEXT.repeat(100))]);
            (
                [(CONTENT_TYPE, "text/event-stream")],
                Body::from_stream(chunks),
            )
        };
        compressed(
            Router::new()
                .route("/text", get(move || async move { text() }))
                .route("/tagged", get(tagged))
                .route("/small", get(|| async { TEXT }))
                .route("/stream", get(streamed))
                .route(
                    "/packed",
                    get(|| async { ([(CONTENT_ENCODING, "zstd")], TEXT.repeat(100)) }),
                )
                .route(
                    "/image",
                    get(|| async { ([(CONTENT_TYPE, "image/png")], TEXT.repeat(100)) }),
                ),
        )
    }

    async fn ask(router: &Router, path: &str, accepted: &str, known: &str) -> (HeaderMap, Bytes) {
        let request = Request::get(path)
            .header(ACCEPT_ENCODING, accepted)
            .header(IF_NONE_MATCH, known)
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let mut headers = parts.headers;
        headers.insert("status", parts.status.as_str().parse().unwrap());
        (headers, to_bytes(body, usize::MAX).await.unwrap())
    }

    fn unpacked(coding: &str, packed: &[u8]) -> String {
        let mut plain = String::new();
        let read = match coding {
            "br" => brotli::Decompressor::new(packed, 4096).read_to_string(&mut plain),
            _ => flate2::read::GzDecoder::new(packed).read_to_string(&mut plain),
        };
        read.unwrap();
        plain
    }

    #[tokio::test]
    async fn a_document_is_compressed_for_who_takes_it() {
        let router = router();
        for coding in ["br", "gzip"] {
            let (headers, packed) = ask(&router, "/text", coding, "").await;
            assert_eq!(headers[CONTENT_ENCODING], coding);
            assert!(
                headers[CONTENT_TYPE]
                    .to_str()
                    .unwrap()
                    .starts_with("text/plain")
            );
            assert!(packed.len() < 200, "{coding}: {}", packed.len());
            assert_eq!(unpacked(coding, &packed), TEXT.repeat(100));
        }
        let (headers, plain) = ask(&router, "/text", "identity", "").await;
        assert_eq!(plain, TEXT.repeat(100));
        assert!(!headers.contains_key(CONTENT_ENCODING));
        assert_eq!(
            headers[VARY], "Accept-Encoding",
            "a cache must not mix them up"
        );
    }

    #[tokio::test]
    async fn what_is_small_streamed_or_compressed_already_stays_as_it_is() {
        let router = router();
        for path in ["/small", "/stream", "/packed", "/image"] {
            let (headers, plain) = ask(&router, path, "br, gzip", "").await;
            assert_ne!(
                headers.get(CONTENT_ENCODING),
                Some(&HeaderValue::from_static("br"))
            );
            assert!(plain.starts_with(TEXT.as_bytes()), "{path}");
        }
    }

    #[tokio::test]
    async fn a_tag_is_weak_where_the_bytes_are_others_and_still_answers_304() {
        let router = router();
        let (headers, _) = ask(&router, "/tagged", "gzip", "").await;
        assert_eq!(headers[ETAG], "W/\"t\"");
        let (headers, _) = ask(&router, "/tagged", "", "").await;
        assert_eq!(headers[ETAG], "\"t\"");
        for known in ["W/\"t\"", "\"t\""] {
            let (headers, body) = ask(&router, "/tagged", "gzip", known).await;
            assert_eq!(
                (&headers["status"], body.len()),
                (&HeaderValue::from_static("304"), 0)
            );
            assert_eq!(headers[VARY], "Accept-Encoding");
        }
    }

    #[tokio::test]
    async fn what_many_ask_for_is_compressed_once() {
        let router = router();
        let (_, first) = ask(&router, "/text", "br", "").await;
        let (_, again) = ask(&router, "/text", "br", "").await;
        assert_eq!(first.as_ptr(), again.as_ptr());
    }

    #[test]
    fn the_best_coding_that_is_taken_is_chosen() {
        use Coding::{Brotli, Gzip};
        for (accepted, coding) in [
            ("", None),
            ("identity", None),
            ("zstd, deflate", None),
            ("gzip", Some(Gzip)),
            ("X-GZIP", Some(Gzip)),
            ("gzip, deflate, br", Some(Brotli)),
            ("gzip;q=1.0, br;q=0.5", Some(Gzip)),
            ("br;q=0, gzip", Some(Gzip)),
            ("br;q=0, gzip;q=0", None),
            ("*", Some(Brotli)),
            ("br;q=0, *;q=0.1", Some(Gzip)),
            ("gzip;q=x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(Coding::wanted(&headers), coding, "{accepted:?}");
        }
        assert_eq!(Coding::wanted(&HeaderMap::new()), None);
    }
}
