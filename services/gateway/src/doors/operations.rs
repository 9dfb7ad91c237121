//! What each door takes and answers, for the OpenAPI document: beside its route in the room above.

use grandstand_core::policy::DELAY_S_MAX;
use grandstand_server::openapi::{About, SchemaFile};
use grandstand_server::operation::{Caller, Carries, Operation, cursor};
use grandstand_server::problem_kind::ProblemKind::{self, *};
use grandstand_server::schema_files;
use serde_json::{Value, json};

pub(crate) const ABOUT: About = About {
    title: "Grandstand: fans' doors",
    description: "The same log by several doors. Who is not granted realtime sees a match as of \
             the last mark, by whichever door. Answers are JSON or MessagePack, by \
             `Accept`, and compressed by `Accept-Encoding`. Messages over the WebSocket are \
             described by AsyncAPI; the prose is in `schemas/README.md`. Every refusal is a \
             problem of RFC 9457, and its `type` leads to a paragraph: see \
             [/problems](/problems).",
};

/// Those that the operations name, and those that these refer to.
pub(crate) const SCHEMAS: &[SchemaFile] = schema_files![
    "../../../../schemas/json/":
    "event",
    "match-head",
    "match-list",
    "match-state",
    "posted-event",
    "problem",
    "server-message",
];

const VALIDATED: &[&str] = &["ETag", "Cache-Control", "Vary", "grandstand-tier"];
/// On a list.
const OF_LIST: &[&str] = &[
    "ETag",
    "Cache-Control",
    "Vary",
    "grandstand-status",
    "grandstand-tier",
];
/// On what a poll is answered with.
const OF_POLL: &[&str] = &[
    "ETag",
    "Cache-Control",
    "Vary",
    "grandstand-poll-after-ms",
    "grandstand-status",
    "grandstand-tier",
];
const BEHIND: &str = "How far behind to stay, in seconds.";
/// What reading one match may meet.
const OF_MATCH: &[ProblemKind] = &[Busy, NotAllowed, TooManyUnknownMatches, UnknownMatch];
/// What whoever stays may meet.
const OF_STAYING: &[ProblemKind] = &[OverCapacity, TooManyConnections];

pub(crate) fn websocket() -> Operation {
    let names = json!({ "type": "string", "description": "Match ids with commas between them, at most 32; `*` for all strips." });
    let operation = Operation::new(
        "connect",
        "Follow matches over a WebSocket",
        Caller::Anybody,
    )
    .describe(
        "Subprotocols `grandstand.v1.json` (the default) and `grandstand.v1.msgpack`; a \
             token may also be one: `grandstand.bearer.<token>`.",
    )
    .query("match", names, "What to follow from the start.")
    .query(
        "after",
        json!({ "type": "string" }),
        "The last events that the caller has, `<epoch>-<seq>`, in the order of `match`; \
             `0` for the first event.",
    );
    wishes(operation)
        .answer(101, "The WebSocket begins.", Carries::Nothing, &[])
        .problems(&[NotAllowed, UnknownSubprotocol, UpgradeRequired])
        .problems(OF_STAYING)
}

pub(crate) fn live() -> Operation {
    let operation = door("listLive", "List the live public matches").describe(
        "A small document for polling and shared caches. With `Accept: \
             text/event-stream` a stream of `strips` messages, which alone takes the \
             parameters.",
    );
    let list = Carries::Document("match-list");
    without_snapshot(operation)
        .answer(
            200,
            "The live public matches, or the stream.",
            list,
            OF_LIST,
        )
        .answer(
            200,
            "The live public matches, or the stream.",
            Carries::Events("server-message"),
            OF_LIST,
        )
        .answer(304, "As the caller has it.", Carries::Nothing, OF_LIST)
        .problems(&[Fault])
        .problems(OF_STAYING)
}

pub(crate) fn list() -> Operation {
    let list = Carries::Document("match-list");
    door("listMatches", "List the matches that the caller may find")
        .answer(200, "The matches.", list, OF_LIST)
        .answer(304, "As the caller has it.", Carries::Nothing, OF_LIST)
}

pub(crate) fn head() -> Operation {
    door("getMatch", "See where a match stands")
        .of_match()
        .problems(OF_MATCH)
        .answer(
            200,
            "Where it stands.",
            Carries::Document("match-head"),
            VALIDATED,
        )
        .answer(304, "As the caller has it.", Carries::Nothing, VALIDATED)
}

