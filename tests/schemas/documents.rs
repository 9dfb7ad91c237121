//! What can be said of the documents without a platform.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::contract::{Contract, documents, read, schemas, vectors};
use crate::samples;

#[test]
fn every_golden_vector_is_what_the_schemas_say() {
    let contract = Contract::strict();
    for vector in vectors("server-messages.json").as_array().unwrap() {
        contract.check("server-message.json", &vector["json"]);
    }
    for message in vectors("client-messages.json").as_array().unwrap() {
        contract.check("client-message.json", message);
    }
    let published = Contract::published();
    let both = vectors("client-messages-in-both.json");
    for vector in both.as_array().unwrap() {
        published.check("client-message.json", &vector["json"]);
    }
    for record in ["record.json", "record-of-corrections.json"] {
        for event in vectors(record)["json"]["events"].as_array().unwrap() {
            contract.check("event.json", event);
        }
    }
}

#[test]
fn every_event_of_cricket_is_among_the_vectors_in_both_codecs() {
    let schema = &documents()["cricket-event.json"];
    let types = schema["allOf"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rule| {
            let kind = &rule["if"]["properties"]["type"]["const"];
            kind.as_str().filter(|kind| *kind != "created")
        });
    let types: BTreeSet<&str> = types.collect();
    let facts = samples::facts();
    let sampled: BTreeSet<&str> = facts.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(sampled, types);

    let events = facts.into_iter().map(|(kind, data)| {
        let event = json!({"id": format!("{kind}-1"), "type": kind, "data": data});
        let bytes = rmp_serde::to_vec_named(&event).unwrap();
        assert_eq!(rmp_serde::from_slice::<Value>(&bytes).unwrap(), event);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"json": event, "messagepack": hex})
    });
    let events: Value = events.collect();
    let path = schemas().join("vectors/cricket-events.json");
    if std::env::var_os("GRANDSTAND_UPDATE").is_some() {
        fs::write(&path, format!("{events:#}\n")).unwrap();
    }
    assert!(
        read(&path) == events,
        "GRANDSTAND_UPDATE=1 cargo test -p grandstand --test schemas writes it anew"
    );
    let contract = Contract::published();
    for vector in events.as_array().unwrap() {
        contract.check("posted-events.json", &vector["json"]);
        contract.check("cricket-event.json", &vector["json"]);
    }
}

#[test]
fn what_no_client_may_say_no_schema_allows() {
    let contract = Contract::published();
    for message in vectors("client-messages-refused.json").as_array().unwrap() {
        assert!(!contract.holds("client-message.json", message), "{message}");
    }
}

#[test]
fn the_asyncapi_document_has_every_message_and_nothing_that_is_not_there() {
    let api = read(&schemas().join("asyncapi.json"));
    let schemas = documents();
    for (direction, file) in [
        ("client", "client-message.json"),
        ("server", "server-message.json"),
    ] {
        let messages = api["components"]["messages"].as_object().unwrap();
        let described: BTreeSet<&str> = messages
            .values()
            .filter_map(|message| {
                message["payload"]["$ref"]
                    .as_str()?
                    .strip_prefix(&format!("json/{file}#/$defs/"))
            })
            .collect();
        let said: BTreeSet<&str> = schemas[file]["oneOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| {
                kind["$ref"]
                    .as_str()
                    .unwrap()
                    .trim_start_matches("#/$defs/")
            })
            .collect();
        assert_eq!(described, said, "what a {direction} says");
    }
    for reference in references(&api) {
        let (file, pointer) = reference.split_once('#').unwrap();
        let target = match file.strip_prefix("json/") {
            Some(name) => schemas[name].pointer(pointer),
            None => api.pointer(pointer),
        };
        assert!(target.is_some(), "{reference} leads nowhere");
    }
}

/// Every `$ref` of a document.
fn references(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.push(reference.clone());
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}
