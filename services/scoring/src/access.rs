//! Access to one match for whoever holds a link and a PIN: made by a scorer, shown for a token.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use grandstand_core::ids::MatchId;
use grandstand_server::access::{
    AccessError, AccessSecret, Opened, TOKEN_TTL_MAX, VALID_MAX, VALID_USUAL,
};
use grandstand_server::address::network;
use grandstand_server::attempts::{Attempts, Ladder};
use grandstand_server::bearer::bearer_of;
use grandstand_server::grant::Role;
use grandstand_server::keys::TokenKey;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::token::{TokenRequest, mint};
use http::header::CACHE_CONTROL;
use http::{Extensions, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::refuse::{Refused, counted, malformed, not_allowed};
use crate::request::{Asker, Caller};
use crate::start::Api;

/// A million PINs, and after the first five one an hour: in 30 days one of a thousand is guessed.
const OF_KEY: Ladder = Ladder {
    free: 5,
    first_wait_s: 30,
    wait_max_s: 3_600,
    memory_s: 24 * 3_600,
    entries_max: 10_000,
};
/// Behind an address may be a whole ground, so it waits less.
const OF_ADDRESS: Ladder = Ladder {
    free: 20,
    first_wait_s: 10,
    wait_max_s: 600,
    memory_s: 3_600,
    entries_max: 10_000,
};
/// A shorter life helps nobody.
const VALID_S_MIN: u64 = 60;

/// What an instance needs to give access: the secrets, and who was wrong.
pub(crate) struct Entrance {
    token_key: TokenKey,
    secret: AccessSecret,
    began: Instant,
    wrong: Mutex<WrongOnes>,
}

struct WrongOnes {
    keys: Attempts<String>,
    addresses: Attempts<[u8; 8]>,
}

#[derive(Serialize)]
struct AccessDocument<'a> {
    #[serde(rename = "match")]
    match_id: &'a MatchId,
    key: &'a str,
    pin: &'a str,
    link: String,
    expires: String,
}

#[derive(Serialize)]
struct TokenDocument<'a> {
    token: String,
    expires: String,
    sub: &'a str,
    #[serde(rename = "match")]
    match_id: &'a MatchId,
}

/// What is shown for a token.
enum Shown {
    KeyAndPin { key: String, pin: String },
    Token,
}

impl Entrance {
    pub(crate) fn new(token_key: TokenKey) -> Self {
        Self {
            secret: AccessSecret::new(&token_key),
            token_key,
            began: Instant::now(),
            wrong: Mutex::new(WrongOnes {
                keys: Attempts::new(OF_KEY),
                addresses: Attempts::new(OF_ADDRESS),
            }),
        }
    }

    /// Opens an access for whoever shows its key and PIN. All is looked at and noted under one
    /// lock: attempts at the same moment count one after another.
    fn open(
        &self,
        match_id: &MatchId,
        (key, pin): (&str, &str),
        address: [u8; 8],
    ) -> Result<Opened, Problem> {
        let now_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait_s) = wrong.addresses.wait_s(&address, now_us) {
            return Err(too_many_attempts(wait_s));
        }
        let opened = match self.secret.open(match_id.as_str(), key, SystemTime::now()) {
            Ok(opened) => opened,
            Err(AccessError::NotOurs) => {
                wrong.addresses.was_wrong(address, now_us);
                return Err(wrong_pin());
            }
            Err(AccessError::Ended) => return Err(access_expired()),
        };
        if let Some(wait_s) = wrong.keys.wait_s(&opened.name, now_us) {
            return Err(too_many_attempts(wait_s));
        }
        if opened.has_pin(pin) {
            return Ok(opened);
        }
        wrong.addresses.was_wrong(address, now_us);
        wrong.keys.was_wrong(opened.name, now_us);
        Err(wrong_pin())
    }
}

pub(crate) async fn make_access(State(api): State<Api>, caller: Caller, body: Body) -> Response {
    let result = make(&api, &caller, body).await;
    caller.reply(result)
}