pub(crate) fn state() -> Operation {
    door("getState", "Read the state of a match")
        .of_match()
        .problems(OF_MATCH)
        .answer(
            200,
            "The `snapshot` message.",
            Carries::Document("match-state"),
            VALIDATED,
        )
        .answer(304, "As the caller has it.", Carries::Nothing, VALIDATED)
}

pub(crate) fn segment() -> Operation {
    door("readSegment", "Read 64 events of a match")
        .of_match()
        .problems(OF_MATCH)
        .describe(
            "Seq 64n+1 to 64n+64 as an `events` message, which never changes: a CDN keeps \
             it. It is there once the caller may see its last event.",
        )
        .path("epoch", json!({ "type": "string" }), "The epoch.")
        .path(
            "n",
            json!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,15})$" }),
            "The segment's number, from 0.",
        )
        .answer(
            200,
            "The `events` message.",
            Carries::Document("server-message"),
            VALIDATED,
        )
        .answer(304, "As the caller has it.", Carries::Nothing, VALIDATED)
        .problems(&[NoSegment, SegmentEvicted])
}

pub(crate) fn events() -> Operation {
    let wait = json!({ "type": "integer", "minimum": 0, "maximum": 30, "default": 0 });
    let message = Carries::Document("server-message");
    door("poll", "Poll a match")
        .of_match()
        .problems(OF_MATCH)
        .describe(
            "The message that a WebSocket with this cursor would be sent next: `events` or \
             `snapshot`. With `wait` the answer comes as soon as there is one.",
        )
        .query(
            "after",
            cursor(),
            "The last event that the caller has; without it a snapshot, with `0` from the \
             first event.",
        )
        .query("wait", wait, "How many seconds to wait for something new.")
        .query("delay_s", delay_s(), BEHIND)
        .query(
            "snapshot",
            snapshot(),
            "Whether a snapshot may come in the place of many events.",
        )
        .answer(200, "The message.", message, OF_POLL)
        .answer(204, "There is nothing new.", Carries::Nothing, OF_POLL)
        .answer(304, "As the caller has it.", Carries::Nothing, OF_POLL)
}

pub(crate) fn stream() -> Operation {
    let operation = door("stream", "Follow a match as server-sent events")
        .of_match()
        .problems(OF_MATCH)
        .query(
            "after",
            cursor(),
            "The last event that the caller has; without it a snapshot first, with `0` from \
             the first event.",
        )
        .header(
            "Last-Event-ID",
            json!({ "type": "string" }),
            "The `id` of the last message; it counts before `after`.",
        );
    wishes(operation)
        .answer(
            200,
            "The messages of the WebSocket; `id` is the cursor.",
            Carries::Events("server-message"),
            &["Cache-Control", "Vary", "grandstand-tier"],
        )
        .problems(OF_STAYING)
}

/// What both a WebSocket and a stream may ask for.
fn wishes(operation: Operation) -> Operation {
    without_snapshot(operation).query(
        "snapshot",
        snapshot(),
        "Whether a snapshot may come in the place of many events.",
    )
}

fn without_snapshot(operation: Operation) -> Operation {
    let policy = json!({ "type": "string", "enum": ["realtime", "batch", "digest"] });
    let heartbeat_s = json!({ "type": "integer", "minimum": 15, "maximum": 240 });
    operation
        .query(
            "policy",
            policy,
            "When events come; no better one than the tier grants.",
        )
        .query("delay_s", delay_s(), BEHIND)
        .query(
            "heartbeat_s",
            heartbeat_s,
            "After how many seconds without traffic something is said.",
        )
        .problems(&[BadQuery])
}

fn door(name: &'static str, summary: &'static str) -> Operation {
    Operation::new(name, summary, Caller::Anybody)
        .header(
            "If-None-Match",
            json!({ "type": "string" }),
            "What the caller has: 304 if it still is so.",
        )
        .problems(&[BadQuery, OverCapacity])
}

fn delay_s() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": DELAY_S_MAX })
}

fn snapshot() -> Value {
    json!({ "type": "string", "enum": ["auto", "never", "always"] })
}
