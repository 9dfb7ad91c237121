//! A server on a socket, and clients who read what it says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::routing::{get, post};
use grandstand_server::limits::read_body;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::serve::{ServeLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer unless it hangs, on a machine that has much else to do, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// What is far less than that.
pub(crate) const SOON: Duration = Duration::from_secs(20);
pub(crate) const SHORT: Duration = Duration::from_millis(300);

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Served {
    pub(crate) fn start(router: Router, limits: ServeLimits) -> Self {
        let listener =
            Listener::bind("127.0.0.1:0".parse().unwrap(), SocketOptions::default()).unwrap();
        let address = listener.local_address();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, router, limits, stop.clone()));
        Self {
            address,
            stop,
            task,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Stops it, and says how long that took.
    pub(crate) async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.cancel();
        in_time(self.task).await.unwrap();
        began.elapsed()
    }
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it hangs")
}

/// Everything until the server closes; a reset ends it too, keeping what came before.
pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = in_time(stream.read_to_end(&mut bytes)).await;
    String::from_utf8(bytes).unwrap()
}

/// Everything until the server closes in good order: a reset would cost a client on a longer way
/// the answer that it is just reading.
pub(crate) async fn read_to_clean_end(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    in_time(stream.read_to_string(&mut text))
        .await
        .expect("no reset");
    text
}

/// One answer's head and its body of `body_bytes`, the connection staying open.
pub(crate) async fn read_answer(stream: &mut TcpStream, body_bytes: usize) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
        bytes.push(in_time(stream.read_u8()).await.unwrap());
    }
    let mut body = vec![0; body_bytes];
    in_time(stream.read_exact(&mut body)).await.unwrap();
    bytes.extend(body);
    String::from_utf8(bytes).unwrap()
}

pub(crate) async fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

pub(crate) fn hello() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route(
            "/small",
            post(|request: Request| async {
                let time_max = Duration::from_secs(10);
                read_body(request.into_body(), 1000, time_max)
                    .await
                    .map(|_| ())
            }),
        )
}

pub(crate) fn limits() -> ServeLimits {
    ServeLimits {
        stop_wait_max: SHORT,
        ..ServeLimits::default()
    }
}

/// A route that begins to answer when told, and says when it was asked.
pub(crate) fn waiting(asked: Arc<Notify>, go_on: Arc<Notify>) -> Router {
    let wait = move || {
        let (asked, go_on) = (asked.clone(), go_on.clone());
        async move {
            asked.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    Router::new().route("/wait", get(wait))
}
