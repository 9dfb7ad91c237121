//! A message as text of an event stream (WHATWG HTML, section 9.2): `event`, `id` and `data`.

use std::fmt::Write;

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use grandstand_core::frame::Frame;
use grandstand_core::ids::Epoch;

/// What is left to be written of one message. Its JSON is shared by all who get it; what is before
/// and behind it is not worth keeping.
pub(super) type Text = Chain<Chain<Bytes, Bytes>, &'static [u8]>;

/// Behind each message.
const END: &[u8] = b"\n\n";
/// How every message in JSON begins.
const TYPE: &[u8] = br#"{"type":""#;

/// When a client whose connection breaks comes again.
pub(super) fn retry(after_ms: u64) -> Text {
    let head = Bytes::from(format!("retry: {after_ms}"));
    head.chain(Bytes::new()).chain(END)
}

/// A message, and where its match is by it.
pub(super) fn message(frame: &Frame, cursor: Option<(Epoch, u64)>) -> Text {
    let json = frame.bytes();
    let mut head = format!("event: {}\n", kind(&json));
    if let Some((epoch, seq)) = cursor {
        // Into a String it can't fail.
        let _ = writeln!(head, "id: {epoch}-{seq}");
    }
    head.push_str("data: ");
    Bytes::from(head).chain(json).chain(END)
}

fn kind(json: &[u8]) -> &str {
    let rest = json.strip_prefix(TYPE).unwrap_or_default();
    let kind = rest.split(|byte| *byte == b'"').next().unwrap_or_default();
    std::str::from_utf8(kind).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use grandstand_core::frame::{Codec, Reason, SnapshotTail};
    use grandstand_core::ids::MatchId;
    use grandstand_core::message::ServerMessage;
    use serde_json::json;

    fn whole(mut text: Text) -> String {
        let bytes = text.copy_to_bytes(text.remaining());
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_message_has_its_type_its_cursor_and_one_line_of_data() {
        let match_id = MatchId::new("m").unwrap();
        let epoch: Epoch = "5.1".parse().unwrap();
        let state = json!({"text": "two\nlines\r"});
        let tail = SnapshotTail::new(Codec::Json, 7, &state);
        let snapshot = Frame::of_snapshot(&match_id, epoch, Reason::Joined, &tail);
        let text = whole(message(&snapshot, Some((epoch, 7))));
        assert!(text.starts_with("event: snapshot\nid: 5.1-7\ndata: {\"type\":\"snapshot\","));
        assert!(
            text.ends_with("}\n\n") && text.lines().count() == 4,
            "{text}"
        );

        let event = br#"{"seq":8}"#;
        let events = [&event[..]].into_iter();
        let events = Frame::of_events(Codec::Json, &match_id, epoch, events, None);
        assert!(
            whole(message(&events, Some((epoch, 8)))).starts_with("event: events\nid: 5.1-8\n")
        );

        let goaway = ServerMessage::Goaway {
            reason: "drain",
            reconnect_in_ms: 5,
            window_ms: 10,
        };
        let text = whole(message(&Frame::of(Codec::Json, &goaway), None));
        assert!(text.starts_with("event: goaway\ndata: {"), "{text}");
        assert_eq!(whole(retry(2_000)), "retry: 2000\n\n");
    }
}
