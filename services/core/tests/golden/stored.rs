//! Records as they are stored.

use grandstand_core::record::Record;
use serde_json::{Value, json};

use crate::hold::{hex, hold};
use crate::sample::{corrections, record};

#[test]
fn a_stored_record_is_what_it_was() {
    hold("record.json", &both(&record()));
}

#[test]
fn a_stored_correction_is_what_it_was() {
    hold("record-of-corrections.json", &both(&corrections()));
}

fn both(record: &Record) -> Value {
    let body = record.encode();
    let document: Value = rmp_serde::from_slice(&body).unwrap();
    json!({"json": document, "messagepack": hex(&body)})
}
