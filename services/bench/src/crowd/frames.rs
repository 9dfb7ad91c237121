//! A server's WebSocket frames, out of bytes that come in any pieces. No socket, no clock.

use std::mem;

use thiserror::Error;

/// Longer than any message of ours: a state has 64 KiB.
const PAYLOAD_BYTES_MAX: u64 = 1 << 20;

/// One frame of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A whole message, as text or binary.
    Message(&'a [u8]),
    /// Is anybody there? To be answered with the same bytes.
    Ping(&'a [u8]),
    /// The answer to a ping.
    Pong,
    /// The end, with its code.
    Close(Option<u16>),
}

/// Bytes that no server of ours sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    /// A masked frame, an unknown opcode, a part of a message.
    #[error("a frame begins with {0:#04x} {1:#04x}")]
    Head(u8, u8),
    /// Longer than any message of ours.
    #[error("a frame of {0} bytes")]
    Length(u64),
}

/// What is left over of a frame whose end has not come yet.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    rest: Vec<u8>,
}

impl FrameReader {
    /// Takes the next bytes, and gives each frame that is whole now to `take`.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Frame<'_>),
    ) -> Result<(), FrameError> {
        // Nearly always a read holds whole frames: nothing is copied then.
        if self.rest.is_empty() {
            let used = frames(bytes, &mut take)?;
            self.rest.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut all = mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let used = frames(&all, &mut take)?;
        all.drain(..used);
        self.rest = all;
        Ok(())
    }
}

/// Gives away every whole frame; how many bytes they were.
fn frames(bytes: &[u8], take: &mut impl FnMut(Frame<'_>)) -> Result<usize, FrameError> {
    let mut used = 0;
    while let Some((frame, length)) = first_frame(&bytes[used..])? {
        take(frame);
        used += length;
    }
    Ok(used)
}

/// The first frame and its length with its head, if all of it is there.
fn first_frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, FrameError> {
    let &[first, second, ..] = bytes else {
        return Ok(None);
    };
    let (head, length) = match second {
        0..=125 => (2, u64::from(second)),
        126 => match bytes.get(2..4) {
            Some(long) => (4, big_endian(long)),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10) {
            Some(long) => (10, big_endian(long)),
            None => return Ok(None),
        },
        _ => return Err(FrameError::Head(first, second)),
    };
    if length > PAYLOAD_BYTES_MAX {
        return Err(FrameError::Length(length));
    }
    let end = head + usize::try_from(length).map_err(|_| FrameError::Length(length))?;
    let Some(payload) = bytes.get(head..end) else {
        return Ok(None);
    };
    let frame = match first {
        0x81 | 0x82 => Frame::Message(payload),
        0x88 => Frame::Close(payload.get(..2).map(|code| big_endian(code) as u16)),
        0x89 if length <= 125 => Frame::Ping(payload),
        0x8A => Frame::Pong,
        _ => return Err(FrameError::Head(first, second)),
    };
    Ok(Some((frame, end)))
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The frame that answers a ping. The mask, which hides nothing from a test machine, is zero.
pub(crate) fn pong(payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(0).min(125);
    let mut frame = vec![0x8A, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(&payload[..usize::from(length)]);
    frame
}

/// A message as a server sends it.
pub(crate) fn text_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        short @ 0..=125 => frame.push(short as u8),
        medium @ 126..=0xFFFF => {
            frame.push(126);
            frame.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame that owns its bytes.
    #[derive(Debug, Clone, PartialEq)]
    enum Seen {
        Message(Vec<u8>),
        Ping(Vec<u8>),
        Pong,
        Close(Option<u16>),
    }

    impl From<Frame<'_>> for Seen {
        fn from(frame: Frame<'_>) -> Self {
            match frame {
                Frame::Message(bytes) => Self::Message(bytes.to_vec()),
                Frame::Ping(bytes) => Self::Ping(bytes.to_vec()),
                Frame::Pong => Self::Pong,
                Frame::Close(code) => Self::Close(code),
            }
        }
    }

    fn encoded(frame: &Seen) -> Vec<u8> {
        let short = |opcode: u8, payload: &[u8]| {
            [&[opcode, u8::try_from(payload.len()).unwrap()], payload].concat()
        };
        match frame {
            Seen::Message(payload) => text_frame(payload),
            Seen::Ping(payload) => short(0x89, payload),
            Seen::Pong => short(0x8A, &[]),
            Seen::Close(code) => {
                let code = code.map(u16::to_be_bytes);
                short(0x88, code.as_ref().map_or(&[], |bytes| &bytes[..]))
            }
        }
    }

    fn any_frame() -> impl Strategy<Value = Seen> {
        let lengths = prop_oneof![
            8 => 0usize..300,
            1 => 65_530usize..65_545,
            1 => Just(126usize),
        ];
        prop_oneof![
            6 => (lengths, any::<u8>()).prop_map(|(n, byte)| Seen::Message(vec![byte; n])),
            1 => prop::collection::vec(any::<u8>(), 0..126).prop_map(Seen::Ping),
            1 => Just(Seen::Pong),
            1 => prop::option::of(any::<u16>()).prop_map(Seen::Close),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn frames_are_the_same_however_their_bytes_come(
            sent in prop::collection::vec(any_frame(), 0..12),
            pieces in prop::collection::vec(1usize..700, 1..40),
        ) {
            let stream: Vec<u8> = sent.iter().flat_map(encoded).collect();
            let mut reader = FrameReader::default();
            let mut seen: Vec<Seen> = Vec::new();
            let mut left = &stream[..];
            for piece in pieces.iter().cycle() {
                if left.is_empty() {
                    break;
                }
                let (now, later) = left.split_at((*piece).min(left.len()));
                reader.feed(now, |frame| seen.push(frame.into())).unwrap();
                left = later;
            }
            prop_assert_eq!(seen, sent);
            prop_assert!(reader.rest.is_empty());
        }
    }

    #[test]
    fn frames_come_byte_by_byte_too() {
        let sent = [
            Seen::Message(vec![7; 130]),
            Seen::Ping(vec![1, 2]),
            Seen::Close(Some(1012)),
        ];
        let mut reader = FrameReader::default();
        let mut seen: Vec<Seen> = Vec::new();
        for byte in sent.iter().flat_map(encoded) {
            reader
                .feed(&[byte], |frame| seen.push(frame.into()))
                .unwrap();
        }
        assert_eq!(seen, sent);
    }

    #[test]
    fn what_no_server_of_ours_sends_is_an_error() {
        let feed = |bytes: &[u8]| FrameReader::default().feed(bytes, |_| {});
        for (bytes, error) in [
            (&[0x01, 0x00][..], FrameError::Head(0x01, 0x00)),
            (&[0x81, 0x85], FrameError::Head(0x81, 0x85)),
            (&[0xC1, 0x00], FrameError::Head(0xC1, 0x00)),
            (&[0x83, 0x00], FrameError::Head(0x83, 0x00)),
            (
                &[0x81, 127, 0, 0, 0, 0, 0, 0x20, 0, 0],
                FrameError::Length(0x20_0000),
            ),
        ] {
            assert_eq!(feed(bytes), Err(error));
        }
    }

    #[test]
    fn a_pong_is_masked_and_says_the_same() {
        assert_eq!(pong(b"ab"), [0x8A, 0x82, 0, 0, 0, 0, b'a', b'b']);
    }
}
