//! The reader of client frames: split at every byte, and beside tungstenite, which takes lengths that
//! are written in more bytes than they need.

mod deflated;

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

use super::read::{Fault, Heard, MESSAGE_BYTES_MAX, Next, Reader};

/// What came out of a stream of bytes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    said: Vec<Said>,
    end: Option<End>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Close(Option<u16>),
    Fault(Fault),
}

/// Feeds our reader with pieces that end at `cuts`.
fn ours(bytes: &[u8], cuts: &[usize]) -> Outcome {
    read(bytes, cuts, false)
}

fn read(bytes: &[u8], cuts: &[usize], may_deflate: bool) -> Outcome {
    let mut reader = Reader::default();
    let mut buffer = vec![0; 1024 * 1024];
    let mut said = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        let kept = reader.unpack(&mut buffer);
        let end = kept + to - from;
        buffer[kept..end].copy_from_slice(&bytes[from..to]);
        from = to;
        let mut at = 0;
        loop {
            match reader.next(&mut buffer[at..end], may_deflate) {
                Ok(Next::More) => break,
                Ok(Next::Frame(used, heard)) => {
                    at += used;
                    match heard {
                        None => {}
                        Some(Heard::Text(text)) => said.push(Said::Text(text.into_owned())),
                        Some(Heard::Binary(bytes)) => said.push(Said::Binary(bytes.into_owned())),
                        Some(Heard::Ping(payload)) => said.push(Said::Ping(payload.to_vec())),
                        Some(Heard::Pong) => said.push(Said::Pong),
                        Some(Heard::Close(code)) => {
                            let end = Some(End::Close(code));
                            return Outcome { said, end };
                        }
                    }
                }
                Err(fault) => {
                    let end = Some(End::Fault(fault));
                    return Outcome { said, end };
                }
            }
        }
        reader.keep(&buffer[at..end]);
    }
    Outcome { said, end: None }
}

