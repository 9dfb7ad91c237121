//! Documents that differ from a right one in one place.

use serde_json::{Map, Value, json};

/// Every document that has one member less, one more, or another value somewhere.
pub(crate) fn mutations(document: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for path in places(document) {
        for value in others() {
            let mut changed = document.clone();
            *changed.pointer_mut(&path).unwrap() = value;
            found.push(changed);
        }
        let mut fewer = document.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        if let Some(Value::Object(members)) = fewer.pointer_mut(parent) {
            members.remove(name);
            found.push(fewer);
        }
        let mut more = document.clone();
        if let Some(Value::Object(members)) = more.pointer_mut(&path) {
            members.insert("unknown".to_owned(), json!(1));
            found.push(more);
        }
    }
    found
}

/// What no member is, or hardly any.
fn others() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(3),
        json!(10_001),
        json!(1.5),
        json!(""),
        json!("no word"),
        json!("a\u{7}"),
        json!("x".repeat(501)),
        json!([]),
        json!(["a b"]),
        json!(vec!["a"; 41]),
        json!({}),
    ]
}

/// The places of everything inside a document, as JSON pointers.
fn places(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), document)];
    while let Some((path, value)) = open.pop() {
        let inside: Vec<(String, &Value)> = match value {
            Value::Object(members) => each_member(members),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (index.to_string(), item))
                .collect(),
            _ => Vec::new(),
        };
        for (name, value) in inside {
            let path = format!("{path}/{name}");
            found.push(path.clone());
            open.push((path, value));
        }
    }
    found
}

fn each_member(members: &Map<String, Value>) -> Vec<(String, &Value)> {
    let members = members.iter();
    members.map(|(name, value)| (name.clone(), value)).collect()
}
