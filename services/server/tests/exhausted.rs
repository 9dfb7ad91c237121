//! The accept loop when the process has no file descriptor left. Alone in its binary, since the
//! limit is the whole process's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

use std::fs::File;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::serve::{ServeLimits, serve};
use grandstand_server::telemetry::Metrics;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer unless it hangs, on a machine that has much else to do, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes every descriptor that there is, up to a limit that makes it quick.
fn take_all_descriptors() -> Vec<File> {
    let limit = Rlimit {
        current: Some(64),
        ..getrlimit(Resource::Nofile)
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[tokio::test]
async fn a_client_that_finds_no_descriptor_is_served_when_there_is_one() {
    let metrics = Metrics::install().unwrap();
    let listener =
        Listener::bind("127.0.0.1:0".parse().unwrap(), SocketOptions::default()).unwrap();
    let address = listener.local_address();
    let router = Router::new().route("/", get(|| async { "hello" }));
    let stop = CancellationToken::new();
    let task = tokio::spawn(serve(
        listener,
        router,
        ServeLimits::default(),
        stop.clone(),
    ));

    let mut taken = take_all_descriptors();
    taken.pop();
    let mut client = TcpStream::connect(address).await.unwrap();
    tokio::time::timeout(PATIENCE, async {
        while !metrics
            .render()
            .contains("grandstand_http_accept_failures_total")
        {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("accepting fails");
    drop(taken);

    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, client.read_to_string(&mut answer))
        .await
        .expect("it is answered")
        .unwrap();
    assert!(answer.ends_with("hello"), "{answer}");

    stop.cancel();
    task.await.unwrap();
}
