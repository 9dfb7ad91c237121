//! The accept loop: HTTP/1.1 with upgrades, every connection bounded, one stop for all.
//!
//! `accept_rate` says how fast connections are taken in, `lobby` who has a place and who goes when
//! there is none, `guest` is such a place, `cost` what requests take, `farewell` the end.

mod accept_rate;
mod cost;
mod farewell;
mod guest;
mod lobby;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::CONNECTION;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use self::cost::{RequestCost, RequestCounts, process_cpu};
pub use self::guest::ConnectionSlot;

use self::accept_rate::AcceptRate;
use self::farewell::{linger, say_no_room};
use self::guest::{Answer, Guest, Lobbies};
use self::lobby::AtDoor;
use crate::listen::Listener;
use crate::unread;

/// How long to leave the kernel alone after it had no descriptor or memory for a connection.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// How often the door is looked at when nobody comes.
const LOOK: Duration = Duration::from_millis(100);
/// How many clients at once are told that there is no room; more are just closed.
const REFUSALS_MAX: usize = 64;

/// What bounds a listener's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at once that speak HTTP; one that is upgraded is not counted any more.
    pub connections_max: usize,
    /// Connections taken in a second, 0 for no limit. More wait in the kernel's queue: a crowd that
    /// comes at once is served in its turn, while refusing costs as much as serving and has the
    /// refused come again. When that queue is full too, the kernel has clients knock again.
    pub accepts_per_s: u32,
    /// And so many at once after a pause.
    pub accept_burst: u32,
    /// From accepting, or from the end of the request before, to the end of a request's head. So
    /// it also ends idle connections, if nobody needs their place before: a balancer in front must
    /// let go of its own sooner.
    pub head_wait_max: Duration,
    /// Bytes of a request's head, and of what is read ahead. At least 8 KiB.
    pub head_bytes_max: usize,
    /// How long running requests may go on after the stop.
    pub stop_wait_max: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            accepts_per_s: 0,
            accept_burst: 0,
            head_wait_max: Duration::from_secs(10),
            head_bytes_max: 16 * 1024,
            stop_wait_max: Duration::from_secs(10),
        }
    }
}

/// Serves `router` until `stop`, then lets running requests end within `stop_wait_max`. Every
/// request has the peer's address as the extension `ConnectInfo<SocketAddr>`, so that axum's
/// extractor works, and its [`ConnectionSlot`]. A handler is dropped when its client goes away, so
/// what must be finished belongs to a task of its own. Dropping the future cuts all connections.
pub async fn serve(
    listener: Listener,
    router: Router,
    limits: ServeLimits,
    stop: CancellationToken,
) {
    serve_counted(listener, router, limits, RequestCost::default(), stop).await;
}

/// Describes the metrics of all listeners of this process.
fn describe() {
    describe_gauge!(
        "grandstand_http_connections",
        "Connections that speak HTTP, on any port of ours"
    );
    describe_histogram!(
        "grandstand_http_accept_held_seconds",
        Unit::Seconds,
        "How long connections waited to be taken in because of the accept rate, while the others waited in the kernel's queue"
    );
    describe_counter!(
        "grandstand_http_idle_cut_total",
        "Connections without a request that were cut, as their places were needed"
    );
    describe_counter!(
        "grandstand_http_connections_refused_total",
        "Connections that found every place taken by a request"
    );
    describe_counter!(
        "grandstand_http_accept_failures_total",
        "Times that the system had no descriptor or memory for a connection"
    );
}

/// As [`serve`], and `cost` tells what the requests take.
pub async fn serve_counted(
    listener: Listener,
    router: Router,
    limits: ServeLimits,
    cost: RequestCost,
    stop: CancellationToken,
) {
    describe();
    let tasks = TaskTracker::new();
    // Cancelled when this future ends, however that happens: no connection outlives it.
    let cut = CancellationToken::new();
    let _cut_at_end = cut.clone().drop_guard();
    let server = Server {
        router,
        http: http_of(limits),
        lobby: Arc::new(Lobbies::new(limits.connections_max, cost.clone())),
        cost,
        refusals: Arc::new(Semaphore::new(REFUSALS_MAX)),
        began: Instant::now(),
        tasks: tasks.clone(),
        stop: stop.clone(),
        cut: cut.clone(),
    };
    let rate = AcceptRate::new(limits.accepts_per_s, limits.accept_burst);
    stop.run_until_cancelled(server.accept(&listener, rate))
        .await;
    // Nobody else is taken in while the last are served.
    drop(listener);
    tasks.close();
    if timeout(limits.stop_wait_max, tasks.wait()).await.is_err() {
        tracing::warn!(
            connections = tasks.len(),
            "cutting what did not end in time"
        );
        cut.cancel();
        tasks.wait().await;
    }
}

