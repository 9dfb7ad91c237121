//! By which tier an answer was made, who may keep it, for how long, and how a client is told that it
//! has it already.

use axum::response::{IntoResponse, Response};
use grandstand_core::headers::Visibility;
use grandstand_core::policy::{DIGEST_PERIOD_US, Pace, Policy};
use grandstand_server::etag::{etag, if_none_match};
use http::header::{CACHE_CONTROL, ETAG, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::access::Viewer;

/// How far the answer can be trusted to be all there is.
pub(super) const STATUS: HeaderName = HeaderName::from_static("grandstand-status");
/// By which tier a match is shown.
pub(super) const TIER: HeaderName = HeaderName::from_static("grandstand-tier");

/// An answer that is named by `tag`: a client that has it is told so.
pub(super) fn tagged(
    headers: &HeaderMap,
    viewer: &Viewer,
    tag: &str,
    cache: HeaderValue,
    body: impl FnOnce() -> Response,
) -> Response {
    let response = match if_none_match(headers).names(tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => body(),
    };
    let mut response = kept(viewer, cache, response);
    if let Some(tag) = etag(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// An answer that may be kept as `cache` says, by who asked for the same form with the same token.
pub(super) fn kept(viewer: &Viewer, cache: HeaderValue, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(TIER, HeaderValue::from_static(viewer.tier()));
    headers.insert(CACHE_CONTROL, cache);
    headers.insert(VARY, HeaderValue::from_static("Accept, Authorization"));
    response
}

/// How long an answer holds: until the next mark for those who see marks.
pub(super) fn until_the_next_mark(
    viewer: &Viewer,
    policy: Policy,
    visibility: Visibility,
    now_us: u64,
) -> HeaderValue {
    let left_s = next_mark_in_us(policy, now_us) / 1_000_000;
    let text = match (visibility, policy.pace, viewer.is_anonymous()) {
        (Visibility::Private, _, _) => "private, no-store".to_owned(),
        (_, Pace::Digest { .. }, true) => format!("public, max-age={left_s}"),
        (_, Pace::Digest { .. }, false) => format!("private, max-age={left_s}"),
        (_, Pace::Realtime | Pace::Batch, true) => "public, max-age=1".to_owned(),
        (_, Pace::Realtime | Pace::Batch, false) => "private, no-cache".to_owned(),
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("no-store"))
}

/// An answer that never changes.
pub(super) fn for_ever(viewer: &Viewer, visibility: Visibility) -> HeaderValue {
    HeaderValue::from_static(match (visibility, viewer.is_anonymous()) {
        (Visibility::Private, _) => "private, no-store",
        (_, true) => "public, max-age=31536000, immutable",
        // Others may have to wait for what this viewer sees now.
        (_, false) => "private, max-age=31536000, immutable",
    })
}

/// How long until somebody who asks by GET sees more, if he sees marks: all of them see the same.
pub(super) fn next_mark_in_us(policy: Policy, now_us: u64) -> u64 {
    let shown_us = now_us.saturating_sub(policy.delay_us);
    DIGEST_PERIOD_US - shown_us % DIGEST_PERIOD_US
}

#[cfg(test)]
mod tests {
    use grandstand_core::policy::PolicyName;
    use http::header::IF_NONE_MATCH;

    use super::*;

    /// Two seconds into a period of marks.
    const NOW_US: u64 = 1_000 * DIGEST_PERIOD_US + 2_000_000;

    #[test]
    fn what_everybody_sees_holds_until_the_next_mark_and_what_is_private_is_kept_by_nobody() {
        use {PolicyName::*, Visibility::*};
        for (sub, policy_max, visibility, delay_s, kept) in [
            (None, Digest, Public, 0, "public, max-age=3"),
            (None, Batch, Unlisted, 0, "public, max-age=3"),
            (None, Digest, Public, 1, "public, max-age=4"),
            (Some("ann"), Digest, Public, 0, "private, max-age=3"),
            (None, Realtime, Public, 0, "public, max-age=1"),
            (Some("ann"), Realtime, Public, 0, "private, no-cache"),
            (Some("ann"), Realtime, Private, 0, "private, no-store"),
            (None, Digest, Private, 0, "private, no-store"),
        ] {
            let viewer = Viewer::with(sub, policy_max);
            let policy = viewer.policy(delay_s);
            let cache = until_the_next_mark(&viewer, policy, visibility, NOW_US);
            assert_eq!(cache, kept, "{sub:?} {policy_max:?} {visibility:?}");
        }
    }

    #[test]
    fn what_never_changes_is_kept_for_ever_unless_it_is_private() {
        for (sub, visibility, kept) in [
            (
                None,
                Visibility::Public,
                "public, max-age=31536000, immutable",
            ),
            (
                Some("ann"),
                Visibility::Unlisted,
                "private, max-age=31536000, immutable",
            ),
            (Some("ann"), Visibility::Private, "private, no-store"),
        ] {
            let viewer = Viewer::with(sub, PolicyName::Realtime);
            assert_eq!(for_ever(&viewer, visibility), kept);
        }
    }

    #[test]
    fn a_client_that_has_an_answer_is_told_so_with_all_that_a_cache_needs() {
        let viewer = Viewer::with(None, PolicyName::Digest);
        let known = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static("\"a-1\""))]);
        for (tag, status) in [("a-1", 304), ("a-2", 200)] {
            let cache = HeaderValue::from_static("public, max-age=3");
            let answer = tagged(&known, &viewer, tag, cache, Response::default);
            assert_eq!(answer.status().as_u16(), status);
            for (name, value) in [
                (ETAG, &*format!("\"{tag}\"")),
                (CACHE_CONTROL, "public, max-age=3"),
                (VARY, "Accept, Authorization"),
                (TIER, "free"),
            ] {
                assert_eq!(answer.headers()[&name], value, "{tag}");
            }
        }
    }
}