async fn make(api: &Api, caller: &Caller, body: Body) -> Result<Response, Problem> {
    let match_id = caller.writes()?;
    let mut members = members_of(caller.document(body).await?)?;
    let valid = valid_of(members.remove("valid_s"))?;
    none_left(&members)?;
    let made = api
        .entrance
        .secret
        .make(match_id.as_str(), SystemTime::now(), valid);
    let access = made.map_err(|error| {
        tracing::error!(%error, "no access was made");
        Problem::from(Refused::Fault)
    })?;
    count("made");
    let document = AccessDocument {
        match_id: &match_id,
        key: &access.key,
        pin: &access.pin,
        link: access.link(match_id.as_str()),
        expires: rfc3339(access.end_unix_s),
    };
    Ok(unkept(caller.codec.answer(StatusCode::CREATED, &document)))
}

pub(crate) async fn make_token(
    State(api): State<Api>,
    extensions: Extensions,
    asker: Asker,
    body: Body,
) -> Response {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    let address = peer.map_or([0; 8], |ConnectInfo(peer)| network(peer.ip()));
    let result = sign_in(&api, &asker, address, body).await;
    asker.reply(result)
}

async fn sign_in(
    api: &Api,
    asker: &Asker,
    address: [u8; 8],
    body: Body,
) -> Result<Response, Problem> {
    let match_id = asker.match_id()?;
    let (sub, until_unix_s) = match shown(asker.document(body).await?)? {
        Shown::KeyAndPin { key, pin } => {
            let opened = api.entrance.open(&match_id, (&key, &pin), address)?;
            count("token");
            (format!("access-{}", opened.name), opened.end_unix_s)
        }
        Shown::Token => {
            let renewed = renewed(api, asker, &match_id)?;
            count("renewed");
            renewed
        }
    };
    let now = SystemTime::now();
    let now_unix_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let ttl = Duration::from_secs(until_unix_s.saturating_sub(now_unix_s)).min(TOKEN_TTL_MAX);
    let request = TokenRequest {
        // A match id is a pattern that covers itself alone.
        matches: match_id.as_str().parse().ok().map(|only| vec![only]),
        ttl,
        renewable_until_unix_s: Some(until_unix_s),
        ..TokenRequest::new(sub.as_str(), Role::Scorer)
    };
    let token = mint(&api.entrance.token_key, &request, now).map_err(|error| {
        tracing::error!(%error, "no token was made");
        Problem::from(Refused::Fault)
    })?;
    let document = TokenDocument {
        token,
        expires: rfc3339(now_unix_s + ttl.as_secs()),
        sub: &sub,
        match_id: &match_id,
    };
    Ok(unkept(asker.codec.answer(StatusCode::OK, &document)))
}

/// Whose token is renewed, and until when that may go on.
fn renewed(api: &Api, asker: &Asker, match_id: &MatchId) -> Result<(String, u64), Problem> {
    let grant = bearer_of(&asker.headers)
        .and_then(|token| api.verifier.verify(token))
        .map_err(|error| counted(error.into()))?;
    match grant.renewable_until_unix_s {
        Some(_) if !grant.may_write(match_id.as_str()) => {
            Err(not_allowed("the token is one for another match"))
        }
        Some(until_unix_s) => Ok((grant.sub, until_unix_s)),
        None => Err(not_allowed(
            "only a token that was made by key and PIN is renewed here",
        )),
    }
}

fn shown(document: Value) -> Result<Shown, Problem> {
    let mut members = members_of(document)?;
    let (key, pin) = (members.remove("key"), members.remove("pin"));
    none_left(&members)?;
    match (key, pin) {
        (None, None) => Ok(Shown::Token),
        (Some(Value::String(key)), Some(Value::String(pin))) => Ok(Shown::KeyAndPin { key, pin }),
        (Some(Value::String(_)), None) => Err(malformed("pin", "pin is missing")),
        (Some(Value::String(_)), Some(_)) => Err(malformed("pin", "pin is a text of six digits")),
        (None, Some(_)) => Err(malformed("key", "key is missing")),
        (Some(_), _) => Err(malformed("key", "key is the text that the link holds")),
    }
}

