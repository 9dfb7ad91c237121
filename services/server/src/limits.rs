//! Limits on requests that are answered with problems: body size, time, unknown paths and methods.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::codec::Codec;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// Reads a body of at most `bytes_max`; a 413 problem for a longer one, at once where its length
/// is announced, a 400 for one that breaks off, and a 503 for one that takes longer than
/// `time_max`: nothing was done with it, and a slow line may do better the next time.
pub async fn read_body(body: Body, bytes_max: usize, time_max: Duration) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let reading = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(time_max, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Ok(Err(_)) => Err(Problem::new(ProblemKind::IncompleteBody)),
        Err(_) => Err(too_slow(time_max)),
    }
}

fn too_slow(time_max: Duration) -> Problem {
    Problem::new(ProblemKind::TimedOut)
        .detail(format!(
            "the body did not come within {} s; nothing was stored",
            time_max.as_secs()
        ))
        .retry_after_s(1)
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(ProblemKind::BodyTooLarge)
        .detail(format!("at most {bytes_max} bytes are taken"))
        .member("bytes_max", bytes_max)
}

/// Answers unknown paths with a 404 problem, and unknown methods of known paths with a 405 one.
/// Call it when all routes are there: routes added later do not get the 405.
pub fn with_problem_fallbacks(router: Router) -> Router {
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// A path that is none of ours.
pub(crate) async fn not_found(uri: Uri, headers: HeaderMap) -> Problem {
    Problem::new(ProblemKind::NotFound)
        .detail(format!("no such path: {}", uri.path()))
        .codec(Codec::of_answer(&headers))
}

async fn method_not_allowed(method: Method, headers: HeaderMap) -> Problem {
    Problem::new(ProblemKind::MethodNotAllowed)
        .detail(format!("{method} is not among the methods of 'Allow'"))
        .codec(Codec::of_answer(&headers))
}

/// Answers 503 when no route of `router` has begun its answer within `time_max`: the outcome is
/// unknown then. Answers that have begun, such as event streams, take the time they take.
pub fn with_time_limit(router: Router, time_max: Duration) -> Router {
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        in_time(time_max, request, next)
    }))
}

async fn in_time(time_max: Duration, request: Request, next: Next) -> Response {
    let codec = Codec::of_answer(request.headers());
    match tokio::time::timeout(time_max, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(ProblemKind::TimedOut)
            .member("outcome", "unknown")
            .retry_after_s(1)
            .codec(codec)
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;
    use axum::routing::get;
    use http::StatusCode;
    use http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
    use hyper::body::{Frame, SizeHint};
    use tower::ServiceExt;

    const LONG: Duration = Duration::from_secs(10);

    async fn ask(router: Router, method: Method, path: &str, accept: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(ACCEPT, accept)
            .body(Body::empty())
            .unwrap();
        router.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_is_taken_up_to_the_bound() {
        assert_eq!(
            read_body(Body::from("12345"), 5, LONG).await.unwrap(),
            "12345"
        );
        let refused = read_body(Body::from("123456"), 5, LONG).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(refused.document()["bytes_max"], 5);
    }

    /// A body that says that it will be long, and never comes.
    struct Announced;

    impl HttpBody for Announced {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            Poll::Pending
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(6)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_announced_as_too_long_is_not_waited_for() {
        let refused = read_body(Body::new(Announced), 5, LONG).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    /// A body that does not say how long it is, as with chunked transfer.
    fn chunked(chunks: Vec<Result<&'static str, std::io::Error>>) -> Body {
        Body::from_stream(futures_util::stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_of_unannounced_length_is_cut_at_the_bound() {
        let fits = chunked(vec![Ok("123"), Ok("45")]);
        assert_eq!(read_body(fits, 5, LONG).await.unwrap(), "12345");
        let refused = read_body(chunked(vec![Ok("123"), Ok("456")]), 5, LONG)
            .await
            .unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let broken = chunked(vec![Ok("1"), Err(std::io::Error::other("gone"))]);
        let refused = read_body(broken, 5, LONG).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_in_time_is_given_up_and_may_be_sent_again() {
        let stalled = futures_util::stream::pending::<Result<&'static str, std::io::Error>>();

        let refused = read_body(Body::from_stream(stalled), 5, LONG)
            .await
            .unwrap_err();

        assert_eq!(refused.document()["type"], "/problems/timed-out");
        assert!(
            refused.document().get("outcome").is_none(),
            "nothing was stored"
        );
        assert_eq!(refused.into_response().headers()["retry-after"], "1");
    }

    #[tokio::test]
    async fn unknown_paths_and_methods_are_answered_with_problems() {
        let router = with_problem_fallbacks(Router::new().route("/a", get(|| async { "a" })));

        let missing = ask(router.clone(), Method::GET, "/b", "*/*").await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
        assert_eq!(missing.headers()[CONTENT_TYPE], "application/problem+json");
        let packed = ask(router.clone(), Method::GET, "/b", "application/msgpack").await;
        let media_type = &packed.headers()[CONTENT_TYPE];
        assert_eq!(media_type, "application/problem+msgpack");

        let refused = ask(router.clone(), Method::PUT, "/a", "application/msgpack").await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(
            refused.headers()[CONTENT_TYPE],
            "application/problem+msgpack"
        );
        assert_eq!(refused.headers()[ALLOW], "GET,HEAD");

        let found = ask(router, Method::GET, "/a", "*/*").await;
        assert_eq!(found.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_answer_that_does_not_begin_in_time_is_a_problem() {
        let router = Router::new()
            .route("/never", get(std::future::pending::<&'static str>))
            .route("/now", get(|| async { "now" }));
        let router = with_time_limit(router, Duration::from_millis(20));

        let late = ask(router.clone(), Method::GET, "/never", "*/*").await;
        assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(late.headers()["retry-after"], "1");
        let document = late.into_body().collect().await.unwrap().to_bytes();
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["outcome"], "unknown");
        let packed = ask(router.clone(), Method::GET, "/never", "application/msgpack").await;
        let media_type = &packed.headers()[CONTENT_TYPE];
        assert_eq!(media_type, "application/problem+msgpack");
        let prompt = ask(router, Method::GET, "/now", "*/*").await;
        assert_eq!(prompt.status(), StatusCode::OK);
    }
}
