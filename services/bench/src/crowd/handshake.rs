//! A fan's WebSocket handshake as bytes: what it asks, and what the answer means.

use std::fmt::Write;
use std::time::Duration;

use crate::args::Codec;
use crate::crowd::message::Place;
use crate::crowd::orders::{Plan, Reading};

/// Longer than the head of any answer of ours.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The request of a fan of a match that has seen everything up to `after`.
pub(crate) fn request(
    plan: &Plan,
    fan: u32,
    match_id: &str,
    after: Option<&(Place, u64)>,
) -> Vec<u8> {
    let mut request = format!("GET /v1/ws?match={match_id}");
    match (plan.reading, after) {
        (Reading::Nothing, _) => request.push_str("&after=0&snapshot=never"),
        (Reading::All, Some((life, seq))) => {
            write!(request, "&after={}-{seq}", life.epoch).expect("memory takes text");
        }
        (Reading::All, None) => {}
    }
    if let Some(policy) = plan.policy {
        request.push_str("&policy=");
        request.push_str(policy.as_str());
    }
    let subprotocol = match plan.codec {
        Codec::Json => "grandstand.v1.json",
        Codec::Msgpack => "grandstand.v1.msgpack",
    };
    write!(
        request,
        " HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Sec-WebSocket-Protocol: {subprotocol}\r\n",
        plan.gateway_of(fan)
    )
    .expect("memory takes text");
    if let Some(token) = &plan.token {
        write!(request, "Authorization: Bearer {token}\r\n").expect("memory takes text");
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// What the bytes of an answer mean so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// More must come.
    Incomplete,
    /// The connection is a WebSocket; frames begin at this byte.
    Upgraded(usize),
    /// The connection is refused.
    Refused {
        /// The status, or 0 if it is no answer.
        status: u16,
        /// How long to stay away at least.
        retry_after: Option<Duration>,
    },
}

/// Reads an answer.
pub(crate) fn answer(bytes: &[u8]) -> Answer {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return match bytes.len() {
            0..=ANSWER_BYTES_MAX => Answer::Incomplete,
            _ => NO_ANSWER,
        };
    };
    let Ok(head) = std::str::from_utf8(&bytes[..end]) else {
        return NO_ANSWER;
    };
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    match status.and_then(|status| status.parse().ok()) {
        Some(101) => Answer::Upgraded(end + 4),
        Some(status) => Answer::Refused {
            status,
            retry_after: lines.find_map(retry_after),
        },
        None => NO_ANSWER,
    }
}

const NO_ANSWER: Answer = Answer::Refused {
    status: 0,
    retry_after: None,
};

fn retry_after(line: &str) -> Option<Duration> {
    let (name, value) = line.split_once(':')?;
    let seconds = name
        .eq_ignore_ascii_case("retry-after")
        .then(|| value.trim());
    seconds?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{FanSpread, Policy};
    use crate::crowd::message::Life;
    use std::net::Ipv4Addr;
    use std::rc::Rc;

    #[test]
    fn a_fan_says_what_it_wants_and_what_it_has() {
        let plan = Plan {
            gateways: vec!["127.0.0.1:7002".parse().unwrap()],
            tls: None,
            spread: FanSpread::Even,
            reading: Reading::All,
            token: Some("a.b.c".to_owned()),
            matches: vec!["m".to_owned()],
            policy: Some(Policy::Batch),
            codec: Codec::Msgpack,
            first: 0,
            count: 1,
            source: Ipv4Addr::LOCALHOST,
        };
        let life = Rc::new(Life {
            match_id: "m".to_owned(),
            epoch: "5.1".to_owned(),
        });
        let text = String::from_utf8(request(&plan, 0, "m", Some(&(life, 9)))).unwrap();
        assert!(text.starts_with("GET /v1/ws?match=m&after=5.1-9&policy=batch HTTP/1.1\r\n"));
        for line in [
            "Host: 127.0.0.1:7002",
            "Sec-WebSocket-Protocol: grandstand.v1.msgpack",
            "Authorization: Bearer a.b.c",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
        }
        assert!(text.ends_with("\r\n\r\n"));

        let reading = Reading::Nothing;
        let text = String::from_utf8(request(&Plan { reading, ..plan }, 0, "m", None)).unwrap();
        assert!(text.starts_with("GET /v1/ws?match=m&after=0&snapshot=never&policy=batch HTTP"));
    }

    #[test]
    fn an_answer_is_read_once_its_head_is_there() {
        let upgraded = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00";
        assert_eq!(answer(upgraded), Answer::Upgraded(upgraded.len() - 2));
        assert_eq!(answer(&upgraded[..40]), Answer::Incomplete);
        let full = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\n\r\n{}";
        let refused = |status, seconds: Option<u64>| Answer::Refused {
            status,
            retry_after: seconds.map(Duration::from_secs),
        };
        assert_eq!(answer(full), refused(503, Some(7)));
        assert_eq!(
            answer(b"HTTP/1.1 401 Unauthorized\r\n\r\n"),
            refused(401, None)
        );
        assert_eq!(answer(b"hello\r\n\r\n"), NO_ANSWER);
        assert_eq!(answer(&[b'x'; ANSWER_BYTES_MAX + 1]), NO_ANSWER);
    }
}
