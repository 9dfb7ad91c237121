//! What every request carries: who sends it, about which match, and in which form.

use std::ops::Deref;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use grandstand_core::headers::Visibility;
use grandstand_core::ids::MatchId;
use grandstand_server::codec::Codec;
use grandstand_server::etag::etag;
use grandstand_server::grant::{Grant, Right, Role};
use grandstand_server::limits::read_body;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::query::{Known, Parameters};
use grandstand_server::token::TokenError;
use grandstand_sports::Rights;
use http::header::{CACHE_CONTROL, ETAG, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::refuse::{counted, malformed, not_allowed};
use crate::signed::Signed;
use crate::start::Api;

/// The largest body that is read.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;
/// A body has this long to come, and an answer to be written, beside the time that the work takes.
pub(crate) const TRANSFER_MAX: Duration = Duration::from_secs(10);

/// A request, whoever sends it.
pub(crate) struct Asker {
    pub(crate) headers: HeaderMap,
    /// How the answer is written.
    pub(crate) codec: Codec,
    /// What its query asks for: nothing that the call does not know.
    pub(crate) parameters: Parameters,
    match_segment: Option<String>,
}

/// A signed-in request.
pub(crate) struct Caller {
    pub(crate) grant: Grant,
    asker: Asker,
}

impl Deref for Caller {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.asker
    }
}

impl FromRequestParts<Api> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let codec = Codec::of_answer(&parts.headers);
        // Absent only if the route was added without a description: then it takes none.
        let known = parts.extensions.get::<Known>().cloned().unwrap_or_default();
        let parameters = known
            .parameters(&parts.uri)
            .map_err(|error| counted(error.into()).codec(codec))?;
        // A segment that is not UTF-8 is no match id, as an absent one would be.
        let segments = RawPathParams::from_request_parts(parts, api).await.ok();
        let match_segment = segments.and_then(|segments| {
            let mut values = segments.iter();
            values.next().map(|(_, value)| value.to_owned())
        });
        Ok(Self {
            headers: parts.headers.clone(),
            codec,
            parameters,
            match_segment,
        })
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, api).await?;
        // Absent only if the route was added without a look at its token: then nobody is let in.
        let signed = parts.extensions.get::<Signed>().cloned();
        let Signed(grant) = signed.unwrap_or(Signed(Err(TokenError::Missing)));
        let grant = grant.map_err(|error| counted(Problem::from(error)).codec(asker.codec))?;
        Ok(Self { grant, asker })
    }
}

impl Asker {
    /// The match of the path.
    pub(crate) fn match_id(&self) -> Result<MatchId, Problem> {
        let text = self.match_segment.clone().unwrap_or_default();
        MatchId::new(text).map_err(|error| {
            let problem = Problem::new(ProblemKind::MalformedMatchId);
            counted(problem.detail(error.to_string()).member("field", "match"))
        })
    }

    /// The document that the request carries.
    pub(crate) async fn document(&self, body: Body) -> Result<Value, Problem> {
        let codec = Codec::of_body(&self.headers).map_err(counted)?;
        let bytes = read_body(body, BODY_BYTES_MAX, TRANSFER_MAX)
            .await
            .map_err(counted)?;
        codec
            .decode_value(&bytes)
            .map_err(|error| counted(error.into()))
    }

    /// The request's W3C trace context, if it is one: it becomes a header of the record.
    pub(crate) fn traceparent(&self) -> Option<String> {
        let text = self.headers.get("traceparent")?.to_str().ok()?;
        is_traceparent(text).then(|| text.to_owned())
    }

    /// The answer, or the problem in the caller's codec.
    pub(crate) fn reply(&self, result: Result<Response, Problem>) -> Response {
        match result {
            Ok(response) => response,
            Err(problem) => problem.codec(self.codec).into_response(),
        }
    }
}

