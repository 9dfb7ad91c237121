//! One who listens to an event stream: a connection whose frames go out piece by piece.
//!
//! No piece begins before the socket has taken the one before it: hyper lets go of a piece when it
//! is written, and with it goes the permit for the next. So a reader that is slow or dead holds one
//! piece here, what hyper and the kernel keep for its socket, and a share in a frame.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use grandstand_core::connection::{Connection, Output, Settings};
use grandstand_core::frame::Codec;
use grandstand_core::message::Wish;
use grandstand_core::session::SessionId;
use grandstand_core::subscription::News;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep_until, timeout};

use super::sight::Sight;
use super::text;
use crate::Edge;
use crate::access::random_u128;
use crate::entrance::Place;
use crate::shard::count_cut;

/// A client whose socket takes nothing for so long is cut.
const STALL_MAX: Duration = Duration::from_secs(30);
/// How much is handed over at once: less than hyper queues, so that it goes on asking, and what it
/// asks for can be the end.
const PIECE_BYTES_MAX: usize = 4 * 1024;
/// Clients whose connections break come again spread over so long, from half a second on.
const RECONNECT_WINDOW_MS: u64 = 2_000;
const RECONNECT_MIN_MS: u64 = 500;

/// A fan whose client only listens.
pub(super) struct Listener {
    edge: Arc<Edge>,
    sight: Sight,
    connection: Connection,
    /// What is left of the message that is being written.
    text: Bytes,
    /// What that message brings.
    news: Option<News>,
    /// One permit: for the piece that is on its way.
    piece: Arc<Semaphore>,
    /// It is to be told that this gateway goes.
    goes: bool,
    /// Why it ended, if we ended it.
    ended: Option<&'static str>,
    _place: (OwnedSemaphorePermit, Place),
}

/// Bytes that hyper has not written yet.
struct Piece {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Listener {
    pub(super) fn new(
        edge: Arc<Edge>,
        mut sight: Sight,
        place: (OwnedSemaphorePermit, Place),
        phase: u8,
        wish: Wish,
        heartbeat_s: Option<u32>,
    ) -> Self {
        let settings = Settings {
            coding: Codec::Json.into(),
            // It is told to nobody, so nobody takes it up.
            session: SessionId::new(random_u128()),
            phase,
            heartbeat_s: heartbeat_s.unwrap_or(edge.access.heartbeat_s()),
        };
        let now_us = edge.clock.now_us();
        let mut connection = Connection::of_listener(settings, sight.viewer().rights(), now_us);
        connection.follow(wish);
        sight.watch(connection.strips_view());
        edge.streams.counts.connections.increment(1.0);
        Self {
            edge,
            sight,
            connection,
            text: text::retry(RECONNECT_MIN_MS + spread_ms()),
            news: None,
            piece: Arc::new(Semaphore::new(1)),
            goes: false,
            ended: None,
            _place: place,
        }
    }

    /// The next piece of the body, once there is something to say and the socket has taken the
    /// piece before; an error cuts the connection.
    pub(super) async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        let permit = Arc::clone(&self.piece).acquire_owned();
        let Ok(Ok(permit)) = timeout(STALL_MAX, permit).await else {
            self.ended = Some("too_slow");
            return Some((Err(io::ErrorKind::TimedOut.into()), self));
        };
        if self.text.is_empty() {
            if let Some(news) = self.news.take() {
                let now_us = self.edge.clock.now_us();
                self.edge.streams.counts.news(news, 1, now_us);
            }
            self.text = self.next_text().await?;
            self.edge.streams.counts.frames.increment(1);
        }
        let length = self.text.len().min(PIECE_BYTES_MAX);
        let piece = Piece {
            bytes: self.text.split_to(length),
            _permit: permit,
        };
        Some((Ok(Bytes::from_owner(piece)), self))
    }

    fn follows_nothing(&self) -> bool {
        self.connection.matches().next().is_none() && self.connection.strips_view().is_none()
    }

    /// The next message; none if there is nothing more to say.
    async fn next_text(&mut self) -> Option<Bytes> {
        loop {
            let now_us = self.edge.clock.now_us();
            // It says nothing: that its socket takes what we write is all that is heard of it.
            self.connection.heard(now_us);
            match self.connection.poll(&self.sight, now_us) {
                Output::Answer(frame) | Output::Beat(frame) => {
                    return Some(self.edge.streams.texts.message(&frame, None));
                }
                Output::Frame(frame, news) => {
                    self.news = Some(news);
                    let match_id = self.sight.match_id();
                    let cursor = match_id.and_then(|match_id| self.connection.cursor(match_id));
                    return Some(self.edge.streams.texts.message(&frame, cursor));
                }
                Output::Ping => {}
                Output::AskLeader(match_id) => self.edge.feeds.ask_leader(&match_id),
                Output::Wait(_) if self.follows_nothing() => {
                    self.ended = Some("not allowed");
                    return None;
                }
                Output::Wait(wake_us) => {
                    let wake = self.edge.clock.instant(wake_us.unwrap_or(u64::MAX));
                    tokio::select! {
                        () = self.sight.changed() => {}
                        () = sleep_until(wake) => {}
                        leave = self.edge.drain.begun(), if !self.goes => {
                            self.goes = true;
                            let turn_us = leave.any_turn_us(random_u128() as u64);
                            self.connection.go_away(turn_us, leave.told_ms);
                        }
                    }
                }
                Output::Close(_, reason) => {
                    self.ended = Some(reason);
                    return None;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        count_cut(self.ended.unwrap_or("gone"));
        self.edge.streams.counts.connections.decrement(1.0);
    }
}

fn spread_ms() -> u64 {
    random_u128() as u64 % RECONNECT_WINDOW_MS
}
