//! The definitions of streams and buckets, and how one that exists compares with its own.

use serde_json::{Map, Value};

use crate::names::SCORES;
use crate::provision::ProvisionOptions;

/// The metadata that counts the lives of the stream. Never lowered: a restore raises it.
pub(crate) const INCARNATION: &str = "incarnation";
/// What is provisioned, in this order.
pub(crate) const DEFINITIONS: [&str; 6] = [
    include_str!("../../../nats/streams/SCORES.json"),
    include_str!("../../../nats/streams/CANARY.json"),
    include_str!("../../../nats/streams/REPLAYS.json"),
    include_str!("../../../nats/streams/KV_sessions.json"),
    include_str!("../../../nats/streams/KV_gateways.json"),
    include_str!("../../../nats/streams/KV_revocations.json"),
];

/// One of [`DEFINITIONS`], parsed.
pub(crate) fn definition(text: &str) -> Map<String, Value> {
    serde_json::from_str(text)
        .expect("the definitions are part of the program and parsed by its tests")
}

/// Puts into the definition what the operator decides: by an option, or else what is there.
pub(crate) fn choose(
    stream: &str,
    wanted: &mut Map<String, Value>,
    options: &ProvisionOptions,
    found: Option<&Map<String, Value>>,
) {
    let keep = |field: &str| found.and_then(|found| found.get(field)).cloned();
    if let Some(replicas) = options
        .replicas
        .map(Value::from)
        .or_else(|| keep("num_replicas"))
    {
        wanted.insert("num_replicas".to_owned(), replicas);
    }
    if stream != SCORES {
        return;
    }
    // No cap is not a choice: a full disk is healed by a restart only.
    let capped = |bytes: &Value| bytes.as_i64().is_some_and(|bytes| bytes > 0);
    let found = keep("max_bytes").filter(capped);
    if let Some(bytes_max) = options.scores_bytes_max.map(Value::from).or(found) {
        wanted.insert("max_bytes".to_owned(), bytes_max);
    }
}

/// The fields of `wanted` that `found` does not have like this. Of an incarnation only that there is
/// one matters.
pub(crate) fn differing(wanted: &Map<String, Value>, found: &Map<String, Value>) -> Vec<String> {
    let mut fields = Vec::new();
    for (field, value) in wanted {
        if field == "metadata" {
            let there = |key: &String| found.get("metadata").and_then(|metadata| metadata.get(key));
            let keys = value.as_object().into_iter().flatten();
            let missing = keys.filter(|(key, value)| match there(key) {
                None => true,
                Some(there) => key.as_str() != INCARNATION && there != *value,
            });
            fields.extend(missing.map(|(key, _)| format!("metadata.{key}")));
        } else if found.get(field) != Some(value) {
            fields.push(field.clone());
        }
    }
    fields
}

/// What is there, with what is wanted put over it: fields of a newer server, the metadata of others
/// and the incarnation stay.
pub(crate) fn merged(
    wanted: &Map<String, Value>,
    found: &Map<String, Value>,
) -> Map<String, Value> {
    let mut config = found.clone();
    for (field, value) in wanted.iter().filter(|(field, _)| *field != "metadata") {
        config.insert(field.clone(), value.clone());
    }
    let mut metadata = found
        .get("metadata")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (key, value) in wanted
        .get("metadata")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if key != INCARNATION || !metadata.contains_key(INCARNATION) {
            metadata.insert(key.clone(), value.clone());
        }
    }
    config.insert("metadata".to_owned(), Value::Object(metadata));
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_definition_is_a_stream_with_a_name() {
        let names: Vec<_> = DEFINITIONS
            .iter()
            .map(|text| definition(text)["name"].clone())
            .collect();
        assert_eq!(
            names,
            [
                "SCORES",
                "CANARY",
                "REPLAYS",
                "KV_sessions",
                "KV_gateways",
                "KV_revocations"
            ]
        );
    }

    #[test]
    fn what_an_operator_chose_stays_and_no_cap_at_all_does_not() {
        let chosen = |found: Value, options: ProvisionOptions| {
            let mut wanted = definition(DEFINITIONS[0]);
            choose(SCORES, &mut wanted, &options, found.as_object());
            (wanted["max_bytes"].clone(), wanted["num_replicas"].clone())
        };
        let found = json!({"max_bytes": 5, "num_replicas": 3});
        assert_eq!(
            chosen(found.clone(), ProvisionOptions::default()),
            (json!(5), json!(3))
        );
        let options = ProvisionOptions {
            scores_bytes_max: Some(7),
            replicas: Some(1),
            ..Default::default()
        };
        assert_eq!(chosen(found, options), (json!(7), json!(1)));
        let uncapped = json!({"max_bytes": -1, "num_replicas": 1});
        assert_eq!(
            chosen(uncapped, ProvisionOptions::default()),
            (json!(1 << 30), json!(1))
        );
    }

    #[test]
    fn an_incarnation_that_was_raised_is_neither_drift_nor_reset() {
        let wanted = definition(DEFINITIONS[0]);
        let mut found = wanted.clone();
        found.insert(
            "metadata".to_owned(),
            json!({"incarnation": "7", "_nats.ver": "2.15.1"}),
        );
        found.insert("max_msg_size".to_owned(), json!(1));

        assert_eq!(differing(&wanted, &found), ["max_msg_size"]);
        let update = merged(&wanted, &found);
        assert_eq!(
            update["metadata"],
            json!({"incarnation": "7", "_nats.ver": "2.15.1"})
        );
        assert_eq!(update["max_msg_size"], wanted["max_msg_size"]);
    }
}
