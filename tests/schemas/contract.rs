//! The JSON Schemas in `schemas/json`, as anybody would use them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

/// Where the schemas are said to be: they refer to each other by file name.
const PLACE: &str = "json-schema:///";

/// The validators of all schemas, by file name.
pub(crate) struct Contract {
    validators: BTreeMap<String, Validator>,
}

impl Contract {
    /// As they are published: documents may hold more than is said.
    pub(crate) fn published() -> Self {
        Self::of(documents())
    }

    /// As the code must be described: a member that no schema knows is a fault.
    pub(crate) fn strict() -> Self {
        let mut documents = documents();
        documents.values_mut().for_each(close);
        Self::of(documents)
    }

    fn of(documents: BTreeMap<String, Value>) -> Self {
        let mut registry = Registry::new();
        for (name, document) in &documents {
            registry = registry.add(format!("{PLACE}{name}"), document).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let validators = documents.keys().map(|name| {
            let whole = json!({"$ref": format!("{PLACE}{name}")});
            let validator = jsonschema::options()
                .with_registry(&registry)
                .should_validate_formats(true)
                .offline()
                .build(&whole);
            let validator = validator.unwrap_or_else(|error| panic!("{name}: {error}"));
            (name.clone(), validator)
        });
        Self {
            validators: validators.collect(),
        }
    }

    /// Whether a document is what a schema says.
    pub(crate) fn holds(&self, name: &str, document: &Value) -> bool {
        self.validators[name].is_valid(document)
    }

    /// A document that must be what a schema says.
    pub(crate) fn check(&self, name: &str, document: &Value) {
        let errors = self.validators[name].iter_errors(document);
        let faults: Vec<String> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}\n{document:#}");
    }
}

/// The schemas as they stand in their files.
pub(crate) fn documents() -> BTreeMap<String, Value> {
    let files = fs::read_dir(schemas().join("json")).unwrap();
    let documents = files.map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, read(&path))
    });
    documents.collect()
}

/// One of the files with golden vectors.
pub(crate) fn vectors(name: &str) -> Value {
    read(&schemas().join("vectors").join(name))
}

/// The folder of the contract.
pub(crate) fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

pub(crate) fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every object that has its members listed has no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(members) => {
            members.values_mut().for_each(close);
            let listed = members.get("type").is_some_and(|kind| kind == "object")
                && members.contains_key("properties");
            let open = ["additionalProperties", "unevaluatedProperties", "allOf"];
            if listed && !open.iter().any(|name| members.contains_key(*name)) {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        _ => {}
    }
}
