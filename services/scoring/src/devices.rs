//! The devices that score a match: what each says of itself as it posts, and who reads it.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use grandstand_core::headers::{DEVICE, Device, PENDING};
use grandstand_core::ids::{DeviceId, Epoch, MatchId};
use grandstand_server::problem::Problem;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::read::answer_unless_known;
use crate::refuse::malformed;
use crate::request::{Caller, only_value, with_etag, with_privacy};
use crate::start::Api;

/// How many devices of a match are remembered: those that posted last.
const DEVICES_MAX: usize = 64;

/// What the log says of the devices of a match, and what they said with repeats that this instance
/// answered: those are in no log.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    newest: HashMap<DeviceId, Word>,
    /// Something is known that the log does not say.
    heard_more: bool,
}

/// What a device said with its newest record.
#[derive(Debug, Clone, Copy)]
struct Word {
    /// The last event of that record.
    seq: u64,
    ts: u64,
    pending: Option<u32>,
}

/// A device as it is told to the others.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct DeviceRow {
    device: DeviceId,
    seq: u64,
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<u32>,
}

impl Devices {
    /// Notes what a device said with the record that ends at `seq`, accepted at `ts`.
    pub(crate) fn note(&mut self, device: &Device, seq: u64, ts: u64) {
        let pending = device.pending;
        let word = Word { seq, ts, pending };
        self.newest.insert(device.id.clone(), word);
        if self.newest.len() <= DEVICES_MAX {
            return;
        }
        let longest_silent = self.newest.iter().min_by_key(|(_, word)| word.seq);
        if let Some(id) = longest_silent.map(|(id, _)| id.clone()) {
            self.newest.remove(&id);
        }
    }

    /// Notes what a device says as it sends again what is in the record that ends at `seq`. A
    /// repeat of an older record than its newest was long under way, and says nothing new.
    pub(crate) fn note_repeat(&mut self, device: &Device, seq: u64, ts: u64) {
        let before = self.newest.get(&device.id).copied();
        if before.is_some_and(|word| word.seq > seq || word.pending == device.pending) {
            return;
        }
        self.heard_more = true;
        let ts = before
            .filter(|word| word.seq == seq)
            .map_or(ts, |word| word.ts);
        self.note(device, seq, ts);
    }

    /// Each with its newest record, who posted last first.
    pub(crate) fn rows(&self) -> Vec<DeviceRow> {
        let each = self.newest.iter().map(|(device, word)| DeviceRow {
            device: device.clone(),
            seq: word.seq,
            ts: word.ts,
            pending: word.pending,
        });
        let mut rows: Vec<DeviceRow> = each.collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
        rows
    }
}

/// What the device that sends a request says of itself.
pub(crate) fn device_of(headers: &HeaderMap) -> Result<Option<Device>, Problem> {
    let (id, pending) = (only_value(headers, DEVICE)?, only_value(headers, PENDING)?);
    let said = Device::read(|name| match name {
        DEVICE => id,
        PENDING => pending,
        _ => None,
    });
    said.map_err(|error| malformed(error.name(), error.to_string()))
}

#[derive(Serialize)]
struct DevicesDocument {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    seq: u64,
    devices: Vec<DeviceRow>,
}

/// `GET /v1/matches/{match}/devices`.
pub(crate) async fn devices(State(api): State<Api>, caller: Caller) -> Response {
    let result = read_devices(&api, &caller).await;
    caller.reply(result)
}

async fn read_devices(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let match_id = caller.match_id()?;
    caller.check_reader()?;
    let reading = api.matches.read(&match_id, |ledger, epoch| {
        let rows = ledger.devices().rows();
        let heard_more = ledger.devices().heard_more;
        (epoch, ledger.seq(), ledger.visibility(), rows, heard_more)
    });
    let (epoch, seq, visibility, devices, heard_more) = reading.await?;
    caller.check_sees(&match_id, visibility)?;
    let document = DevicesDocument {
        match_id,
        epoch,
        seq,
        devices,
    };
    let tag = format!("{epoch}-{seq}");
    let write = || caller.codec.answer(StatusCode::OK, &document);
    if heard_more {
        // Whoever has the answer of this position may have another one.
        return Ok(with_privacy(with_etag(write(), &tag), visibility));
    }
    Ok(answer_unless_known(caller, &tag, visibility, write))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_posted_last_are_remembered_each_with_its_newest_word() {
        let mut devices = Devices::default();
        let device = |id: u64, pending| Device {
            id: DeviceId::new(format!("d{id}")).unwrap(),
            pending,
        };
        for seq in 1..=DEVICES_MAX as u64 {
            devices.note(&device(seq, Some(3)), seq, 10 * seq);
        }
        devices.note(&device(1, None), 100, 1000);
        devices.note(&device(65, Some(0)), 101, 1010);

        let rows = devices.rows();

        assert_eq!(rows.len(), DEVICES_MAX);
        let row = |id: u64, seq, ts, pending| DeviceRow {
            device: device(id, None).id,
            seq,
            ts,
            pending,
        };
        let first = [row(65, 101, 1010, Some(0)), row(1, 100, 1000, None)];
        assert_eq!(rows[..2], first);
        let last = row(3, 3, 30, Some(3));
        assert_eq!(rows.last(), Some(&last), "the second was silent longest");
    }

    #[test]
    fn a_repeat_of_its_newest_record_is_a_newer_word_and_one_of_an_older_record_is_none() {
        let mut devices = Devices::default();
        let device = |pending| Device {
            id: DeviceId::new("d").unwrap(),
            pending,
        };
        devices.note(&device(Some(3)), 5, 50);

        devices.note_repeat(&device(Some(4)), 4, 40);
        assert_eq!(devices.rows()[0].pending, Some(3));
        assert!(!devices.heard_more);
        devices.note_repeat(&device(Some(0)), 5, 49);

        let now = DeviceRow {
            device: device(None).id,
            seq: 5,
            ts: 50,
            pending: Some(0),
        };
        assert_eq!(devices.rows(), [now]);
        assert!(devices.heard_more);
    }
}
