//! Why a connection ends: the codes of our close frames.

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// 1012: this gateway goes; reconnect.
    Drain,
    /// 1013: too many here; poll or reconnect later.
    OverCapacity,
    /// 1002: bytes that no WebSocket sends.
    Protocol,
    /// 1007: text that is not UTF-8.
    NotText,
    /// 1009: a message larger than any of ours.
    TooLarge,
    /// 4400: a message that can't be read; do not reconnect with the same.
    BadMessage,
    /// 4401: the token is no longer good; reconnect with another.
    Token,
    /// 4403: not allowed; do not reconnect.
    NotAllowed,
    /// 4408: nothing read or heard for too long; reconnect.
    TooSlow,
    /// 4429: too much asked; reconnect later.
    TooMany,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::Drain => 1012,
            Self::OverCapacity => 1013,
            Self::Protocol => 1002,
            Self::NotText => 1007,
            Self::TooLarge => 1009,
            Self::BadMessage => 4400,
            Self::Token => 4401,
            Self::NotAllowed => 4403,
            Self::TooSlow => 4408,
            Self::TooMany => 4429,
        }
    }
}
