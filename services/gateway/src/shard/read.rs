//! What a client's bytes say: frames of RFC 6455, masked, in pieces, with control frames between.
//!
//! Pure and without a buffer of its own: nothing is kept of a connection but the beginning of what
//! has not come whole. Held to tungstenite, which is the reference, by the tests in `read_tests`.

use std::borrow::Cow;

use super::inflate::inflate;

/// What a client may send in one message: the longest is a `hello` with 32 subscriptions.
pub(super) const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// The longest head of a client's frame.
pub(super) const HEAD_BYTES_MAX: usize = 14;
/// What a control frame may carry.
pub(super) const CONTROL_BYTES_MAX: usize = 125;

/// Something that a client said, whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    /// To be answered with what it carries.
    Ping(&'a [u8]),
    Pong,
    /// The end, and the code with which it is to be answered, if it named one.
    Close(Option<u16>),
}

/// Why a connection can't be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Bytes that no WebSocket client sends.
    Protocol,
    /// Text that is not UTF-8.
    NotText,
    /// A message larger than [`MESSAGE_BYTES_MAX`].
    TooLarge,
}

/// What comes next in the bytes at hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// So many bytes were used; where something is whole by them, it is here.
    Frame(usize, Option<Heard<'a>>),
    /// More bytes are needed.
    More,
}

/// How far one connection is read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    kept: Option<Box<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Bytes that were not used yet.
    raw: Vec<u8>,
    /// A message that comes in pieces.
    pieces: Option<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    kind: Kind,
    is_deflated: bool,
    bytes: Vec<u8>,
    /// So many of them are whole characters; of what is deflated none is looked at.
    checked: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opcode {
    Continue,
    Start(Kind),
    Close,
    Ping,
    Pong,
}

struct Head {
    is_last: bool,
    is_deflated: bool,
    opcode: Opcode,
    mask: [u8; 4],
    payload_at: usize,
    end: usize,
}

impl Reader {
    /// Puts what was kept at the beginning of `buffer`, and says how much that is.
    pub(super) fn unpack(&mut self, buffer: &mut [u8]) -> usize {
        let Some(kept) = &mut self.kept else { return 0 };
        let raw = std::mem::take(&mut kept.raw);
        buffer[..raw.len()].copy_from_slice(&raw);
        self.forget_empty();
        raw.len()
    }

    /// Keeps what was not used.
    pub(super) fn keep(&mut self, rest: &[u8]) {
        if !rest.is_empty() {
            self.kept.get_or_insert_default().raw = rest.to_vec();
        }
    }

    /// Reads the first frame of `bytes`, which are unmasked where they are. Messages may be deflated
    /// where that was agreed on.
    pub(super) fn next<'a>(
        &mut self,
        bytes: &'a mut [u8],
        may_deflate: bool,
    ) -> Result<Next<'a>, Fault> {
        let Some(head) = head(bytes, may_deflate)? else {
            return Ok(Next::More);
        };
        if bytes.len() < head.end {
            return Ok(Next::More);
        }
        let payload = &mut bytes[head.payload_at..head.end];
        for (index, byte) in payload.iter_mut().enumerate() {
            *byte ^= head.mask[index % 4];
        }
        let payload = &*payload;
        let heard = match head.opcode {
            Opcode::Ping => Some(Heard::Ping(payload)),
            Opcode::Pong => Some(Heard::Pong),
            Opcode::Close => Some(Heard::Close(close_answer(payload)?)),
            Opcode::Continue => self.go_on(payload, head.is_last)?,
            Opcode::Start(kind) => self.start(kind, payload, &head)?,
        };
        Ok(Next::Frame(head.end, heard))
    }

    fn start<'a>(
        &mut self,
        kind: Kind,
        payload: &'a [u8],
        head: &Head,
    ) -> Result<Option<Heard<'a>>, Fault> {
        if self.kept.as_ref().is_some_and(|kept| kept.pieces.is_some()) {
            return Err(Fault::Protocol);
        }
        if head.is_last && !head.is_deflated {
            return Ok(Some(match kind {
                Kind::Text => {
                    let text = std::str::from_utf8(payload).map_err(|_| Fault::NotText)?;
                    Heard::Text(Cow::Borrowed(text))
                }
                Kind::Binary => Heard::Binary(Cow::Borrowed(payload)),
            }));
        }
        let mut pieces = Pieces {
            kind,
            is_deflated: head.is_deflated,
            bytes: Vec::new(),
            checked: 0,
        };
        pieces.add(payload)?;
        if head.is_last {
            return pieces.whole().map(Some);
        }
        self.kept.get_or_insert_default().pieces = Some(pieces);
        Ok(None)
    }

    fn go_on(&mut self, payload: &[u8], is_last: bool) -> Result<Option<Heard<'static>>, Fault> {
        let kept = self.kept.as_mut().ok_or(Fault::Protocol)?;
        let pieces = kept.pieces.as_mut().ok_or(Fault::Protocol)?;
        pieces.add(payload)?;
        if !is_last {
            return Ok(None);
        }
        let pieces = kept.pieces.take();
        self.forget_empty();
        pieces.map(Pieces::whole).transpose()
    }

    fn forget_empty(&mut self) {
        let empty = |kept: &Kept| kept.raw.is_empty() && kept.pieces.is_none();
        self.kept.take_if(|kept| empty(kept));
    }
}

