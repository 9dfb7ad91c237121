//! Tokens as their holders meet them: what each claim grants, and why a token is refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use grandstand_server::grant::{Right, Role, Tier};
use grandstand_server::keys::TokenKey;
use grandstand_server::token::{MintError, TokenError, TokenRequest, Verifier, mint};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn key() -> TokenKey {
    TokenKey::new(SECRET).unwrap()
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// Claims of a fan that are right in every way.
fn claims() -> Value {
    json!({
        "iss": "grandstand", "aud": "grandstand", "sub": "ann",
        "exp": now_s() + 60, "role": "fan",
    })
}

/// The right claims with `changes` merged in; null takes a claim away.
fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn signed(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    let signing = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &signing).unwrap()
}

fn refusal_of(changes: Value) -> Option<TokenError> {
    let token = signed(Algorithm::HS256, &claims_with(changes), SECRET);
    Verifier::new(&key()).verify(&token).err()
}

#[test]
fn a_minted_token_grants_what_was_asked_for() {
    let request = TokenRequest {
        tier: Some(Tier::Plus),
        matches: Some(vec!["final".parse().unwrap(), "ipl-*".parse().unwrap()]),
        rights: vec![Right::Official],
        delay_s: 30,
        ttl: Duration::from_secs(100),
        renewable_until_unix_s: Some(4_000_000_000),
        ..TokenRequest::new("ann", Role::Scorer)
    };
    let now = SystemTime::now();

    let token = mint(&key(), &request, now).unwrap();
    let grant = Verifier::new(&key()).verify(&token).unwrap();

    let now_s = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!((grant.sub.as_str(), grant.role), ("ann", Role::Scorer));
    assert_eq!((grant.tier, grant.delay_s), (Some(Tier::Plus), 30));
    assert_eq!(grant.expires_unix_s, now_s + 100);
    assert_eq!(grant.issued_unix_s, Some(now_s));
    assert_eq!(grant.renewable_until_unix_s, Some(4_000_000_000));
    assert!(grant.may_write("final") && grant.may_write("ipl-7") && !grant.may_write("other"));
    assert!(grant.has_right(Right::Official) && !grant.has_right(Right::Open));
}

#[test]
fn a_minted_token_holds_no_claim_that_says_nothing() {
    let request = TokenRequest::new("ann", Role::Fan);
    let token = mint(&key(), &request, SystemTime::now()).unwrap();
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(&token).unwrap();
    let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "role", "sub"]);
}

#[test]
fn a_token_that_nobody_would_take_is_not_minted() {
    let nobody = TokenRequest::new("", Role::Fan);
    assert!(matches!(
        mint(&key(), &nobody, SystemTime::now()),
        Err(MintError::NoSubject)
    ));
    let mut greedy = TokenRequest::new("ann", Role::Scorer);
    greedy.matches = Some(vec!["x".repeat(64).parse().unwrap(); 100]);
    assert!(matches!(
        mint(&key(), &greedy, SystemTime::now()),
        Err(MintError::TooLong)
    ));
}

#[test]
fn every_required_claim_is_required() {
    for claim in ["iss", "aud", "sub", "exp", "role"] {
        let refusal = refusal_of(json!({ claim: null }));
        assert_eq!(refusal, Some(TokenError::MissingClaim(claim.to_owned())));
    }
    assert_eq!(
        refusal_of(json!({"sub": ""})),
        Some(TokenError::MissingClaim("sub".into()))
    );
}

#[test]
fn a_token_holds_between_its_times_with_a_little_leeway() {
    let now_s = now_s();
    for (changes, refusal) in [
        (json!({"exp": now_s + 1}), None),
        (json!({"exp": now_s - 3}), None),
        (json!({"exp": now_s - 30}), Some(TokenError::Expired)),
        (json!({"exp": 0}), Some(TokenError::Expired)),
        (json!({"exp": now_s as f64 + 0.5}), None),
        (json!({"nbf": now_s - 1}), None),
        (json!({"nbf": now_s + 3}), None),
        (json!({"nbf": now_s + 30}), Some(TokenError::NotYetValid)),
    ] {
        assert_eq!(refusal_of(changes.clone()), refusal, "{changes}");
    }
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    assert_eq!(refusal_of(json!({"aud": "grandstand"})), None);
    assert_eq!(refusal_of(json!({"aud": ["other", "grandstand"]})), None);
    assert_eq!(
        refusal_of(json!({"aud": "other"})),
        Some(TokenError::WrongAudience)
    );
    assert_eq!(
        refusal_of(json!({"iss": "other"})),
        Some(TokenError::WrongIssuer)
    );
}

