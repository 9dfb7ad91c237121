//! Access by link and PIN: what it grants, to whom, how often, and how long.

use std::time::{Duration, SystemTime};

use grandstand_server::access::{AccessSecret, VALID_USUAL};
use grandstand_server::grant::{Grant, Right, Role};
use grandstand_server::token::Verifier;
use reqwest::Method;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::harness::{Ground, Heard, Instance, hear, open_match, token_for, token_key};

async fn access(scoring: &Instance, match_id: &str, body: &Value) -> Heard {
    let path = format!("/v1/matches/{match_id}/access");
    hear(scoring.request(Method::POST, &path).json(body)).await
}

/// Shows `body` for a token, with the instance's token only if it has one.
async fn token(scoring: &Instance, match_id: &str, body: &Value) -> Heard {
    let path = format!("/v1/matches/{match_id}/token");
    hear(scoring.request(Method::POST, &path).json(body)).await
}

fn granted(heard: &Heard) -> Grant {
    assert_eq!(heard.status, 200, "{:?}", heard.body);
    let token = heard.body["token"].as_str().unwrap();
    Verifier::new(&token_key()).verify(token).unwrap()
}

fn word(heard: &Heard) -> (u16, &str) {
    let kind = heard.body["type"].as_str().unwrap_or_default();
    let word = kind.strip_prefix("/problems/").unwrap_or_default();
    (heard.status.as_u16(), word)
}

fn shown(access: &Value) -> Value {
    json!({"key": access["key"], "pin": access["pin"]})
}

/// Another PIN than the right one.
fn wrong(access: &Value) -> Value {
    let pin: u32 = access["pin"].as_str().unwrap().parse().unwrap();
    json!({"key": access["key"], "pin": format!("{:06}", (pin + 1) % 1_000_000)})
}

/// When what was made ends, by its document.
fn expires(made: &Heard) -> u64 {
    let text = made.body["expires"].as_str().unwrap();
    let time = time::OffsetDateTime::parse(text, &Rfc3339).unwrap();
    time.unix_timestamp().try_into().unwrap()
}

fn unix_s() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs()
}

