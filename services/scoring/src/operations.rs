//! What each call takes and answers, for the OpenAPI document: beside its route in [`routes`].
//!
//! [`routes`]: crate::routes

use grandstand_server::openapi::{About, SchemaFile};
use grandstand_server::operation::{Caller, Carries, Operation, cursor};
use grandstand_server::problem_kind::ProblemKind::{self, *};
use grandstand_server::schema_files;
use serde_json::{Value, json};

use crate::request::BODY_BYTES_MAX;

pub(crate) const ABOUT: About = About {
    title: "Grandstand: scorers' API",
    description: "Creates matches, takes what happens in them, and tells where they stand. All \
             bodies and answers are JSON or MessagePack, by `Content-Type` and `Accept`; \
             the schemas describe both.\n\nWhatever is not answered 2xx may be sent again \
             with the same ids: a repeat is recognised for as long as the match lives, and \
             has the same answer. A body has 10 s to come, and an answer at most 20 s. \
             Every refusal is a problem of RFC 9457, and its `type` leads to a paragraph: \
             see [/problems](/problems).",
};

/// Those that the operations name, and those that these refer to.
pub(crate) const SCHEMAS: &[SchemaFile] = schema_files![
    "../../../schemas/json/":
    "access",
    "access-wish",
    "cascade",
    "cricket-event",
    "devices",
    "event",
    "event-page",
    "match-creation",
    "match-head",
    "match-list",
    "match-state",
    "open-event",
    "post-answer",
    "posted-event",
    "posted-events",
    "problem",
    "proposals",
    "scorecard",
    "server-message",
    "token",
    "token-wish",
];

/// On every answer to whoever shows a token.
const QUOTA: &[&str] = &["RateLimit", "RateLimit-Policy"];

/// What any request about a match may meet.
const OF_ANY: &[ProblemKind] = &[BadQuery, NotAllowed, OverCapacity, QuotaExceeded, TimedOut];
/// What reading may meet beside it.
const OF_READING: &[ProblemKind] = &[Busy, Damaged, Fault, NewerRules, NoLeader, UnknownMatch];
/// What storing may meet beside it.
const OF_STORING: &[ProblemKind] = &[
    Busy,
    Damaged,
    Fault,
    IdReused,
    Impossible,
    MatchFull,
    NewerRules,
    NoLeader,
    RecordTooLarge,
    StateTooLarge,
    StreamFull,
];

pub(crate) fn directory() -> Operation {
    let text = "Every public match, and those that the token names; all of them for an operator.";
    signed("listMatches", "List the matches")
        .describe(text)
        .answer(
            200,
            "The matches, by id.",
            Carries::Document("match-list"),
            &with_quota(&["Cache-Control", "Vary"]),
        )
        .problems(&[NoLeader])
}

pub(crate) fn head() -> Operation {
    let operation = of_match("getMatch", "See where a match stands")
        .describe("Its newest record, as the leader of the stream has it.");
    validated(operation, "Where it stands.", "match-head")
}

pub(crate) fn state() -> Operation {
    let operation = of_match("getState", "Read the state of a match").describe(
        "What the log adds up to, as the leader of the stream has it: the scorecard, in \
         cricket.",
    );
    validated(
        operation,
        "The state, its position and its hash.",
        "match-state",
    )
}

pub(crate) fn events() -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 500 });
    let answer = Carries::Document("event-page");
    of_match("readEvents", "Read the log of a match")
        .describe(
            "Events in the order of their seq. While `more` is true, go on after the last \
             one.",
        )
        .query(
            "after",
            cursor(),
            "The last event that the caller has, as `<epoch>-<seq>`; from the first event \
             without it, or with `0`.",
        )
        .query("limit", limit, "How many events at most.")
        .answer(
            200,
            "The events after the cursor.",
            answer,
            &with_quota(&["Cache-Control", "Vary"]),
        )
        .problems(&[OtherEpoch])
        .problems(OF_READING)
}

pub(crate) fn create() -> Operation {
    of_device(of_match("createMatch", "Create a match"))
        .describe(
            "The body becomes event 1, with the id `created`. The same body again is a \
             repeat; another one is refused. Amending `created` mends names and title.",
        )
        .body("match-creation", BODY_BYTES_MAX)
        .answer(
            200,
            "It was created so before.",
            Carries::Document("post-answer"),
            &with_quota(STORED),
        )
        .answer(
            201,
            "It is created.",
            Carries::Document("post-answer"),
            &with_quota(STORED),
        )
        .problems(&[MatchExists])
        .problems(OF_STORING)
}

pub(crate) fn post() -> Operation {
    of_device(of_match("postEvents", "Post what happened"))
        .describe(
            "One event, or an array of up to 100: all or nothing. `type` and `data` are the \
             sport's words: see the schemas `cricket-event` and `open-event`. Answered 2xx, \
             every event is in the log, once.",
        )
        .header(
            "Idempotency-Key",
            event_id(),
            "The id of a single event, in the place of its member `id`.",
        )
        .header(
            "If-Match",
            tags(),
            "Where the caller thinks that the match stands, as `\"<epoch>-<seq>\"`: refused \
             with what was missed if it went on.",
        )
        .header(
            "traceparent",
            json!({ "type": "string" }),
            "A W3C trace context; it is kept with the record. What is none is passed over.",
        )
        .body("posted-events", BODY_BYTES_MAX)
        .answer(
            200,
            "All of it was in the log before.",
            Carries::Document("post-answer"),
            &with_quota(STORED),
        )
        .answer(
            201,
            "It is in the log now, or some of it and the rest was before.",
            Carries::Document("post-answer"),
            &with_quota(STORED),
        )
        .problems(&[
            MalformedIfMatch,
            Stale,
            TooManyEvents,
            UnknownMatch,
            UnknownRef,
        ])
        .problems(OF_STORING)
}

