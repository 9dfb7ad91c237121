//! Patches and hashes.

use grandstand_core::hash::StateHash;
use grandstand_core::patch;
use serde_json::{Value, json};

use crate::hold::hold;

#[test]
fn patches_and_hashes_are_what_they_were() {
    let cases = [
        (
            json!({}),
            json!({"strip": {"title": "Żubr v \"Ä\"", "status": "live"}, "innings": {"i10": {"runs": 7}, "i2": {"runs": -1}}}),
        ),
        (
            json!({"a": {"b": 1, "c": 2}, "d": [1, 2]}),
            json!({"a": {"c": 3}, "d": [1]}),
        ),
        (json!({"a": 1}), json!({"a": {"b": {"c": true}}})),
        (json!({"a": {"b": 1}}), json!({"a": "text\n\u{1f3cf}"})),
        // What some languages escape, and keys that JavaScript finds on every object.
        (
            json!({"text": ""}),
            json!({"text": "\u{8}\u{c}\r\t\u{1f}\u{7f}\u{2028}/\\<&>", "constructor": {"toString": 1}}),
        ),
        (
            json!({"large": 1, "B": {}, "a": [{"z": 1, "b": 2}]}),
            json!({"large": 9_007_199_254_740_991_i64, "least": -9_007_199_254_740_991_i64, "B": {}, "a": [{"z": 1, "b": [false, {}]}]}),
        ),
    ];
    let vectors: Vec<Value> = cases
        .iter()
        .map(|(before, after)| {
            let patch = patch::diff(before, after);
            let mut applied = before.clone();
            patch::apply(&mut applied, &patch);
            assert_eq!(applied, *after);
            json!({"before": before, "patch": patch, "after": after, "hash": StateHash::of(after)})
        })
        .collect();
    hold("patches.json", &json!(vectors));
}
