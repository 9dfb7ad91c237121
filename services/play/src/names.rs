//! Names as the platform takes them: of one line, and not longer than it allows.

use serde::{Deserialize, Deserializer};

/// The longest name that the platform takes, in characters.
const NAME_CHARS_MAX: usize = 60;
/// The longest title.
const TITLE_CHARS_MAX: usize = 100;

/// A name; the end of a longer one is cut off.
pub(crate) fn name(text: &str) -> String {
    cut(text, NAME_CHARS_MAX)
}

/// A title; the end of a longer one is cut off.
pub(crate) fn title(text: &str) -> String {
    cut(text, TITLE_CHARS_MAX)
}

/// Reads a name that may be absent, already cut.
pub(crate) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(|text| name(&text)))
}

fn cut(text: &str, chars_max: usize) -> String {
    let one_line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    one_line.take(chars_max).collect()
}
