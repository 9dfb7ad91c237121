//! What goes out: the one place that writes to a socket.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

use bytes::{Bytes, BytesMut};
use grandstand_core::frame;
use grandstand_core::subscription::News;
use mio::net::TcpStream;

use super::read::CONTROL_BYTES_MAX;
use super::ring::{self, Ring};
use crate::args::Writes;

/// A protocol ping that carries nothing.
pub(super) const PING: Bytes = Bytes::from_static(&frame::PING);

const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;

/// What has begun to go out; it ends before anything else begins.
pub(super) struct InFlight {
    pub(super) bytes: Bytes,
    /// So many of them are gone.
    pub(super) written: usize,
    /// What it brings, for whoever measures.
    pub(super) news: Option<News>,
}

/// What a connection said is next for it.
pub(super) struct Outgoing {
    pub(super) index: u32,
    pub(super) bytes: Bytes,
    pub(super) news: Option<News>,
    /// Whether nothing follows it, if it is written at once.
    pub(super) is_last: bool,
}

/// How far a write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    All,
    /// The socket takes no more for now.
    UpTo(usize),
    /// Nobody is there any more.
    Gone,
}

/// How a shard writes to many sockets.
pub(super) enum Writer {
    /// To one after the other.
    Plain,
    /// To a batch of them by one call.
    Uring {
        ring: Ring,
        /// How far the ring came with each; kept for its room.
        taken: Vec<ring::Taken>,
    },
}

impl Writer {
    /// One for each of `count` shards, all of the same kind.
    pub(super) fn open(writes: Writes, count: usize) -> io::Result<Vec<Self>> {
        let rings = match writes {
            Writes::Plain => return Ok(plain(count)),
            Writes::Auto | Writes::Uring => (0..count).map(|_| Ring::open()),
        };
        let uring = |ring| Self::Uring {
            ring,
            taken: Vec::new(),
        };
        match rings.map(|ring| ring.map(uring)).collect() {
            Err(error) if writes == Writes::Auto => {
                tracing::info!(%error, "no io_uring here: plain writes");
                Ok(plain(count))
            }
            opened => opened,
        }
    }

    /// The word for it in metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Uring { .. } => "uring",
        }
    }

    /// How many connections are best asked before they are written to.
    pub(super) fn batch(&self) -> usize {
        match self {
            // Few enough to be in the cache still.
            Self::Plain => 64,
            Self::Uring { .. } => ring::SENDS_MAX,
        }
    }

    /// Writes each as far as its socket takes it; an answer for each, in their order. A ring that
    /// fails is given up for plain writes, and nobody is worse off.
    pub(super) fn write_each(&mut self, each: &[(&TcpStream, &Bytes)]) -> Vec<Wrote> {
        let (ring, taken) = match self {
            // The ring's call costs more than a write, and pays by what it is for.
            Self::Uring { ring, taken } if each.len() > 1 => (ring, taken),
            Self::Uring { .. } | Self::Plain => {
                let writes = each.iter().map(|(socket, bytes)| write(socket, bytes, 0));
                return writes.collect();
            }
        };
        let sends: Vec<_> = each
            .iter()
            .map(|(socket, bytes)| (socket.as_fd(), *bytes))
            .collect();
        let sent = ring.send_each(&sends, taken);
        let wrote = each.iter().zip(&*taken).map(|((socket, bytes), taken)| {
            taken.map_or(Wrote::Gone, |taken| write(socket, bytes, taken))
        });
        let wrote = wrote.collect();
        if let Err(error) = sent {
            tracing::warn!(%error, "io_uring failed: plain writes from here on");
            *self = Self::Plain;
        }
        wrote
    }
}

fn plain(count: usize) -> Vec<Writer> {
    (0..count).map(|_| Writer::Plain).collect()
}

/// Writes what is left of `bytes` after `from`, as far as the socket takes it.
pub(super) fn write(mut socket: &TcpStream, bytes: &[u8], mut from: usize) -> Wrote {
    while from < bytes.len() {
        match socket.write(&bytes[from..]) {
            Ok(0) => return Wrote::Gone,
            Ok(count) => from += count,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => return Wrote::UpTo(from),
                _ => return Wrote::Gone,
            },
        }
    }
    Wrote::All
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    control(PONG, &[payload])
}

/// The end, with a code if there is one to be named.
pub(super) fn close(code: Option<u16>, reason: &str) -> Bytes {
    match code {
        Some(code) => control(CLOSE, &[&code.to_be_bytes(), reason.as_bytes()]),
        None => control(CLOSE, &[]),
    }
}

fn control(first: u8, parts: &[&[u8]]) -> Bytes {
    let mut out = BytesMut::from(&[first, 0][..]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.truncate(2 + CONTROL_BYTES_MAX);
    out[1] = (out.len() - 2) as u8;
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_frames_are_short_and_whole() {
        assert_eq!(pong(b"x")[..], [0x8a, 1, b'x']);
        assert_eq!(close(None, "")[..], [0x88, 0]);
        assert_eq!(
            close(Some(1012), "go")[..],
            [0x88, 4, 0x03, 0xf4, b'g', b'o']
        );
        assert_eq!(close(Some(4408), &"x".repeat(200)).len(), 127);
    }
}