#[tokio::test]
async fn link_and_pin_get_a_token_for_that_match_alone() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    let before_s = unix_s();
    let made = access(&scoring, "club-1", &json!({})).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let link = made.body["link"].as_str().unwrap();
    let key = made.body["key"].as_str().unwrap();
    assert_eq!(link, format!("/#match=club-1&key={key}"));

    // Any instance takes what another made.
    let mut other = ground.instance().await;
    other.token = None;
    let heard = token(&other, "club-1", &shown(&made.body)).await;
    let grant = granted(&heard);
    assert_eq!(grant.role, Role::Scorer);
    assert_eq!(heard.body["sub"], grant.sub.as_str());
    assert_eq!(heard.body["match"], "club-1");
    assert!(grant.may_write("club-1") && !grant.may_write("club-2"));
    assert!(!grant.has_right(Right::Open) && !grant.has_right(Right::Official));
    let lasts_s = grant.expires_unix_s - before_s;
    assert!(
        (12 * 3_600..12 * 3_600 + 60).contains(&lasts_s),
        "{lasts_s}"
    );
    let until = grant.renewable_until_unix_s.unwrap() - before_s;
    assert!((VALID_USUAL.as_secs()..VALID_USUAL.as_secs() + 60).contains(&until));
    assert_eq!(expires(&heard), grant.expires_unix_s);
    assert_eq!(Some(expires(&made)), grant.renewable_until_unix_s);

    // It scores: the match need not have been there when the access was made.
    scoring.token = Some(heard.body["token"].as_str().unwrap().to_owned());
    let cricket = json!({"sport": "cricket", "title": "A v B", "format": "t20",
        "sides": {"home": {"name": "A"}, "away": {"name": "B"}}});
    let created = scoring.put("/v1/matches/club-1", &cricket).await;
    assert_ne!(created.status, 403, "{:?}", created.body);
    assert_ne!(created.status, 401, "{:?}", created.body);
    let elsewhere = scoring
        .put("/v1/matches/club-2", &open_match("public"))
        .await;
    assert_eq!(word(&elsewhere), (403, "not-allowed"));
    scoring.stop().await;
    other.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_token_never_outlives_the_access_and_is_renewed_until_then() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    let made = access(&scoring, "m", &json!({"valid_s": 600})).await;
    let scorer = scoring.token.take();
    let first = token(&scoring, "m", &shown(&made.body)).await;
    let grant = granted(&first);
    assert_eq!(Some(grant.expires_unix_s), grant.renewable_until_unix_s);
    assert!(grant.expires_unix_s <= unix_s() + 600);

    scoring.token = Some(first.body["token"].as_str().unwrap().to_owned());
    let renewed = token(&scoring, "m", &json!({})).await;
    let again = granted(&renewed);
    assert_eq!(again.sub, grant.sub);
    assert_eq!(again.expires_unix_s, grant.expires_unix_s);
    assert_eq!(again.renewable_until_unix_s, grant.renewable_until_unix_s);
    assert_eq!(
        word(&token(&scoring, "n", &json!({})).await),
        (403, "not-allowed")
    );

    // Whoever holds another token has no end to renew it to.
    scoring.token = scorer;
    assert_eq!(
        word(&token(&scoring, "m", &json!({})).await),
        (403, "not-allowed")
    );
    scoring.token = None;
    assert_eq!(
        word(&token(&scoring, "m", &json!({})).await),
        (401, "token-missing")
    );
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn what_is_no_key_of_the_match_opens_nothing() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    let made = access(&scoring, "m", &json!({})).await.body;
    scoring.token = None;
    let key = made["key"].as_str().unwrap();
    let forged = AccessSecret::new(
        &grandstand_server::keys::TokenKey::new(&"another secret ".repeat(4)).unwrap(),
    );
    let forged = forged.make("m", SystemTime::now(), VALID_USUAL).unwrap();
    for (what, match_id, body) in [
        ("another match", "n", shown(&made)),
        ("another PIN", "m", wrong(&made)),
        ("cut", "m", json!({"key": &key[..37], "pin": made["pin"]})),
        (
            "longer",
            "m",
            json!({"key": format!("{key}A"), "pin": made["pin"]}),
        ),
        ("forged", "m", json!({"key": forged.key, "pin": forged.pin})),
        ("empty", "m", json!({"key": "", "pin": ""})),
    ] {
        let heard = token(&scoring, match_id, &body).await;
        assert_eq!(word(&heard), (401, "wrong-pin"), "{what}");
    }
    let begun = SystemTime::now() - Duration::from_secs(120);
    let ended = AccessSecret::new(&token_key()).make("m", begun, Duration::from_secs(60));
    let ended = ended.unwrap();
    let body = json!({"key": ended.key, "pin": ended.pin});
    assert_eq!(
        word(&token(&scoring, "m", &body).await),
        (401, "access-expired")
    );
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_pin_can_be_guessed_only_a_few_times() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    let made = access(&scoring, "m", &json!({})).await.body;
    let other = access(&scoring, "m", &json!({})).await.body;
    scoring.token = None;
    let mut answers = Vec::new();
    for _ in 0..6 {
        let heard = token(&scoring, "m", &wrong(&made)).await;
        answers.push(word(&heard).1.to_owned());
    }
    assert_eq!(answers, ["wrong-pin"; 6]);

    let right = token(&scoring, "m", &shown(&made)).await;
    assert_eq!(word(&right), (429, "too-many-attempts"));
    let retry_after: u64 = right.retry_after.as_ref().unwrap().parse().unwrap();
    assert!((1..=30).contains(&retry_after), "{retry_after}");
    // Another key of the same match is not stopped by it.
    granted(&token(&scoring, "m", &shown(&other)).await);

    // Nor is it that easy with many keys from one address.
    for _ in 0..15 {
        token(&scoring, "m", &json!({"key": "x", "pin": "000000"})).await;
    }
    let right = token(&scoring, "m", &shown(&other)).await;
    assert_eq!(word(&right), (429, "too-many-attempts"));
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let ground = Ground::ready().await;
    let mut scoring = ground.instance().await;
    for (body, field) in [
        (json!([]), "(document)"),
        (json!({"valid": 60}), "valid"),
        (json!({"valid_s": 59}), "valid_s"),
        (json!({"valid_s": 30 * 24 * 3_600 + 1}), "valid_s"),
        (json!({"valid_s": "60"}), "valid_s"),
        (json!({"valid_s": null}), "valid_s"),
    ] {
        let heard = access(&scoring, "m", &body).await;
        assert_eq!(word(&heard), (400, "malformed-event"), "{body}");
        assert_eq!(heard.body["field"], field, "{body}");
    }
    for (body, field) in [
        (json!({"key": "x"}), "pin"),
        (json!({"pin": "000000"}), "key"),
        (json!({"key": "x", "pin": 0}), "pin"),
        (json!({"key": 1, "pin": "000000"}), "key"),
        (json!({"key": "x", "pin": "000000", "match": "m"}), "match"),
    ] {
        let heard = token(&scoring, "m", &body).await;
        assert_eq!(word(&heard), (400, "malformed-event"), "{body}");
        assert_eq!(heard.body["field"], field, "{body}");
    }
    scoring.token = Some(token_for(Role::Scorer, &["other"], &[]));
    assert_eq!(
        word(&access(&scoring, "m", &json!({})).await),
        (403, "not-allowed")
    );
    scoring.token = Some(token_for(Role::Ops, &["*"], &[]));
    assert_eq!(
        word(&access(&scoring, "m", &json!({})).await),
        (403, "not-allowed")
    );
    scoring.token = None;
    assert_eq!(
        word(&access(&scoring, "m", &json!({})).await),
        (401, "token-missing")
    );
    scoring.stop().await;
    ground.stop().await;
}
