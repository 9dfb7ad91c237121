//! What is put together from bytes elsewhere, as types, for their schemas alone.
#![allow(dead_code, reason = "only their schemas are of use")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::event::Event;
use crate::frame::Reason;
use crate::hash::StateHash;
use crate::ids::{Epoch, MatchId};

/// The whole state: forget what you have.
#[derive(JsonSchema)]
pub(super) struct SnapshotMessage {
    /// Which message it is.
    #[schemars(rename = "type")]
    #[schemars(extend("const" = "snapshot"))]
    kind: String,
    #[schemars(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    /// The last event that the state knows.
    seq: u64,
    reason: Reason,
    hash: StateHash,
    /// A plain document of the sport; its member `strip` is the same in all sports.
    state: Map<String, Value>,
}

/// What happened, in order: apply the patches.
#[derive(JsonSchema)]
pub(super) struct EventsMessage {
    /// Which message it is.
    #[schemars(rename = "type")]
    #[schemars(extend("const" = "events"))]
    kind: String,
    #[schemars(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    /// The first follows the last that was delivered: seq by seq, without hole or repeat.
    #[schemars(length(min = 1))]
    events: Vec<Event>,
    /// Of the state after the last event, wherever the message ends with a record.
    #[schemars(skip_serializing_if = "Option::is_none")]
    hash: Option<StateHash>,
}

/// Is anybody there?
#[derive(JsonSchema)]
pub(super) struct PingMessage {}

/// One record: the events of one post.
#[derive(JsonSchema)]
pub(super) struct RecordLine {
    #[schemars(rename = "match")]
    match_id: MatchId,
    /// What the record carries beside its body, by name.
    headers: BTreeMap<String, String>,
    /// The events of one post.
    #[schemars(length(min = 1, max = 100))]
    events: Vec<Event>,
    /// Of the state after the last of them.
    hash: StateHash,
}
