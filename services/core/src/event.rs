//! The event envelope: as a scorer posts it, and as the log holds it (design.md section 6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::hash;
use crate::ids::EventId;

/// How an event changes the list of events that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// It happened after everything before it.
    #[default]
    Add,
    /// It was forgotten: it counts right after `ref`.
    Insert,
    /// It replaces `ref` where that stands.
    Amend,
    /// `ref` does not count.
    Void,
    /// `ref` counts again.
    Restore,
}

impl Op {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "add" => Self::Add,
            "insert" => Self::Insert,
            "amend" => Self::Amend,
            "void" => Self::Void,
            "restore" => Self::Restore,
            _ => return None,
        })
    }

    fn is_add(&self) -> bool {
        *self == Self::Add
    }
}

/// One immutable fact of a match, as its record stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// Dense number in the match, from 1.
    pub seq: u64,
    /// When it was accepted, Unix microseconds; rises with `seq`.
    pub ts: u64,
    /// The scorer's name for it, unique in the match.
    pub id: EventId,
    /// What happened, in the sport's words; for `void` and `restore` the type of `ref`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The facts, in the sport's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub data: Option<Value>,
    /// Merge patch from the state before this event to the state after it.
    #[cfg_attr(test, schemars(with = "serde_json::Map<String, Value>"))]
    pub patch: Value,
    /// How it changes the list of events that count.
    #[serde(default, skip_serializing_if = "Op::is_add")]
    pub op: Op,
    /// The event that `op` is about, always by its original id.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<EventId>,
    /// When it happened, Unix microseconds, if well before it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// What filters and notifications look for: wicket, boundary, result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// One event as a scorer posts it: the envelope checked, `data` and `patch` still raw.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// Made by the scorer's device.
    pub id: EventId,
    /// `[a-z0-9_]{1,32}`; absent with `void` and `restore`.
    pub kind: Option<String>,
    /// What it does to the list of events that count.
    pub op: Op,
    /// The event it is about; there for every `op` but `add`.
    pub reference: Option<EventId>,
    /// The facts, for the sport to read.
    pub data: Option<Value>,
    /// The change of state, which only the `open` sport takes from outside.
    pub patch: Option<Value>,
    /// Posted with the `open` sport only; other sports make their own.
    pub tags: Vec<String>,
    /// When it happened, Unix microseconds.
    pub at: Option<u64>,
    /// [`hash::digest`] of the event as it was posted: a repeat has the same.
    pub digest: String,
}

/// Why a posted event can't be read; `field` names the place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {detail}")]
pub struct PostedError {
    /// The member at fault.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// At most this many tags on an event, each `[a-z0-9_]{1,32}`.
pub const TAGS_MAX: usize = 8;

impl Posted {
    /// Reads one posted event; `idempotency_key` may give the id in its stead.
    pub fn parse(value: Value, idempotency_key: Option<&str>) -> Result<Self, PostedError> {
        let Value::Object(mut members) = value else {
            return Err(fault("(document)", "an event is an object"));
        };
        if let Some(key) = idempotency_key {
            take_idempotency_key(&mut members, key)?;
        }
        let digest = hash::digest(&Value::Object(members.clone()));
        let id = match text(&mut members, "id")? {
            Some(id) => EventId::new(id).map_err(|e| fault("id", &e.to_string()))?,
            None => {
                return Err(fault(
                    "id",
                    "is missing; the scorer's device makes it, and Idempotency-Key may give it",
                ));
            }
        };
        let op = match text(&mut members, "op")? {
            Some(op) => Op::parse(&op)
                .ok_or_else(|| fault("op", "is one of add, insert, amend, void, restore"))?,
            None => Op::Add,
        };
        let reference = match text(&mut members, "ref")? {
            Some(id) => Some(EventId::new(id).map_err(|e| fault("ref", &e.to_string()))?),
            None => None,
        };
        let posted = Self {
            id,
            kind: text(&mut members, "type")?,
            op,
            reference,
            data: members.remove("data"),
            patch: members.remove("patch"),
            tags: tags(&mut members)?,
            at: time(&mut members, "at")?,
            digest,
        };
        if let Some(name) = members.keys().next() {
            return Err(fault(name, "is no member of an event"));
        }
        posted.check_members()?;
        Ok(posted)
    }

