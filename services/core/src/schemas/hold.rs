//! Keeps schemas in `schemas/json/`, and holds the code to them.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Map, Value, json};

/// Compares a schema with what is kept, or keeps it.
pub(super) fn hold(
    name: &str,
    description: &str,
    mut schema: Value,
    definitions: Map<String, Value>,
) {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["description"] = json!(description);
    schema["$defs"] = Value::Object(definitions);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas/json")
        .join(name);
    let text = format!("{schema:#}\n");
    if env::var_os("GRANDSTAND_UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name} differs from schemas/json; GRANDSTAND_UPDATE=1 writes it anew"
    );
}
