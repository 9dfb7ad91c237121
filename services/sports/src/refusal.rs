//! Why a posted event may not be so.

use grandstand_core::ids::EventId;
use grandstand_core::value::ValueError;
use thiserror::Error;

/// A clear no: the rule, the place and a sentence for the scorer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct Refusal {
    /// What the caller does with it.
    pub kind: RefusalKind,
    /// A stable word for the rule, such as `batter_out`.
    pub rule: &'static str,
    /// The member at fault, such as `data.extras.wides`.
    pub field: Option<String>,
    /// The event at fault, if it is another than the posted one.
    pub id: Option<EventId>,
    /// What is wrong and what to do, in a sentence.
    pub detail: String,
}

/// The kinds of refusal that a caller tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// A member is missing, unknown or of the wrong type (400).
    Malformed,
    /// It can't be, by the rules or by what happened before (422).
    Impossible,
    /// `ref` names no event of the match (409).
    UnknownRef,
    /// The poster lacks the right (403).
    NotAllowed,
    /// The state would grow beyond its bound (422).
    TooLarge,
    /// The match takes only corrections and its result, or nothing more (413).
    MatchFull,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, rule: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            rule,
            field: None,
            id: None,
            detail: detail.into(),
        }
    }

    pub(crate) fn malformed(field: &str, detail: impl Into<String>) -> Self {
        Self::new(RefusalKind::Malformed, "malformed", detail).at(field)
    }

    pub(crate) fn impossible(rule: &'static str, detail: impl Into<String>) -> Self {
        Self::new(RefusalKind::Impossible, rule, detail)
    }

    /// Names the member at fault.
    pub(crate) fn at(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Names the event at fault.
    pub(crate) fn about(mut self, id: &EventId) -> Self {
        self.id = Some(id.clone());
        self
    }

    /// A document in `field` that holds what a document may not hold.
    pub(crate) fn value(field: &str, error: &ValueError) -> Self {
        let place = if error.path == "(document)" {
            field.to_owned()
        } else {
            format!("{field}.{}", error.path)
        };
        Self::malformed(&place, error.fault.to_string())
    }
}
