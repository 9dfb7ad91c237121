//! One event, as a scorer posts it.

use grandstand_core::event::Op;
use serde::Serialize;
use serde_json::Value;

/// One event, as it is posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Unique in the match.
    pub id: String,
    /// How it changes what was told before.
    #[serde(skip_serializing_if = "is_add")]
    pub op: Op,
    /// The event that a correction is about.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// In cricket's words; a `void` has none.
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    pub kind: &'static str,
    /// The facts; a `void` has none.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

fn is_add(op: &Op) -> bool {
    *op == Op::Add
}

impl Event {
    /// Something that happened after everything before it.
    pub fn added(id: String, kind: &'static str, data: Value) -> Self {
        Self {
            id,
            op: Op::Add,
            reference: None,
            kind,
            data,
        }
    }

    /// Whether a ball was bowled now: what takes time when a match is played at its pace.
    pub fn is_ball(&self) -> bool {
        self.kind == "delivery" && self.op == Op::Add
    }

    /// Whether an innings begins that is not the first.
    pub fn opens_later_innings(&self) -> bool {
        self.kind == "innings_start" && self.id != "i1.start"
    }

    /// Whether it puts right what was told before.
    pub fn is_correction(&self) -> bool {
        self.op != Op::Add
    }
}
