//! Sockets that leave HTTP, and places that are counted elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request};
use axum::middleware::Next;
use axum::routing::any;
use bytes::Bytes;
use grandstand_server::serve::{ConnectionSlot, ServeLimits};
use http::StatusCode;
use http::header::{CONNECTION, UPGRADE};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::stage::{Served, ask, hello, in_time, limits, read_all, read_answer, waiting};

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
async fn what_is_done_after_an_upgrade_takes_no_place() {
    let let_go = Arc::new(Notify::new());
    let goes = let_go.clone();
    let upgrade = move |Extension(slot): Extension<ConnectionSlot>, mut request: Request| {
        let upgrade = hyper::upgrade::on(&mut request);
        slot.after_upgrade(async move {
            let upgraded = upgrade.await.unwrap();
            let parts = upgraded.downcast::<TokioIo<TcpStream>>().unwrap();
            let mut stream = parts.io.into_inner();
            stream.write_all(b"mine").await.unwrap();
            goes.notified().await;
        });
        std::future::ready((
            StatusCode::SWITCHING_PROTOCOLS,
            [(CONNECTION, "upgrade"), (UPGRADE, "mine")],
        ))
    };
    let router = Router::new().route("/up", any(upgrade)).merge(hello());
    let limits = ServeLimits {
        connections_max: 1,
        ..limits()
    };
    let served = Served::start(router, limits);
    let mut client = served.connect().await;
    let request = "GET /up HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: mine\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    assert!(read_answer(&mut client, 4).await.ends_with("mine"));

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