impl Pieces {
    fn add(&mut self, payload: &[u8]) -> Result<(), Fault> {
        if self.bytes.len() + payload.len() > MESSAGE_BYTES_MAX {
            return Err(Fault::TooLarge);
        }
        self.bytes.extend_from_slice(payload);
        if self.kind == Kind::Text && !self.is_deflated {
            match std::str::from_utf8(&self.bytes[self.checked..]) {
                Ok(_) => self.checked = self.bytes.len(),
                // A character may be cut by the end of a piece.
                Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
                Err(_) => return Err(Fault::NotText),
            }
        }
        Ok(())
    }

    fn whole(self) -> Result<Heard<'static>, Fault> {
        let bytes = match self.is_deflated {
            true => inflate(&self.bytes)?,
            false => self.bytes,
        };
        match self.kind {
            Kind::Binary => Ok(Heard::Binary(Cow::Owned(bytes))),
            Kind::Text => {
                let text = String::from_utf8(bytes).map_err(|_| Fault::NotText)?;
                Ok(Heard::Text(Cow::Owned(text)))
            }
        }
    }
}

/// The head of a frame, once it is there. What is wrong with it is found before its payload comes.
fn head(bytes: &[u8], may_deflate: bool) -> Result<Option<Head>, Fault> {
    let [first, second, ..] = *bytes else {
        return Ok(None);
    };
    let is_masked = second & 0x80 != 0;
    let (length_bytes, mask_bytes) = match second & 0x7f {
        126 => (2, 4),
        127 => (8, 4),
        _ => (0, 4),
    };
    let mask_at = 2 + length_bytes;
    let payload_at = mask_at + if is_masked { mask_bytes } else { 0 };
    if bytes.len() < payload_at {
        return Ok(None);
    }
    let opcode = opcode(first & 0x0f)?;
    let length = match length_bytes {
        0 => u64::from(second & 0x7f),
        _ => bytes[2..mask_at]
            .iter()
            .fold(0, |length, byte| length << 8 | u64::from(*byte)),
    };
    if length > MESSAGE_BYTES_MAX as u64 {
        return Err(Fault::TooLarge);
    }
    let is_last = first & 0x80 != 0;
    let is_control = matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong);
    let is_odd_control = is_control && (!is_last || length > CONTROL_BYTES_MAX as u64);
    let is_too_long_written = match length_bytes {
        0 => false,
        2 => length <= 125,
        _ => length <= 0xffff,
    };
    // The first frame of a message says whether all of it is deflated (RFC 7692, section 6).
    let is_deflated = may_deflate && first & 0x40 != 0 && matches!(opcode, Opcode::Start(_));
    let reserved = if is_deflated { 0x30 } else { 0x70 };
    // Clients mask, write lengths as shortly as can be (section 5.2), and nobody agreed on an
    // extension that gives the other reserved bits a meaning.
    if !is_masked || first & reserved != 0 || is_odd_control || is_too_long_written {
        return Err(Fault::Protocol);
    }
    let mut mask = [0; 4];
    mask.copy_from_slice(&bytes[mask_at..payload_at]);
    Ok(Some(Head {
        is_last,
        is_deflated,
        opcode,
        mask,
        payload_at,
        // At most MESSAGE_BYTES_MAX more.
        end: payload_at + length as usize,
    }))
}

fn opcode(number: u8) -> Result<Opcode, Fault> {
    match number {
        0x0 => Ok(Opcode::Continue),
        0x1 => Ok(Opcode::Start(Kind::Text)),
        0x2 => Ok(Opcode::Start(Kind::Binary)),
        0x8 => Ok(Opcode::Close),
        0x9 => Ok(Opcode::Ping),
        0xa => Ok(Opcode::Pong),
        _ => Err(Fault::Protocol),
    }
}

/// With which code a close frame is answered: its own, if that may be on the wire.
fn close_answer(payload: &[u8]) -> Result<Option<u16>, Fault> {
    match payload {
        [] => Ok(None),
        [_] => Err(Fault::Protocol),
        [high, low, reason @ ..] => {
            std::str::from_utf8(reason).map_err(|_| Fault::NotText)?;
            let code = u16::from_be_bytes([*high, *low]);
            let may_be = matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999);
            Ok(Some(if may_be { code } else { 1002 }))
        }
    }
}
