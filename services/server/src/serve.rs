//! The accept loop: HTTP/1.1 with upgrades, every connection bounded, one stop for all.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::CONNECTION;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::listen::Listener;
use crate::problem::Problem;
use crate::unread;

/// How long to leave the kernel alone after it had no descriptor or memory for a connection.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// How long a closed connection's input is read and thrown away: closing with unread input resets
/// the connection, and the client never sees the answer.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// And how much of it.
const LINGER_BYTES_MAX: usize = 1024 * 1024;
/// How many clients at once are told that there is no room; more are just closed.
const REFUSALS_MAX: usize = 64;
/// When a client that found no room may come again.
const REFUSED_RETRY_AFTER_S: u64 = 5;

/// What bounds a listener's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at once, upgraded ones that keep their [`ConnectionSlot`] included.
    pub connections_max: usize,
    /// From accepting, or from the end of the request before, to the end of a request's head. So
    /// it also ends idle connections: a balancer in front must let go of its own sooner.
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
            head_wait_max: Duration::from_secs(10),
            head_bytes_max: 16 * 1024,
            stop_wait_max: Duration::from_secs(10),
        }
    }
}

/// A connection's place under `connections_max`, an extension of every request. Whoever upgrades a
/// connection keeps a clone for as long as it lives, so that it goes on counting.
#[derive(Debug, Clone)]
pub struct ConnectionSlot(
    #[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>,
);

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
    let tasks = TaskTracker::new();
    // Cancelled when this future ends, however that happens: no connection outlives it.
    let cut = CancellationToken::new();
    let _cut_at_end = cut.clone().drop_guard();
    let server = Server {
        router,
        http: http_of(limits),
        slots: Arc::new(Semaphore::new(
            limits.connections_max.min(Semaphore::MAX_PERMITS),
        )),
        refusals: Arc::new(Semaphore::new(REFUSALS_MAX)),
        tasks: tasks.clone(),
        stop: stop.clone(),
        cut: cut.clone(),
    };
    server.accept_until_stop(listener).await;
    tasks.close();
    if tokio::time::timeout(limits.stop_wait_max, tasks.wait())
        .await
        .is_err()
    {
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
    slots: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
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
    async fn accept_until_stop(&self, listener: Listener) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                accepted = listener.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) if is_the_clients(&error) => {
                    tracing::debug!(%error, "a connection was gone before it was accepted");
                }
                Err(error) => {
                    metrics::counter!("grandstand_http_accept_failures_total").increment(1);
                    tracing::warn!(%error, "cannot accept connections, trying again");
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = tokio::time::sleep(EXHAUSTED_PAUSE) => {}
                    }
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        // Fails only on a socket that is dead already; the first read says so.
        let _ = stream.set_nodelay(true);
        match self.slots.clone().try_acquire_owned() {
            Ok(permit) => {
                let slot = ConnectionSlot(Arc::new(permit));
                let connection = self.connection(stream, peer, slot);
                let cut = self.cut.clone();
                self.tasks
                    .spawn(async move { cut.run_until_cancelled(connection).await });
            }
            Err(_) => self.refuse(stream),
        }
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
        slot: ConnectionSlot,
    ) -> impl Future<Output = ()> + Send + use<> {
        let router = self.router.clone();
        let held = slot.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (head, body) = request.into_parts();
            let (body, unread) = unread::watch(body);
            let mut request = Request::from_parts(head, Body::new(body));
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(slot.clone());
            let answer = router.clone().oneshot(request);
            async move {
                let mut response = answer.await?;
                if unread.is_there() {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                Ok::<_, Infallible>(response)
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
            // None if it was upgraded: then it is somebody else's to close.
            if let Some(parts) = connection.into_parts() {
                let lingering = linger(parts.io.into_inner());
                stop.run_until_cancelled(lingering).await;
            }
            drop(held);
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

/// Answers 503 without reading the request, and closes.
async fn say_no_room(mut stream: TcpStream) {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "over-capacity",
        "There is no room for another connection",
    );
    let body = problem.document().to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nretry-after: {REFUSED_RETRY_AFTER_S}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // A fresh socket takes this much at once; a client that is gone needs no answer.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        linger(stream).await;
    }
}

/// Says that nothing more will come, and reads and throws away until the client closes too, within
/// bounds.
async fn linger(mut stream: TcpStream) {
    // Fails where it was done before, or where nobody is there any more: reading then ends at once.
    let _ = stream.shutdown().await;
    let discard = async {
        let mut scratch = [0u8; 2048];
        let mut left = LINGER_BYTES_MAX;
        while let Ok(count @ 1..) = stream.read(&mut scratch).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    };
    // At the bound there is nothing better to do than to close.
    let _ = tokio::time::timeout(LINGER_MAX, discard).await;
}
