//! Tokens: HS256 JSON Web Tokens, minted and verified.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::grant::{Grant, MatchPattern, Right, Role, Tier};
use crate::keys::TokenKey;
use crate::problem_kind::ProblemKind;

/// Both issuer and audience of every token of ours.
const PARTY: &str = "grandstand";
/// How far the clocks of two of our machines may be apart.
pub(crate) const LEEWAY_S: u64 = 5;
/// Longer is nobody's token of ours, and not worth hashing.
const TOKEN_BYTES_MAX: usize = 4096;

/// The life of a token when nobody says otherwise.
pub const DEFAULT_TTL: Duration = Duration::from_secs(24 * 3600);

/// Why a token, or its absence, lets nobody in. The texts are for the people who hold it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// None was sent.
    #[error("no token was sent: use 'Authorization: Bearer <token>'")]
    Missing,
    /// It is not a token, or its claims are not ours.
    #[error("this is not a token of Grandstand's: {0}")]
    Malformed(String),
    /// It is signed by another algorithm than HS256.
    #[error("the token is not signed with HS256")]
    WrongAlgorithm,
    /// It is signed with another secret than ours.
    #[error("the token's signature is not ours: it was made with another key")]
    WrongKey,
    /// It ended.
    #[error("the token has expired: get a new one")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet: check 'nbf' and the clocks")]
    NotYetValid,
    /// Another issuer made it.
    #[error("the token's issuer is not '{PARTY}'")]
    WrongIssuer,
    /// It was made for somebody else.
    #[error("the token's audience is not '{PARTY}'")]
    WrongAudience,
    /// It lacks a claim that every token needs.
    #[error("the token lacks the claim '{0}'")]
    MissingClaim(String),
}

impl TokenError {
    /// The kind of problem that it is told as.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Missing => ProblemKind::TokenMissing,
            Self::Malformed(_) => ProblemKind::TokenMalformed,
            Self::WrongAlgorithm => ProblemKind::TokenWrongAlgorithm,
            Self::WrongKey => ProblemKind::TokenWrongKey,
            Self::Expired => ProblemKind::TokenExpired,
            Self::NotYetValid => ProblemKind::TokenNotYetValid,
            Self::WrongIssuer => ProblemKind::TokenWrongIssuer,
            Self::WrongAudience => ProblemKind::TokenWrongAudience,
            Self::MissingClaim(_) => ProblemKind::TokenMissingClaim,
        }
    }

    /// Its stable word, for messages and metrics.
    pub fn word(&self) -> &'static str {
        self.kind().word()
    }
}

/// What a new token shall grant.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Whose it is; not empty.
    pub sub: String,
    /// What he is.
    pub role: Role,
    /// What he pays for, if he is a fan.
    pub tier: Option<Tier>,
    /// Which matches it names; none for a scorer means that he may write nothing.
    pub matches: Option<Vec<MatchPattern>>,
    /// Rights of a scorer.
    pub rights: Vec<Right>,
    /// How far behind the head he reads, in seconds; 0 is not written.
    pub delay_s: u32,
    /// How long it lasts.
    pub ttl: Duration,
    /// Until when it may be renewed, in Unix seconds, if it is made by an access to a match.
    pub renewable_until_unix_s: Option<u64>,
}

impl TokenRequest {
    /// A token of `role` for `sub` that grants nothing else and lasts a day.
    pub fn new(sub: impl Into<String>, role: Role) -> Self {
        Self {
            sub: sub.into(),
            role,
            tier: None,
            matches: None,
            rights: Vec::new(),
            delay_s: 0,
            ttl: DEFAULT_TTL,
            renewable_until_unix_s: None,
        }
    }
}

/// Why a token was not made.
#[derive(Debug, Error)]
pub enum MintError {
    /// Verifying it would fail.
    #[error("a token needs a subject")]
    NoSubject,
    /// It would be longer than what is read.
    #[error(
        "the token would be longer than {TOKEN_BYTES_MAX} bytes: name fewer matches, or use '*'"
    )]
    TooLong,
    /// The library did not sign.
    #[error("the token could not be signed: {0}")]
    Unsigned(#[from] jsonwebtoken::errors::Error),
}

