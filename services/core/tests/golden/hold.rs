//! Keeps vectors in `schemas/vectors/`, and holds the code to them.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::Value;

/// Compares with what is kept, or keeps it.
pub(crate) fn hold(name: &str, found: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas/vectors")
        .join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(found).unwrap());
    if env::var_os("GRANDSTAND_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name} differs from schemas/vectors; GRANDSTAND_UPDATE=1 writes it anew"
    );
}

/// Bytes as they stand in a vector.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
