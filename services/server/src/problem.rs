//! RFC 9457 problems: how every refusal over HTTP looks.

use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
    WWW_AUTHENTICATE,
};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::codec::Codec;
use crate::problem_kind::ProblemKind;
use crate::token::TokenError;

/// Before a problem's word in its `type`: a reference relative to whoever answered.
const TYPE_PREFIX: &str = "/problems/";

/// A refusal, with what to do next. Build it with [`Problem::new`] and the methods that follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    kind: ProblemKind,
    detail: Option<String>,
    members: Map<String, Value>,
    retry_after_s: Option<u64>,
    codec: Codec,
}

impl Problem {
    /// A problem whose `type` is `/problems/<word>`, where every role tells what it means.
    pub fn new(kind: ProblemKind) -> Self {
        Self {
            kind,
            detail: None,
            members: Map::new(),
            retry_after_s: None,
            codec: Codec::Json,
        }
    }

    /// Says what is wrong with this very request.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a member beside those of RFC 9457, which cannot be replaced.
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// Says when to try again.
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Answers in `codec`; JSON unless told otherwise.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// The stable word, for metrics and for messages over other doors.
    pub fn word(&self) -> &'static str {
        self.kind.word()
    }

    /// The document as sent.
    pub fn document(&self) -> Value {
        let mut document = self.members.clone();
        document.insert(
            "type".into(),
            format!("{TYPE_PREFIX}{}", self.word()).into(),
        );
        document.insert("title".into(), self.kind.title().into());
        document.insert("status".into(), self.status().as_u16().into());
        match &self.detail {
            Some(detail) => document.insert("detail".into(), detail.as_str().into()),
            None => document.remove("detail"),
        };
        Value::Object(document)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.codec.answer(self.status(), &self.document());
        let media_type = match self.codec {
            Codec::Json => "application/problem+json",
            Codec::MessagePack => "application/problem+msgpack",
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        // A shared cache must not serve one client's refusal to another.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status() == StatusCode::UPGRADE_REQUIRED {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(error.kind()).detail(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use serde_json::json;

    fn problem() -> Problem {
        Problem::new(ProblemKind::Stale)
            .detail("expected 5, it is at 7")
            .member("seq", 7)
            .member("status", "not ours to set")
    }

    #[test]
    fn a_problem_has_the_members_of_the_rfc_and_its_own() {
        assert_eq!(
            problem().document(),
            json!({
                "type": "/problems/stale",
                "title": "The match went on without you",
                "status": 409,
                "detail": "expected 5, it is at 7",
                "seq": 7,
            })
        );
    }

    #[test]
    fn a_member_takes_no_place_of_the_rfcs() {
        let document = Problem::new(ProblemKind::Stale)
            .member("type", "b")
            .member("detail", "c")
            .document();
        assert_eq!(
            document,
            json!({"type": "/problems/stale", "title": "The match went on without you", "status": 409})
        );
    }

    #[tokio::test]
    async fn a_problem_is_answered_in_the_codec_of_the_client() {
        for (codec, media_type) in [
            (Codec::Json, "application/problem+json"),
            (Codec::MessagePack, "application/problem+msgpack"),
        ] {
            let response = problem().codec(codec).into_response();
            assert_eq!(response.status(), StatusCode::CONFLICT);
            assert_eq!(response.headers()[CONTENT_TYPE], media_type);
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(codec.decode_value(&body).unwrap(), problem().document());
        }
    }

    #[test]
    fn a_problem_says_when_to_try_again_and_how_to_sign_in() {
        let busy = Problem::new(ProblemKind::NoLeader)
            .retry_after_s(3)
            .into_response();
        assert_eq!(busy.headers()[RETRY_AFTER], "3");
        let refused = Problem::from(TokenError::Expired).into_response();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer");
        let other = Problem::new(ProblemKind::UpgradeRequired).into_response();
        assert_eq!(other.headers()[CONNECTION], "upgrade");
        assert_eq!(other.headers()[UPGRADE], "websocket");
        assert_eq!(other.headers()[SEC_WEBSOCKET_VERSION], "13");
        assert_eq!(
            Problem::from(TokenError::Expired).document()["type"],
            "/problems/token-expired"
        );
    }
}
