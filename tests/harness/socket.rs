//! A WebSocket as any client opens one, in either codec.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::{self, http};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::wait::in_time;

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    MessagePack,
}

impl Codec {
    pub(crate) const BOTH: [Self; 2] = [Self::Json, Self::MessagePack];

    /// The subprotocol.
    pub(crate) fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "grandstand.v1.json",
            Self::MessagePack => "grandstand.v1.msgpack",
        }
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// A message.
    Message(Value),
    /// A close frame with its code and reason.
    Closed(u16, String),
    /// The connection broke without one.
    Gone,
}

/// Why there is no socket.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The server answered otherwise.
    Http(u16, String),
    /// There was nobody, or he went away.
    Gone(String),
}

/// An open connection.
pub(crate) struct Socket {
    inner: WebSocketStream<TcpStream>,
    codec: Codec,
}

impl Socket {
    /// Opens `/v1/ws` with this query and these subprotocol entries (none: no such header).
    pub(crate) async fn open_with(
        url: &str,
        query: &str,
        token: Option<&str>,
        subprotocols: Option<&str>,
    ) -> Result<Self, Refused> {
        let address = url.strip_prefix("http://").unwrap();
        let mut request = format!("ws://{address}/v1/ws?{query}")
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        if let Some(offered) = subprotocols {
            headers.insert(
                http::header::SEC_WEBSOCKET_PROTOCOL,
                offered.parse().unwrap(),
            );
        }
        if let Some(token) = token {
            headers.insert(
                http::header::AUTHORIZATION,
                format!("Bearer {token}").parse().unwrap(),
            );
        }
        let open = async {
            let stream = TcpStream::connect(address)
                .await
                .map_err(|e| Refused::Gone(e.to_string()))?;
            client_async(request, stream).await.map_err(refused)
        };
        let (inner, response) = in_time("a WebSocket", open).await?;
        let agreed = response.headers().get(http::header::SEC_WEBSOCKET_PROTOCOL);
        let codec = match agreed.map(|name| name.to_str().unwrap()) {
            Some("grandstand.v1.msgpack") => Codec::MessagePack,
            Some("grandstand.v1.json") | None => Codec::Json,
            Some(other) => panic!("the server chose {other}"),
        };
        Ok(Self { inner, codec })
    }

    /// Opens `/v1/ws` in one codec.
    pub(crate) async fn open(
        url: &str,
        query: &str,
        token: Option<&str>,
        codec: Codec,
    ) -> Result<Self, Refused> {
        Self::open_with(url, query, token, Some(codec.subprotocol())).await
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Says something; that nobody is there any more shows when listening.
    pub(crate) async fn say(&mut self, message: &Value) {
        let message = match self.codec {
            Codec::Json => Message::text(message.to_string()),
            Codec::MessagePack => Message::binary(rmp_serde::to_vec_named(message).unwrap()),
        };
        self.say_raw(message).await;
    }

    /// Says anything that a WebSocket can carry.
    pub(crate) async fn say_raw(&mut self, message: Message) {
        in_time("room to write", self.inner.send(message))
            .await
            .ok();
    }

    /// Listens for the next message, as long as it takes. May be dropped at any time.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            match self.inner.next().await {
                Some(Ok(Message::Text(text))) => {
                    assert_eq!(self.codec, Codec::Json, "text for a MessagePack fan");
                    return Heard::Message(text.parse().unwrap());
                }
                Some(Ok(Message::Binary(bytes))) => {
                    assert_eq!(self.codec, Codec::MessagePack, "binary for a JSON fan");
                    return Heard::Message(rmp_serde::from_slice(&bytes).unwrap());
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    // Our answer to it is written by listening on.
                    in_time("the end after a close", async {
                        while let Some(Ok(_)) = self.inner.next().await {}
                    })
                    .await;
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Gone,
            }
        }
    }

    /// The next message, which must come; a status is passed over, for a machine that stands still is
    /// told of at any time.
    pub(crate) async fn message(&mut self) -> Value {
        loop {
            let message = self.message_or_status().await;
            if message["type"] != "status" {
                return message;
            }
        }
    }

    /// The next message of any kind, which must come.
    pub(crate) async fn message_or_status(&mut self) -> Value {
        match in_time("a message", self.hear()).await {
            Heard::Message(message) => message,
            other => panic!("{other:?} instead of a message"),
        }
    }

    /// Reads on until the close frame; its code.
    pub(crate) async fn close_code(&mut self) -> u16 {
        let reading = async {
            loop {
                match self.hear().await {
                    Heard::Message(_) => {}
                    Heard::Closed(code, _) => return code,
                    Heard::Gone => panic!("the connection broke without a close frame"),
                }
            }
        };
        in_time("a close frame", reading).await
    }
}

fn refused(error: tungstenite::Error) -> Refused {
    match error {
        tungstenite::Error::Http(response) => {
            let status = response.status().as_u16();
            let body = response.into_body().unwrap_or_default();
            Refused::Http(status, String::from_utf8_lossy(&body).into_owned())
        }
        other => Refused::Gone(other.to_string()),
    }
}
