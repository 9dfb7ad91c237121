//! What goes out: the one place that writes to a socket.

use std::io::{ErrorKind, Write};

use bytes::{Bytes, BytesMut};
use grandstand_core::subscription::News;
use mio::net::TcpStream;

use super::read::CONTROL_BYTES_MAX;

/// A protocol ping that carries nothing.
pub(super) const PING: Bytes = Bytes::from_static(&[0x89, 0]);

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

/// How far a write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    All,
    /// The socket takes no more for now.
    UpTo(usize),
    /// Nobody is there any more.
    Gone,
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