impl Caller {
    /// The match of the path, if the caller may write it.
    pub(crate) fn writes(&self) -> Result<MatchId, Problem> {
        let match_id = self.match_id()?;
        if self.grant.may_write(match_id.as_str()) {
            Ok(match_id)
        } else {
            Err(not_allowed(
                "writing needs a scorer's token that names the match",
            ))
        }
    }

    /// Whether the caller may read here at all.
    pub(crate) fn check_reader(&self) -> Result<(), Problem> {
        match self.grant.role {
            Role::Scorer | Role::Ops => Ok(()),
            Role::Fan => Err(not_allowed(
                "scorers and operators read here; fans read at the gateway",
            )),
        }
    }

    /// Whether the caller may read this match.
    pub(crate) fn check_sees(
        &self,
        match_id: &MatchId,
        visibility: Visibility,
    ) -> Result<(), Problem> {
        let private = visibility == Visibility::Private;
        if !private || self.grant.may_read_private(match_id.as_str()) {
            Ok(())
        } else {
            Err(not_allowed(
                "the match is private, and your token does not name it",
            ))
        }
    }

    /// What the caller may do beyond scoring.
    pub(crate) fn rights(&self) -> Rights {
        Rights {
            open: self.grant.has_right(Right::Open),
            official: self.grant.has_right(Right::Official),
        }
    }
}

fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let hex = |part: &&str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    lengths == [2, 32, 16, 2] && parts.iter().all(hex) && parts[0] != "ff"
}

/// The value of a header that may be there once, if it is.
pub(crate) fn only_value<'h>(
    headers: &'h HeaderMap,
    name: &'static str,
) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let refused = |why: &str| Err(malformed(name, format!("{name} {why}")));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => refused("holds what is not plain ASCII"),
        },
        (Some(_), Some(_)) => refused("is there twice"),
    }
}

/// Names the position that an answer is about, for `If-Match` and `If-None-Match`.
pub(crate) fn with_etag(mut response: Response, tag: &str) -> Response {
    if let Some(value) = etag(tag) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// Says that an answer is for this caller alone.
pub(crate) fn with_privacy(mut response: Response, visibility: Visibility) -> Response {
    let kept = match visibility {
        Visibility::Public | Visibility::Unlisted => "private, no-cache",
        Visibility::Private => "private, no-store",
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.append(VARY, HeaderValue::from_static("Accept, Authorization"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_context_is_passed_on() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_traceparent(good));
        for bad in ["", "00-1-2-3", &good.to_uppercase(), &format!("{good}-x")] {
            assert!(!is_traceparent(bad), "{bad}");
        }
        assert!(!is_traceparent(&good.replacen("00", "ff", 1)));
    }

    #[test]
    fn a_header_that_may_be_there_once_is_read_or_named() {
        let read = |values: &[&[u8]]| {
            let values = values.iter().map(|value| {
                let value = HeaderValue::from_bytes(value).unwrap();
                (http::HeaderName::from_static("idempotency-key"), value)
            });
            let headers: HeaderMap = values.collect();
            let value = only_value(&headers, "Idempotency-Key");
            value
                .map(|value| value.map(str::to_owned))
                .map_err(|problem| problem.document()["field"].clone())
        };
        let named = || Err(serde_json::json!("Idempotency-Key"));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"k"]), Ok(Some("k".to_owned())));
        assert_eq!(read(&[b"k", b"k"]), named());
        assert_eq!(read(&[b"\xc3\xa9"]), named(), "not plain ASCII");
    }

    #[test]
    fn an_answer_is_kept_by_who_asked_alone_and_one_of_a_private_match_by_nobody() {
        for (visibility, kept) in [
            (Visibility::Public, "private, no-cache"),
            (Visibility::Unlisted, "private, no-cache"),
            (Visibility::Private, "private, no-store"),
        ] {
            let answer = with_privacy(Response::default(), visibility);
            assert_eq!(answer.headers()[CACHE_CONTROL], kept);
            assert_eq!(answer.headers()[VARY], "Accept, Authorization");
        }
    }
}
