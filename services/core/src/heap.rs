//! What things take of the heap, as an allocator is asked for it.

use std::mem::size_of;

use bytes::Bytes;
use serde_json::Value;

/// A B-tree's leaf holds so many members, and a split leaves about half of them.
const LEAF_MEMBERS: usize = 11;
const LEAF_MEMBERS_SPLIT: usize = 6;
/// A leaf's links and count, and what an inner node has beside them.
const LEAF_HEAD_BYTES: usize = 16;
const INNER_LINKS_BYTES: usize = 12 * size_of::<usize>();
/// How shared bytes count who has them.
const SHARED_BYTES: usize = 3 * size_of::<usize>();

/// What a document has on the heap.
pub(crate) fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Array(values) => {
            let within: usize = values.iter().map(value_bytes).sum();
            values.capacity() * size_of::<Value>() + within
        }
        Value::Object(members) => {
            let within = members
                .iter()
                .map(|(key, value)| key.capacity() + value_bytes(value));
            tree_bytes(members.len()) + within.sum::<usize>()
        }
    }
}

/// The nodes of a map of so many members.
fn tree_bytes(members: usize) -> usize {
    let leaf = LEAF_HEAD_BYTES + LEAF_MEMBERS * (size_of::<String>() + size_of::<Value>());
    match members {
        0 => 0,
        1..=LEAF_MEMBERS => leaf,
        _ => {
            let leaves = members / (LEAF_MEMBERS_SPLIT + 1) + 1;
            let inner = leaves / (LEAF_MEMBERS_SPLIT + 1) + 1;
            leaves * leaf + inner * (leaf + INNER_LINKS_BYTES)
        }
    }
}

/// What bytes that nobody else has take.
pub(crate) fn shared_bytes(bytes: &Bytes) -> usize {
    bytes.len() + SHARED_BYTES
}
