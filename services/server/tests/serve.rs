//! The accept loop as clients meet it, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, Extension, Request};
use axum::middleware::Next;
use axum::routing::{any, get, post};
use bytes::Bytes;
use grandstand_server::limits::read_body;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::serve::{ConnectionSlot, RequestCost, ServeLimits, serve, serve_counted};
use http::StatusCode;
use http::header::{CONNECTION, UPGRADE};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer unless it hangs.
const PATIENCE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(150);

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Served {
    fn start(router: Router, limits: ServeLimits) -> Self {
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

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Stops it, and says how long that took.
    async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.cancel();
        in_time(self.task).await.unwrap();
        began.elapsed()
    }
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it hangs")
}

/// Everything until the server closes; a reset ends it too, keeping what came before.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = in_time(stream.read_to_end(&mut bytes)).await;
    String::from_utf8(bytes).unwrap()
}

/// Everything until the server closes in good order: a reset would cost a client on a longer way
/// the answer that it is just reading.
async fn read_to_clean_end(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    in_time(stream.read_to_string(&mut text))
        .await
        .expect("no reset");
    text
}

/// One answer's head and its body of `body_bytes`, the connection staying open.
async fn read_answer(stream: &mut TcpStream, body_bytes: usize) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
        bytes.push(in_time(stream.read_u8()).await.unwrap());
    }
    let mut body = vec![0; body_bytes];
    in_time(stream.read_exact(&mut body)).await.unwrap();
    bytes.extend(body);
    String::from_utf8(bytes).unwrap()
}

async fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

fn hello() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route(
            "/small",
            post(|request: Request| async {
                read_body(request.into_body(), 1000).await.map(|_| ())
            }),
        )
}

