//! How a fan's frames are written, and how large ones are made smaller.

use std::sync::{Mutex, PoisonError};

use bytes::BufMut;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::frame::{Codec, Frame};
use crate::wire;

/// What a deflated message ends with, and leaves out on the wire (RFC 7692, section 7.2.1).
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];

/// A ball becomes as small as by the default of 6, the largest record in half of the time.
const LEVEL: u32 = 4;

/// Deflates frames, one after the other.
#[derive(Debug, Default)]
pub struct Deflater {
    /// 300 KB, from the first frame on: to make them anew takes five times as long as to deflate a
    /// ball.
    memory: Mutex<Option<Compress>>,
}

impl Deflater {
    /// The same message deflated, or the frame itself where that would save nothing. It depends on
    /// no frame before it, so that one serves all fans who take such.
    pub(crate) fn deflated(&self, frame: &Frame) -> Frame {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Compress::new(Compression::new(LEVEL), false);
        deflated(frame, memory.get_or_insert_with(make))
    }
}

/// How a fan's frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Coding {
    /// The codec of the messages.
    pub codec: Codec,
    /// Whether what is made for many comes deflated (RFC 7692, without context takeover).
    pub deflates: bool,
}

impl From<Codec> for Coding {
    /// Nothing is deflated.
    fn from(codec: Codec) -> Self {
        Self {
            codec,
            deflates: false,
        }
    }
}

/// What `deflate` had before does not matter.
fn deflated(frame: &Frame, deflate: &mut Compress) -> Frame {
    let message = frame.bytes();
    // Never longer than the message: what does not fit is not worth it.
    let mut deflated = Vec::with_capacity(message.len());
    deflate.reset();
    let status = deflate.compress_vec(&message, &mut deflated, FlushCompress::Sync);
    let is_whole = matches!(status, Ok(Status::Ok))
        && deflate.total_in() == message.len() as u64
        // Where no room is left, more may have been to come.
        && deflated.len() < deflated.capacity();
    match deflated.strip_suffix(&FLUSHED) {
        Some(kept) if is_whole => {
            let mut out = wire::room(kept.len());
            out.put_slice(kept);
            let head_bytes = wire::put_deflated_head(frame.codec, &mut out);
            Frame::behind(frame.codec, head_bytes, out)
        }
        _ => frame.clone(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    /// What a client makes of the payload of a deflated frame.
    fn inflated(payload: &[u8]) -> Vec<u8> {
        let whole = [payload, &FLUSHED].concat();
        let mut out = Vec::with_capacity(1 << 20);
        let mut inflate = flate2::Decompress::new(false);
        let flush = flate2::FlushDecompress::Sync;
        let status = inflate.decompress_vec(&whole, &mut out, flush).unwrap();
        assert_eq!(
            (status, inflate.total_in()),
            (Status::Ok, whole.len() as u64)
        );
        out
    }

    fn of(codec: Codec, message: &[u8]) -> Frame {
        let mut out = wire::room(message.len());
        out.put_slice(message);
        let head_bytes = wire::put_head(codec, &mut out);
        Frame::behind(codec, head_bytes, out)
    }

    #[test]
    fn what_says_the_same_twice_becomes_smaller_and_says_so() {
        let message = br#"{"type":"events","events":[{"type":"delivery"},{"type":"delivery"}]}"#;
        for (codec, first) in [(Codec::Json, 0xc1), (Codec::MessagePack, 0xc2)] {
            let plain = of(codec, &message.repeat(30));
            let deflated = Deflater::default().deflated(&plain);
            assert!(deflated.wire().len() * 5 < plain.wire().len());
            assert_eq!(deflated.wire()[0], first);
            assert_eq!(inflated(&deflated.bytes()), plain.bytes());
        }
    }

    #[test]
    fn what_would_not_become_smaller_stays_as_it_is() {
        for message in [&b""[..], b"x", b"{}", b"0123456789"] {
            let plain = of(Codec::Json, message);
            assert_eq!(Deflater::default().deflated(&plain), plain);
        }
    }

    proptest! {
        #[test]
        fn a_client_reads_what_was_written(
            piece in prop::collection::vec(any::<u8>(), 0..300),
            times in prop::collection::vec(1..40_usize, 1..4),
        ) {
            let deflater = Deflater::default();
            for times in times {
                let message = Bytes::from(piece.repeat(times));
                let deflated = deflater.deflated(&of(Codec::MessagePack, &message));
                if deflated.wire()[0] == 0x82 {
                    prop_assert_eq!(deflated.bytes(), message);
                } else {
                    prop_assert_eq!(deflated.wire()[0], 0xc2);
                    prop_assert!(deflated.bytes().len() < message.len());
                    prop_assert_eq!(inflated(&deflated.bytes()), message);
                }
            }
        }
    }
}
