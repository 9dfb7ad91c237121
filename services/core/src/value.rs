//! What a state, a patch and an event's data may hold: a plain document that JavaScript, JSON and
//! MessagePack read alike (design.md section 6).

use serde_json::Value;
use thiserror::Error;

/// The largest integer that JavaScript counts exactly, 2^53 - 1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
/// How deep a state may nest; the document itself is level 1.
pub const DEPTH_MAX: usize = 8;
/// The largest state, in bytes of its canonical JSON.
pub const STATE_BYTES_MAX: usize = 64 * 1024;
/// The largest strip, in bytes of its canonical JSON.
pub const STRIP_BYTES_MAX: usize = 250;
/// The longest key.
pub const KEY_BYTES_MAX: usize = 64;

/// Why a value may not stand in a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {fault}")]
pub struct ValueError {
    /// Where, as keys joined by dots; `(document)` for the whole.
    pub path: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The document itself is something else.
    #[error("must be an object")]
    NotAnObject,
    /// A null where only a value can stand.
    #[error("holds null; only a member of a patch's object may be null, which deletes it")]
    Null,
    /// A number with a fraction or exponent, or too large.
    #[error("must be an integer within ±(2^53-1)")]
    NotAnInteger,
    /// A key that would sort or read differently somewhere.
    #[error("key {0:?} is not allowed: keys are [A-Za-z][A-Za-z0-9._-]{{0,63}}")]
    Key(String),
    /// Nested too deep.
    #[error("nests deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// The state as a whole is too large.
    #[error("would be {0} bytes; a state has at most {STATE_BYTES_MAX}")]
    StateTooLarge(usize),
    /// The strip is missing or not what a list of matches can show.
    #[error("{0}")]
    Strip(String),
}

/// Whether a null member is a deletion or a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// A patch: a null member of an object deletes it (RFC 7396).
    Delete,
    /// A state or an event's data: no null anywhere.
    Refuse,
}

/// Checks that `value` is an object which holds only what a document may hold.
pub fn check(value: &Value, nulls: Nulls) -> Result<(), ValueError> {
    if !value.is_object() {
        return Err(at(ROOT, Fault::NotAnObject));
    }
    check_value(value, nulls, &mut Vec::new())
}

/// Checks a whole state: its values, its size, its strip.
pub fn check_state(state: &Value) -> Result<(), ValueError> {
    check(state, Nulls::Refuse)?;
    let bytes = crate::hash::canonical(state).len();
    if bytes > STATE_BYTES_MAX {
        return Err(at(ROOT, Fault::StateTooLarge(bytes)));
    }
    check_strip(state.get("strip"))
}

fn check_strip(strip: Option<&Value>) -> Result<(), ValueError> {
    let fail = |text: &str| Err(at(&["strip"], Fault::Strip(text.to_owned())));
    let Some(Value::Object(strip)) = strip else {
        return fail("a state always has a strip: an object with title and status");
    };
    if !strip.get("title").is_some_and(Value::is_string) {
        return fail("needs a title, as text");
    }
    match strip.get("status").and_then(Value::as_str) {
        Some("scheduled" | "live" | "break" | "ended") => {}
        _ => return fail("needs a status: scheduled, live, break or ended"),
    }
    let bytes = crate::hash::canonical(&Value::Object(strip.clone())).len();
    if bytes > STRIP_BYTES_MAX {
        return fail(&format!(
            "would be {bytes} bytes; a strip has at most {STRIP_BYTES_MAX}"
        ));
    }
    Ok(())
}

fn check_value(value: &Value, nulls: Nulls, path: &mut Vec<String>) -> Result<(), ValueError> {
    match value {
        Value::Null => Err(at(path, Fault::Null)),
        Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => match number.as_i64() {
            Some(n) if (-INTEGER_MAX..=INTEGER_MAX).contains(&n) => Ok(()),
            _ => Err(at(path, Fault::NotAnInteger)),
        },
        Value::Array(items) => {
            check_depth(path)?;
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                // RFC 7396 deletes members of objects only: a null in a list would be stored.
                check_value(item, Nulls::Refuse, path)?;
                path.pop();
            }
            Ok(())
        }
        Value::Object(members) => {
            check_depth(path)?;
            for (key, member) in members {
                if !is_key(key) {
                    return Err(at(path, Fault::Key(key.clone())));
                }
                if member.is_null() && nulls == Nulls::Delete {
                    continue;
                }
                path.push(key.clone());
                check_value(member, nulls, path)?;
                path.pop();
            }
            Ok(())
        }
    }
}

