//! Every refusal, and the problem that it is told as.

use grandstand_core::event::PostedError;
use grandstand_core::ids::{Epoch, EventId};
use grandstand_core::record::BODY_BYTES_MAX;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_sports::{Refusal, RefusalKind};
use serde_json::json;

use crate::ledger::LedgerError;
use crate::missed::Missed;

/// When a match that has too much to do may be asked again.
const BUSY_RETRY_AFTER_S: u64 = 1;
/// When an instance that has no answer of the broker may be asked again.
const NO_LEADER_RETRY_AFTER_S: u64 = 2;
/// When somebody may have mended what only people can.
const PEOPLE_RETRY_AFTER_S: u64 = 30;

/// Why a request about a match is refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refused {
    /// There is no such match.
    UnknownMatch,
    /// The match was created with another body.
    OtherCreation,
    /// The id stands for another event.
    IdReused { id: EventId, seq: u64 },
    /// `If-Match` names another position than the head.
    Stale {
        epoch: Epoch,
        seq: u64,
        missed: Missed,
    },
    /// The rules, or the platform's bounds.
    Rules {
        posted: Posted,
        refusal: Box<Refusal>,
    },
    /// The record would be larger than what is stored.
    RecordTooLarge,
    /// The match has as many records as a match may have.
    MatchFull,
    /// The stream has as many bytes as it may have.
    StreamFull,
    /// The log holds what this instance can't read.
    Log(LedgerError),
    /// Nobody stored it, or said so, in time.
    NoLeader { outcome: Outcome },
    /// As many requests wait for this match as may.
    Busy,
    /// A fault of ours.
    Fault,
}

/// Which of the posted events a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) id: EventId,
    pub(crate) place: Place,
}

/// Where an event stands in its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The request's body is its data.
    Data,
    /// The request's body is the event.
    Alone,
    /// It has this index in the request's array.
    Array(usize),
}

/// What is known of a request that was not answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was sent.
    NothingStored,
    /// Something was sent, and may be stored now or later.
    Unknown,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let problem = problem_of(refused);
        metrics::counter!("grandstand_scoring_refusals_total", "word" => problem.word())
            .increment(1);
        problem
    }
}

fn problem_of(refused: Refused) -> Problem {
    match refused {
        Refused::UnknownMatch => Problem::new(ProblemKind::UnknownMatch)
            .detail("create it first, with PUT /v1/matches/{match}"),
        Refused::OtherCreation => Problem::new(ProblemKind::MatchExists)
            .detail("choose another id, or amend the event 'created'"),
        Refused::IdReused { id, seq } => Problem::new(ProblemKind::IdReused)
            .detail(format!(
                "{id} is event {seq} of this match, with another body"
            ))
            .member("field", "id")
            .member("rule", "id_used")
            .member("id", id.as_str()),
        Refused::Stale { epoch, seq, missed } => Problem::new(ProblemKind::Stale)
            .detail("If-Match names another position than the head; look at what was missed")
            .member("epoch", epoch.to_string())
            .member("seq", seq)
            .member("events", json!(missed.events())),
        Refused::Rules { posted, refusal } => by_rules(posted, *refusal),
        Refused::RecordTooLarge => Problem::new(ProblemKind::RecordTooLarge)
            .detail("the events with the changes that they make would be too large")
            .member("bytes_max", BODY_BYTES_MAX),
        Refused::MatchFull => Problem::new(ProblemKind::MatchFull),
        Refused::StreamFull => Problem::new(ProblemKind::StreamFull)
            .detail("nothing was stored; an operator must make room, then send it again")
            .retry_after_s(PEOPLE_RETRY_AFTER_S),
        Refused::Log(error) => log_problem(&error),
        Refused::NoLeader { outcome } => no_leader(outcome),
        Refused::Busy => Problem::new(ProblemKind::Busy)
            .detail("nothing was stored; send it again")
            .retry_after_s(BUSY_RETRY_AFTER_S),
        Refused::Fault => Problem::new(ProblemKind::Fault)
            .detail("whether anything was stored is unknown; send it again with the same ids")
            .member("outcome", "unknown"),
    }
}

fn by_rules(posted: Posted, refusal: Refusal) -> Problem {
    let kind = match refusal.kind {
        RefusalKind::Malformed => ProblemKind::MalformedEvent,
        RefusalKind::Impossible => ProblemKind::Impossible,
        RefusalKind::UnknownRef => ProblemKind::UnknownRef,
        RefusalKind::NotAllowed => ProblemKind::NotAllowed,
        RefusalKind::TooLarge => ProblemKind::StateTooLarge,
        RefusalKind::MatchFull => ProblemKind::MatchFull,
    };
    let id = refusal.id.unwrap_or(posted.id);
    let mut problem = Problem::new(kind)
        .detail(refusal.detail)
        .member("rule", refusal.rule)
        .member("id", id.as_str());
    if let Some(field) = refusal.field {
        problem = problem.member("field", field_in(posted.place, &field));
    }
    match posted.place {
        Place::Array(index) => problem.member("index", index),
        Place::Data | Place::Alone => problem,
    }
}

/// The name of a member as the caller wrote it.
fn field_in(place: Place, field: &str) -> &str {
    match place {
        Place::Data if field == "data" => "(document)",
        Place::Data => field.strip_prefix("data.").unwrap_or(field),
        Place::Alone | Place::Array(_) => field,
    }
}

fn log_problem(error: &LedgerError) -> Problem {
    let kind = match error {
        LedgerError::NewerRules(_) | LedgerError::NewSport(_) => ProblemKind::NewerRules,
        LedgerError::Broken { .. } | LedgerError::OtherLife { .. } | LedgerError::Unreadable(_) => {
            ProblemKind::Damaged
        }
    };
    Problem::new(kind)
        .detail(error.to_string())
        .retry_after_s(BUSY_RETRY_AFTER_S)
}

fn no_leader(outcome: Outcome) -> Problem {
    let problem = Problem::new(ProblemKind::NoLeader).retry_after_s(NO_LEADER_RETRY_AFTER_S);
    match outcome {
        Outcome::NothingStored => problem.detail("nothing was stored; send it again"),
        Outcome::Unknown => problem
            .detail("it may be stored, now or later; send it again with the same ids")
            .member("outcome", "unknown"),
    }
}

/// A member of the request that can't be read, counted like every refusal.
pub(crate) fn malformed(field: &str, detail: impl Into<String>) -> Problem {
    counted(
        Problem::new(ProblemKind::MalformedEvent)
            .detail(detail)
            .member("field", field),
    )
}

/// An event whose envelope can't be read; `index` is its place in an array.
pub(crate) fn unreadable_event(error: PostedError, index: Option<usize>) -> Problem {
    let problem = malformed(&error.field, error.to_string());
    match index {
        Some(index) => problem.member("index", index),
        None => problem,
    }
}

/// What the token does not allow.
pub(crate) fn not_allowed(detail: &'static str) -> Problem {
    counted(Problem::new(ProblemKind::NotAllowed).detail(detail))
}

/// Counts a problem that was made elsewhere.
pub(crate) fn counted(problem: Problem) -> Problem {
    metrics::counter!("grandstand_scoring_refusals_total", "word" => problem.word()).increment(1);
    problem
}
