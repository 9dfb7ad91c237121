//! What scorers and operators read: the directory, a match's head and its state.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grandstand_broker::{ReadError, ReadFrom, StoredRecord};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::record::RecordParts;
use grandstand_server::etag::if_none_match;
use grandstand_server::problem::Problem;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::ledger::LedgerError;
use crate::pauses::Pauses;
use crate::refuse::{Outcome, Refused};
use crate::request::{Caller, with_etag, with_privacy};
use crate::start::Api;

#[derive(Serialize)]
struct Directory {
    matches: Vec<DirectoryEntry>,
}

#[derive(Serialize)]
struct DirectoryEntry {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    seq: u64,
    ts: u64,
    sport: String,
    visibility: Visibility,
    strip: Value,
}

#[derive(Serialize)]
struct Head {
    epoch: Epoch,
    seq: u64,
    ts: u64,
    strip: Value,
    sport: String,
    visibility: Visibility,
}

#[derive(Serialize)]
struct StateDocument {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    seq: u64,
    hash: StateHash,
    state: Value,
}

pub(crate) async fn directory(State(api): State<Api>, caller: Caller) -> Response {
    let result = list(&api, &caller).await;
    caller.reply(result)
}

async fn list(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    caller.check_reader()?;
    let deadline = Instant::now() + api.request_max;
    let incarnation = incarnation(api, deadline).await?;
    let records = read_until(deadline, || api.broker.directory()).await?;
    let mut matches = Vec::with_capacity(records.len());
    for record in records {
        let match_id = record.match_id.clone();
        match head_of(&record, incarnation) {
            Ok(head) if is_listed(caller, &match_id, head.visibility) => {
                matches.push(DirectoryEntry {
                    match_id,
                    epoch: head.epoch,
                    seq: head.seq,
                    ts: head.ts,
                    sport: head.sport,
                    visibility: head.visibility,
                    strip: head.strip,
                });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%match_id, %error, "a match is left out of the directory"),
        }
    }
    matches.sort_by(|one, other| one.match_id.cmp(&other.match_id));
    let response = caller.codec.answer(StatusCode::OK, &Directory { matches });
    Ok(with_privacy(response, Visibility::Private))
}

/// Public matches are for everybody, others for whose token names them.
fn is_listed(caller: &Caller, match_id: &MatchId, visibility: Visibility) -> bool {
    visibility == Visibility::Public || caller.grant.may_read_private(match_id.as_str())
}

pub(crate) async fn head(State(api): State<Api>, caller: Caller) -> Response {
    let result = read_head(&api, &caller).await;
    caller.reply(result)
}

async fn read_head(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let match_id = caller.match_id()?;
    caller.check_reader()?;
    let deadline = Instant::now() + api.request_max;
    let incarnation = incarnation(api, deadline).await?;
    let newest = read_until(deadline, || api.broker.newest(&match_id, ReadFrom::Leader));
    let newest = newest.await?.ok_or(Refused::UnknownMatch)?;
    let head = head_of(&newest, incarnation).map_err(Refused::Log)?;
    caller.check_sees(&match_id, head.visibility)?;
    let tag = format!("{}-{}", head.epoch, head.seq);
    let write = || caller.codec.answer(StatusCode::OK, &head);
    Ok(answer_unless_known(caller, &tag, head.visibility, write))
}

pub(crate) async fn state(State(api): State<Api>, caller: Caller) -> Response {
    let result = read_state(&api, &caller).await;
    caller.reply(result)
}

async fn read_state(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let match_id = caller.match_id()?;
    caller.check_reader()?;
    let id = match_id.clone();
    let reading = api.matches.read(&match_id, |ledger, epoch| {
        let newest = ledger.newest().ok_or(Refused::UnknownMatch)?;
        let document = StateDocument {
            match_id: id,
            epoch,
            seq: newest.last_seq,
            hash: newest.hash,
            state: ledger.game().state().clone(),
        };
        Ok::<_, Refused>((document, ledger.visibility()))
    });
    let (document, visibility) = reading.await??;
    caller.check_sees(&match_id, visibility)?;
    let tag = format!("{}-{}", document.epoch, document.seq);
    let write = || caller.codec.answer(StatusCode::OK, &document);
    Ok(answer_unless_known(caller, &tag, visibility, write))
}

/// What `write` makes, or 304 if the caller has it.
pub(crate) fn answer_unless_known(
    caller: &Caller,
    tag: &str,
    visibility: Visibility,
    write: impl FnOnce() -> Response,
) -> Response {
    let response = if if_none_match(&caller.headers).names(tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        write()
    };
    with_privacy(with_etag(response, tag), visibility)
}

/// What the newest record says of its match, whatever version of the rules made it.
fn head_of(record: &StoredRecord, incarnation: u64) -> Result<Head, LedgerError> {
    let headers = Headers::read(|name| record.headers.get(name).map(String::as_str))
        .map_err(|error| LedgerError::Unreadable(error.to_string()))?;
    let parts = RecordParts::decode(record.body.clone())
        .map_err(|error| LedgerError::Unreadable(error.to_string()))?;
    Ok(Head {
        epoch: Epoch {
            created_us: headers.created_us,
            incarnation,
        },
        seq: parts.last_seq(),
        ts: parts.events.last().map_or(0, |event| event.ts),
        strip: headers.strip,
        sport: headers.sport,
        visibility: headers.visibility,
    })
}

async fn incarnation(api: &Api, deadline: Instant) -> Result<u64, Refused> {
    let known = api.health.incarnation(deadline).await;
    known.ok_or(Refused::NoLeader {
        outcome: Outcome::NothingStored,
    })
}

/// Asks the broker until it answers or `deadline` comes.
pub(crate) async fn read_until<T, F: Future<Output = Result<T, ReadError>>>(
    deadline: Instant,
    ask: impl Fn() -> F,
) -> Result<T, Refused> {
    let mut pauses = Pauses::default();
    while Instant::now() < deadline {
        match tokio::time::timeout_at(deadline, ask()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the broker did not answer");
                pauses.pause(deadline).await;
            }
            Err(_) => break,
        }
    }
    Err(Refused::NoLeader {
        outcome: Outcome::NothingStored,
    })
}
