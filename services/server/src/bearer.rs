//! Where a request carries its token.

use http::HeaderMap;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};

use crate::token::TokenError;

/// Before the token in an entry of `Sec-WebSocket-Protocol`; such an entry is never echoed.
pub const BEARER_SUBPROTOCOL: &str = "grandstand.bearer.";

/// The token of `Authorization: Bearer`.
pub fn bearer_of(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(TokenError::Missing)?;
    if values.next().is_some() {
        return Err(TokenError::Malformed(
            "there are two Authorization headers".to_owned(),
        ));
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .ok_or_else(not_bearer)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(not_bearer())
    }
}

/// The token among the subprotocols that a page offers, since a page cannot set `Authorization`.
pub fn bearer_in_subprotocols(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut tokens = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|entry| entry.trim().strip_prefix(BEARER_SUBPROTOCOL));
    let token = tokens.next().ok_or(TokenError::Missing)?;
    if tokens.next().is_some() {
        return Err(TokenError::Malformed("two tokens are offered".to_owned()));
    }
    Ok(token)
}

fn not_bearer() -> TokenError {
    TokenError::Malformed("Authorization must be 'Bearer <token>'".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_authorization_header_carries_one_bearer_token() {
        let of = |values: &[&str]| bearer_of(&headers(AUTHORIZATION, values)).map(str::to_owned);
        assert_eq!(of(&["Bearer a.b.c"]), Ok("a.b.c".into()));
        assert_eq!(of(&["bearer  a.b.c "]), Ok("a.b.c".into()));
        assert_eq!(of(&[]), Err(TokenError::Missing));
        for bad in [
            &["Basic abc"][..],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a", "Bearer b"],
        ] {
            assert!(matches!(of(bad), Err(TokenError::Malformed(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_page_offers_its_token_as_a_subprotocol() {
        let of = |values: &[&str]| {
            bearer_in_subprotocols(&headers(SEC_WEBSOCKET_PROTOCOL, values)).map(str::to_owned)
        };
        assert_eq!(
            of(&["grandstand.v1.json, grandstand.bearer.a.b.c"]),
            Ok("a.b.c".into())
        );
        assert_eq!(
            of(&["grandstand.v1.json", "grandstand.bearer.a"]),
            Ok("a".into())
        );
        assert_eq!(of(&["grandstand.v1.json"]), Err(TokenError::Missing));
        assert!(of(&["grandstand.bearer.a,grandstand.bearer.b"]).is_err());
    }
}
