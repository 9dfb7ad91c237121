//! JSON Schemas of what is defined in this crate, in `schemas/json/`: made of the types themselves.
//! Run the tests with GRANDSTAND_UPDATE=1 to write them anew, and read what changed.

mod hold;
mod ids;
mod shapes;
mod strips;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::event::Event;
use crate::message::{HelloWire, RefreshWire, ServerMessage, SubscribeWire, UnsubscribeWire};
use hold::hold;
use shapes::{EventsMessage, PingMessage, RecordLine, SnapshotMessage};
pub(crate) use strips::strips;

#[test]
fn the_schema_of_what_a_client_says_is_what_it_was() {
    let mut schemas = SchemaSettings::draft2020_12().into_generator();
    let named = [
        ("hello", schemas.subschema_for::<HelloWire>()),
        ("subscribe", schemas.subschema_for::<SubscribeWire>()),
        ("unsubscribe", schemas.subschema_for::<UnsubscribeWire>()),
        ("refresh", schemas.subschema_for::<RefreshWire>()),
        ("ping", schemas.subschema_for::<PingMessage>()),
    ];
    let mut definitions = definitions(&mut schemas);
    for (kind, reference) in named {
        let name = name_of(&reference);
        let mut message = definitions.remove(&name).expect("it was just made");
        let typed = json!({"const": kind, "description": "Which message it is."});
        message["properties"]["type"] = typed;
        let required = message.as_object_mut().expect("an object");
        let required = required.entry("required").or_insert_with(|| json!([]));
        required
            .as_array_mut()
            .expect("a list")
            .insert(0, json!("type"));
        definitions.insert(kind.to_owned(), message);
    }
    let kinds = ["hello", "subscribe", "unsubscribe", "refresh", "ping"];
    // A subscription inside a hello is the message without its type.
    let mut subscription = definitions["subscribe"].clone();
    subscription["properties"]
        .as_object_mut()
        .expect("an object")
        .remove("type");
    subscription["required"] = json!(["match"]);
    definitions.insert("SubscribeWire".to_owned(), subscription);
    hold(
        "client-message.json",
        "What a client says on the WebSocket. Members that a server does not know are passed over.",
        one_of(&kinds),
        definitions,
    );
}

#[test]
fn the_schema_of_what_the_server_says_is_what_it_was() {
    let mut schemas = serializing();
    let small = schemas.subschema_for::<ServerMessage<'static>>();
    let large = [
        schemas.subschema_for::<SnapshotMessage>(),
        schemas.subschema_for::<EventsMessage>(),
    ];
    let mut definitions = definitions(&mut schemas);
    let small = definitions
        .remove(&name_of(&small))
        .expect("it was just made");
    let variants = small["oneOf"].as_array().expect("an enum").iter().cloned();
    let shapes = large.map(|reference| {
        definitions
            .remove(&name_of(&reference))
            .expect("it was just made")
    });
    let mut kinds = Vec::new();
    for message in variants.chain(shapes) {
        let kind = message["properties"]["type"]["const"].as_str();
        let kind = kind.expect("a message has a type").to_owned();
        definitions.insert(kind.clone(), message);
        kinds.push(kind);
    }
    kinds.sort();
    hold(
        "server-message.json",
        "What the server says on the WebSocket. Clients pass over members, events and messages that they do not know.",
        one_of(&kinds),
        definitions,
    );
}

#[test]
fn the_schemas_of_events_and_records_are_what_they_were() {
    let mut schemas = serializing();
    let event = schemas.subschema_for::<Event>();
    let all = definitions(&mut schemas);
    hold(
        "event.json",
        "One event as fans get it and as the log holds it.",
        event.to_value(),
        all,
    );
    let mut schemas = serializing();
    let line = schemas.subschema_for::<RecordLine>();
    let all = definitions(&mut schemas);
    hold(
        "record-line.json",
        "A line of `ops replay --to-file`, which `ops import` reads: one record of a match.",
        line.to_value(),
        all,
    );
}

/// For documents that we write: a member that may be absent is never null.
fn serializing() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .with_transform(RecursiveTransform(NeverNull))
        .into_generator()
}

#[derive(Debug, Clone)]
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = &types[..] {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        let Some(Value::Array(branches)) = schema.get_mut("anyOf") else {
            return;
        };
        branches.retain(|branch| branch["type"] != "null");
        if let [Value::Object(only)] = &branches[..] {
            let only = only.clone();
            schema.remove("anyOf");
            only.into_iter().for_each(|(key, value)| {
                schema.insert(key, value);
            });
        }
    }
}

fn definitions(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    schemas.take_definitions(true)
}

fn name_of(reference: &Schema) -> String {
    let target = reference.get("$ref").and_then(Value::as_str);
    let target = target.expect("a type with a name is referred to");
    target.trim_start_matches("#/$defs/").to_owned()
}

fn one_of(kinds: &[impl AsRef<str>]) -> Value {
    let each = kinds
        .iter()
        .map(|kind| json!({"$ref": format!("#/$defs/{}", kind.as_ref())}));
    json!({"oneOf": each.collect::<Vec<_>>()})
}
