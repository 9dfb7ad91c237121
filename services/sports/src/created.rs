//! Event 1: what a match is, as whoever created it said.

use grandstand_core::headers::Visibility;
use grandstand_core::value::{self, Nulls};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cricket::Setup;
use crate::reader::{Read, Reader, Strictness};
use crate::refusal::{Refusal, RefusalKind};
use crate::sport::Sport;

/// The id and the type of the event that creates a match.
pub(crate) const CREATED: &str = "created";
/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 100;
/// The longest delay of a match, in seconds.
const DELAY_S_MAX: u32 = 3600;

/// What a match is: its effective creation.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The sport that it is scored in.
    pub sport: Sport,
    /// What people call it.
    pub title: String,
    /// When it is to begin.
    pub start: Option<OffsetDateTime>,
    /// Who may find it.
    pub visibility: Visibility,
    /// How far behind every fan of it is kept, in seconds.
    pub delay_s: u32,
    pub(crate) beginning: Beginning,
}

/// What each sport begins with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Beginning {
    /// The first state.
    Open(Value),
    /// Rules and teams.
    Cricket(Box<Setup>),
}

impl Created {
    /// Reads the body that created a match of `sport`.
    pub(crate) fn read(
        data: &Value,
        sport: Sport,
        strictness: Strictness,
    ) -> Result<Self, Refusal> {
        let mut reader = Reader::new(data.clone(), "data", strictness)?;
        let named = reader.need_text("sport", 32)?;
        if named != sport.as_str() {
            let detail = format!("this is a match of {}, and stays one", sport.as_str());
            return Err(Refusal::malformed("data.sport", detail));
        }
        let created = Self {
            sport,
            title: reader.need_text("title", TITLE_CHARS_MAX)?,
            start: reader.may("start")?,
            visibility: reader.may("visibility")?.unwrap_or_default(),
            delay_s: reader.may_number("delay_s", 0..=DELAY_S_MAX)?.unwrap_or(0),
            beginning: match sport {
                Sport::Open => Beginning::Open(first_state(&mut reader)?),
                Sport::Cricket => Beginning::Cricket(Box::new(Setup::read(&mut reader)?)),
            },
        };
        reader.finish()?;
        Ok(created)
    }
}

fn first_state(reader: &mut Reader) -> Result<Value, Refusal> {
    let state: Value = reader.need("state")?;
    value::check(&state, Nulls::Refuse).map_err(|error| Refusal::value("data.state", &error))?;
    value::check_state(&state).map_err(|error| Refusal {
        kind: RefusalKind::Impossible,
        rule: "state",
        ..Refusal::value("data.state", &error)
    })?;
    Ok(state)
}

impl Read for OffsetDateTime {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        value
            .as_str()
            .and_then(|text| Self::parse(text, &Rfc3339).ok())
            .ok_or_else(|| {
                let detail = format!("{place} is a time such as 2025-04-16T14:00:00Z");
                Refusal::malformed(place, detail)
            })
    }
}

impl Read for Visibility {
    fn read(value: Value, place: &str, _: Strictness) -> Result<Self, Refusal> {
        match value.as_str() {
            Some("public") => Ok(Self::Public),
            Some("unlisted") => Ok(Self::Unlisted),
            Some("private") => Ok(Self::Private),
            _ => Err(Refusal::malformed(
                place,
                format!("{place} is public, unlisted or private"),
            )),
        }
    }
}