fn limits() -> ServeLimits {
    ServeLimits {
        stop_wait_max: SHORT,
        ..ServeLimits::default()
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_more_requests_and_knows_its_peer() {
    let served = Served::start(hello(), limits());
    let mut client = served.connect().await;
    for _ in 0..2 {
        ask(&mut client, "/").await;
        let answer = read_answer(&mut client, 5).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"),
            "{answer}"
        );
    }
    ask(&mut client, "/peer").await;
    let peer = client.local_addr().unwrap().to_string();
    assert!(read_answer(&mut client, peer.len()).await.ends_with(&peer));
}

#[tokio::test]
async fn a_client_that_is_slow_with_its_head_is_cut() {
    let served = Served::start(
        hello(),
        ServeLimits {
            head_wait_max: SHORT,
            ..limits()
        },
    );
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        let mut client = served.connect().await;
        client.write_all(begun.as_bytes()).await.unwrap();
        let began = Instant::now();
        let answer = read_all(&mut client).await;
        assert!(!answer.contains("200 OK"), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(3), "{begun:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_ends_like_a_slow_one() {
    let served = Served::start(
        hello(),
        ServeLimits {
            head_wait_max: SHORT,
            ..limits()
        },
    );
    let mut client = served.connect().await;
    ask(&mut client, "/").await;
    assert!(read_all(&mut client).await.ends_with("hello"));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_the_client_hears_it() {
    let served = Served::start(hello(), limits());
    for (filler_bytes, status) in [(8 * 1024, "200"), (17 * 1024, "431"), (200 * 1024, "431")] {
        let mut client = served.connect().await;
        let filler = "x".repeat(filler_bytes);
        let request =
            format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {filler}\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = read_to_clean_end(&mut client).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{filler_bytes}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_the_client_hears_it() {
    let served = Served::start(hello(), limits());
    let mut client = served.connect().await;
    let head = "POST /small HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(b"the beginning").await.unwrap();
    let answer = read_to_clean_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("/problems/body-too-large"), "{answer}");
    // Or it would send its next request into the close.
    assert!(answer.contains("connection: close"), "{answer}");
    // Most clients read only when they have sent: a reset now would be all that they hear.
    for _ in 0..10 {
        client.write_all(&[b'x'; 20_000]).await.unwrap();
        tokio::task::yield_now().await;
    }
}

/// A route that begins to answer when told, and says when it was asked.
fn waiting(asked: Arc<Notify>, go_on: Arc<Notify>) -> Router {
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

#[tokio::test]
async fn whoever_finds_only_requests_is_told_and_a_place_that_is_left_is_free_again() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let served = Served::start(
        waiting(asked.clone(), go_on.clone()),
        ServeLimits {
            connections_max: 1,
            ..limits()
        },
    );
    let mut first = served.connect().await;
    ask(&mut first, "/wait").await;
    in_time(asked.notified()).await;

    let mut second = served.connect().await;
    ask(&mut second, "/wait").await;
    let refused = read_to_clean_end(&mut second).await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: 5") && refused.contains("/problems/over-capacity"));

    go_on.notify_one();
    assert!(read_answer(&mut first, 4).await.ends_with("done"));
    // Its request is done: it goes for whoever has one.
    let mut third = served.connect().await;
    ask(&mut third, "/wait").await;
    in_time(asked.notified()).await;
    go_on.notify_one();
    assert!(read_answer(&mut third, 4).await.ends_with("done"));
    assert_eq!(read_all(&mut first).await, "");
}

#[tokio::test]
async fn clients_that_are_slow_with_their_heads_stop_nobody() {
    let served = Served::start(
        hello(),
        ServeLimits {
            connections_max: 8,
            head_wait_max: PATIENCE * 6,
            ..limits()
        },
    );
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut client = served.connect().await;
        client.write_all(b"GET / HTTP/1.1\r\nho").await.unwrap();
        slow.push(client);
    }
    for _ in 0..20 {
        let mut client = served.connect().await;
        ask(&mut client, "/").await;
        assert!(read_answer(&mut client, 5).await.ends_with("hello"));
    }
    // The first of the slow is long gone.
    assert_eq!(read_all(&mut slow[0]).await, "");
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_is_all_served() {
    let served = Served::start(
        hello(),
        ServeLimits {
            connections_max: 100,
            accepts_per_s: 5_000,
            accept_burst: 100,
            ..limits()
        },
    );
    let address = served.address;
    let crowd = (0..2_000).map(|_| async move {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        read_all(&mut client).await
    });
    let answers = futures_util::future::join_all(crowd).await;
    let unserved = answers.iter().filter(|answer| !answer.ends_with("hello"));
    assert_eq!(unserved.count(), 0);
}

#[tokio::test]
async fn connections_are_taken_no_faster_than_the_rate() {
    let served = Served::start(
        hello(),
        ServeLimits {
            accepts_per_s: 20,
            accept_burst: 2,
            ..limits()
        },
    );
    let began = Instant::now();
    for _ in 0..12 {
        let mut client = served.connect().await;
        ask(&mut client, "/").await;
        assert!(read_answer(&mut client, 5).await.ends_with("hello"));
    }
    assert!(
        began.elapsed() >= Duration::from_millis(490),
        "ten waited 50 ms each"
    );
}

#[tokio::test]
async fn what_requests_take_is_measured() {
    let cost = RequestCost::default();
    let listener =
        Listener::bind("127.0.0.1:0".parse().unwrap(), SocketOptions::default()).unwrap();
    let served = Served {
        address: listener.local_address(),
        stop: CancellationToken::new(),
        task: tokio::spawn(async {}),
    };
    let serving = serve_counted(
        listener,
        hello(),
        limits(),
        cost.clone(),
        served.stop.clone(),
    );
    let task = tokio::spawn(serving);
    for _ in 0..64 {
        let mut client = served.connect().await;
        ask(&mut client, "/").await;
        read_answer(&mut client, 5).await;
    }
    served.stop().await;
    in_time(task).await.unwrap();

    let counts = cost.counts();
    assert_eq!((counts.answered, counts.measured), (64, 4));
    let each_ns = counts.measured_ns / counts.measured;
    assert!((1_000..50_000_000).contains(&each_ns), "{each_ns}");
}

#[tokio::test]
async fn a_running_request_ends_well_after_the_stop() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let limits = ServeLimits {
        stop_wait_max: PATIENCE,
        ..limits()
    };
    let served = Served::start(waiting(asked.clone(), go_on.clone()), limits);
    let mut client = served.connect().await;
    ask(&mut client, "/wait").await;
    in_time(asked.notified()).await;

    served.stop.cancel();
    let address = served.address;
    // The listener is closed before the running request ends.
    in_time(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    go_on.notify_one();

    let answer = read_all(&mut client).await;
    assert!(answer.ends_with("done"), "{answer}");
    assert!(served.stop().await < Duration::from_secs(3));
}

#[tokio::test]
async fn a_stop_takes_no_longer_than_it_may() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let served = Served::start(waiting(asked.clone(), go_on), limits());
    let mut busy = served.connect().await;
    let _silent = served.connect().await;
    ask(&mut busy, "/wait").await;
    in_time(asked.notified()).await;
    assert!(served.stop().await < Duration::from_secs(3));
    assert_eq!(read_all(&mut busy).await, "");
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_stop() {
    let limits = ServeLimits {
        stop_wait_max: PATIENCE,
        ..limits()
    };
    let served = Served::start(hello(), limits);
    let mut idle = served.connect().await;
    ask(&mut idle, "/").await;
    read_answer(&mut idle, 5).await;
    let _silent = served.connect().await;
    assert!(served.stop().await < Duration::from_secs(3));
}

/// Takes the socket back after the upgrade, echoes one byte and what had been read ahead, and
/// closes it when it is told to.
fn upgrading(let_go: Arc<Notify>) -> Router {
    let upgrade = move |mut request: Request| {
        let let_go = let_go.clone();
        async move {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let upgraded = upgrade.await.unwrap();
                let parts = upgraded.downcast::<TokioIo<TcpStream>>().unwrap();
                let mut stream = parts.io.into_inner();
                assert!(stream.nodelay().unwrap());
                let early: Bytes = parts.read_buf;
                stream.write_all(&early).await.unwrap();
                let byte = stream.read_u8().await.unwrap();
                stream.write_u8(byte).await.unwrap();
                let_go.notified().await;
            });
            (
                StatusCode::SWITCHING_PROTOCOLS,
                [(CONNECTION, "upgrade"), (UPGRADE, "echo")],
            )
        }
    };
    Router::new().route("/up", any(upgrade)).merge(hello())
}

#[tokio::test]
async fn an_upgraded_socket_is_taken_back_with_its_early_bytes_and_its_place_is_free() {
    let let_go = Arc::new(Notify::new());
    let limits = ServeLimits {
        connections_max: 1,
        ..limits()
    };
    let served = Served::start(upgrading(let_go.clone()), limits);
    let mut client = served.connect().await;
    let request =
        "GET /up HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nearly";
    client.write_all(request.as_bytes()).await.unwrap();

    let answer = read_answer(&mut client, 5).await;
    assert!(
        answer.starts_with("HTTP/1.1 101") && answer.ends_with("early"),
        "{answer}"
    );
    client.write_u8(b'!').await.unwrap();
    assert_eq!(in_time(client.read_u8()).await.unwrap(), b'!');

    let mut second = served.connect().await;
    ask(&mut second, "/").await;
    assert!(read_answer(&mut second, 5).await.ends_with("hello"));
    let_go.notify_one();
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn a_connection_that_is_counted_elsewhere_takes_no_place() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let router = waiting(asked.clone(), go_on.clone()).layer(axum::middleware::from_fn(
        |Extension(slot): Extension<ConnectionSlot>, request: Request, next: Next| {
            slot.leave();
            next.run(request)
        },
    ));
    let served = Served::start(
        router,
        ServeLimits {
            connections_max: 1,
            ..limits()
        },
    );
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = served.connect().await;
        ask(&mut client, "/wait").await;
        in_time(asked.notified()).await;
        clients.push(client);
    }
    for mut client in clients {
        go_on.notify_one();
        assert!(read_answer(&mut client, 4).await.ends_with("done"));
    }
}

#[tokio::test]
async fn an_upgraded_socket_outlives_the_stop() {
    let let_go = Arc::new(Notify::new());
    let served = Served::start(upgrading(let_go.clone()), limits());
    let mut client = served.connect().await;
    let request =
        "GET /up HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nearly";
    client.write_all(request.as_bytes()).await.unwrap();
    read_answer(&mut client, 5).await;

    served.stop().await;

    client.write_u8(b'!').await.unwrap();
    assert_eq!(in_time(client.read_u8()).await.unwrap(), b'!');
}
