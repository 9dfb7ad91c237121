//! `GET /v1/matches/{match}/events`: the log in pages, for who scores, corrects or looks after it.

use axum::extract::State;
use axum::response::Response;
use grandstand_broker::{ReadFrom, StoredRecord};
use grandstand_core::event::Event;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::{Cursor, Epoch, MatchId};
use grandstand_core::record::Record;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::query::{Parameters, QueryError, fault};
use http::StatusCode;
use serde::Serialize;
use tokio::time::Instant;

use crate::ledger::LedgerError;
use crate::read::read_until;
use crate::refuse::{Outcome, Refused, counted};
use crate::request::{Caller, with_privacy};
use crate::start::Api;

/// Events of one page.
const EVENTS_MAX: usize = 500;

#[derive(Serialize)]
struct Page {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    /// The seq of the match's newest event.
    seq: u64,
    events: Vec<Event>,
    /// Whether the match has events after these.
    more: bool,
}

/// Where a match stands, and where the page's first event is in the stream.
struct Place {
    epoch: Epoch,
    seq: u64,
    visibility: Visibility,
    /// The stream sequence of the record before that event's, or 0; none without such an event.
    before_stream_sequence: Option<u64>,
}

/// Which page is asked for.
struct Asked {
    after: Cursor,
    limit: usize,
}

pub(crate) async fn events(State(api): State<Api>, caller: Caller) -> Response {
    let result = read_page(&api, &caller).await;
    caller.reply(result)
}

async fn read_page(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let match_id = caller.match_id()?;
    caller.check_reader()?;
    let asked = Asked::of(&caller.parameters).map_err(|error| counted(error.into()))?;
    let deadline = Instant::now() + api.request_max;
    let after = asked.after.seq;
    let reading = api.matches.read(&match_id, move |ledger, epoch| Place {
        epoch,
        seq: ledger.seq(),
        visibility: ledger.visibility(),
        before_stream_sequence: ledger.before_event_after(after),
    });
    let place = reading.await?;
    caller.check_sees(&match_id, place.visibility)?;
    if asked.after.epoch.is_some_and(|epoch| epoch != place.epoch) {
        return Err(other_epoch(place.epoch, place.seq));
    }
    let events = match place.before_stream_sequence {
        Some(before) => read(api, &match_id, before, &place, &asked, deadline).await?,
        None => Vec::new(),
    };
    let last = events.last().map_or(place.seq, |event| event.seq);
    let page = Page {
        match_id,
        epoch: place.epoch,
        seq: place.seq,
        more: last < place.seq,
        events,
    };
    let response = caller.codec.answer(StatusCode::OK, &page);
    Ok(with_privacy(response, place.visibility))
}

/// The events of the page, at least one: of a replica, or of the leader if that one lags.
async fn read(
    api: &Api,
    match_id: &MatchId,
    before: u64,
    place: &Place,
    asked: &Asked,
    deadline: Instant,
) -> Result<Vec<Event>, Refused> {
    for from in [ReadFrom::AnyReplica, ReadFrom::Leader] {
        let records = read_until(deadline, || {
            api.broker
                .read_some_after(match_id, before, asked.limit, from)
        });
        let events = events_of(&records.await?, place, asked).map_err(Refused::Log)?;
        if !events.is_empty() {
            return Ok(events);
        }
    }
    // The log was there a moment ago, and is another now.
    Err(Refused::NoLeader {
        outcome: Outcome::NothingStored,
    })
}

/// What the page shows of the records; nothing if they do not go on where it begins.
fn events_of(
    records: &[StoredRecord],
    place: &Place,
    asked: &Asked,
) -> Result<Vec<Event>, LedgerError> {
    let mut events = Vec::new();
    for stored in records {
        let record = Record::decode(&stored.body)
            .map_err(|error| LedgerError::Unreadable(error.to_string()))?;
        let due = record.events.into_iter();
        events.extend(due.filter(|event| (asked.after.seq + 1..=place.seq).contains(&event.seq)));
        if events.len() >= asked.limit {
            break;
        }
    }
    events.truncate(asked.limit);
    let is_dense = (asked.after.seq + 1..)
        .zip(&events)
        .all(|(due, event)| event.seq == due);
    Ok(if is_dense { events } else { Vec::new() })
}

impl Asked {
    fn of(parameters: &Parameters) -> Result<Self, QueryError> {
        let after = match parameters.get("after") {
            None => Cursor::START,
            Some(text) => text
                .parse()
                .map_err(|_| fault("after", "is <epoch>-<seq>, or 0 for the first event"))?,
        };
        let limit = match parameters.get("limit").map(str::parse) {
            None => EVENTS_MAX,
            Some(Ok(limit)) if (1..=EVENTS_MAX).contains(&limit) => limit,
            Some(_) => {
                return Err(fault(
                    "limit",
                    &format!("is a number from 1 to {EVENTS_MAX}"),
                ));
            }
        };
        Ok(Self { after, limit })
    }
}

fn other_epoch(epoch: Epoch, seq: u64) -> Problem {
    counted(
        Problem::new(ProblemKind::OtherEpoch)
            .detail("the match was brought back or rolled back: read it from the first event")
            .member("epoch", epoch.to_string())
            .member("seq", seq),
    )
}