pub(crate) fn make_access() -> Operation {
    of_match("makeAccess", "Give access to a match by link and PIN")
        .describe(
            "A key, which stands in the fragment of a link to the scorer's pad, and a PIN: \
             both together get a scorer's token for this match alone. Send them by two \
             ways. Nothing is stored, and the match need not be there yet.",
        )
        .body("access-wish", BODY_BYTES_MAX)
        .answer(
            201,
            "Key and PIN.",
            Carries::Document("access"),
            &with_quota(&["Cache-Control"]),
        )
        .problems(&[Fault])
}

pub(crate) fn make_token() -> Operation {
    Operation::new(
        "makeToken",
        "Get a scorer's token by link and PIN, or renew it",
        Caller::Anybody,
    )
    .of_match()
    .describe(
        "With `key` and `pin` whoever calls gets a token for this match alone. With \
             `{}` and a token that was made so and is still good, another one. After a few \
             wrong PINs each costs a wait.",
    )
    .body("token-wish", BODY_BYTES_MAX)
    .answer(
        200,
        "A token.",
        Carries::Document("token"),
        &["Cache-Control"],
    )
    .problems(&[
        AccessExpired,
        Fault,
        MalformedMatchId,
        TooManyAttempts,
        WrongPin,
    ])
    .problems(OF_ANY)
}

pub(crate) fn devices() -> Operation {
    let operation = of_match("listDevices", "See which devices score a match")
        .describe("What each said last with `Grandstand-Device` and `Grandstand-Pending`.");
    validated(operation, "The devices.", "devices")
}

pub(crate) fn scorecard() -> Operation {
    let what = "The scorecard.";
    let operation = of_match("getScorecard", "Read the scorecard of a match").describe(
        "Its tables: as a document, as comma-separated values or as a page to print, by \
         `Accept`.",
    );
    let headers = with_quota(VALIDATED);
    validated(operation, what, "scorecard")
        .answer(200, what, Carries::Text("text/csv"), &headers)
        .answer(200, what, Carries::Text("text/html"), &headers)
        .problems(&[NoScorecard])
}

pub(crate) fn proposals() -> Operation {
    let operation = of_match("getProposals", "Ask what comes next").describe(
        "Striker, end of over, target and result stand as they are entered; here is what the \
         platform would enter as things stand.",
    );
    validated(operation, "What is proposed.", "proposals")
}

pub(crate) fn cascade() -> Operation {
    let whole = json!({ "type": "boolean", "default": false });
    let answer = Carries::Document("cascade");
    of_device(of_match(
        "tryCorrection",
        "Ask what a correction would lead to",
    ))
    .describe("The body as it would be posted. Nothing is stored.")
    .header(
        "Idempotency-Key",
        event_id(),
        "The id of a single event, in the place of its member `id`.",
    )
    .header("If-Match", tags(), "As with a post.")
    .query("state", whole, "Whether the whole state is told too.")
    .body("posted-events", BODY_BYTES_MAX)
    .answer(200, "What would follow.", answer, &with_quota(VALIDATED))
    .problems(&[
        MalformedIfMatch,
        Stale,
        TooManyEvents,
        UnknownMatch,
        UnknownRef,
    ])
    .problems(OF_STORING)
}

const VALIDATED: &[&str] = &["ETag", "Cache-Control", "Vary"];
const STORED: &[&str] = &["ETag", "Location"];

fn signed(name: &'static str, summary: &'static str) -> Operation {
    Operation::new(name, summary, Caller::SignedIn).problems(OF_ANY)
}

fn of_match(name: &'static str, summary: &'static str) -> Operation {
    signed(name, summary)
        .of_match()
        .problems(&[MalformedMatchId])
}

/// A document about one position, which a caller who has it is not sent again.
fn validated(operation: Operation, what: &str, schema: &'static str) -> Operation {
    operation
        .header(
            "If-None-Match",
            tags(),
            "What the caller has: 304 if it still is so.",
        )
        .answer(200, what, Carries::Document(schema), &with_quota(VALIDATED))
        .answer(
            304,
            "As the caller has it.",
            Carries::Nothing,
            &with_quota(VALIDATED),
        )
        .problems(OF_READING)
}

/// What stores, or would.
fn of_device(operation: Operation) -> Operation {
    let pending = json!({ "type": "integer", "minimum": 0, "maximum": 20_000 });
    operation
        .header(
            "Grandstand-Device",
            event_id(),
            "What the device that posts calls itself.",
        )
        .header(
            "Grandstand-Pending",
            pending,
            "How many events it will still hold after this post.",
        )
}

fn with_quota(headers: &[&'static str]) -> Vec<&'static str> {
    [headers, QUOTA].concat()
}

fn event_id() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" })
}

fn tags() -> Value {
    json!({ "type": "string" })
}
