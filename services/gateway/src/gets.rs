//! The doors for who only reads: list, head, state and segments over plain GET. Each shows what the
//! viewer's policy has released, as of the marks that all its GETs share.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use grandstand_core::frame::{Codec, Frame, Reason};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::policy::{DIGEST_PERIOD_US, Pace, Policy, Released};
use grandstand_server::codec::Codec as Form;
use grandstand_server::etag::{etag, if_none_match};
use grandstand_server::problem::Problem;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::Edge;
use crate::access::Viewer;
use crate::feeds::{Content, Following, Reader, Ready};
use crate::follow::ABSENT_US;
use crate::refuse::Refused;

/// How long a GET waits for a match to be read.
const LOAD_MAX: Duration = Duration::from_secs(5);

/// `GET /v1/matches`
pub(crate) async fn directory(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let viewer = edge.access.viewer(&headers)?;
    let now_us = edge.clock.now_us();
    let form = Form::of_answer(&headers);
    let list = edge.directory.list(&viewer, now_us);
    let tag = format!("{}-{}", StateHash::of(&list).as_str(), word(form));
    let cache = cache_control(&viewer, viewer.policy(0), Visibility::Public, now_us);
    Ok(tagged(&headers, &tag, cache, || {
        form.answer(StatusCode::OK, &list)
    }))
}

/// `GET /v1/matches/{match}`
pub(crate) async fn head(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let shown = Shown::of(&edge, &name, &headers).await?;
    let form = Form::of_answer(&headers);
    let answer = shown.answer(&headers, form, Varies::WithStatus, |ready, seq| {
        let log = ready.feed.follower.log();
        let state = log.state_at(seq);
        let document = json!({
            "match": log.match_id(), "epoch": log.epoch(), "seq": seq, "ts": log.accepted_us(seq),
            "sport": state.get("sport").unwrap_or(&json!("open")),
            "visibility": ready.visibility, "status": ready.feed.status,
            "strip": state.get("strip").unwrap_or(&Value::Null),
        });
        form.answer(StatusCode::OK, &document)
    });
    Ok(answer?)
}

/// `GET /v1/matches/{match}/state`: the same document as a `snapshot` message.
pub(crate) async fn state(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let shown = Shown::of(&edge, &name, &headers).await?;
    let form = Form::of_answer(&headers);
    let answer = shown.answer(&headers, form, Varies::Never, |ready, seq| {
        let log = ready.feed.follower.log();
        let tail = log.snapshot(codec(form), seq);
        let frame = Frame::of_snapshot(log.match_id(), log.epoch(), Reason::Asked, &tail);
        frame_response(form, frame)
    });
    Ok(answer?)
}

/// `GET /v1/matches/{match}/log/{epoch}/{n}`: seq 64n+1 to 64n+64, for ever the same.
pub(crate) async fn segment(
    State(edge): State<Arc<Edge>>,
    Path((name, epoch, n)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (Ok(epoch), Ok(n)) = (epoch.parse::<Epoch>(), n.parse::<u64>()) else {
        return Err(not_found("no-segment", "There is no such segment").into());
    };
    let shown = Shown::of(&edge, &name, &headers).await?;
    let form = Form::of_answer(&headers);
    let frame = shown.look(|ready| {
        let log = ready.feed.follower.log();
        let same_epoch = log.epoch() == epoch;
        same_epoch
            .then(|| log.segment(codec(form), n, shown.released(ready)))
            .flatten()
    })?;
    let Some(frame) = frame else {
        return Err(not_found("no-segment", "There is no such segment (yet)")
            .detail("A segment is there once its 64 events are, and you may see the last of them.")
            .codec(form)
            .into());
    };
    let cache = match (shown.visibility()?, shown.viewer.is_anonymous()) {
        (Visibility::Private, _) => "private, no-store",
        (_, true) => "public, max-age=31536000, immutable",
        // Others may have to wait for what this viewer sees now.
        (_, false) => "private, max-age=31536000, immutable",
    };
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static(cache)),
        (VARY, vary()),
    ];
    Ok((headers, frame_response(form, frame)).into_response())
}

/// Whether an answer of one epoch, seq and form ever changes.
enum Varies {
    Never,
    WithStatus,
}

/// A match, and as of when a viewer sees it.
struct Shown {
    viewer: Viewer,
    following: Following,
    now_us: u64,
}

