//! What the platform proposes to scorers, of which it stores nothing: what comes next in a match,
//! and what a correction would lead to.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::{Visibility, Warning};
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_server::problem::Problem;
use grandstand_server::query::fault;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::decide::{Post, check_expectation, decide_each, new_events};
use crate::ledger::Ledger;
use crate::missed::told;
use crate::post::read_post;
use crate::read::answer_unless_known;
use crate::refuse::{Refused, counted};
use crate::request::{Caller, with_etag, with_privacy};
use crate::start::Api;

/// What comes next.
#[derive(Debug)]
pub(crate) struct ProposalsView {
    epoch: Epoch,
    seq: u64,
    visibility: Visibility,
    proposals: Map<String, Value>,
}

/// What a post would lead to.
#[derive(Debug)]
pub(crate) struct CascadeView {
    epoch: Epoch,
    seq: u64,
    visibility: Visibility,
    warnings: Vec<Warning>,
    amends: Vec<Value>,
    state: Value,
}

#[derive(Serialize)]
struct ProposalsDocument {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    seq: u64,
    proposals: Map<String, Value>,
}

#[derive(Serialize)]
struct CascadeDocument {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    seq: u64,
    hash: StateHash,
    strip: Value,
    warnings: Vec<Warning>,
    cascade: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Value>,
}

impl ProposalsView {
    fn of(ledger: &Ledger, epoch: Epoch) -> Self {
        Self {
            epoch,
            seq: ledger.seq(),
            visibility: ledger.visibility(),
            proposals: ledger.game().proposals(),
        }
    }
}

impl CascadeView {
    fn of(ledger: &Ledger, post: &Post, epoch: Epoch) -> Result<Self, Refused> {
        let new = new_events(ledger, post)?;
        check_expectation(ledger, post, epoch.incarnation)?;
        let mut draft = ledger.game().draft();
        // When it would be accepted changes nothing of what it would lead to.
        decide_each(&mut draft, ledger, post, &new, 0)?;
        let cascade = draft.cascade();
        Ok(Self {
            epoch,
            seq: ledger.seq(),
            visibility: ledger.visibility(),
            warnings: cascade.warnings,
            amends: cascade.amends,
            state: cascade.state,
        })
    }
}

pub(crate) async fn proposals(State(api): State<Api>, caller: Caller) -> Response {
    let result = read_proposals(&api, &caller).await;
    caller.reply(result)
}

async fn read_proposals(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let match_id = caller.match_id()?;
    caller.check_reader()?;
    let view = api.matches.read(&match_id, ProposalsView::of).await?;
    caller.check_sees(&match_id, view.visibility)?;
    let tag = format!("{}-{}", view.epoch, view.seq);
    let document = ProposalsDocument {
        match_id,
        epoch: view.epoch,
        seq: view.seq,
        proposals: view.proposals,
    };
    let write = || caller.codec.answer(StatusCode::OK, &document);
    Ok(answer_unless_known(caller, &tag, view.visibility, write))
}

pub(crate) async fn cascade(State(api): State<Api>, caller: Caller, body: Body) -> Response {
    let result = read_cascade(&api, &caller, body).await;
    caller.reply(result)
}

async fn read_cascade(api: &Api, caller: &Caller, body: Body) -> Result<Response, Problem> {
    let match_id = caller.writes()?;
    let is_whole = wants_state(caller)?;
    let post = read_post(caller, body).await?;
    let leads_to = move |ledger: &Ledger, epoch| CascadeView::of(ledger, &post, epoch);
    let deadline = Instant::now() + api.request_max;
    let view = match api.matches.read(&match_id, leads_to).await? {
        Ok(view) => view,
        Err(refused) => return Err(told(api, &match_id, refused, deadline).await.into()),
    };
    let tag = format!("{}-{}", view.epoch, view.seq);
    let document = CascadeDocument {
        match_id,
        epoch: view.epoch,
        seq: view.seq,
        hash: StateHash::of(&view.state),
        strip: view.state["strip"].clone(),
        warnings: view.warnings,
        cascade: view.amends,
        state: is_whole.then_some(view.state),
    };
    let response = caller.codec.answer(StatusCode::OK, &document);
    Ok(with_privacy(with_etag(response, &tag), view.visibility))
}

/// Whether the whole state afterwards is asked for too.
fn wants_state(caller: &Caller) -> Result<bool, Problem> {
    match caller.parameters.get("state") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(counted(fault("state", "is true or false").into())),
    }
}
