//! Which codec a request is written in, and which one its answer shall have.

use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::codec::Codec;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

impl Codec {
    /// The codec of the request's body by `Content-Type`, JSON when there is none; a 415 problem
    /// for any other.
    pub fn of_body(headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(coding) = headers.get(CONTENT_ENCODING)
            && coding != "identity"
        {
            return Err(Problem::new(ProblemKind::UnsupportedMediaType)
                .detail("send the body without a Content-Encoding")
                .codec(Self::of_answer(headers)));
        }
        let Some(value) = headers.get(CONTENT_TYPE) else {
            return Ok(Self::Json);
        };
        value
            .to_str()
            .ok()
            .and_then(Self::of_media_type)
            .ok_or_else(|| {
                Problem::new(ProblemKind::UnsupportedMediaType)
                    .detail("send application/json or application/msgpack")
                    .codec(Self::of_answer(headers))
            })
    }

    /// The codec that the client wants to read: by `Accept`; by the body's where that says
    /// nothing; else JSON. Never refused: a JSON answer is better than a bare 406.
    pub fn of_answer(headers: &HeaderMap) -> Self {
        let of_body = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(Self::of_media_type)
            .unwrap_or(Self::Json);
        let known = |range: &str| match range {
            "*/*" | "application/*" => Some(of_body),
            _ => Self::of_media_type(range),
        };
        preferred(headers, known).unwrap_or(of_body)
    }

    /// The codec of a media type, parameters aside.
    fn of_media_type(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" | "application/problem+json" => Some(Self::Json),
            "application/msgpack"
            | "application/x-msgpack"
            | "application/vnd.msgpack"
            | "application/problem+msgpack" => Some(Self::MessagePack),
            _ => None,
        }
    }
}

/// What the client would rather have by `Accept` of what `known` knows, by its media range; none if
/// it asks for nothing of it.
pub fn preferred<T>(headers: &HeaderMap, known: impl Fn(&str) -> Option<T>) -> Option<T> {
    let values = headers.get_all(ACCEPT).iter();
    let ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let accepted = ranges.filter_map(|range| accepted(range, &known));
    // The first of equals wins, so the comparison is strict.
    let best = accepted.fold(None, |best: Option<(T, f32)>, next| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    });
    best.map(|(one, _)| one)
}

/// What one media range of `Accept` names, with its weight; none where that is nothing of ours or
/// is refused (`q=0`).
fn accepted<T>(range: &str, known: impl Fn(&str) -> Option<T>) -> Option<(T, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let one = known(parts.next()?)?;
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(Some(1.0), |(_, q)| q.trim().parse().ok())?;
    (weight > 0.0).then_some((one, weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use http::StatusCode;

    fn headers(entries: &[(HeaderName, &str)]) -> HeaderMap {
        entries
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_body_is_json_unless_it_says_otherwise() {
        for (media_type, codec) in [
            ("application/json", Codec::Json),
            ("Application/JSON; charset=utf-8", Codec::Json),
            ("application/msgpack", Codec::MessagePack),
            ("application/x-msgpack", Codec::MessagePack),
        ] {
            let headers = headers(&[(CONTENT_TYPE, media_type)]);
            assert_eq!(Codec::of_body(&headers), Ok(codec), "{media_type}");
        }
        assert_eq!(Codec::of_body(&HeaderMap::new()), Ok(Codec::Json));
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "json",
            "",
        ] {
            let refused = Codec::of_body(&headers(&[(CONTENT_TYPE, bad)])).unwrap_err();
            assert_eq!(
                refused.status(),
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{bad}"
            );
        }
    }

    #[test]
    fn a_body_is_refused_in_the_codec_that_its_sender_reads() {
        for refused in [(CONTENT_TYPE, "text/plain"), (CONTENT_ENCODING, "gzip")] {
            let in_codec = |accept| {
                let headers = headers(&[refused.clone(), (ACCEPT, accept)]);
                Codec::of_body(&headers).unwrap_err()
            };
            let json = in_codec("application/json");
            assert_eq!(
                in_codec("application/msgpack"),
                json.codec(Codec::MessagePack)
            );
        }
    }

    #[test]
    fn every_accept_header_counts() {
        let both = [
            (ACCEPT, "application/json;q=0.5"),
            (ACCEPT, "application/msgpack"),
        ];
        assert_eq!(Codec::of_answer(&headers(&both)), Codec::MessagePack);
    }

    #[test]
    fn a_body_comes_as_it_is() {
        for (coding, is_taken) in [
            ("identity", true),
            ("gzip", false),
            ("br", false),
            ("x", false),
        ] {
            let headers = headers(&[
                (CONTENT_TYPE, "application/json"),
                (CONTENT_ENCODING, coding),
            ]);
            let status = Codec::of_body(&headers).map_err(|refused| refused.status());
            let refused = Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            assert_eq!(
                status,
                if is_taken { Ok(Codec::Json) } else { refused },
                "{coding}"
            );
        }
    }

    #[test]
    fn an_answer_is_what_the_client_accepts_else_like_its_body() {
        for (accept, body, codec) in [
            (None, None, Codec::Json),
            (None, Some("application/msgpack"), Codec::MessagePack),
            (Some("*/*"), Some("application/msgpack"), Codec::MessagePack),
            (Some("application/msgpack"), None, Codec::MessagePack),
            (
                Some("application/json"),
                Some("application/msgpack"),
                Codec::Json,
            ),
            (
                Some("application/json;q=0.5, application/msgpack"),
                None,
                Codec::MessagePack,
            ),
            (Some("application/msgpack;q=0, */*"), None, Codec::Json),
            (Some("application/msgpack;Q=0"), None, Codec::Json),
            (Some("application/msgpack;q=x"), None, Codec::Json),
            (
                Some("application/*, application/json;q=0.5"),
                Some("application/msgpack"),
                Codec::MessagePack,
            ),
            (Some("Application/MsgPack"), None, Codec::MessagePack),
            (
                Some("application/problem+msgpack"),
                None,
                Codec::MessagePack,
            ),
            (Some("application/vnd.msgpack"), None, Codec::MessagePack),
            (
                Some("application/problem+json"),
                Some("application/msgpack"),
                Codec::Json,
            ),
            (Some("text/html, application/xml;q=0.9"), None, Codec::Json),
            (
                Some("application/json, application/msgpack"),
                None,
                Codec::Json,
            ),
        ] {
            let mut all = Vec::new();
            all.extend(accept.map(|value| (ACCEPT, value)));
            all.extend(body.map(|value| (CONTENT_TYPE, value)));
            assert_eq!(
                Codec::of_answer(&headers(&all)),
                codec,
                "{accept:?} {body:?}"
            );
        }
    }
}
