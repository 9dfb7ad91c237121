//! Schemas of the names and hashes that are text on the wire.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::hash::StateHash;
use crate::ids::{Epoch, EventId, MatchId};
use crate::message::Named;

macro_rules! text {
    ($($name:ident, $pattern:literal, $description:literal;)*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern, "description": $description})
            }
        }
    )*};
}

text! {
    MatchId, "^[a-z0-9-]{1,64}$", "The id of a match.";
    Named, "^([a-z0-9-]{1,64}|\\*)$", "The id of a match, or * for the strips of all live ones.";
    EventId, "^[A-Za-z0-9._-]{1,64}$", "The id of an event, made by the scorer's device, unique in its match.";
    Epoch, "^[0-9]{1,16}\\.[0-9]{1,16}$", "Which life of a match a seq counts in: positions compare only within one epoch.";
    StateHash, "^[0-9a-f]{16}$", "First 16 hex digits of SHA-256 over a state's canonical JSON (RFC 8785).";
}