    /// Each `op` has its own members.
    fn check_members(&self) -> Result<(), PostedError> {
        match (self.op, &self.reference) {
            (Op::Add, Some(_)) => {
                return Err(fault("ref", "goes with insert, amend, void and restore"));
            }
            (Op::Insert | Op::Amend | Op::Void | Op::Restore, None) => {
                return Err(fault(
                    "ref",
                    "is missing; it names the event this one is about",
                ));
            }
            _ => {}
        }
        match self.op {
            Op::Add | Op::Insert | Op::Amend => match &self.kind {
                Some(kind) if is_word(kind) => Ok(()),
                Some(_) => Err(fault("type", "is 1 to 32 of a-z, 0-9 and '_'")),
                None => Err(fault("type", "is missing")),
            },
            Op::Void | Op::Restore => {
                let extra = [
                    ("type", self.kind.is_some()),
                    ("data", self.data.is_some()),
                    ("patch", self.patch.is_some()),
                    ("tags", !self.tags.is_empty()),
                ];
                match extra.iter().find(|(_, there)| *there) {
                    Some((name, _)) => Err(fault(name, "does not go with void and restore")),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whether `text` may be a type or a tag: `[a-z0-9_]{1,32}`.
pub fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn take_idempotency_key(members: &mut Map<String, Value>, key: &str) -> Result<(), PostedError> {
    match members.get("id") {
        Some(Value::String(id)) if id == key => Ok(()),
        Some(_) => Err(fault(
            "id",
            "differs from the Idempotency-Key header; give one of them",
        )),
        None => {
            members.insert("id".to_owned(), Value::from(key));
            Ok(())
        }
    }
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, PostedError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(fault(name, "must be text")),
    }
}

fn time(members: &mut Map<String, Value>, name: &str) -> Result<Option<u64>, PostedError> {
    match members.remove(name) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(us) if us <= crate::value::INTEGER_MAX as u64 => Ok(Some(us)),
            _ => Err(fault(name, "must be Unix microseconds")),
        },
    }
}

fn tags(members: &mut Map<String, Value>) -> Result<Vec<String>, PostedError> {
    let wrong = || fault("tags", "is a list of at most 8 words of a-z, 0-9 and '_'");
    let Some(value) = members.remove("tags") else {
        return Ok(Vec::new());
    };
    let tags: Vec<String> = serde_json::from_value(value).map_err(|_| wrong())?;
    if tags.len() > TAGS_MAX || !tags.iter().all(|tag| is_word(tag)) {
        return Err(wrong());
    }
    Ok(tags)
}

fn fault(field: &str, detail: &str) -> PostedError {
    PostedError {
        field: field.to_owned(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field_at_fault(value: Value) -> String {
        Posted::parse(value, None)
            .expect_err("must be refused")
            .field
    }

    #[test]
    fn a_plain_event_is_read() {
        let posted = Posted::parse(
            json!({"id": "a", "type": "delivery", "data": {"runs": 1}}),
            None,
        )
        .unwrap();
        assert_eq!(posted.op, Op::Add);
        assert_eq!(posted.kind.as_deref(), Some("delivery"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(field_at_fault(json!([])), "(document)");
        assert_eq!(field_at_fault(json!({"type": "x"})), "id");
        assert_eq!(field_at_fault(json!({"id": "a\u{1}", "type": "x"})), "id");
        assert_eq!(field_at_fault(json!({"id": "a"})), "type");
        assert_eq!(field_at_fault(json!({"id": "a", "type": "X"})), "type");
        assert_eq!(
            field_at_fault(json!({"id": "a", "type": "x", "sequence": 1})),
            "sequence"
        );
        assert_eq!(
            field_at_fault(json!({"id": "a", "type": "x", "op": "delete"})),
            "op"
        );
        assert_eq!(
            field_at_fault(json!({"id": "a", "type": "x", "op": "amend"})),
            "ref"
        );
        assert_eq!(
            field_at_fault(json!({"id": "a", "type": "x", "ref": "b"})),
            "ref"
        );
        assert_eq!(
            field_at_fault(json!({"id": "a", "op": "void", "ref": "b", "data": {}})),
            "data"
        );
        assert_eq!(
            field_at_fault(json!({"id": "a", "type": "x", "at": 1.5})),
            "at"
        );
        assert_eq!(
            field_at_fault(json!({"id": "a", "type": "x", "tags": ["A"]})),
            "tags"
        );
    }

    #[test]
    fn an_idempotency_key_is_the_id_or_agrees_with_it() {
        let keyed = Posted::parse(json!({"type": "x"}), Some("k1")).unwrap();
        let named = Posted::parse(json!({"type": "x", "id": "k1"}), Some("k1")).unwrap();
        assert_eq!(keyed, named);
        assert!(Posted::parse(json!({"type": "x", "id": "k2"}), Some("k1")).is_err());
    }

    #[test]
    fn a_repeat_has_the_same_digest_whatever_the_order_of_its_members() {
        let one = Posted::parse(
            serde_json::from_str(r#"{"id":"a","type":"x","data":{"b":1,"a":2}}"#).unwrap(),
            None,
        );
        let two = Posted::parse(
            serde_json::from_str(r#"{"data":{"a":2,"b":1},"type":"x","id":"a"}"#).unwrap(),
            None,
        );
        assert_eq!(one.unwrap().digest, two.unwrap().digest);
    }
}
