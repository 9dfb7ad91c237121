//! Servers that will not do, played by a few lines that only introduce themselves: an old release
//! and one without JetStream can't be had from where the real one comes from.
#![allow(clippy::unwrap_used, reason = "a test that cannot listen fails")]

use grandstand_broker::{Broker, ConnectError, ConnectOptions, Keys, Role};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[tokio::test]
async fn a_server_that_is_too_old_is_named_with_what_is_needed() {
    let error = connect_to(r#""version":"2.9.25","jetstream":true"#).await;
    assert!(matches!(error, ConnectError::TooOld { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("2.9") && text.contains("nats-server"),
        "{text}"
    );
}

#[tokio::test]
async fn a_server_that_stores_nothing_is_named() {
    let error = connect_to(r#""version":"2.15.1","jetstream":false"#).await;
    assert!(matches!(error, ConnectError::NoJetStream { .. }), "{error}");
    assert!(error.to_string().contains("JetStream"), "{error}");
}

/// What signing in at a server that introduces itself with `words` ends with.
async fn connect_to(words: &str) -> ConnectError {
    let keys = tempfile::tempdir().unwrap();
    Keys::load_or_create(keys.path()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let server = introduce(listener, words.to_owned());
    let connected = Broker::connect(ConnectOptions::new(url, keys.path(), Role::Gateway)).await;
    server.abort();
    connected.err().unwrap()
}

fn introduce(listener: TcpListener, words: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (read, mut write) = socket.split();
            let info = format!(
                "INFO {{\"server_id\":\"old\",\"server_name\":\"old\",\"host\":\"127.0.0.1\",\"port\":1,\
                 \"proto\":1,\"headers\":true,\"max_payload\":1048576,\"nonce\":\"bm9uY2U\",{words}}}\r\n"
            );
            write.write_all(info.as_bytes()).await.unwrap();
            let mut lines = BufReader::new(read).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("PING") {
                    write.write_all(b"PONG\r\n").await.unwrap();
                }
            }
        }
    })
}
