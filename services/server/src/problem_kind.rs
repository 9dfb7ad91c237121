//! Every kind of problem there is: its stable word, its status, and the paragraph that its `type`
//! leads to.

use http::StatusCode;

macro_rules! kinds {
    ($($name:ident: $status:ident $word:literal, $title:literal, $paragraph:literal;)+) => {
        /// Why something is refused over HTTP. A problem's `type` is `/problems/<word>`, and there
        /// every role serves the paragraph.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemKind {
            $(#[doc = $title] $name,)+
        }

        impl ProblemKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word, which never changes: for programs.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Its HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The same as the word, for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What it means, and what to do.
            pub fn paragraph(self) -> &'static str {
                match self { $(Self::$name => $paragraph,)+ }
            }

            /// The kind with that word.
            pub fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    AccessExpired: UNAUTHORIZED "access-expired", "The link has ended",
        "The key is of this match, but its time is over. Ask whoever gave it to you for another link and PIN.";
    BadQuery: BAD_REQUEST "bad-query", "The query can't be read",
        "`field` names the parameter, `detail` says what it takes. A parameter that a call does not know is refused too, since it may be a misspelt one. A token is never taken from a query.";
    BodyTooLarge: PAYLOAD_TOO_LARGE "body-too-large", "The body is too large",
        "At most `bytes_max` bytes are taken. Post fewer events at once.";
    Busy: SERVICE_UNAVAILABLE "busy", "There is too much to do right now",
        "Too many requests wait for this match, or it can't be read this moment. Nothing was stored. Send it again after `Retry-After` seconds, with the same ids.";
    Damaged: SERVICE_UNAVAILABLE "damaged", "The log of this match is damaged",
        "What is stored of this match can't be read, or does not follow on. Nothing was stored. An operator must look at it: `grandstand ops verify`.";
    Fault: INTERNAL_SERVER_ERROR "fault", "Something went wrong here",
        "A mistake of ours. Whether anything was stored is unknown: send it again with the same ids, which is right in either case.";
    IdReused: UNPROCESSABLE_ENTITY "id-reused", "This id stands for another event",
        "An event with this `id` is in the match already, with another body. An equal body would have been a repeat. Make a new id; to change the event, post an `amend` of it. Nothing was stored.";
    Impossible: UNPROCESSABLE_ENTITY "impossible", "This can't be",
        "The rules of the sport, or the match as it stands, do not allow the event. `rule` is a stable word for what it breaks, `field` names the member, `index` its place in an array. Nothing of the request was stored. Mend it, or look whether the match went on.";
    IncompleteBody: BAD_REQUEST "incomplete-body", "The body broke off",
        "The connection ended within the body. Send it again with the same ids.";
    MalformedBody: BAD_REQUEST "malformed-body", "The body can't be read",
        "It is not one whole document of JSON or MessagePack as `Content-Type` says. Keys are texts and there once; there is no binary, no extension type, and at most 32 levels.";
    MalformedEvent: BAD_REQUEST "malformed-event", "The request can't be read",
        "`field` names the member, header or event that is missing, unknown here, or of the wrong form; `index` is its place in an array. Nothing was stored. Mend it.";
    MalformedIfMatch: BAD_REQUEST "malformed-if-match", "If-Match can't be read",
        "`If-Match` takes `*` or strong tags in double quotes, with commas between them.";
    MalformedMatchId: BAD_REQUEST "malformed-match-id", "This is no match id",
        "A match id is 1 to 64 characters of `a-z`, `0-9` and `-`.";
    MatchExists: CONFLICT "match-exists", "The match was created with another body",
        "There is a match with this id, created otherwise. Choose another id, or post an `amend` of the event `created` to mend names and title.";
    MatchFull: PAYLOAD_TOO_LARGE "match-full", "The match is full",
        "From 18,000 events on a match takes only corrections and the result, and none when it has as many records as are kept.";
    MethodNotAllowed: METHOD_NOT_ALLOWED "method-not-allowed", "This path does not take that method",
        "`Allow` lists the methods that it takes.";
    NewerRules: SERVICE_UNAVAILABLE "newer-rules", "This instance is too old for this match; another one is not",
        "A newer version has written to the match. Send it again after `Retry-After` seconds: the balancer may choose another instance.";
    NoLeader: SERVICE_UNAVAILABLE "no-leader", "The broker did not answer in time",
        "With `outcome` `unknown` it may be stored, now or later; without, nothing was. Send it again after `Retry-After` seconds, in either case with the same ids.";
    NoScorecard: NOT_FOUND "no-scorecard", "This sport has no scorecard",
        "Its state is all there is: `GET /v1/matches/{match}/state`.";
    NoSegment: NOT_FOUND "no-segment", "There is no such segment (yet)",
        "A segment is there once you may see its last event. Read on with `events`.";
    NotAllowed: FORBIDDEN "not-allowed", "Your token does not allow this",
        "The token is good, but its role, its `matches` or its rights do not cover this. Ask for one that does.";
    NotFound: NOT_FOUND "not-found", "There is nothing here",
        "No call has this path. `/docs` lists them all.";
    OtherEpoch: CONFLICT "other-epoch", "Your cursor counts in another epoch",
        "The match was brought back after a loss, or its log was rolled back: positions of two epochs do not compare. `epoch` and `seq` say where it stands. Read it from its first event, and post again what it lacks: the ids make that safe.";
    OverCapacity: SERVICE_UNAVAILABLE "over-capacity", "There is no room for another connection",
        "All places are taken. For a WebSocket, poll `poll_url` meanwhile, first after `poll_after_ms`, and connect again after `Retry-After` seconds.";
    QuotaExceeded: TOO_MANY_REQUESTS "quota-exceeded", "The token has asked too often",
        "`RateLimit-Policy` says how many requests (`q`) a token has in how many seconds (`w`), and `RateLimit` what is left (`r`) and in how many seconds all is there again (`t`). Nothing was looked at or stored. Send it again after `Retry-After` seconds; many events go in one array.";
    RecordTooLarge: PAYLOAD_TOO_LARGE "record-too-large", "This is too much to store at once",
        "The events with the changes that they make would pass `bytes_max` bytes. Nothing was stored. Post fewer at once.";
    SegmentEvicted: NOT_FOUND "segment-evicted", "This segment is no longer kept here",
        "This gateway had to make room. Read on with `events`.";
    Stale: CONFLICT "stale", "The match went on without you",
        "`If-Match` names another position than the head. `epoch` and `seq` say where the match stands, `events` has what was missed (the newest 100). Nothing was stored. Look at them, decide again, and send it with the new position.";
    StateTooLarge: UNPROCESSABLE_ENTITY "state-too-large", "The state would be too large",
        "A state has at most 64 KiB and 8 levels. Nothing was stored.";
    StreamFull: INSUFFICIENT_STORAGE "stream-full", "There is no room for more scores",
        "Nothing was stored. An operator must make room; then send it again.";
    TimedOut: SERVICE_UNAVAILABLE "timed-out", "The answer took too long",
        "With `outcome` `unknown` what was sent may be stored, now or later; without, it did not come in time, and nothing was. Send it again after `Retry-After` seconds, in either case with the same ids.";
    TokenExpired: UNAUTHORIZED "token-expired", "Your token has expired",
        "Get another one. One that was made by link and PIN is renewed while it is still good.";
    TokenMalformed: UNAUTHORIZED "token-malformed", "This is no token",
        "It is not a token of this platform, or not sent as `Authorization: Bearer <token>`. `grandstand token check` says more.";
    TokenMissing: UNAUTHORIZED "token-missing", "You are not signed in",
        "Send a token as `Authorization: Bearer <token>`.";
    TokenMissingClaim: UNAUTHORIZED "token-missing-claim", "Your token lacks a claim",
        "`detail` names the claim. `grandstand token` makes tokens with all that they need.";
    TokenNotYetValid: UNAUTHORIZED "token-not-yet-valid", "Your token is not valid yet",
        "Its `nbf` is still to come. Check the clocks.";
    TokenWrongAlgorithm: UNAUTHORIZED "token-wrong-algorithm", "Your token is signed otherwise",
        "Tokens are signed with HS256, and nothing else.";
    TokenWrongAudience: UNAUTHORIZED "token-wrong-audience", "Your token is for somebody else",
        "Its `aud` is not `grandstand`.";
    TokenWrongIssuer: UNAUTHORIZED "token-wrong-issuer", "Your token is somebody else's",
        "Its `iss` is not `grandstand`.";
    TokenWrongKey: UNAUTHORIZED "token-wrong-key", "Your token is signed with another key",
        "It was made with another secret than this platform's, or changed since.";
    TooManyAttempts: TOO_MANY_REQUESTS "too-many-attempts", "Too many wrong attempts",
        "Too many wrong PINs were shown for this key, or from your address; until `Retry-After` seconds are over the right one is refused too. If it was not you, ask for another link.";
    TooManyConnections: TOO_MANY_REQUESTS "too-many-connections", "There are as many connections as there may be",
        "Of one user, or from one address: `detail` says which. Close one or sign in; or poll `poll_url`, first after `poll_after_ms`.";
    TooManyEvents: PAYLOAD_TOO_LARGE "too-many-events", "These are too many events at once",
        "At most `events_max` events are taken in one array. Nothing was stored. Post fewer at once.";
    TooManyUnknownMatches: TOO_MANY_REQUESTS "too-many-unknown-matches", "Too many matches that are not there are asked for",
        "Ask again after `Retry-After` seconds, for matches that are there: `/v1/matches` lists them.";
    UnknownMatch: NOT_FOUND "unknown-match", "There is no such match",
        "It was not created, or there is nothing to see of it yet. A scorer creates it with `PUT /v1/matches/{match}`.";
    UnknownRef: CONFLICT "unknown-ref", "The event that this is about is not there",
        "`ref` names no event of this match. If another device posted it, send it again once that one has. Nothing was stored.";
    UnknownSubprotocol: BAD_REQUEST "unknown-subprotocol", "No subprotocol in common",
        "Offer `grandstand.v1.json` or `grandstand.v1.msgpack`, or none.";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE "unsupported-media-type", "The body's media type is not supported",
        "Send `application/json` or `application/msgpack`, without a `Content-Encoding`: bodies are small, and taken as they are.";
    UpgradeRequired: UPGRADE_REQUIRED "upgrade-required", "This door is a WebSocket",
        "Connect with a WebSocket client (version 13), or follow the match by `events` or `stream`.";
    WrongPin: UNAUTHORIZED "wrong-pin", "Key and PIN do not open this match",
        "The PIN is another one, or the key is not of this match. Look at both again, or ask for another link. After a few wrong ones each costs a wait.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_of_one_kind_and_says_what_it_is() {
        for kind in ProblemKind::ALL {
            assert_eq!(ProblemKind::of_word(kind.word()), Some(*kind));
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(kind.word().chars().all(plain), "{}", kind.word());
            let status = kind.status();
            assert!(status.is_client_error() || status.is_server_error());
            assert!(kind.paragraph().ends_with(['.', '`']), "{}", kind.word());
        }
        assert!(ProblemKind::ALL.is_sorted_by_key(|kind| kind.word()));
        assert_eq!(ProblemKind::of_word("nonsense"), None);
    }
}
