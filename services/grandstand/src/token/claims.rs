//! What a token says of itself, believed or not, and what a verifier says of it.

use grandstand_server::grant::Grant;
use grandstand_server::keys::TokenKey;
use grandstand_server::token::{TokenError, Verifier};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value};

/// Longer is nobody's token of ours; what is shown of it is bounded by this.
const TOKEN_BYTES_MAX: usize = 4096;

/// Whether the signature is of our secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Ours,
    Wrong,
    /// There was no secret to check it with.
    Unchecked,
}

/// Everything that is known of a token.
pub(crate) struct Judged {
    pub(crate) signature: Signature,
    /// What it grants, or would grant if its signature were ours.
    pub(crate) grant: Option<Grant>,
    /// Every reason to refuse it that was found.
    pub(crate) refusals: Vec<TokenError>,
    /// Its claims as they stand; empty if they can't be read.
    pub(crate) claims: Map<String, Value>,
}

/// Judges `token` exactly as a gateway or scoring would: by the same verifier.
pub(crate) fn judge(token: &str, key: Option<&TokenKey>) -> Judged {
    // Whether the claims hold is asked apart from the signature: somebody whose token is of another
    // secret shall also hear that it has expired.
    let (grant, mut refusals) = match resigned(token) {
        Ok((again, throwaway)) => match Verifier::new(&throwaway).verify(&again) {
            Ok(grant) => (Some(grant), Vec::new()),
            Err(error) => (None, vec![error]),
        },
        Err(error) => (None, vec![error]),
    };
    let signature = match key.map(|key| Verifier::new(key).verify(token)) {
        None => Signature::Unchecked,
        Some(Err(TokenError::WrongKey)) => {
            refusals.insert(0, TokenError::WrongKey);
            Signature::Wrong
        }
        Some(Ok(_)) => Signature::Ours,
        // Refused for what the claims say: a verifier looks at them only if the signature is right,
        // and never at the signature if the algorithm is another.
        Some(Err(error)) => {
            let is_read = !matches!(error, TokenError::WrongAlgorithm | TokenError::Malformed(_));
            if !refusals.contains(&error) {
                refusals.push(error);
            }
            match is_read {
                true => Signature::Ours,
                false => Signature::Unchecked,
            }
        }
    };
    Judged {
        signature,
        grant,
        refusals,
        claims: claims(token).unwrap_or_default(),
    }
}

/// The same token, signed with a secret that lives only here.
fn resigned(token: &str) -> Result<(String, TokenKey), TokenError> {
    let malformed = |what: &str| TokenError::Malformed(what.to_owned());
    if token.len() > TOKEN_BYTES_MAX {
        return Err(malformed(&format!(
            "it is longer than {TOKEN_BYTES_MAX} bytes"
        )));
    }
    let not_three = || malformed("it is not three parts of base64url");
    let (signed, _) = token.rsplit_once('.').ok_or_else(not_three)?;
    let secret = "a secret that signs nothing but this check";
    let throwaway = TokenKey::new(secret).ok_or_else(not_three)?;
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256)
        .map_err(|error| malformed(&error.to_string()))?;
    Ok((format!("{signed}.{signature}"), throwaway))
}

fn claims(token: &str) -> Option<Map<String, Value>> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    match jsonwebtoken::dangerous::insecure_decode_claims(token).ok()? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}
