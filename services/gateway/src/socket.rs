//! One fan's WebSocket: the thin shell around [`Connection`], one task each.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use grandstand_core::connection::{Connection, FanRights, Output, Request};
use grandstand_core::frame::{Codec, Frame};
use grandstand_core::message::{ClientMessage, CloseCode};
use grandstand_core::session::SessionId;
use grandstand_core::subscription::News;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use crate::Edge;
use crate::access::Viewer;
use crate::fan_session::{FanSession, Found};
use crate::followed::Followed;
use crate::refuse::count_refusal;

/// What a client may send in one message: the longest is a `hello` with 32 subscriptions.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Read buffer of each connection: the library allocates it at once, and zeroes it at each read.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// A client whose socket takes nothing for so long is cut.
const STALL_MAX: Duration = Duration::from_secs(30);
/// How long a client may take to answer our close frame before the socket goes.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// How tungstenite is set up: small, because there are many.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// A fan with its socket.
pub(crate) struct Fan {
    edge: Arc<Edge>,
    viewer: Viewer,
    connection: Connection,
    session: FanSession,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    followed: Followed,
}

/// Why a fan's task ends.
enum End {
    /// We close, with a code.
    Close(CloseCode, &'static str),
    /// The client closed: its close frame is answered.
    ClosedByClient,
    /// The connection broke.
    Gone,
    /// Our socket took nothing for too long.
    Stalled,
}

impl Fan {
    /// A fan whose handshake is done.
    pub(crate) fn new(
        edge: Arc<Edge>,
        viewer: Viewer,
        connection: Connection,
        socket: WebSocketStream<TokioIo<Upgraded>>,
    ) -> Self {
        let session = FanSession::new(Arc::clone(&edge.sessions), connection.session());
        Self {
            edge,
            followed: Followed::new(viewer.clone()),
            viewer,
            connection,
            session,
            socket,
        }
    }

    /// Serves the fan until one side ends it.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        metrics::gauge!("grandstand_connections").increment(1.0);
        let end = self.serve(&stop).await;
        self.session.close(&self.connection);
        match end {
            End::Close(code, reason) => self.close(code, reason).await,
            End::Stalled => {
                count_cut("too_slow");
                tracing::debug!("a fan's socket took nothing for too long");
            }
            End::ClosedByClient => {
                count_cut("closed_by_client");
                self.say_goodbye(None).await;
            }
            End::Gone => count_cut("gone"),
        }
        metrics::gauge!("grandstand_connections").decrement(1.0);
    }

