//! Random plain documents for the property tests of this crate.

use proptest::prelude::*;
use serde_json::Value;

/// Any document that [`crate::value::check`] takes, at most five levels deep.
pub(crate) fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-crate::value::INTEGER_MAX..=crate::value::INTEGER_MAX).prop_map(Value::from),
        "[ -~äŻ€𝄞\u{1}\n\"\\\\]{0,6}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            object(inner),
        ]
    });
    object(value)
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    // Few distinct keys, so that two documents share some.
    prop::collection::btree_map("[a-d][0-9]?|A\\.b", value, 0..5)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}