/// A stream that has all that comes, and then nothing yet.
struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.is_empty() {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => self.0.read(buffer),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn tungstenites(bytes: &[u8]) -> Outcome {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let mut socket = WebSocket::from_raw_socket(Wire(bytes), Role::Server, Some(config));
    let mut said = Vec::new();
    let end = loop {
        match socket.read() {
            Ok(Message::Text(text)) => said.push(Said::Text(text.to_string())),
            Ok(Message::Binary(bytes)) => said.push(Said::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => said.push(Said::Ping(bytes.to_vec())),
            Ok(Message::Pong(_)) => said.push(Said::Pong),
            Ok(Message::Close(frame)) => {
                break Some(End::Close(frame.map(|frame| frame.code.into())));
            }
            Ok(Message::Frame(_)) => unreachable!("only written, never read"),
            Err(Error::Io(_)) => break None,
            Err(Error::Utf8(_)) => break Some(End::Fault(Fault::NotText)),
            Err(Error::Capacity(_)) => break Some(End::Fault(Fault::TooLarge)),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break None,
            Err(Error::Protocol(_)) => break Some(End::Fault(Fault::Protocol)),
            Err(other) => panic!("{other}"),
        }
    };
    Outcome { said, end }
}

/// A frame as nobody should send it, mostly.
#[derive(Debug, Clone)]
struct Sent {
    first: u8,
    is_masked: bool,
    mask: [u8; 4],
    payload: Vec<u8>,
    /// Its length in this many more bytes than its first, or as few as it needs.
    length_bytes: Option<u8>,
}

impl Sent {
    fn write(&self, out: &mut Vec<u8>) {
        let mask_bit = if self.is_masked { 0x80 } else { 0 };
        let length = self.payload.len();
        out.push(self.first);
        match self
            .length_bytes
            .unwrap_or_else(|| self.least_length_bytes())
        {
            0 => out.push(mask_bit | length as u8),
            2 => {
                out.push(mask_bit | 126);
                out.extend((length as u16).to_be_bytes());
            }
            _ => {
                out.push(mask_bit | 127);
                out.extend((length as u64).to_be_bytes());
            }
        }
        if self.is_masked {
            out.extend(self.mask);
        }
        let mask = if self.is_masked { self.mask } else { [0; 4] };
        let masked = self.payload.iter().zip(mask.iter().cycle());
        out.extend(masked.map(|(byte, mask)| byte ^ mask));
    }
}

impl Sent {
    /// After the first byte of a length, as few as it needs.
    fn least_length_bytes(&self) -> u8 {
        match self.payload.len() {
            0..=125 => 0,
            126..=0xffff => 2,
            _ => 8,
        }
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => "[a-zäŻ€𝄞]{0,12}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..12),
        1 => (0_usize..40_000).prop_map(|length| vec![b'x'; length]),
        1 => (990_u16..5100, "[aä]{0,3}").prop_map(|(code, reason)| {
            [&code.to_be_bytes()[..], reason.as_bytes()].concat()
        }),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    let first = prop_oneof![
        4 => Just(0x81_u8), 2 => Just(0x82), 4 => Just(0x01), 4 => Just(0x00), 4 => Just(0x80),
        2 => Just(0x89), 2 => Just(0x8a), 1 => Just(0x88), 1 => any::<u8>(),
    ];
    let is_masked = prop::bool::weighted(0.97);
    (first, is_masked, any::<[u8; 4]>(), payload()).prop_map(|(first, is_masked, mask, payload)| {
        Sent {
            first,
            is_masked,
            mask,
            payload,
            length_bytes: None,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_tungstenite_takes_and_refuses_so_do_we(
        frames in prop::collection::vec(sent(), 1..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame.write(&mut bytes));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();

        prop_assert_eq!(ours(&bytes, &cuts), tungstenites(&bytes));
    }

    #[test]
    fn bytes_of_any_kind_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (ours, theirs) = (ours(&bytes, &[]), tungstenites(&bytes));
        prop_assume!(!has_too_long_a_length(&bytes));
        // We say what is wrong with a head before its payload is there.
        match theirs.end {
            Some(_) => prop_assert_eq!(ours, theirs),
            None => prop_assert_eq!(ours.said, theirs.said),
        }
    }
}

/// Whether a frame in these bytes writes its length in more of them than it needs.
fn has_too_long_a_length(mut bytes: &[u8]) -> bool {
    while let [_, second, rest @ ..] = bytes {
        let (length_bytes, least) = match second & 0x7f {
            126 => (2, 126),
            127 => (8, 0x1_0000),
            _ => (0, 0),
        };
        let Some((written, rest)) = rest.split_at_checked(length_bytes) else {
            return false;
        };
        let length = match length_bytes {
            0 => usize::from(second & 0x7f),
            _ => written
                .iter()
                .fold(0, |n, byte| n << 8 | usize::from(*byte)),
        };
        if length < least {
            return true;
        }
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        bytes = rest
            .get(length.saturating_add(mask_bytes)..)
            .unwrap_or_default();
    }
    false
}

#[test]
fn a_length_is_written_in_as_few_bytes_as_it_needs() {
    for (length, length_bytes, is_taken) in [
        (0, 0, true),
        (0, 2, false),
        (0, 8, false),
        (125, 0, true),
        (125, 2, false),
        (126, 2, true),
        (126, 8, false),
        (MESSAGE_BYTES_MAX, 2, true),
        (MESSAGE_BYTES_MAX, 8, false),
    ] {
        let frame = Sent {
            first: 0x82,
            is_masked: true,
            mask: [1, 2, 3, 4],
            payload: vec![b'x'; length],
            length_bytes: Some(length_bytes),
        };
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        let expected = (!is_taken).then_some(End::Fault(Fault::Protocol));
        for cut in 0..16.min(bytes.len()) {
            let outcome = ours(&bytes, &[cut]);
            assert_eq!(outcome.end, expected, "{length} in {length_bytes}");
            assert_eq!(outcome.said.len(), usize::from(is_taken));
        }
    }
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    let frame = |first, payload: &[u8]| Sent {
        first,
        is_masked: true,
        mask: [1, 2, 3, 4],
        payload: payload.to_vec(),
        length_bytes: None,
    };
    let mut bytes = Vec::new();
    for frame in [
        frame(0x01, "x€".as_bytes().split_at(2).0),
        frame(0x89, b"ping"),
        frame(0x00, "x€".as_bytes().split_at(2).1),
        frame(0x8a, b""),
        frame(0x80, &[b'y'; 200]),
        frame(0x82, &[7; 130]),
        frame(0x88, &[0x03, 0xe8]),
    ] {
        frame.write(&mut bytes);
    }
    let expected = Outcome {
        said: vec![
            Said::Ping(b"ping".to_vec()),
            Said::Pong,
            Said::Text(format!("x€{}", "y".repeat(200))),
            Said::Binary(vec![7; 130]),
        ],
        end: Some(End::Close(Some(1000))),
    };
    for cut in 0..=bytes.len() {
        assert_eq!(ours(&bytes, &[cut]), expected, "cut at {cut}");
    }
    let every: Vec<usize> = (0..bytes.len()).collect();
    assert_eq!(ours(&bytes, &every), expected);
}

#[test]
fn a_message_at_the_limit_is_taken_and_one_byte_more_refused() {
    for (length, expected) in [
        (MESSAGE_BYTES_MAX, None),
        (MESSAGE_BYTES_MAX + 1, Some(End::Fault(Fault::TooLarge))),
    ] {
        let mut whole = Vec::new();
        let mut pieces = Vec::new();
        let frame = |first, length| Sent {
            first,
            is_masked: true,
            mask: [9; 4],
            payload: vec![b'x'; length],
            length_bytes: None,
        };
        frame(0x82, length).write(&mut whole);
        frame(0x02, length - 100).write(&mut pieces);
        frame(0x80, 100).write(&mut pieces);
        for bytes in [whole, pieces] {
            let outcome = ours(&bytes, &[20]);
            assert_eq!(outcome.end, expected);
            assert_eq!(outcome.said.len(), usize::from(expected.is_none()));
        }
    }
}

#[test]
fn a_reader_that_waits_for_nothing_is_a_word() {
    assert_eq!(size_of::<Reader>(), size_of::<usize>());
}
