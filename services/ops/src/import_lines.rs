//! A file of records, line by line, each made into the record that it once was.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use bytes::Bytes;
use grandstand_broker::StoredRecord;
use grandstand_core::event::Event;
use grandstand_core::hash::StateHash;
use grandstand_core::ids::MatchId;
use grandstand_core::record::Record;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// How long a line may be: a full record, whose text is escaped character by character.
const LINE_BYTES_MAX: usize = 1024 * 1024;
/// How many records a match has at most.
const RECORDS_MAX: u64 = 20_000;

/// What is wrong with a file of records, and where.
#[derive(Debug, Error)]
#[error("line {line}: {fault}")]
pub(crate) struct LineError {
    /// Counted from 1.
    pub(crate) line: u64,
    /// Part of what is said already, so that it is no source of it.
    pub(crate) fault: LineFault,
}

/// What can be wrong with a line.
#[derive(Debug, Error)]
pub(crate) enum LineFault {
    #[error("it can't be read: {0}")]
    Read(#[from] io::Error),
    #[error("it is longer than {LINE_BYTES_MAX} bytes, which no record is")]
    TooLong,
    #[error("it is cut off: the file ends in the middle of a record")]
    CutOff,
    #[error("it is empty; take it out")]
    Empty,
    #[error("it is not a record {{match,headers,events,hash}}: {0}")]
    NotARecord(String),
    #[error(
        "event {seq} holds what this version does not know ({difference}), so that its bytes can't be made again; import it with the version that wrote it"
    )]
    Newer { seq: u64, difference: String },
    #[error(
        "it is of the match {found}, the lines before it of {first}; import one match at a time"
    )]
    OtherMatch { first: MatchId, found: MatchId },
    #[error("a match has at most {RECORDS_MAX} records")]
    TooMany,
    /// What holds for a log does not hold from here on.
    #[error("{check}: {detail}")]
    Wrong { check: &'static str, detail: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "match")]
    match_id: MatchId,
    headers: BTreeMap<String, String>,
    events: Vec<Value>,
    hash: StateHash,
}

/// Reads all lines. The records have their line for a stream sequence.
pub(crate) fn read_lines(mut from: impl BufRead) -> Result<Vec<StoredRecord>, LineError> {
    let mut records: Vec<StoredRecord> = Vec::new();
    for line in 1.. {
        let at = |fault| LineError { line, fault };
        let Some(text) = next_line(&mut from).map_err(at)? else {
            break;
        };
        if line > RECORDS_MAX {
            return Err(at(LineFault::TooMany));
        }
        let record = record_of(&text, line).map_err(at)?;
        if let Some(first) = records.first()
            && first.match_id != record.match_id
        {
            return Err(at(LineFault::OtherMatch {
                first: first.match_id.clone(),
                found: record.match_id,
            }));
        }
        records.push(record);
    }
    Ok(records)
}

/// The next line with its end; none at the end of the file.
fn next_line(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, LineFault> {
    let mut text = Vec::new();
    let bound = LINE_BYTES_MAX as u64 + 1;
    from.by_ref().take(bound).read_until(b'\n', &mut text)?;
    match text.len() {
        0 => Ok(None),
        bytes if bytes > LINE_BYTES_MAX => Err(LineFault::TooLong),
        _ => Ok(Some(text)),
    }
}

fn record_of(text: &[u8], line: u64) -> Result<StoredRecord, LineFault> {
    if text.trim_ascii().is_empty() {
        return Err(LineFault::Empty);
    }
    let parsed: Line = serde_json::from_slice(text).map_err(|error| {
        // Only the last line of a file can lack its end.
        match text.ends_with(b"\n") {
            false if error.is_eof() => LineFault::CutOff,
            // The parser saw this line alone, and calls it its first.
            _ => LineFault::NotARecord(error.to_string().replace(" line 1 column", " byte")),
        }
    })?;
    let events = parsed.events.into_iter().map(event_of);
    let record = Record {
        events: events.collect::<Result<_, _>>()?,
        hash: parsed.hash,
    };
    Ok(StoredRecord {
        match_id: parsed.match_id,
        stream_sequence: line,
        last_stream_sequence: None,
        stored_at_us: 0,
        headers: parsed.headers,
        body: Bytes::from(record.encode()),
    })
}

/// The event, if nothing of it would be lost: a record has the same bytes again only then.
fn event_of(document: Value) -> Result<Event, LineFault> {
    let not_an_event = |error: serde_json::Error| LineFault::NotARecord(error.to_string());
    let event = Event::deserialize(&document).map_err(not_an_event)?;
    let again = serde_json::to_value(&event).map_err(not_an_event)?;
    if again == document {
        return Ok(event);
    }
    let members = document.as_object().into_iter().flatten();
    let lost = members
        .filter(|(name, value)| again.get(name.as_str()) != Some(*value))
        .map(|(name, _)| name.as_str());
    Err(LineFault::Newer {
        seq: event.seq,
        difference: lost.collect::<Vec<_>>().join(", "),
    })
}