#[derive(Serialize)]
struct MintedClaims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: &'a str,
    iat: u64,
    exp: u64,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<&'a [MatchPattern]>,
    #[serde(skip_serializing_if = "<[Right]>::is_empty")]
    rights: &'a [Right],
    #[serde(skip_serializing_if = "is_zero")]
    delay_s: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewable_until: Option<u64>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Makes the token that `request` describes, beginning at `now`.
pub fn mint(key: &TokenKey, request: &TokenRequest, now: SystemTime) -> Result<String, MintError> {
    if request.sub.is_empty() {
        return Err(MintError::NoSubject);
    }
    let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = MintedClaims {
        iss: PARTY,
        aud: PARTY,
        sub: &request.sub,
        iat,
        exp: iat.saturating_add(request.ttl.as_secs()),
        role: request.role,
        tier: request.tier,
        matches: request.matches.as_deref(),
        rights: &request.rights,
        delay_s: request.delay_s,
        renewable_until: request.renewable_until_unix_s,
    };
    let signing = EncodingKey::from_secret(key.as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &signing)?;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(MintError::TooLong);
    }
    Ok(token)
}

/// Claims as they come. What the library checks itself may be absent here, so that it says which
/// claim is missing; a right that we do not know grants nothing.
#[derive(Deserialize)]
struct ReadClaims {
    #[serde(default)]
    sub: String,
    #[serde(default)]
    exp: f64,
    #[serde(default)]
    iat: Option<f64>,
    role: Option<Role>,
    #[serde(default)]
    tier: Option<Tier>,
    #[serde(default)]
    matches: Vec<MatchPattern>,
    #[serde(default)]
    rights: Vec<String>,
    #[serde(default)]
    delay_s: u32,
    #[serde(default)]
    renewable_until: Option<u64>,
}

/// Verifies tokens with one secret and one algorithm.
#[derive(Clone)]
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// A verifier of what `key` signed.
    pub fn new(key: &TokenKey) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_issuer(&[PARTY]);
        validation.set_audience(&[PARTY]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self {
            key: DecodingKey::from_secret(key.as_bytes()),
            validation,
        }
    }

    /// What `token` grants now, or why nothing.
    pub fn verify(&self, token: &str) -> Result<Grant, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed(format!(
                "it is longer than {TOKEN_BYTES_MAX} bytes"
            )));
        }
        let claims = jsonwebtoken::decode::<ReadClaims>(token, &self.key, &self.validation)
            .map_err(|error| why(error.into_kind()))?
            .claims;
        if claims.sub.is_empty() {
            return Err(TokenError::MissingClaim("sub".to_owned()));
        }
        Ok(Grant {
            role: claims
                .role
                .ok_or_else(|| TokenError::MissingClaim("role".to_owned()))?,
            sub: claims.sub,
            tier: claims.tier,
            delay_s: claims.delay_s,
            // `as` saturates, and the library has refused what is negative or not finite.
            expires_unix_s: claims.exp as u64,
            issued_unix_s: claims.iat.map(|iat| iat as u64),
            renewable_until_unix_s: claims.renewable_until,
            matches: claims.matches,
            rights: claims
                .rights
                .iter()
                .filter_map(|right| right.parse().ok())
                .collect(),
        })
    }
}

/// Our word for the library's.
fn why(kind: ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => TokenError::WrongAlgorithm,
        ErrorKind::InvalidSignature => TokenError::WrongKey,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidIssuer => TokenError::WrongIssuer,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) => TokenError::MissingClaim(claim),
        ErrorKind::InvalidClaimFormat(claim) => {
            TokenError::Malformed(format!("its claim '{claim}' has the wrong form"))
        }
        ErrorKind::Json(error) => TokenError::Malformed(error.to_string()),
        _ => TokenError::Malformed("it is not three parts of base64url".to_owned()),
    }
}
