//! One match as a fan has it, who knows patches and hashes and no sport: what is told is checked
//! against what was told before.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A place in a match that can be proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) epoch: String,
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

impl Place {
    /// The place that a state document or an answer to a post is at.
    pub(crate) fn of(document: &Value) -> Self {
        let text = |name: &str| {
            document[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name}: {document}"))
                .to_owned()
        };
        Self {
            epoch: text("epoch"),
            seq: document["seq"].as_u64().unwrap(),
            hash: text("hash"),
        }
    }
}

/// A match, built of snapshots and patches alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replica {
    /// None before the first word of the match.
    pub(crate) epoch: Option<String>,
    pub(crate) seq: u64,
    pub(crate) state: Value,
    /// Every event in the order told.
    pub(crate) events: Vec<Value>,
    /// Seq and reason of every snapshot.
    pub(crate) snapshots: Vec<(u64, String)>,
    /// How often a hash was told, and was ours.
    pub(crate) hashes: u64,
    /// The last event told ended no record: its hash is still to come.
    pub(crate) inside_record: bool,
    /// Every status word, in order, without repeats.
    pub(crate) statuses: Vec<String>,
}

impl Replica {
    /// Where this fan stands; none before it was told anything.
    pub(crate) fn place(&self) -> Option<Place> {
        Some(Place {
            epoch: self.epoch.clone()?,
            seq: self.seq,
            hash: hash(&self.state),
        })
    }

    /// The cursor as a query's `after` has it.
    pub(crate) fn cursor(&self) -> Option<String> {
        Some(format!("{}-{}", self.epoch.as_ref()?, self.seq))
    }

    /// Takes an `events` message: each event is the one after the last.
    pub(crate) fn take_events(&mut self, message: &Value) -> Result<(), String> {
        let epoch = text(message, "epoch")?;
        match &self.epoch {
            None if self.seq == 0 => {
                self.epoch = Some(epoch);
                self.state = Value::Object(Map::new());
            }
            Some(ours) if *ours == epoch => {}
            ours => return Err(format!("events of {epoch} after {ours:?}")),
        }
        let events = message["events"].as_array().ok_or("events is no array")?;
        if events.is_empty() {
            return Err("no events in an events message".to_owned());
        }
        for event in events {
            let seq = event["seq"].as_u64().ok_or("an event without seq")?;
            if seq != self.seq + 1 {
                return Err(format!("seq {seq} after {}", self.seq));
            }
            merge(&mut self.state, &event["patch"]);
            self.seq = seq;
            self.events.push(event.clone());
        }
        self.inside_record = message.get("hash").is_none();
        self.check_hash(message)
    }

    /// Takes a `snapshot` message: it says why, is whole in itself, and never goes back within an
    /// epoch unless the log itself went back.
    pub(crate) fn take_snapshot(&mut self, message: &Value) -> Result<(), String> {
        let (epoch, reason) = (text(message, "epoch")?, text(message, "reason")?);
        let seq = message["seq"].as_u64().ok_or("a snapshot without seq")?;
        let same_epoch = self.epoch.as_ref() == Some(&epoch);
        if same_epoch && seq < self.seq && reason != "rolled_back" {
            return Err(format!("a snapshot ({reason}) at {seq} after {}", self.seq));
        }
        self.epoch = Some(epoch);
        self.seq = seq;
        self.state = message["state"].clone();
        self.inside_record = false;
        self.snapshots.push((seq, reason));
        match message.get("hash") {
            Some(_) => self.check_hash(message),
            None => Err("a snapshot without hash".to_owned()),
        }
    }

    /// Takes a `status` message, which is about this fan's own cursor.
    pub(crate) fn take_status(&mut self, message: &Value) -> Result<(), String> {
        let word = text(message, "status")?;
        if self.statuses.last() != Some(&word) {
            self.statuses.push(word);
        }
        let seq = message["seq"].as_u64().ok_or("a status without seq")?;
        match &self.epoch {
            Some(ours) if *ours != text(message, "epoch")? => Ok(()),
            Some(_) if seq != self.seq => {
                Err(format!("a status at {seq} for a fan at {}", self.seq))
            }
            Some(_) => self.check_hash(message),
            None => Ok(()),
        }
    }

    fn check_hash(&mut self, message: &Value) -> Result<(), String> {
        let Some(told) = message.get("hash") else {
            return Ok(());
        };
        let ours = hash(&self.state);
        if told.as_str() != Some(&ours) {
            return Err(format!("hash {told} at {}, but ours is {ours}", self.seq));
        }
        self.hashes += 1;
        Ok(())
    }
}

/// RFC 7396.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let members = target.as_object_mut().expect("it was made one");
    for (key, value) in patch {
        if value.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// First 16 hex digits of SHA-256 over the canonical JSON. What a state holds makes that its plain
/// form over sorted keys, which is how a `Value` prints.
pub(crate) fn hash(state: &Value) -> String {
    let digest = Sha256::digest(state.to_string());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn text(message: &Value, name: &str) -> Result<String, String> {
    let text = message[name].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("no {name} in {message}"))
}