fn check_depth(path: &[String]) -> Result<(), ValueError> {
    if path.len() >= DEPTH_MAX {
        return Err(at(path, Fault::TooDeep));
    }
    Ok(())
}

/// Whether `key` may name a member: `[A-Za-z][A-Za-z0-9._-]{0,63}`.
pub fn is_key(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && key.len() <= KEY_BYTES_MAX
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The path of the document itself.
const ROOT: &[&str] = &[];

fn at(path: &[impl AsRef<str>], fault: Fault) -> ValueError {
    let path = if path.is_empty() {
        "(document)".to_owned()
    } else {
        path.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(".")
    };
    ValueError { path, fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(value: Value, nulls: Nulls) -> String {
        check(&value, nulls)
            .expect_err("must be refused")
            .to_string()
    }

    #[test]
    fn only_an_object_of_plain_values_is_a_document() {
        assert!(
            check(
                &json!({"a": {"b": [1, "x", true, {"c": -5}]}}),
                Nulls::Refuse
            )
            .is_ok()
        );
        assert!(fault(json!([1]), Nulls::Refuse).contains("must be an object"));
        assert!(fault(json!(null), Nulls::Delete).contains("must be an object"));
        assert!(
            fault(json!({"a": {"b": 1.5}}), Nulls::Refuse).starts_with("a.b: must be an integer")
        );
        assert!(fault(json!({"a": INTEGER_MAX + 1}), Nulls::Refuse).contains("integer"));
        assert!(check(&json!({"a": INTEGER_MAX, "b": -INTEGER_MAX}), Nulls::Refuse).is_ok());
    }

    #[test]
    fn a_null_member_deletes_and_a_null_item_is_refused() {
        assert!(check(&json!({"a": null, "b": {"c": null}}), Nulls::Delete).is_ok());
        assert!(fault(json!({"a": [null]}), Nulls::Delete).starts_with("a.0: holds null"));
        assert!(fault(json!({"a": [{"b": null}]}), Nulls::Delete).starts_with("a.0.b: holds null"));
        assert!(fault(json!({"a": null}), Nulls::Refuse).starts_with("a: holds null"));
    }

    #[test]
    fn keys_sort_alike_everywhere() {
        for bad in ["", "1", "10", "é", "a b", "_a", &"k".repeat(65)] {
            assert!(
                fault(json!({ bad: 1 }), Nulls::Refuse).contains("is not allowed"),
                "{bad:?}"
            );
        }
        assert!(
            check(
                &json!({ "k".repeat(64): 1, "i10": 1, "A.b_c-d": 1 }),
                Nulls::Refuse
            )
            .is_ok()
        );
    }

    #[test]
    fn eight_levels_are_enough() {
        let nested =
            |levels: usize| (1..levels).fold(json!({"x": 1}), |inner, _| json!({ "x": inner }));
        assert!(check(&nested(8), Nulls::Refuse).is_ok());
        assert!(fault(nested(9), Nulls::Refuse).contains("nests deeper"));
    }

    #[test]
    fn a_state_has_a_strip_and_a_bound() {
        let strip = json!({"title": "A v B", "status": "live"});
        assert!(check_state(&json!({ "strip": strip })).is_ok());
        assert!(check_state(&json!({"a": 1})).is_err());
        assert!(check_state(&json!({"strip": {"title": "A v B", "status": "paused"}})).is_err());
        assert!(
            check_state(&json!({"strip": {"title": "x".repeat(250), "status": "live"}})).is_err()
        );
        let large = check_state(&json!({ "strip": strip, "text": "x".repeat(STATE_BYTES_MAX) }));
        assert!(
            large
                .expect_err("too large")
                .to_string()
                .contains("at most 65536")
        );
    }
}
