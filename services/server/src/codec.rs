//! The two forms of every document, JSON and MessagePack: strict decoding, and answers in either.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value;
use thiserror::Error;

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;
use crate::strict::{DEPTH_MAX, Strict};

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// `application/json`
    Json,
    /// `application/msgpack`, structs as maps
    MessagePack,
}

/// Why a body is not a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct DecodeError {
    detail: String,
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Problem::new(ProblemKind::MalformedBody)
            .detail(error.detail)
            .member("field", "(document)")
    }
}

impl Codec {
    /// The media type of what this codec writes.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::MessagePack => "application/msgpack",
        }
    }

    /// Reads one whole document: no trailing bytes, no key twice, text keys only, no binary, no
    /// extension, nested 32 deep at most. Floats pass: who knows the field's name refuses them.
    pub fn decode_value(self, body: &[u8]) -> Result<Value, DecodeError> {
        match self {
            Self::Json => value_of_json(body),
            Self::MessagePack => value_of_message_pack(body),
        }
    }

    /// Reads one whole document into `T`, as strictly as [`Codec::decode_value`].
    pub fn decode<T: DeserializeOwned>(self, body: &[u8]) -> Result<T, DecodeError> {
        serde_json::from_value(self.decode_value(body)?).map_err(|error| DecodeError {
            detail: error.to_string(),
        })
    }

    /// The document's bytes.
    pub fn encode<T: Serialize + ?Sized>(self, document: &T) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Json => serde_json::to_vec(document).map_err(|e| EncodeError(e.to_string())),
            Self::MessagePack => {
                rmp_serde::to_vec_named(document).map_err(|e| EncodeError(e.to_string()))
            }
        }
    }

    /// An answer that carries the document. If that cannot be written, a bare 500: it is our bug.
    pub fn answer<T: Serialize + ?Sized>(self, status: StatusCode, document: &T) -> Response {
        match self.encode(document) {
            Ok(body) => {
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = status;
                let media_type = HeaderValue::from_static(self.media_type());
                response.headers_mut().insert(CONTENT_TYPE, media_type);
                response
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be encoded");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// Why a document could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot be encoded: {0}")]
pub struct EncodeError(String);

fn value_of_json(body: &[u8]) -> Result<Value, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    Strict::new()
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| DecodeError {
            detail: format!("not JSON as we take it: {error}"),
        })
}