#[test]
fn claims_of_the_wrong_form_are_refused() {
    for changes in [
        json!({"exp": "soon"}),
        json!({"nbf": "later"}),
        json!({"role": "umpire"}),
        json!({"tier": "gold"}),
        json!({"matches": "final"}),
        json!({"matches": ["FINAL"]}),
        json!({"delay_s": -1}),
        json!({"sub": 7}),
    ] {
        let refusal = refusal_of(changes.clone());
        assert!(
            matches!(refusal, Some(TokenError::Malformed(_))),
            "{changes}: {refusal:?}"
        );
    }
}

#[test]
fn a_right_that_we_do_not_know_grants_nothing() {
    let claims = claims_with(json!({"role": "scorer", "rights": ["open", "levitate"]}));
    let grant = Verifier::new(&key())
        .verify(&signed(Algorithm::HS256, &claims, SECRET))
        .unwrap();
    assert!(grant.has_right(Right::Open) && !grant.has_right(Right::Official));
}

#[test]
fn only_our_key_and_our_algorithm_count() {
    let verifier = Verifier::new(&key());
    let other_key = signed(
        Algorithm::HS256,
        &claims(),
        "another secret of at least 32 bytes!",
    );
    assert_eq!(verifier.verify(&other_key), Err(TokenError::WrongKey));
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = signed(algorithm, &claims(), SECRET);
        assert_eq!(verifier.verify(&token), Err(TokenError::WrongAlgorithm));
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let verifier = Verifier::new(&key());
    let right = signed(Algorithm::HS256, &claims(), SECRET);
    let [_, payload, _] = right.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts");
    };
    // {"alg":"none","typ":"JWT"} and {"alg":"None"}
    for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIn0"] {
        for token in [
            format!("{header}.{payload}."),
            format!("{header}.{payload}"),
        ] {
            assert!(verifier.verify(&token).is_err(), "{token}");
        }
    }
    assert!(
        verifier.verify(&right.replace(payload, "e30")).is_err(),
        "other claims"
    );
    let unsigned = &right[..=right.rfind('.').unwrap()];
    assert!(verifier.verify(unsigned).is_err());
}

#[test]
fn what_is_no_token_is_refused() {
    let verifier = Verifier::new(&key());
    assert_eq!(verifier.verify(""), Err(TokenError::Missing));
    for bad in ["a", "a.b", "a.b.c", "a.b.c.d", "\u{fc}.\u{fc}.\u{fc}"] {
        assert!(
            matches!(verifier.verify(bad), Err(TokenError::Malformed(_))),
            "{bad}"
        );
    }
}

#[test]
fn a_token_of_4096_bytes_is_read_and_minted_and_none_that_is_longer() {
    let of = |pad: usize| {
        let subject = "a".repeat(pad);
        let token = signed(
            Algorithm::HS256,
            &claims_with(json!({ "sub": subject })),
            SECRET,
        );
        let minted = mint(
            &key(),
            &TokenRequest::new(subject, Role::Fan),
            SystemTime::now(),
        );
        (token, minted)
    };
    let verifier = Verifier::new(&key());
    // Three bytes of claims are four of the token.
    let pads = 2_600..3_100;
    let (mut read, mut made) = (0, 0);
    for pad in pads {
        let (token, minted) = of(pad);
        let verified = verifier.verify(&token);
        match token.len() <= 4_096 {
            true => assert!(verified.is_ok(), "{}: {verified:?}", token.len()),
            false => assert!(
                matches!(verified, Err(TokenError::Malformed(_))),
                "{}: {verified:?}",
                token.len()
            ),
        }
        read = read.max(verified.map_or(0, |_| token.len()));
        made = made.max(minted.map_or(0, |token| token.len()));
    }
    assert_eq!((read, made), (4_096, 4_096));
}