/// What every connection of one listener shares.
struct Server {
    router: Router,
    http: http1::Builder,
    lobby: Arc<Lobbies>,
    cost: RequestCost,
    refusals: Arc<Semaphore>,
    began: Instant,
    tasks: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

fn http_of(limits: ServeLimits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_wait_max)
        // hyper panics below its own minimum.
        .max_buf_size(limits.head_bytes_max.max(8 * 1024));
    http
}

impl Server {
    async fn accept(&self, listener: &Listener, mut rate: AcceptRate) {
        loop {
            let accepted = timeout(LOOK, listener.socket.accept()).await;
            self.lobby.attend();
            let Ok(accepted) = accepted else {
                continue;
            };
            match accepted {
                Ok((stream, peer)) => {
                    self.hold_back(&mut rate).await;
                    self.admit(stream, peer).await;
                }
                Err(error) if is_the_clients(&error) => {
                    tracing::debug!(%error, "a connection was gone before it was accepted");
                }
                Err(error) => {
                    metrics::counter!("grandstand_http_accept_failures_total").increment(1);
                    tracing::warn!(%error, "cannot accept connections, trying again");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }

    /// Waits until the next may come in.
    async fn hold_back(&self, rate: &mut AcceptRate) {
        while let Err(wait_us) = rate.take(self.began.elapsed().as_micros() as u64) {
            let wait = Duration::from_micros(wait_us);
            metrics::histogram!("grandstand_http_accept_held_seconds").record(wait);
            tokio::time::sleep(wait).await;
        }
    }

    /// Who has no place waits for one here, and the others behind it in the kernel's queue.
    async fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        loop {
            match self.lobby.at_door() {
                AtDoor::Enter(number, goes) => {
                    if let Some(goes) = goes {
                        metrics::counter!("grandstand_http_idle_cut_total").increment(1);
                        goes.abort();
                    }
                    return self.begin(stream, peer, number);
                }
                AtDoor::Wait => {
                    // Whichever comes first, it is looked at again.
                    let _ = timeout(LOOK, self.lobby.room.notified()).await;
                    self.lobby.attend();
                }
                AtDoor::Refuse => return self.refuse(stream),
            }
        }
    }

    fn begin(&self, stream: TcpStream, peer: SocketAddr, number: u64) {
        let guest = Arc::new(self.lobby.guest(number));
        let answered = Arc::clone(&guest.answered);
        // Boxed once, as it is large and moved from hand to hand.
        let connection = Box::pin(self.connection(stream, peer, guest));
        let connection = self.cost.measure(answered, connection);
        let cut = self.cut.clone();
        let task = self
            .tasks
            .spawn(async move { cut.run_until_cancelled(connection).await });
        self.lobby.name(number, task.abort_handle());
    }

    fn refuse(&self, stream: TcpStream) {
        metrics::counter!("grandstand_http_connections_refused_total").increment(1);
        if let Ok(permit) = self.refusals.clone().try_acquire_owned() {
            let cut = self.cut.clone();
            let refusal = async move {
                let _permit = permit;
                say_no_room(stream).await;
            };
            self.tasks
                .spawn(async move { cut.run_until_cancelled(refusal).await });
        }
    }

    /// One connection from its first request to its close or upgrade.
    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        guest: Arc<Guest>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let router = self.router.clone();
        let held = Arc::clone(&guest);
        let service = service_fn(move |request: Request<Incoming>| {
            guest.asks();
            let (head, body) = request.into_parts();
            let (body, unread) = unread::watch(body);
            let mut request = Request::from_parts(head, Body::new(body));
            request.extensions_mut().insert(ConnectInfo(peer));
            let slot = ConnectionSlot(Arc::clone(&guest));
            request.extensions_mut().insert(slot);
            let answer = router.clone().oneshot(request);
            let guest = Arc::clone(&guest);
            async move {
                let mut response = answer.await?;
                if unread.is_there() {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
                Ok::<_, Infallible>(response.map(|body| match is_upgrade {
                    true => Answer::of_upgrade(body),
                    false => Answer::new(body, guest),
                }))
            }
        });
        let mut connection = self
            .http
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let stop = self.stop.clone();
        async move {
            let ended = tokio::select! {
                ended = &mut connection => ended,
                () = stop.cancelled() => {
                    Pin::new(&mut connection).graceful_shutdown();
                    (&mut connection).await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, %peer, "a connection ended early");
            }
            let handover = held.take_handover();
            match (connection.into_parts(), handover) {
                (Some(parts), _) => {
                    let lingering = linger(parts.io.into_inner());
                    stop.run_until_cancelled(lingering).await;
                }
                // It was upgraded: it is somebody else's to close, and takes no place here.
                (None, Some(handover)) => {
                    drop(held);
                    handover.await;
                }
                (None, None) => {}
            }
        }
    }
}

/// Whether accepting failed because of this one client, and not for want of something of ours.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