fn value_of_message_pack(body: &[u8]) -> Result<Value, DecodeError> {
    let mut deserializer = rmp_serde::Deserializer::new(body);
    // Our own count refuses first; this one keeps skipped values from recursing deeper.
    deserializer.set_max_depth(DEPTH_MAX + 2);
    let value = Strict::new().deserialize(&mut deserializer);
    let left = deserializer.get_ref().len();
    match value {
        Ok(value) if left == 0 => Ok(value),
        Ok(_) => Err(DecodeError {
            detail: format!("not MessagePack as we take it: {left} bytes after the document"),
        }),
        Err(error) => Err(DecodeError {
            detail: format!(
                "not MessagePack as we take it: {error} (before byte {})",
                body.len() - left
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn trailing_bytes_are_refused_in_both_codecs() {
        for (codec, body) in [
            (Codec::Json, &b"{} x"[..]),
            (Codec::Json, b"{}{}"),
            (Codec::MessagePack, &[0x80, 0x00]),
            (Codec::MessagePack, &[0x80, 0x80]),
        ] {
            assert!(codec.decode_value(body).is_err(), "{codec:?} {body:?}");
        }
        assert_eq!(Codec::Json.decode_value(b" {} \n"), Ok(json!({})));
        assert_eq!(Codec::MessagePack.decode_value(&[0x80]), Ok(json!({})));
    }

    #[test]
    fn nesting_is_bounded_in_both_codecs() {
        let json = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        let message_pack = |depth: usize| [vec![0x91; depth - 1], vec![0x90]].concat();
        for (codec, at_bound, above, bomb) in [
            (Codec::Json, json(32), json(33), json(60_000)),
            (
                Codec::MessagePack,
                message_pack(32),
                message_pack(33),
                message_pack(60_000),
            ),
        ] {
            assert!(codec.decode_value(&at_bound).is_ok(), "{codec:?}");
            assert!(codec.decode_value(&above).is_err(), "{codec:?}");
            assert!(codec.decode_value(&bomb).is_err(), "{codec:?}");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_and_named() {
        let error = Codec::Json
            .decode_value(br#"{"a":{"runs":1,"runs":2}}"#)
            .unwrap_err();
        assert!(error.to_string().contains("\"runs\""), "{error}");
        assert!(error.to_string().contains("line 1"), "{error}");
        let error = Codec::MessagePack
            .decode_value(&[0x82, 0xa1, b'a', 1, 0xa1, b'a', 2])
            .unwrap_err();
        assert!(error.to_string().contains("\"a\""), "{error}");
    }

    #[test]
    fn what_json_cannot_say_is_refused_in_message_pack() {
        for (what, body) in [
            ("bin", &[0xc4, 1, 0][..]),
            ("bin inside", &[0x91, 0xc4, 1, 0]),
            ("empty bin", &[0xc4, 0]),
            ("fixext", &[0xd4, 1, 0]),
            ("ext", &[0xc7, 1, 1, 0]),
            ("timestamp", &[0xd6, 0xff, 0, 0, 0, 0]),
            ("integer key", &[0x81, 1, 1]),
            ("nil key", &[0x81, 0xc0, 1]),
            ("bin key", &[0x81, 0xc4, 1, b'a', 1]),
            ("text that is not UTF-8", &[0xa1, 0xff]),
            ("key that is not UTF-8", &[0x81, 0xa1, 0xff, 1]),
            ("not a number", &[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]),
            ("reserved", &[0xc1]),
            ("cut short", &[0x92, 1]),
            ("nothing", &[]),
            ("array of 4 billion", &[0xdd, 0xff, 0xff, 0xff, 0xff]),
            ("map of 4 billion", &[0xdf, 0xff, 0xff, 0xff, 0xff]),
            ("text of 4 GiB", &[0xdb, 0xff, 0xff, 0xff, 0xff, b'a']),
        ] {
            assert!(Codec::MessagePack.decode_value(body).is_err(), "{what}");
        }
    }

    #[test]
    fn floats_pass_here() {
        assert_eq!(Codec::Json.decode_value(b"1.5"), Ok(json!(1.5)));
        let body = Codec::MessagePack.encode(&1.5).unwrap();
        assert_eq!(Codec::MessagePack.decode_value(&body), Ok(json!(1.5)));
    }

    #[derive(Debug, PartialEq, serde::Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Post {
        id: String,
        runs: u8,
    }

    #[test]
    fn a_type_is_read_and_written_the_same_in_both_codecs() {
        let post = Post {
            id: "a".into(),
            runs: 4,
        };
        for codec in [Codec::Json, Codec::MessagePack] {
            let body = codec.encode(&post).unwrap();
            assert_eq!(codec.decode::<Post>(&body).as_ref(), Ok(&post));
            let unknown = codec
                .encode(&json!({"id": "a", "runs": 4, "rusn": 1}))
                .unwrap();
            let error = codec.decode::<Post>(&unknown).unwrap_err();
            assert!(error.to_string().contains("`rusn`"), "{error}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_reads_back_in_both_codecs(value in any_value()) {
            for codec in [Codec::Json, Codec::MessagePack] {
                let body = codec.encode(&value).unwrap();
                prop_assert_eq!(codec.decode_value(&body), Ok(value.clone()));
            }
        }

        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            for codec in [Codec::Json, Codec::MessagePack] {
                let _ = codec.decode_value(&body);
            }
        }
    }
}
