//! Entity tags: what `If-Match` and `If-None-Match` list, and how a tag is written.

use std::convert::Infallible;

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

use crate::codec::Codec;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// What a condition on tags says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is none.
    Absent,
    /// `*`: whatever there is.
    Any,
    /// One of these tags, without their quotes.
    Listed(Vec<String>),
}

impl Condition {
    /// Whether the document with `tag` (without quotes) is among those meant.
    pub fn names(&self, tag: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|listed| listed == tag),
        }
    }
}

/// `If-Match`. Tags compare strongly there, so a weak one is refused like what is no tag: 400.
pub fn if_match(headers: &HeaderMap) -> Result<Condition, Problem> {
    read(headers, &IF_MATCH, |entry| match tag_of(entry) {
        Some(tag) => Ok(Some(tag)),
        None => Err(Problem::new(ProblemKind::MalformedIfMatch)
            .detail("it takes '*' or strong tags in double quotes, separated by commas")
            .member("field", "If-Match")
            .codec(Codec::of_answer(headers))),
    })
}

/// `If-None-Match`. Weak tags compare like strong ones, and what is no tag is passed over: then
/// the whole document is sent, which is never wrong.
pub fn if_none_match(headers: &HeaderMap) -> Condition {
    let read = read(headers, &IF_NONE_MATCH, |entry| {
        Ok::<_, Infallible>(tag_of(entry.strip_prefix("W/").unwrap_or(entry)))
    });
    match read {
        Ok(condition) => condition,
        Err(never) => match never {},
    }
}

/// The value of `ETag` for `tag`; none if it holds what a tag may not.
pub fn etag(tag: &str) -> Option<HeaderValue> {
    let quoted = format!("\"{tag}\"");
    tag_of(&quoted)?;
    HeaderValue::from_str(&quoted).ok()
}

/// Reads a condition, each of its entries with `entry_of`, which may pass one over or refuse it.
fn read<E>(
    headers: &HeaderMap,
    name: &HeaderName,
    entry_of: impl Fn(&str) -> Result<Option<String>, E>,
) -> Result<Condition, E> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        // What is not ASCII holds no tag of ours, and `entry_of` says what that means.
        for entry in value.to_str().unwrap_or_default().split(',') {
            match entry.trim() {
                "*" => return Ok(Condition::Any),
                entry => tags.extend(entry_of(entry)?),
            }
        }
    }
    if headers.contains_key(name) {
        Ok(Condition::Listed(tags))
    } else {
        Ok(Condition::Absent)
    }
}

/// The tag within the quotes. Ours hold neither comma, space nor quote, so that a list is split at
/// its commas.
fn tag_of(entry: &str) -> Option<String> {
    let tag = entry.strip_prefix('"')?.strip_suffix('"')?;
    let plain = tag
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b','));
    (plain && !tag.is_empty()).then(|| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    fn listed(tags: &[&str]) -> Condition {
        Condition::Listed(tags.iter().map(|tag| (*tag).to_owned()).collect())
    }

    #[test]
    fn if_match_takes_strong_tags_only() {
        let of = |values: &[&str]| if_match(&headers(&IF_MATCH, values));
        assert_eq!(of(&[]), Ok(Condition::Absent));
        assert_eq!(of(&["*"]), Ok(Condition::Any));
        assert_eq!(of(&["\"1.1-5\""]), Ok(listed(&["1.1-5"])));
        assert_eq!(
            of(&["\"1.1-5\" , \"1.1-6\"", "\"a\""]),
            Ok(listed(&["1.1-5", "1.1-6", "a"]))
        );
        for bad in ["W/\"1.1-5\"", "1.1-5", "\"", "\"\"", "\"a b\"", ""] {
            assert_eq!(
                of(&[bad]).unwrap_err().status(),
                StatusCode::BAD_REQUEST,
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_not_ascii_is_no_tag_and_is_told_in_the_callers_codec() {
        let strange = HeaderValue::from_bytes(b"\"\xc3\xa9\"").unwrap();
        let accept = HeaderValue::from_static("application/msgpack");
        let headers: HeaderMap = [
            (IF_MATCH, strange.clone()),
            (IF_NONE_MATCH, strange),
            (http::header::ACCEPT, accept),
        ]
        .into_iter()
        .collect();
        let refused = if_match(&headers).unwrap_err();
        let expected = Problem::new(ProblemKind::MalformedIfMatch)
            .detail(refused.document()["detail"].as_str().unwrap())
            .member("field", "If-Match")
            .codec(Codec::MessagePack);
        assert_eq!(refused, expected);
        assert_eq!(if_none_match(&headers), listed(&[]));
    }

    #[test]
    fn if_none_match_compares_weakly_and_passes_over_what_is_no_tag() {
        let of = |values: &[&str]| if_none_match(&headers(&IF_NONE_MATCH, values));
        assert_eq!(of(&[]), Condition::Absent);
        assert_eq!(of(&["*"]), Condition::Any);
        assert_eq!(
            of(&["W/\"1.1-5\", x, \"1.1-6\""]),
            listed(&["1.1-5", "1.1-6"])
        );
        assert_eq!(of(&["x"]), listed(&[]));
    }

    #[test]
    fn a_condition_names_what_it_lists() {
        assert!(listed(&["a", "b"]).names("b"));
        assert!(!listed(&["a"]).names("b"));
        assert!(Condition::Any.names("b"));
        assert!(!Condition::Absent.names("b"));
    }

    #[test]
    fn a_tag_is_written_in_quotes() {
        assert_eq!(etag("1.1-5-json").unwrap(), "\"1.1-5-json\"");
        for bad in ["", "a\"b", "a,b", "a b", "a\n"] {
            assert_eq!(etag(bad), None, "{bad:?}");
        }
    }
}
