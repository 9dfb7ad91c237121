//! Names that are valid because they exist: match ids, event ids, devices, epochs and cursors.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Why a text is not the name that it was given for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Not a match id.
    #[error("a match id is 1 to 64 of a-z, 0-9 and '-'")]
    Match,
    /// Not an event id.
    #[error("an event id is 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'")]
    Event,
    /// Not a device.
    #[error("a device is 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'")]
    Device,
    /// Not an epoch.
    #[error("an epoch is two numbers joined by a dot, such as 1790000000123456.1")]
    Epoch,
    /// Not a cursor.
    #[error("a cursor is an epoch and a seq joined by '-', such as 1790000000123456.1-57, or 0")]
    Cursor,
}

/// The id of a match, `[a-z0-9-]{1,64}`: the last token of its subjects. A copy is the same text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchId(Arc<str>);

impl MatchId {
    /// Takes `text` if it is a match id.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Match)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of an event, made by the scorer's device: `[A-Za-z0-9._-]{1,64}`, unique in its match.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(String);

impl EventId {
    /// Takes `text` if it is an event id.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if is_plain_name(&text) {
            Ok(Self(text))
        } else {
            Err(IdError::Event)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a scorer's device calls itself: `[A-Za-z0-9._-]{1,64}`, the same for as long as it holds
/// events that it has not sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

impl DeviceId {
    /// Takes `text` if it names a device.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if is_plain_name(&text) {
            Ok(Self(text))
        } else {
            Err(IdError::Device)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One line of ASCII, short enough for a header and harmless in any document.
fn is_plain_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// Which life of a match a seq counts in: when the match was created and which incarnation of the
/// stream holds it. Two positions compare only within one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// Unix microseconds at which the match was created.
    pub created_us: u64,
    /// The stream's incarnation; a restore raises it.
    pub incarnation: u64,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_us, self.incarnation)
    }
}

impl FromStr for Epoch {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (created, incarnation) = text.split_once('.').ok_or(IdError::Epoch)?;
        Ok(Self {
            created_us: decimal(created).ok_or(IdError::Epoch)?,
            incarnation: decimal(incarnation).ok_or(IdError::Epoch)?,
        })
    }
}

/// How far a reader of a match has come: everything up to and with `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The epoch that `seq` counts in; none for "from the first event", where `seq` is 0.
    pub epoch: Option<Epoch>,
    /// The last seq delivered.
    pub seq: u64,
}

impl Cursor {
    /// Before the first event of whatever epoch there is.
    pub const START: Self = Self {
        epoch: None,
        seq: 0,
    };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            Some(epoch) => write!(f, "{epoch}-{}", self.seq),
            None => write!(f, "{}", self.seq),
        }
    }
}

impl FromStr for Cursor {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.split_once('-') {
            Some((epoch, seq)) => Ok(Self {
                epoch: Some(epoch.parse().map_err(|_| IdError::Cursor)?),
                seq: decimal(seq).ok_or(IdError::Cursor)?,
            }),
            None if text == "0" => Ok(Self::START),
            None => Err(IdError::Cursor),
        }
    }
}

/// A plain decimal number without sign, and within what JavaScript counts exactly.
fn decimal(text: &str) -> Option<u64> {
    let plain = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|n| *n <= crate::value::INTEGER_MAX as u64)
}

/// Text on the wire, checked where it is read.
macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text!(MatchId, EventId, DeviceId, Epoch);

macro_rules! plain_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    )*};
}

plain_text!(MatchId, EventId, DeviceId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_id_holds_what_a_subject_token_may() {
        for good in ["a", "ipl-2025-37", "0", &"x".repeat(64)] {
            assert!(MatchId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "a.b", "a b", "*", ">", "a\n", "é", &"x".repeat(65)] {
            assert_eq!(MatchId::new(bad), Err(IdError::Match), "{bad:?}");
        }
    }

    #[test]
    fn an_event_id_holds_no_control_character() {
        for good in ["A.b_c-9", &"x".repeat(64)] {
            assert!(EventId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a\u{7}", "a b", "a/b", &"x".repeat(65)] {
            assert_eq!(EventId::new(bad), Err(IdError::Event), "{bad:?}");
        }
    }

    #[test]
    fn a_cursor_reads_back_what_it_writes() {
        for text in ["1790000000123456.1-57", "1.0-0", "0"] {
            assert_eq!(text.parse::<Cursor>().expect(text).to_string(), text);
        }
        for bad in [
            "",
            "-",
            "1",
            "1.1",
            "1.1-",
            "1-1.1",
            "1.1-+5",
            "a.1-5",
            "1.1-99999999999999999999",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(IdError::Cursor), "{bad:?}");
        }
    }
}
