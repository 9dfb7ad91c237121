//! A match through the eyes of who asks over HTTP, as of the marks that all GETs share.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use grandstand_core::frame::{Codec, Frame};
use grandstand_core::ids::MatchId;
use grandstand_core::policy::{Policy, Released};
use grandstand_server::codec::Codec as Form;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::caching::{tagged, until_the_next_mark};
use crate::Edge;
use crate::access::Viewer;
use crate::feeds::{Content, Following, NoSlot, Reader, Ready, Share};
use crate::follow::ABSENT_US;

/// How long a GET waits for a match to be read.
const LOAD_MAX: Duration = Duration::from_secs(5);

/// Whether an answer of one epoch, seq and form ever changes.
pub(super) enum Varies {
    Never,
    WithStatus,
}

/// A match, and as of when a viewer sees it.
pub(super) struct Shown {
    pub(super) viewer: Viewer,
    pub(super) form: Form,
    /// How far behind the viewer wants to be kept at least.
    pub(super) delay_s: u32,
    following: Following,
    changed: Arc<Notify>,
    /// When the match was there.
    pub(super) now_us: u64,
}

impl Shown {
    /// Reads the match if nobody has it yet; a problem if it is not there, or not for this viewer.
    pub(super) async fn of(edge: &Edge, name: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let viewer = edge.access.viewer(headers)?;
        let form = Form::of_answer(headers);
        let match_id =
            MatchId::new(name).map_err(|e| unknown().detail(e.to_string()).codec(form))?;
        let changed = Arc::new(Notify::new());
        let reader = Reader::Task(Arc::clone(&changed));
        let now_us = edge.clock.now_us();
        let following = edge
            .feeds
            .open(&match_id, reader, Share::OfGets, now_us, ABSENT_US);
        let mut shown = Self {
            viewer,
            form,
            delay_s: 0,
            following: following.map_err(|none| no_slot(none).codec(form))?,
            changed,
            now_us,
        };
        let loaded = async {
            while shown.see(|_| ())?.is_none() {
                shown.changed().await;
            }
            Ok::<(), Problem>(())
        };
        match timeout(LOAD_MAX, loaded).await {
            Ok(loaded) => loaded?,
            Err(_) => {
                let problem = busy("The match can't be read from the broker now.");
                return Err(problem.codec(form));
            }
        }
        shown.now_us = edge.clock.now_us();
        Ok(shown)
    }

    pub(super) fn match_id(&self) -> &MatchId {
        self.following.slot().match_id()
    }

    /// Waits until something may be otherwise than at the last look.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Looks at what is known of the match, whatever it is.
    pub(super) fn glance<R>(&self, look: impl FnOnce(&Content) -> R) -> R {
        look(&self.following.slot().read())
    }

    pub(super) fn may_read(&self, ready: &Ready) -> bool {
        self.viewer.may_read(self.match_id(), ready.visibility)
    }

    /// Looks at the match; none while it is being read.
    pub(super) fn see<R>(&self, look: impl FnOnce(&Ready) -> R) -> Result<Option<R>, Problem> {
        let problem = match &*self.following.slot().read() {
            Content::Loading { .. } => return Ok(None),
            Content::Ready(ready) if self.may_read(ready) => return Ok(Some(look(ready))),
            Content::Ready(_) => Problem::new(ProblemKind::NotAllowed)
                .detail("It is private: ask whoever runs it for a token that names it."),
            Content::Absent { .. } => unknown(),
        };
        Err(problem.codec(self.form))
    }

    /// Looks at the match, which must be there.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Ready) -> R) -> Result<R, Problem> {
        let seen = self.see(look)?;
        seen.ok_or_else(|| busy("The match is being read again.").codec(self.form))
    }

    /// By which policy the viewer sees the match.
    pub(super) fn policy(&self, ready: &Ready) -> Policy {
        self.viewer.policy(ready.feed.delay_s.max(self.delay_s))
    }

    /// The last seq that the viewer may see at `now_us`.
    pub(super) fn released(&self, ready: &Ready, now_us: u64) -> u64 {
        match self
            .policy(ready)
            .released(ready.feed.follower.log(), now_us, 0)
        {
            Released::UpTo(seq) => seq,
            Released::SameAsBefore => 0,
        }
    }

    /// An answer that depends on epoch, seq and form, and on the status if it says so: a client
    /// that has it is told.
    pub(super) fn answer(
        &self,
        headers: &HeaderMap,
        varies: Varies,
        body: impl FnOnce(&Ready, u64) -> Response,
    ) -> Result<Response, Problem> {
        self.look(|ready| {
            let seq = self.released(ready, self.now_us);
            if seq == 0 {
                let nothing = unknown().detail("There is nothing to see of it yet.");
                return Err(nothing.codec(self.form));
            }
            let epoch = ready.feed.follower.log().epoch();
            let word = word(self.form);
            let tag = match varies {
                Varies::Never => format!("{epoch}-{seq}-{word}"),
                Varies::WithStatus => format!("{epoch}-{seq}-{word}-{:?}", ready.feed.status),
            };
            let policy = self.policy(ready);
            let cache = until_the_next_mark(&self.viewer, policy, ready.visibility, self.now_us);
            Ok(tagged(headers, &self.viewer, &tag, cache, || {
                body(ready, seq)
            }))
        })?
    }
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::UnknownMatch)
}

/// What names a form in a tag.
pub(super) fn word(form: Form) -> &'static str {
    match form {
        Form::Json => "json",
        Form::MessagePack => "msgpack",
    }
}

/// The codec of frames in a form.
pub(super) fn codec(form: Form) -> Codec {
    match form {
        Form::Json => Codec::Json,
        Form::MessagePack => Codec::MessagePack,
    }
}

pub(super) fn frame_response(form: Form, frame: Frame) -> Response {
    ([(CONTENT_TYPE, form.media_type())], frame.bytes()).into_response()
}

fn no_slot(none: NoSlot) -> Problem {
    match none {
        NoSlot::Full => busy(&none.to_string()),
        NoSlot::TooManyUnknown => Problem::new(ProblemKind::TooManyUnknownMatches)
            .retry_after_s(ABSENT_US.div_ceil(1_000_000)),
    }
}

fn busy(detail: &str) -> Problem {
    Problem::new(ProblemKind::Busy)
        .detail(detail)
        .retry_after_s(1)
}
