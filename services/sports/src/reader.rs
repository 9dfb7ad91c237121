//! Reads the members of a document one by one, strictly or tolerantly, and names the one at fault.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The longest text where nothing shorter is said, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 500;
/// The largest number that an event may hold: what a whole match adds up to stays far within `u32`.
pub(crate) const NUMBER_MAX: u64 = 10_000;
/// The longest list in an event.
pub(crate) const ITEMS_MAX: usize = 40;

/// Whether an unknown member is a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// A scorer's input: every member must be known.
    Strict,
    /// What is stored: newer members are passed over.
    Tolerant,
}

/// A value that can be read from a document.
pub(crate) trait Read: Sized {
    /// Reads `value`, which stands at `place`.
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal>;
}

/// An object whose members are taken out one by one.
pub(crate) struct Reader {
    place: String,
    members: Map<String, Value>,
    strictness: Strictness,
}

impl Reader {
    pub(crate) fn new(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Ok(Self {
                place: place.to_owned(),
                members,
                strictness,
            }),
            _ => Err(Refusal::malformed(
                place,
                format!("{place} must be an object"),
            )),
        }
    }

    /// The place of a member, such as `data.extras`.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// Takes a member that may be absent.
    pub(crate) fn may<T: Read>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(value) => T::read(value, &self.place(name), self.strictness).map(Some),
        }
    }

    /// Takes a member that must be there.
    pub(crate) fn need<T: Read>(&mut self, name: &str) -> Result<T, Refusal> {
        self.may(name)?.ok_or_else(|| {
            let place = self.place(name);
            Refusal::malformed(&place, format!("{place} is missing"))
        })
    }

    /// Takes a text of at most `chars_max` characters that may be absent.
    pub(crate) fn may_text(
        &mut self,
        name: &str,
        chars_max: usize,
    ) -> Result<Option<String>, Refusal> {
        let text: Option<String> = self.may(name)?;
        match text {
            Some(text) if text.chars().count() > chars_max => {
                let place = self.place(name);
                Err(Refusal::malformed(
                    &place,
                    format!("{place} has at most {chars_max} characters"),
                ))
            }
            text => Ok(text),
        }
    }

    /// Takes a text of 1 to `chars_max` characters that must be there.
    pub(crate) fn need_text(&mut self, name: &str, chars_max: usize) -> Result<String, Refusal> {
        let text = self.may_text(name, chars_max)?;
        text.filter(|text| !text.is_empty()).ok_or_else(|| {
            let place = self.place(name);
            Refusal::malformed(&place, format!("{place} is missing or empty"))
        })
    }

    /// Takes a number within `range` that may be absent.
    pub(crate) fn may_number(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, Refusal> {
        let number: Option<u32> = self.may(name)?;
        match number {
            Some(number) if !range.contains(&number) => {
                let place = self.place(name);
                let detail = format!("{place} is {} to {}", range.start(), range.end());
                Err(Refusal::malformed(&place, detail))
            }
            number => Ok(number),
        }
    }

    /// Every member was taken, or the rest is unknown.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.members.keys().next() {
            Some(name) if self.strictness == Strictness::Strict => {
                let place = self.place(name);
                Err(Refusal::malformed(
                    &place,
                    format!("{place} is not known here"),
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Read for Value {
    fn read(value: Value, _: &str, _: Strictness) -> Result<Self, Refusal> {
        Ok(value)
    }
}

impl Read for bool {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        value
            .as_bool()
            .ok_or_else(|| Refusal::malformed(place, format!("{place} is true or false")))
    }
}

impl Read for u32 {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        value
            .as_u64()
            .filter(|number| *number <= NUMBER_MAX)
            .map(|number| number as u32)
            .ok_or_else(|| {
                Refusal::malformed(place, format!("{place} is a number from 0 to {NUMBER_MAX}"))
            })
    }
}

impl Read for String {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        let Value::String(text) = value else {
            return Err(Refusal::malformed(place, format!("{place} must be text")));
        };
        if text.chars().any(char::is_control) {
            return Err(Refusal::malformed(
                place,
                format!("{place} holds a control character"),
            ));
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(Refusal::malformed(
                place,
                format!("{place} has at most {TEXT_CHARS_MAX} characters"),
            ));
        }
        Ok(text)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value, place: &str, strictness: Strictness) -> Result<Self, Refusal> {
        let Value::Array(items) = value else {
            return Err(Refusal::malformed(place, format!("{place} must be a list")));
        };
        if items.len() > ITEMS_MAX {
            return Err(Refusal::malformed(
                place,
                format!("{place} has at most {ITEMS_MAX} items"),
            ));
        }
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| T::read(item, &format!("{place}.{index}"), strictness))
            .collect()
    }
}

/// A closed set of words, with its texts on the wire: `parse`, `as_str` and [`Read`].
macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Its text on the wire.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl $crate::reader::Read for $name {
            fn read(
                value: serde_json::Value,
                place: &str,
                _: $crate::reader::Strictness,
            ) -> Result<Self, $crate::refusal::Refusal> {
                let words = [$(Self::$variant),*];
                let word = words.into_iter().find(|word| value.as_str() == Some(word.as_str()));
                word.ok_or_else(|| {
                    let all = words.map(Self::as_str).join(", ");
                    $crate::refusal::Refusal::malformed(place, format!("{place} is one of {all}"))
                })
            }
        }
    };
}
pub(crate) use words;
