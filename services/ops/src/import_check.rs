//! Checks a file of records as a whole before any of it is written: it must be one log from its
//! first event on, right by every promise that a log makes.

use std::collections::BTreeMap;
use std::io::BufRead;

use grandstand_broker::{CopiedRecord, StoredRecord};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::CREATED;
use grandstand_core::ids::MatchId;
use grandstand_core::record::RecordParts;

use crate::import_lines::{LineError, LineFault, read_lines};
use crate::verdict::{Check, Finding};
use crate::verify::verify;

/// A log out of a file, checked.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) match_id: MatchId,
    /// When the match was created, by the file: the first half of the epoch that is lost.
    pub(crate) created: String,
    pub(crate) records: Vec<StoredRecord>,
    pub(crate) last_seq: u64,
    pub(crate) hash: StateHash,
    /// What is worth knowing, but keeps nothing from being written.
    pub(crate) notes: Vec<String>,
}

/// Reads and checks a file of records. Nothing but the first fault is told.
pub(crate) fn check(from: impl BufRead) -> Result<Checked, LineError> {
    let records = read_lines(from)?;
    let Some(first) = records.first() else {
        let empty = LineFault::NotARecord("the file is empty".to_owned());
        return Err(LineError {
            line: 1,
            fault: empty,
        });
    };
    let last_seqs = check_order(&records)?;
    let verdict = verify(&records);
    let line_of = |finding: &Finding| match finding.seq {
        Some(seq) => last_seqs.partition_point(|last| *last < seq) as u64 + 1,
        None => 1,
    };
    // What these rules make of the events is no reason to keep a match lost: the log says how it was.
    let (notes, faults): (Vec<&Finding>, Vec<&Finding>) = verdict
        .faults
        .iter()
        .partition(|finding| finding.check == Check::Refold);
    if let Some(fault) = faults.iter().min_by_key(|fault| line_of(fault)) {
        return Err(LineError {
            line: line_of(fault),
            fault: LineFault::Wrong {
                check: fault.check.as_str(),
                detail: fault.detail.clone(),
            },
        });
    }
    for (record, line) in records.iter().zip(1..) {
        CopiedRecord::new(&record.headers, record.body.clone()).map_err(|error| LineError {
            line,
            fault: LineFault::NotARecord(error.to_string()),
        })?;
    }
    let created = first.headers.get(CREATED).cloned().unwrap_or_default();
    Ok(Checked {
        match_id: first.match_id.clone(),
        created,
        last_seq: last_seqs.last().copied().unwrap_or(0),
        hash: verdict
            .hash
            .unwrap_or_else(|| StateHash::of(&serde_json::json!({}))),
        notes: notes
            .into_iter()
            .chain(&verdict.notes)
            .map(|note| {
                format!(
                    "line {}: {}: {}",
                    line_of(note),
                    note.check.as_str(),
                    note.detail
                )
            })
            .collect(),
        records,
    })
}

/// The last seq of each line. Holes are told in the words of whoever has to find the missing lines.
fn check_order(records: &[StoredRecord]) -> Result<Vec<u64>, LineError> {
    let mut last_seqs = Vec::with_capacity(records.len());
    let mut next = 1;
    for (record, line) in records.iter().zip(1..) {
        let at = |fault| LineError { line, fault };
        let parts = RecordParts::decode(record.body.clone())
            .map_err(|error| at(LineFault::NotARecord(error.to_string())))?;
        let first = parts.first_seq();
        let detail = match first.cmp(&next) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(match first - 1 {
                last if last == next => format!("event {next} is missing before event {first}"),
                last => format!("events {next} to {last} are missing before event {first}"),
            }),
            std::cmp::Ordering::Less => Some(format!(
                "event {first} comes again, where event {next} belongs"
            )),
        };
        if let Some(detail) = detail {
            return Err(at(LineFault::Wrong {
                check: Check::Seq.as_str(),
                detail,
            }));
        }
        last_seqs.push(parts.last_seq());
        next = parts.last_seq() + 1;
    }
    Ok(last_seqs)
}

/// The headers with another time of creation: cursors of the lost life count in the old one.
pub(crate) fn headers_created(
    headers: &BTreeMap<String, String>,
    created: &str,
) -> BTreeMap<String, String> {
    let mut headers = headers.clone();
    headers.insert(CREATED.to_owned(), created.to_owned());
    headers
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
