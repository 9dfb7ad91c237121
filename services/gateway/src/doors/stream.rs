//! `GET /v1/matches/{match}/stream`, and `/v1/live` for who wants a stream: server-sent events. A fan
//! here is the connection of a socket, with its policy and its marks, told in another framing.
//!
//! It stays with hyper, which gives a socket back only for an upgrade: a body that is asked for its
//! next piece, in place of a fan on a shard. That costs more for each of them, so that there may be
//! fewer (`--sse-max`), and shares everything else: cursors, frames, policies and their tests.

mod listener;
mod sight;
mod text;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Path, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use grandstand_core::ids::{Cursor, MatchId};
use grandstand_core::message::{self, StripsWish, Subscribe, check_delay, check_heartbeat};
use grandstand_server::codec::Codec as Form;
use grandstand_server::problem::Problem;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::listener::Listener;
use self::sight::Sight;
use super::parameters::Parameters;
use super::shown::Shown;
use crate::Edge;
use crate::query::{QueryError, cursor, fault, number, word};
use crate::refuse::Refused;
use crate::shard::{Counts, count_connect};

/// The cursor of a client that comes back by itself.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Has nginx pass on each message as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// When somebody who found no room may come again, and meanwhile poll.
const RETRY_AFTER_S: u64 = 30;
const POLL_AFTER_MS: u64 = 5_000;

/// All who listen here.
pub(crate) struct Streams {
    room: Arc<Semaphore>,
    connections_max: usize,
    counts: Counts,
}

impl Streams {
    /// Room for so many.
    pub(crate) fn new(connections_max: usize) -> Self {
        let connections_max = connections_max.min(Semaphore::MAX_PERMITS);
        Self {
            room: Arc::new(Semaphore::new(connections_max)),
            connections_max,
            counts: Counts::new("sse"),
        }
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> usize {
        self.connections_max - self.room.available_permits()
    }

    fn place(&self, poll_url: String) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "over-capacity",
                "There is no room for another stream",
            )
            .detail("Poll until you find room again.")
            .member("poll_url", poll_url)
            .member("poll_after_ms", POLL_AFTER_MS)
            .retry_after_s(RETRY_AFTER_S)
        })
    }
}

pub(super) async fn stream(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let form = Form::of_answer(&headers);
    let wish = Wish::of(&uri, &headers).map_err(|error| Problem::from(error).codec(form))?;
    let shown = Shown::of(&edge, &name, &headers).await?;
    let poll_url = format!("/v1/matches/{}/events", shown.match_id());
    let place = edge.streams.place(poll_url)?;
    count_connect(u64::from(wish.after.is_some()));
    let phase = shown.viewer.phase(peer.map(|peer| peer.0.0.ip()));
    let wished = message::Wish::Match(wish.of_match(shown.match_id().clone()));
    let sight = Sight::Match(shown);
    let listener = Listener::new(edge, sight, place, phase, wished, wish.heartbeat_s);
    Ok(answer(listener))
}

/// The strips of all live matches, as long as they are listened to.
pub(super) fn strips(
    edge: Arc<Edge>,
    address: Option<IpAddr>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let form = Form::of_answer(headers);
    let known = ["policy", "delay_s", "heartbeat_s"];
    let wish = Wish::of_known(uri, &known).map_err(|error| Problem::from(error).codec(form))?;
    let viewer = edge.access.viewer(headers)?;
    let place = edge.streams.place("/v1/live".to_owned())?;
    count_connect(0);
    let phase = viewer.phase(address);
    let wished = message::Wish::Strips(StripsWish {
        policy: wish.policy,
        delay_s: wish.delay_s,
    });
    let sight = Sight::of_strips(viewer, &edge.strips);
    let listener = Listener::new(edge, sight, place, phase, wished, wish.heartbeat_s);
    Ok(answer(listener))
}

fn answer(listener: Listener) -> Response {
    let body = Body::from_stream(stream::unfold(listener, Listener::next));
    let head = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // Nothing is asked behind an answer without an end.
        (CONNECTION, "close"),
        (BUFFERING, "no"),
    ];
    (head, body).into_response()
}

/// What a stream is to be like.
#[derive(Debug)]
struct Wish {
    after: Option<Cursor>,
    policy: Option<grandstand_core::policy::PolicyName>,
    delay_s: u32,
    snapshot: grandstand_core::subscription::SnapshotWish,
    heartbeat_s: Option<u32>,
}

impl Wish {
    fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, QueryError> {
        let known = ["after", "policy", "delay_s", "snapshot", "heartbeat_s"];
        let mut wish = Self::of_known(uri, &known)?;
        // A client that comes back by itself asks as it did at first: the header is newer.
        if let Some(id) = headers.get(LAST_EVENT_ID) {
            wish.after = last_event(id.to_str().ok())?;
        }
        Ok(wish)
    }

    fn of_known(uri: &Uri, known: &[&'static str]) -> Result<Self, QueryError> {
        let parameters = Parameters::of(uri, known)?;
        let heartbeat_s = number("heartbeat_s", parameters.get("heartbeat_s"))?;
        let delay_s = number("delay_s", parameters.get("delay_s"))?;
        Ok(Self {
            after: cursor(parameters.get("after"))?,
            policy: word("policy", parameters.get("policy"))?,
            delay_s: check_delay(delay_s).map_err(|e| fault("delay_s", &e.to_string()))?,
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
