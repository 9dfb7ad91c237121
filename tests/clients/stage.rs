//! A server that says what it is told to, for what no real one says on demand.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::harness::wait::in_time;

/// A listener for clients.
pub(crate) struct Stage {
    pub(crate) url: String,
    listener: TcpListener,
}

/// A client that has come.
pub(crate) struct Guest {
    /// The query that it came with.
    pub(crate) query: String,
    socket: WebSocketStream<TcpStream>,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, listener }
    }

    /// The next client that comes.
    pub(crate) async fn guest(&self) -> Guest {
        let coming = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            let mut query = String::new();
            #[expect(clippy::result_large_err, reason = "the library's refusal")]
            let look = |request: &Request, mut response: Response| {
                query = request.uri().query().unwrap_or_default().to_owned();
                if let Some(offered) = request.headers().get(SEC_WEBSOCKET_PROTOCOL) {
                    let first = offered.to_str().unwrap().split(',').next().unwrap();
                    let headers = response.headers_mut();
                    headers.insert(SEC_WEBSOCKET_PROTOCOL, first.parse().unwrap());
                }
                Ok::<_, ErrorResponse>(response)
            };
            let socket = accept_hdr_async(stream, look).await.unwrap();
            Guest { query, socket }
        };
        in_time("a client", coming).await
    }
}

impl Guest {
    /// Says something.
    pub(crate) async fn say(&mut self, message: &Value) {
        let text = Message::text(message.to_string());
        self.socket.send(text).await.unwrap();
    }

    /// Closes with a code, and waits for the client's close.
    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.socket.close(Some(frame)).await.unwrap();
        in_time("the end after a close", async {
            while let Some(Ok(_)) = self.socket.next().await {}
        })
        .await;
    }
}