impl Shown {
    /// Reads the match if nobody has it yet.
    async fn of(edge: &Arc<Edge>, name: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let viewer = edge.access.viewer(headers)?;
        let form = Form::of_answer(headers);
        let unknown = || not_found("unknown-match", "There is no such match").codec(form);
        let match_id = MatchId::new(name).map_err(|e| unknown().detail(e.to_string()))?;
        let notify = Arc::new(Notify::new());
        let following = edge.feeds.open(
            &match_id,
            Reader::Task(Arc::clone(&notify)),
            edge.clock.now_us(),
            ABSENT_US,
        );
        let following = following.map_err(|full| busy(&full.to_string()).codec(form))?;
        let loaded = async {
            while matches!(&*following.slot().read(), Content::Loading { .. }) {
                notify.notified().await;
            }
        };
        if timeout(LOAD_MAX, loaded).await.is_err() {
            return Err(busy("The match can't be read from the broker now.").codec(form));
        }
        let refusal = match &*following.slot().read() {
            Content::Ready(ready) if viewer.may_read(&match_id, ready.visibility) => None,
            Content::Ready(_) => Some(
                Problem::new(
                    StatusCode::FORBIDDEN,
                    "not-allowed",
                    "Your token does not name this match",
                )
                .detail("It is private: ask whoever runs it for a token that names it."),
            ),
            Content::Loading { .. } | Content::Absent { .. } => Some(unknown()),
        };
        match refusal {
            Some(problem) => Err(problem.codec(form)),
            None => Ok(Self {
                viewer,
                following,
                now_us: edge.clock.now_us(),
            }),
        }
    }

    fn look<R>(&self, look: impl FnOnce(&Ready) -> R) -> Result<R, Problem> {
        match &*self.following.slot().read() {
            Content::Ready(ready) => Ok(look(ready)),
            Content::Loading { .. } | Content::Absent { .. } => {
                Err(busy("The match is being read again."))
            }
        }
    }

    fn visibility(&self) -> Result<Visibility, Problem> {
        self.look(|ready| ready.visibility)
    }

    /// The last seq that the viewer may see.
    fn released(&self, ready: &Ready) -> u64 {
        let policy = self.viewer.policy(ready.feed.delay_s);
        match policy.released(ready.feed.follower.log(), self.now_us, 0) {
            Released::UpTo(seq) => seq,
            Released::SameAsBefore => 0,
        }
    }

    /// An answer that depends on epoch, seq and form, and on the status if it says so: a client
    /// that has it is told.
    fn answer(
        &self,
        headers: &HeaderMap,
        form: Form,
        varies: Varies,
        body: impl FnOnce(&Ready, u64) -> Response,
    ) -> Result<Response, Problem> {
        self.look(|ready| {
            let seq = self.released(ready);
            if seq == 0 {
                return Err(not_found(
                    "unknown-match",
                    "There is nothing to see of this match yet",
                )
                .codec(form));
            }
            let epoch = ready.feed.follower.log().epoch();
            let word = word(form);
            let tag = match varies {
                Varies::Never => format!("{epoch}-{seq}-{word}"),
                Varies::WithStatus => format!("{epoch}-{seq}-{word}-{:?}", ready.feed.status),
            };
            let policy = self.viewer.policy(ready.feed.delay_s);
            let cache = cache_control(&self.viewer, policy, ready.visibility, self.now_us);
            Ok(tagged(headers, &tag, cache, || body(ready, seq)))
        })?
    }
}

/// An answer that is named by `tag`: a client that has it is told so.
fn tagged(
    headers: &HeaderMap,
    tag: &str,
    cache: HeaderValue,
    body: impl FnOnce() -> Response,
) -> Response {
    let mut response = match if_none_match(headers).names(tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => body(),
    };
    let answer_headers = response.headers_mut();
    answer_headers.insert(CACHE_CONTROL, cache);
    answer_headers.insert(VARY, vary());
    if let Some(tag) = etag(tag) {
        answer_headers.insert(ETAG, tag);
    }
    response
}

/// How long an answer holds: until the next mark for those who see marks.
fn cache_control(
    viewer: &Viewer,
    policy: Policy,
    visibility: Visibility,
    now_us: u64,
) -> HeaderValue {
    let shown_us = now_us.saturating_sub(policy.delay_us);
    let left_s = (DIGEST_PERIOD_US - shown_us % DIGEST_PERIOD_US) / 1_000_000;
    let text = match (visibility, policy.pace, viewer.is_anonymous()) {
        (Visibility::Private, _, _) => "private, no-store".to_owned(),
        (_, Pace::Digest { .. }, true) => format!("public, max-age={left_s}"),
        (_, Pace::Digest { .. }, false) => format!("private, max-age={left_s}"),
        (_, Pace::Realtime | Pace::Batch, true) => "public, max-age=1".to_owned(),
        (_, Pace::Realtime | Pace::Batch, false) => "private, no-cache".to_owned(),
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("no-store"))
}

fn vary() -> HeaderValue {
    HeaderValue::from_static("Accept, Authorization")
}

/// What names a form in a tag.
fn word(form: Form) -> &'static str {
    match form {
        Form::Json => "json",
        Form::MessagePack => "msgpack",
    }
}

fn codec(form: Form) -> Codec {
    match form {
        Form::Json => Codec::Json,
        Form::MessagePack => Codec::MessagePack,
    }
}

fn frame_response(form: Form, frame: Frame) -> Response {
    ([(CONTENT_TYPE, form.media_type())], frame.bytes()).into_response()
}

fn not_found(word: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, word, title)
}

fn busy(detail: &str) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "This can't be read right now",
    )
    .detail(detail)
    .retry_after_s(1)
}
