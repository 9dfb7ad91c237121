//! The schema of strips by match.

use schemars::{Schema, SchemaGenerator, json_schema};

/// By match; null is not "absent" here, as it is elsewhere.
pub(crate) fn strips(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "By match; null for one that is no longer among them.",
        "type": "object",
        "propertyNames": {"pattern": "^[a-z0-9-]{1,64}$"},
        "additionalProperties": {
            "oneOf": [{"$ref": "match-head.json#/$defs/strip"}, {"type": "null"}]
        }
    })
}
