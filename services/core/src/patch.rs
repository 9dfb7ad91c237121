//! JSON Merge Patch (RFC 7396): what an event changed, and how to change it again.

use serde_json::{Map, Value};

/// Changes `state` as `patch` says.
pub fn apply(state: &mut Value, patch: &Value) {
    json_patch::merge(state, patch);
}

/// The smallest merge patch that turns `before` into `after`, both documents without null.
pub fn diff(before: &Value, after: &Value) -> Value {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => Value::Object(diff_members(before, after)),
        _ => after.clone(),
    }
}

fn diff_members(before: &Map<String, Value>, after: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, new) in after {
        match before.get(key) {
            Some(old) if old == new => {}
            Some(old) => {
                patch.insert(key.clone(), diff(old, new));
            }
            None => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_patch_names_only_what_changed() {
        let before = json!({"a": {"x": 1, "y": [1, 2]}, "b": 2, "c": 3});
        let after = json!({"a": {"x": 1, "y": [1]}, "b": {"z": 1}, "d": 4});
        assert_eq!(
            diff(&before, &after),
            json!({"a": {"y": [1]}, "b": {"z": 1}, "c": null, "d": 4})
        );
    }

    #[test]
    fn an_object_that_was_something_else_comes_out_right() {
        let before = json!({"a": [1, 2]});
        let after = json!({"a": {"b": {"c": 1}}});
        let mut state = before.clone();
        apply(&mut state, &diff(&before, &after));
        assert_eq!(state, after);
    }

    proptest! {
        #[test]
        fn applying_the_difference_gives_the_other(a in crate::proptests::document(), b in crate::proptests::document()) {
            let mut state = a.clone();
            apply(&mut state, &diff(&a, &b));
            prop_assert_eq!(state, b);
        }

        #[test]
        fn equal_documents_differ_by_nothing(a in crate::proptests::document()) {
            prop_assert_eq!(diff(&a, &a), json!({}));
        }
    }
}
