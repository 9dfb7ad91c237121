//! Messages as WebSocket frames of a server (RFC 6455): the head depends on kind and length alone,
//! so it is made once, in front of the message, for all who get it.

use bytes::{Buf, BytesMut};

use crate::frame::Codec;

/// The longest head.
const HEAD_BYTES_MAX: usize = 10;
/// The last frame of a message, of text and of bytes.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
/// The reserved bit that says that a message is deflated (RFC 7692, section 6).
const DEFLATED: u8 = 0x40;

/// Room for a head, and for a message of about `bytes` behind it.
pub(crate) fn room(bytes: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(HEAD_BYTES_MAX + bytes);
    out.resize(HEAD_BYTES_MAX, 0);
    out
}

/// Puts the head right in front of the message that was written behind [`room`], and says how long
/// it is.
pub(crate) fn put_head(codec: Codec, out: &mut BytesMut) -> u8 {
    let mut head = [0; HEAD_BYTES_MAX];
    head[0] = match codec {
        Codec::Json => TEXT,
        Codec::MessagePack => BINARY,
    };
    let length = out.len() - HEAD_BYTES_MAX;
    let used = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=125), _) => {
            head[1] = length;
            2
        }
        (_, Ok(length)) => {
            head[1] = 126;
            head[2..4].copy_from_slice(&length.to_be_bytes());
            4
        }
        _ => {
            head[1] = 127;
            head[2..].copy_from_slice(&(length as u64).to_be_bytes());
            HEAD_BYTES_MAX
        }
    };
    out.advance(HEAD_BYTES_MAX - used);
    out[..used].copy_from_slice(&head[..used]);
    used as u8
}

/// The same for a message that is deflated.
pub(crate) fn put_deflated_head(codec: Codec, out: &mut BytesMut) -> u8 {
    let head_bytes = put_head(codec, out);
    out[0] |= DEFLATED;
    head_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_as_long_as_its_message_needs() {
        for (length, head) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (0xffff, &[0x81, 126, 0xff, 0xff]),
            (0x1_0000, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let mut out = room(length);
            out.resize(HEAD_BYTES_MAX + length, b'x');
            assert_eq!(usize::from(put_head(Codec::Json, &mut out)), head.len());
            assert_eq!(out.len(), head.len() + length);
            assert!(out.starts_with(head) && !out[head.len()..].contains(&0));
        }
        let mut out = room(0);
        put_head(Codec::MessagePack, &mut out);
        assert_eq!(out[..], [0x82, 0]);
    }
}
