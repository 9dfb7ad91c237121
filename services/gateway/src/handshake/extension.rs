//! Whether frames may be deflated: what a client offers in `Sec-WebSocket-Extensions`, and what is
//! answered (RFC 7692).
//!
//! Only without context takeover: a message that depends on no other serves all fans, and keeps
//! nothing of a connection.

use http::header::SEC_WEBSOCKET_EXTENSIONS;
use http::{HeaderMap, HeaderValue};

const NAME: &str = "permessage-deflate";
/// The only window that we deflate with, as a power of two: the largest there is.
const WINDOW_BITS: &str = "15";

/// What is agreed on, as it is answered: the first of the offers that we can keep.
pub(super) fn agreed(headers: &HeaderMap) -> Option<HeaderValue> {
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    // No value that we take has a comma or a semicolon in it, however it is quoted.
    let mut offers = texts.flat_map(|text| text.split(','));
    offers.find_map(answer).map(HeaderValue::from_static)
}

/// The answer to one offer; none declines it.
fn answer(offer: &str) -> Option<&'static str> {
    let mut words = offer.split(';').map(str::trim);
    if words.next() != Some(NAME) {
        return None;
    }
    let mut seen = Vec::new();
    let mut names_window = false;
    for word in words {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
            None => (word, None),
        };
        match (name, value) {
            ("server_no_context_takeover" | "client_no_context_takeover", None) => {}
            // What the client would do for us is not asked of it.
            ("client_max_window_bits", None | Some("8" | "9" | "10" | "11" | "12")) => {}
            ("client_max_window_bits", Some("13" | "14" | "15")) => {}
            ("server_max_window_bits", Some(WINDOW_BITS)) => names_window = true,
            _ => return None,
        }
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
    }
    Some(match names_window {
        false => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        true => {
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15"
        }
    })
}

fn unquoted(value: &str) -> &str {
    let within = value.strip_prefix('"');
    within
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    fn agreed_on(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(value));
        }
        agreed(&headers).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn offers_of_browsers_and_libraries_are_taken() {
        for offer in [
            "permessage-deflate",
            // Chromium, Firefox, Node.
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "permessage-deflate ;client_max_window_bits = 12",
            "permessage-deflate; client_max_window_bits=\"15\"",
            "x-webkit-deflate-frame, permessage-deflate",
        ] {
            assert_eq!(agreed_on(&[offer]).as_deref(), Some(PLAIN), "{offer}");
        }
        let two = ["x-unknown", "permessage-deflate"];
        assert_eq!(agreed_on(&two).as_deref(), Some(PLAIN));
    }

    #[test]
    fn a_window_that_is_named_is_ours_or_another_offer_is_looked_for() {
        let largest = "permessage-deflate; server_max_window_bits=15";
        let named = format!("{PLAIN}; server_max_window_bits=15");
        assert_eq!(agreed_on(&[largest]), Some(named));
        let small = "permessage-deflate; server_max_window_bits=10";
        assert_eq!(agreed_on(&[small]), None);
        let or_any = "permessage-deflate; server_max_window_bits=10, permessage-deflate";
        assert_eq!(agreed_on(&[or_any]).as_deref(), Some(PLAIN));
    }

    #[test]
    fn what_can_not_be_kept_is_declined() {
        for offer in [
            "",
            "deflate",
            "permessage-deflates",
            "permessage-deflate; window=3",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        ] {
            assert_eq!(agreed_on(&[offer]), None, "{offer}");
        }
        assert_eq!(agreed_on(&[]), None);
    }
}
