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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use http::header::RETRY_AFTER;
    use serde_json::Value;

    /// Status, word, when to come again, and the members that are named.
    fn told(refused: Refused, members: &[&str]) -> (u16, &'static str, Option<u64>, Vec<Value>) {
        let problem = problem_of(refused);
        let (word, document) = (problem.word(), problem.document());
        let members = members.iter().map(|name| document[*name].clone()).collect();
        let response = problem.into_response();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.map(|value| value.to_str().unwrap().parse().unwrap());
        (response.status().as_u16(), word, retry_after, members)
    }

    #[test]
    fn who_may_send_it_again_is_told_when_and_what_is_known_of_it() {
        let unknown = vec![json!("unknown")];
        let nothing_known = vec![Value::Null];
        let no_leader = |outcome| Refused::NoLeader { outcome };
        for (refused, status, word, retry_after_s, outcome) in [
            (Refused::Busy, 503, "busy", Some(1), &nothing_known),
            (
                no_leader(Outcome::NothingStored),
                503,
                "no-leader",
                Some(2),
                &nothing_known,
            ),
            (
                no_leader(Outcome::Unknown),
                503,
                "no-leader",
                Some(2),
                &unknown,
            ),
            (
                Refused::StreamFull,
                507,
                "stream-full",
                Some(30),
                &nothing_known,
            ),
            (Refused::Fault, 500, "fault", None, &unknown),
            (
                Refused::Log(LedgerError::NewerRules(9)),
                503,
                "newer-rules",
                Some(1),
                &nothing_known,
            ),
            (
                Refused::Log(LedgerError::NewSport("chess".to_owned())),
                503,
                "newer-rules",
                Some(1),
                &nothing_known,
            ),
            (
                Refused::Log(LedgerError::Unreadable("x".to_owned())),
                503,
                "damaged",
                Some(1),
                &nothing_known,
            ),
        ] {
            let expected = (status, word, retry_after_s, outcome.clone());
            assert_eq!(told(refused, &["outcome"]), expected);
        }
    }

    #[test]
    fn what_is_refused_for_good_says_what_it_is_about() {
        let id = EventId::new("e").unwrap();
        let reused = Refused::IdReused { id, seq: 7 };
        assert_eq!(
            told(reused, &["field", "rule", "id"]),
            (
                422,
                "id-reused",
                None,
                vec![json!("id"), json!("id_used"), json!("e")]
            )
        );
        let too_large = told(Refused::RecordTooLarge, &["bytes_max"]);
        assert_eq!(too_large.3, [json!(BODY_BYTES_MAX)]);
        assert_eq!(told(Refused::MatchFull, &[]).2, None);
    }

    #[test]
    fn a_rule_names_the_member_as_the_caller_wrote_it_and_the_event_by_its_place() {
        let by = |place, field: &str| {
            let posted = Posted {
                id: EventId::new("e").unwrap(),
                place,
            };
            let refusal = Refusal {
                kind: RefusalKind::Impossible,
                rule: "batter_out",
                field: Some(field.to_owned()),
                id: None,
                detail: "he is out".to_owned(),
            };
            let refusal = Box::new(refusal);
            told(
                Refused::Rules { posted, refusal },
                &["rule", "id", "field", "index"],
            )
            .3
        };
        for (place, field, told_as, index) in [
            (Place::Data, "data", "(document)", Value::Null),
            (Place::Data, "data.batter", "batter", Value::Null),
            (Place::Alone, "data.batter", "data.batter", Value::Null),
            (Place::Array(3), "data.batter", "data.batter", json!(3)),
        ] {
            let expected = [json!("batter_out"), json!("e"), json!(told_as), index];
            assert_eq!(by(place, field), expected, "{place:?} {field}");
        }
    }

    #[test]
    fn an_unreadable_event_of_an_array_is_named_by_its_place() {
        let error = |value: Value| grandstand_core::event::Posted::parse(value, None).unwrap_err();
        let second = unreadable_event(error(json!({})), Some(1)).document();
        assert_eq!(
            (&second["field"], &second["index"]),
            (&json!("id"), &json!(1))
        );
        let alone = unreadable_event(error(json!({})), None).document();
        assert_eq!(alone.get("index"), None);
    }
}