fn valid_of(valid_s: Option<Value>) -> Result<Duration, Problem> {
    let valid_s_max = VALID_MAX.as_secs();
    match valid_s.as_ref().map(Value::as_u64) {
        None => Ok(VALID_USUAL),
        Some(Some(valid_s)) if (VALID_S_MIN..=valid_s_max).contains(&valid_s) => {
            Ok(Duration::from_secs(valid_s))
        }
        Some(_) => Err(malformed(
            "valid_s",
            format!("valid_s is a number of seconds, {VALID_S_MIN} to {valid_s_max}"),
        )),
    }
}

fn members_of(document: Value) -> Result<Map<String, Value>, Problem> {
    match document {
        Value::Object(members) => Ok(members),
        _ => Err(malformed("(document)", "the body is an object")),
    }
}

fn none_left(members: &Map<String, Value>) -> Result<(), Problem> {
    match members.keys().next() {
        None => Ok(()),
        Some(name) => Err(malformed(name, format!("{name} is not known here"))),
    }
}

fn wrong_pin() -> Problem {
    counted(
        Problem::new(ProblemKind::WrongPin)
            .detail("look at the PIN again, or ask for another link"),
    )
}

fn access_expired() -> Problem {
    counted(Problem::new(ProblemKind::AccessExpired).detail("ask for another link"))
}

fn too_many_attempts(wait_s: u64) -> Problem {
    counted(
        Problem::new(ProblemKind::TooManyAttempts)
            .detail(format!("try again in {wait_s} s"))
            .retry_after_s(wait_s),
    )
}

/// What holds a secret is kept by nobody.
fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn rfc3339(unix_s: u64) -> String {
    let seconds = i64::try_from(unix_s).unwrap_or(i64::MAX);
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    // All that a token or an access may last to is within the years of RFC 3339.
    time.and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn count(outcome: &'static str) {
    metrics::counter!("grandstand_scoring_accesses_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_access_lasts_as_long_as_asked_for_within_its_bounds() {
        let valid_s_max = VALID_MAX.as_secs();
        for valid_s in [VALID_S_MIN, valid_s_max] {
            let valid = valid_of(Some(json!(valid_s)));
            assert_eq!(valid.unwrap(), Duration::from_secs(valid_s));
        }
        assert_eq!(valid_of(None).unwrap(), VALID_USUAL);
    }

    #[test]
    fn what_holds_a_secret_is_kept_by_nobody() {
        let response = unkept(Response::default());
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    }

    #[test]
    fn every_wrong_pin_counts_for_its_address_whatever_its_key() {
        let entrance = Entrance::new(TokenKey::new(&"a secret of ours ".repeat(4)).unwrap());
        let match_id = MatchId::new("m").unwrap();
        let keys: Vec<String> = (0..OF_ADDRESS.free)
            .map(|_| {
                let made = entrance.secret.make("m", SystemTime::now(), VALID_USUAL);
                made.unwrap().key
            })
            .collect();
        let try_at = |key: &str, address| {
            let refused = entrance.open(&match_id, (key, "no PIN"), address);
            refused.map(|_| ()).unwrap_err().word()
        };

        // Each key is tried but once, so that none of them is what stops it.
        for key in &keys {
            assert_eq!(try_at(key, [1; 8]), "wrong-pin");
            assert_eq!(try_at("nobody's key", [2; 8]), "wrong-pin");
        }
        for address in [[1; 8], [2; 8]] {
            assert_eq!(try_at("nobody's key", address), "wrong-pin");
            assert_eq!(try_at("nobody's key", address), "too-many-attempts");
        }
        assert_eq!(
            try_at("nobody's key", [3; 8]),
            "wrong-pin",
            "from elsewhere"
        );
    }
}