    async fn serve(&mut self, stop: &CancellationToken) -> End {
        loop {
            if stop.is_cancelled() {
                self.connection.close(CloseCode::Drain, "this gateway goes");
            }
            self.look_at_wishes();
            match self
                .connection
                .poll(&self.followed, self.edge.clock.now_us())
            {
                Output::Answer(frame) => {
                    if let Some(end) = self.write(message(frame)).await {
                        return end;
                    }
                }
                Output::Frame(frame, news) => {
                    if let Some(end) = self.write(message(frame)).await {
                        return end;
                    }
                    self.measure(news);
                }
                Output::Ping => {
                    if let Some(end) = self.write(Message::Ping(Bytes::new())).await {
                        return end;
                    }
                }
                Output::AskLeader(match_id) => self.edge.feeds.ask_leader(&match_id),
                Output::Close(code, reason) => return End::Close(code, reason),
                Output::Wait(until_us) => {
                    if let Some(end) = self.wait(until_us, stop).await {
                        return end;
                    }
                }
            }
        }
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self, until_us: Option<u64>, stop: &CancellationToken) -> Option<End> {
        let until = async {
            match until_us {
                Some(at_us) => tokio::time::sleep_until(self.edge.clock.instant(at_us)).await,
                None => std::future::pending().await,
            }
        };
        // Each arm is safe to drop: a `Notify` keeps its permit, and the socket its partial message.
        // What the client said comes before a deadline: after a pause of ours both are due.
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            heard = self.socket.next() => self.hear(heard),
            () = self.followed.changed() => None,
            (id, found) = self.session.found() => {
                self.resume(id, found);
                None
            }
            () = until => None,
        }
    }

    fn hear(&mut self, heard: Option<Result<Message, Error>>) -> Option<End> {
        self.connection.heard(self.edge.clock.now_us());
        let value = match heard {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).map_err(|e| e.to_string()),
            Some(Ok(Message::Binary(bytes))) => decode_messagepack(&bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return None,
            Some(Ok(Message::Close(_))) => return Some(End::ClosedByClient),
            None => return Some(End::Gone),
            Some(Err(error)) => return self.broken(&error),
        };
        let message =
            value.and_then(|value| ClientMessage::parse(&value).map_err(|e| e.to_string()));
        match message {
            Ok(message) => {
                metrics::counter!("grandstand_resumes_total").increment(message.cursors());
                self.said(message);
            }
            Err(detail) => {
                count_refusal("bad_message");
                self.connection.misspoke(&detail);
            }
        }
        None
    }

    fn said(&mut self, message: ClientMessage) {
        if matches!(message, ClientMessage::Hello { .. }) {
            self.session.forget_read();
        }
        let session = self.connection.session();
        match self.connection.said(message) {
            Some(Request::Refresh(token)) => self.refresh(&token),
            Some(Request::Resume(id)) => {
                if let Err(refusal) = self.session.read(id, &self.viewer) {
                    self.resume(id, Err(refusal));
                }
            }
            None if self.connection.session() != session => count_resumed("cursor"),
            None => {}
        }
    }

    /// The session that the fan named was read.
    fn resume(&mut self, id: SessionId, found: Found) {
        match found {
            Ok(wishes) => {
                count_resumed("bucket");
                self.connection.resumed(id, wishes);
            }
            Err(refusal) => {
                count_refusal(refusal.code());
                self.connection.not_resumed(refusal);
            }
        }
    }

    /// What is wrong with a connection decides the code that it is told, where it still can be.
    fn broken(&mut self, error: &Error) -> Option<End> {
        let (code, reason, word) = match error {
            Error::Capacity(_) => (
                CloseCode::TooLarge,
                "message too large",
                "message_too_large",
            ),
            Error::Utf8(_) => (CloseCode::NotText, "text that is not UTF-8", "not_text"),
            // Cut off without a word, as phones are.
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                return Some(End::Gone);
            }
            Error::Protocol(_) => (CloseCode::Protocol, "protocol error", "protocol"),
            _ => return Some(End::Gone),
        };
        count_refusal(word);
        Some(End::Close(code, reason))
    }

    /// A newer token of the same user: rights are applied anew.
    fn refresh(&mut self, token: &str) {
        match self.edge.access.viewer_of_token(token) {
            Ok(viewer) if viewer.sub() == self.viewer.sub() => {
                let rights: FanRights = viewer.rights();
                self.viewer = viewer.clone();
                self.followed.see_as(viewer);
                self.connection.refreshed(rights);
            }
            Ok(_) => {
                count_refusal("other_user");
                self.connection
                    .close(CloseCode::NotAllowed, "a token of another user");
            }
            Err(error) => {
                count_refusal(error.word());
                self.connection.close(CloseCode::Token, "token refused");
            }
        }
    }

    /// Opens what was asked for since the last look, and lets the session know.
    fn look_at_wishes(&mut self) {
        let now_us = self.edge.clock.now_us();
        let opened = self
            .followed
            .follow(&self.connection, &self.edge.feeds, now_us);
        if opened.is_err() {
            count_refusal("too_many_matches");
            self.connection
                .close(CloseCode::TooMany, "too many matches are read here");
        }
        self.session.tell(&self.viewer, &self.connection);
    }

    async fn write(&mut self, message: Message) -> Option<End> {
        let stop = &self.edge.stop;
        let stopping = async {
            stop.cancelled().await;
            tokio::time::sleep(CLOSE_MAX).await;
        };
        tokio::select! {
            biased;
            sent = timeout(STALL_MAX, self.socket.send(message)) => match sent {
                Ok(Ok(())) => {
                    metrics::counter!("grandstand_frames_total").increment(1);
                    None
                }
                Ok(Err(_)) => Some(End::Gone),
                Err(_) => Some(End::Stalled),
            },
            // A frame that is half written can't be followed by a close frame.
            () = stopping => Some(End::Stalled),
        }
    }

    fn measure(&self, news: News) {
        let policy = news.policy.as_str();
        metrics::counter!("grandstand_events_total", "policy" => policy).increment(news.events);
        if let Some(accepted_us) = news.accepted_us {
            let late_us = self.edge.clock.now_us().saturating_sub(accepted_us);
            metrics::histogram!("grandstand_delivery_seconds", "policy" => policy)
                .record(late_us as f64 / 1e6);
        }
    }

    async fn close(&mut self, code: CloseCode, reason: &'static str) {
        count_cut(reason);
        let frame = CloseFrame {
            code: code.number().into(),
            reason: Utf8Bytes::from_static(reason),
        };
        self.say_goodbye(Some(frame)).await;
    }

    /// Close frame, end of our side, then what the client still sends is read and thrown away,
    /// whatever it is: closing over unread bytes would reset the connection, and the client never
    /// hear the code.
    async fn say_goodbye(&mut self, frame: Option<CloseFrame>) {
        let goodbye = async {
            // Fails where it was said already; what is left to write still goes out.
            let _ = self.socket.close(frame).await;
            let _ = self.socket.flush().await;
            let stream = self.socket.get_mut();
            let _ = stream.shutdown().await;
            let mut scratch = [0; 1024];
            while let Ok(1..) = stream.read(&mut scratch).await {}
        };
        // Whoever does not answer in time is not waited for.
        let _ = timeout(CLOSE_MAX, goodbye).await;
    }
}

fn message(frame: Frame) -> Message {
    match frame.codec {
        Codec::Json => match Utf8Bytes::try_from(frame.bytes) {
            Ok(text) => Message::Text(text),
            // serde_json writes nothing else; were it so, the client had better see it.
            Err(_) => Message::Text(Utf8Bytes::from_static("{}")),
        },
        Codec::MessagePack => Message::Binary(frame.bytes),
    }
}

fn decode_messagepack(bytes: &[u8]) -> Result<serde_json::Value, String> {
    let codec = grandstand_server::codec::Codec::MessagePack;
    codec.decode_value(bytes).map_err(|e| e.to_string())
}

fn count_resumed(by: &'static str) {
    metrics::counter!("grandstand_sessions_resumed_total", "by" => by).increment(1);
}

fn count_cut(reason: &'static str) {
    metrics::counter!("grandstand_disconnects_total", "reason" => reason).increment(1);
}
