//! A socket that takes as many bytes as it is told to, and a client's reader of what came through.

use bytes::{Buf, Bytes};
use grandstand_core::frame::{Codec, Coding, Frame, PING};

/// Of a server's frame: the last one of a message, of text or of bytes.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
/// Of its first byte: the message is deflated.
const DEFLATED: u8 = 0x40;

#[derive(Debug, Default)]
pub(crate) struct Socket {
    /// At most one frame.
    sending: Bytes,
    received: Vec<u8>,
}

impl Socket {
    pub(crate) fn send(&mut self, frame: &Frame) {
        assert!(self.sending.is_empty(), "one frame in flight");
        self.sending = frame.wire().clone();
    }

    /// How many bytes are on their way.
    pub(crate) fn sending(&self) -> usize {
        self.sending.len()
    }

    /// Lets up to `bytes` through; how many there were.
    pub(crate) fn take(&mut self, bytes: usize) -> usize {
        let taken = bytes.min(self.sending.len());
        self.received.extend_from_slice(&self.sending[..taken]);
        self.sending.advance(taken);
        taken
    }

    /// Whether the next that came through is a ping, which is taken then.
    pub(crate) fn take_ping(&mut self) -> bool {
        let is_ping = self.received.starts_with(&PING);
        self.received.drain(..if is_ping { PING.len() } else { 0 });
        is_ping
    }

    /// The next whole message that came through.
    pub(crate) fn message(&mut self, coding: Coding) -> Option<Vec<u8>> {
        let (head, length) = head(&self.received)?;
        let end = head + length;
        if self.received.len() < end {
            return None;
        }
        let kind = match coding.codec {
            Codec::Json => TEXT,
            Codec::MessagePack => BINARY,
        };
        let is_deflated = self.received[0] & DEFLATED != 0;
        assert_eq!(self.received[0] & !DEFLATED, kind);
        assert!(coding.deflates || !is_deflated, "it was agreed on");
        let message = self.received[head..end].to_vec();
        self.received.drain(..end);
        Some(match is_deflated {
            true => inflated(&message),
            false => message,
        })
    }
}

/// How long a frame's head is, and its message (RFC 6455, 5.2).
fn head(received: &[u8]) -> Option<(usize, usize)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
    match *received.get(1)? {
        126 => Some((4, number(received.get(2..4)?))),
        127 => Some((10, number(received.get(2..10)?))),
        length => Some((2, usize::from(length))),
    }
}

/// What was deflated without a message before it (RFC 7692, 7.2.2).
fn inflated(payload: &[u8]) -> Vec<u8> {
    let whole = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut message = Vec::with_capacity(1 << 20);
    let flush = flate2::FlushDecompress::Sync;
    let mut inflate = flate2::Decompress::new(false);
    inflate.decompress_vec(&whole, &mut message, flush).unwrap();
    assert_eq!(inflate.total_in(), whole.len() as u64);
    message
}
