//! `GET /v1/matches/{match}/stream`, and `/v1/live` for who wants a stream: server-sent events. A fan
//! here is the connection of a socket, with its policy and its marks, told in another framing.
//!
//! It stays with hyper, which gives a socket back only for an upgrade: a body that is asked for its
//! next piece, in place of a fan on a shard. That costs more for each of them, so that there may be
//! fewer (`--sse-max`), and shares everything else: cursors, frames, policies and their tests.

mod listener;
mod sight;
mod text;

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use grandstand_core::ids::{Cursor, MatchId};
use grandstand_core::message::{self, StripsWish, Subscribe, check_heartbeat};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::query::{Parameters, QueryError, fault};
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use http::{HeaderName, Method};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::listener::Listener;
use self::sight::Sight;
use self::text::Texts;
use super::asked::Asked;
use super::caching::TIER;
use super::shown::Shown;
use crate::access::Viewer;
use crate::entrance::{Place, Sought};
use crate::query::{cursor, delay, number, word};
use crate::refuse::Refused;
use crate::shard::{Counts, count_connect};

/// The cursor of a client that comes back by itself.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Has nginx pass on each message as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// All who listen here.
pub(crate) struct Streams {
    texts: Texts,
    room: Arc<Semaphore>,
    connections_max: usize,
    counts: Counts,
}

impl Streams {
    /// Room for so many.
    pub(crate) fn new(connections_max: usize) -> Self {
        let connections_max = connections_max.min(Semaphore::MAX_PERMITS);
        Self {
            texts: Texts::default(),
            room: Arc::new(Semaphore::new(connections_max)),
            connections_max,
            counts: Counts::new("sse"),
        }
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> usize {
        self.connections_max - self.room.available_permits()
    }

    fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }
}

pub(super) async fn stream(asked: Asked) -> Result<Response, Refused> {
    if asked.method == Method::HEAD {
        return Ok(without_head(&asked));
    }
    let known = ["after", "policy", "delay_s", "snapshot", "heartbeat_s"];
    let mut wish = asked.wish(&known, Wish::of)?;
    // A client that comes back by itself asks as it did at first: the header is newer.
    if let Some(id) = asked.headers.get(LAST_EVENT_ID) {
        let after = last_event(id.to_str().ok());
        wish.after = after.map_err(|error| Problem::from(error).codec(asked.form))?;
    }
    let match_id = MatchId::new(asked.named("match")).ok();
    let sought = match_id.as_ref().map_or(Sought::Any, Sought::Match);
    look(&asked, sought)?;
    let shown = asked.shown_with_wish().await?;
    let place = enter(&asked, &shown.viewer, sought)?;
    count_connect(u64::from(wish.after.is_some()));
    let phase = asked.phase(&shown.viewer);
    let wished = message::Wish::Match(wish.of_match(shown.match_id().clone()));
    let (tier, sight) = (shown.viewer.tier(), Sight::Match(shown));
    let listener = Listener::new(asked.edge, sight, place, phase, wished, wish.heartbeat_s);
    Ok(answer(listener, tier))
}

/// The strips of all live matches, as long as they are listened to.
pub(super) fn strips(asked: Asked) -> Result<Response, Refused> {
    if asked.method == Method::HEAD {
        return Ok(without_head(&asked));
    }
    let wish = asked.wish(&["policy", "delay_s", "heartbeat_s"], Wish::of)?;
    look(&asked, Sought::Live)?;
    let viewer = asked.edge.access.viewer(&asked.headers)?;
    let place = enter(&asked, &viewer, Sought::Live)?;
    count_connect(0);
    let phase = asked.phase(&viewer);
    let wished = message::Wish::Strips(StripsWish {
        policy: wish.policy,
        delay_s: wish.delay_s,
    });
    let (tier, sight) = (viewer.tier(), Sight::of_strips(viewer, &asked.edge.strips));
    let listener = Listener::new(asked.edge, sight, place, phase, wished, wish.heartbeat_s);
    Ok(answer(listener, tier))
}

/// Only whoever listens takes a place.
fn without_head(asked: &Asked) -> Response {
    let problem = Problem::new(ProblemKind::MethodNotAllowed).detail(
        "a stream has no head of its own: GET it, or ask for HEAD of the state or the list",
    );
    let refused = Refused::from(problem.codec(asked.form));
    ([(ALLOW, "GET")], refused).into_response()
}

/// Over capacity is said before any token is looked at, as to a socket.
fn look(asked: &Asked, sought: Sought<'_>) -> Result<(), Problem> {
    let edge = &asked.edge;
    let looked = match edge.streams.room.available_permits() {
        0 => Err(edge.entrance.no_room(sought)),
        _ => edge.entrance.look(sought),
    };
    looked.map_err(|problem| problem.codec(asked.form))
}

/// A place among streams and among all that last; the connection no longer takes one of those that
/// are for a moment.
fn enter(
    asked: &Asked,
    viewer: &Viewer,
    sought: Sought<'_>,
) -> Result<(OwnedSemaphorePermit, Place), Problem> {
    let entrance = &asked.edge.entrance;
    let entered = match asked.edge.streams.room() {
        Some(room) => entrance
            .enter(viewer, asked.address, sought)
            .map(|place| (room, place)),
        None => Err(entrance.no_room(sought)),
    };
    if let (Ok(_), Some(slot)) = (&entered, &asked.slot) {
        slot.leave();
    }
    entered.map_err(|problem| problem.codec(asked.form))
}

fn answer(listener: Listener, tier: &'static str) -> Response {
    let body = Body::from_stream(stream::unfold(listener, Listener::next));
    let head = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // Nothing is asked behind an answer without an end.
        (CONNECTION, "close"),
        (BUFFERING, "no"),
        (TIER, tier),
    ];
    (head, body).into_response()
}

/// What a stream is to be like.
#[derive(Debug)]
struct Wish {
    after: Option<Cursor>,
    policy: Option<PolicyName>,
    delay_s: u32,
    snapshot: SnapshotWish,
    heartbeat_s: Option<u32>,
}

impl Wish {
    fn of(parameters: &Parameters) -> Result<Self, QueryError> {
        let heartbeat_s = number("heartbeat_s", parameters.get("heartbeat_s"))?;
        Ok(Self {
            after: cursor(parameters.get("after"))?,
            policy: word("policy", parameters.get("policy"))?,
            delay_s: delay(parameters.get("delay_s"))?,
            snapshot: word("snapshot", parameters.get("snapshot"))?.unwrap_or_default(),
            heartbeat_s: check_heartbeat(heartbeat_s)
                .map_err(|e| fault("heartbeat_s", &e.to_string()))?,
        })
    }

    fn of_match(&self, match_id: MatchId) -> Subscribe {
        Subscribe {
            match_id,
            after: self.after,
            policy: self.policy,
            delay_s: self.delay_s,
            snapshot: self.snapshot,
        }
    }
}

fn last_event(id: Option<&str>) -> Result<Option<Cursor>, QueryError> {
    let wrong = || fault("Last-Event-ID", "is the id of a message of this stream");
    cursor(Some(id.ok_or_else(wrong)?)).map_err(|_| wrong())
}
