//! What clients deflate (RFC 7692): each message by itself, and never more than one may say.

use flate2::{Decompress, FlushDecompress, Status};

use super::read::{Fault, MESSAGE_BYTES_MAX};

/// What a message leaves out at its end, and a last block with nothing in it: only where the message
/// ended between two blocks is that read as such.
const TAIL: [u8; 6] = [0, 0, 0xff, 0xff, 0x03, 0x00];
/// What may stand behind a block that says that it is the last: the byte that then ends the message,
/// and the tail.
const BEHIND_LAST_MAX: usize = 1 + TAIL.len();

/// The message that was deflated to `payload`.
pub(super) fn inflate(payload: &[u8]) -> Result<Vec<u8>, Fault> {
    let whole = [payload, &TAIL].concat();
    // One more than it may be: what fills this is too large.
    let mut message = Vec::with_capacity(MESSAGE_BYTES_MAX + 1);
    let mut inflate = Decompress::new(false);
    let status = inflate
        .decompress_vec(&whole, &mut message, FlushDecompress::Sync)
        .map_err(|_| Fault::Protocol)?;
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(Fault::TooLarge);
    }
    let left = whole.len() - inflate.total_in() as usize;
    match status {
        Status::StreamEnd if left <= BEHIND_LAST_MAX => Ok(message),
        Status::StreamEnd | Status::Ok | Status::BufError => Err(Fault::Protocol),
    }
}

/// What a client makes of a message that it deflates.
#[cfg(test)]
pub(super) fn deflated(message: &[u8]) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};

    let mut out = Vec::with_capacity(2 * message.len() + 1_000);
    let mut deflate = Compress::new(Compression::default(), false);
    let flush = FlushCompress::Sync;
    deflate.compress_vec(message, &mut out, flush).unwrap();
    out.strip_suffix(&TAIL[..4]).unwrap().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_document_are_read() {
        let hello = b"Hello".to_vec();
        for payload in [
            // Section 7.2.3.1 to 7.2.3.5: fixed codes, no compression, a last block, two blocks.
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..],
            &[
                0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
            ],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            &[
                0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
            ],
        ] {
            assert_eq!(inflate(payload), Ok(hello.clone()), "{payload:x?}");
        }
        // Section 7.2.3.6: an empty message.
        assert_eq!(inflate(&[0x00]), Ok(Vec::new()));
    }

    #[test]
    fn a_message_may_be_as_large_as_one_that_is_not_deflated_and_no_larger() {
        let largest = vec![b'x'; MESSAGE_BYTES_MAX];
        assert_eq!(inflate(&deflated(&largest)), Ok(largest));
        let larger = vec![b'x'; MESSAGE_BYTES_MAX + 1];
        assert_eq!(inflate(&deflated(&larger)), Err(Fault::TooLarge));
        // A kilobyte that says a megabyte is given up as soon.
        let bomb = deflated(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2_000);
        assert_eq!(inflate(&bomb), Err(Fault::TooLarge));
    }

    #[test]
    fn what_nobody_deflates_is_refused() {
        let cut = deflated(b"a message that is longer than its beginning");
        for payload in [
            &[0xff, 0xff, 0xff][..],
            &[0x07],
            &cut[..cut.len() / 2],
            &cut[..cut.len() - 1],
            // Behind its last block something follows.
            &[
                0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 1, 2, 3, 4, 5, 6,
            ],
        ] {
            assert_eq!(inflate(payload), Err(Fault::Protocol), "{payload:x?}");
        }
    }
}
