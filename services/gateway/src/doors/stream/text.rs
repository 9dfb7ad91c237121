//! A message as text of an event stream (WHATWG HTML, section 9.2): `event`, `id` and `data`. Made
//! once for all who are told the same.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use grandstand_core::frame::Frame;
use grandstand_core::ids::Epoch;

/// Behind each message.
const END: &str = "\n\n";
/// How every message in JSON begins.
const TYPE: &[u8] = br#"{"type":""#;
/// So many are kept, 4 MiB at most: with the news of more matches at once some are made again.
const TEXTS_KEPT_MAX: usize = 32;

/// Where a match is by a message.
type Cursor = Option<(Epoch, u64)>;

/// The newest texts, oldest first, each beside the frame that it was made of: as long as that is
/// held, no other has its bytes.
#[derive(Default)]
pub(super) struct Texts(Mutex<VecDeque<(Frame, Cursor, Bytes)>>);

impl Texts {
    /// A message, and where its match is by it.
    pub(super) fn message(&self, frame: &Frame, cursor: Cursor) -> Bytes {
        let bytes = |frame: &Frame| (frame.wire().as_ptr(), frame.wire().len());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().rev().find(|(other, at, _)| {
            // Two empty ones may be at one place.
            bytes(other) == bytes(frame) && *at == cursor
        });
        if let Some((_, _, text)) = found {
            return text.clone();
        }
        let text = message(frame, cursor);
        if kept.len() == TEXTS_KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((frame.clone(), cursor, text.clone()));
        text
    }
}

/// When a client whose connection breaks comes again.
pub(super) fn retry(after_ms: u64) -> Bytes {
    format!("retry: {after_ms}{END}").into()
}

fn message(frame: &Frame, cursor: Cursor) -> Bytes {
    let json = frame.bytes();
    let mut head = format!("event: {}\n", kind(&json));
    if let Some((epoch, seq)) = cursor {
        // Into a String it can't fail.
        let _ = writeln!(head, "id: {epoch}-{seq}");
    }
    head.push_str("data: ");
    [head.as_bytes(), &json, END.as_bytes()].concat().into()
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

    fn whole(text: &Bytes) -> String {
        String::from_utf8(text.to_vec()).unwrap()
    }

    fn goaway() -> Frame {
        let goaway = ServerMessage::Goaway {
            reason: "drain",
            reconnect_in_ms: 5,
            window_ms: 10,
        };
        Frame::of(Codec::Json, &goaway)
    }

    #[test]
    fn a_message_has_its_type_its_cursor_and_one_line_of_data() {
        let match_id = MatchId::new("m").unwrap();
        let epoch: Epoch = "5.1".parse().unwrap();
        let state = json!({"text": "two\nlines\r"});
        let tail = SnapshotTail::new(Codec::Json, 7, &state);
        let snapshot = Frame::of_snapshot(&match_id, epoch, Reason::Joined, &tail);
        let text = whole(&message(&snapshot, Some((epoch, 7))));
        assert!(text.starts_with("event: snapshot\nid: 5.1-7\ndata: {\"type\":\"snapshot\","));
        assert!(
            text.ends_with("}\n\n") && text.lines().count() == 4,
            "{text}"
        );

        let event = br#"{"seq":8}"#;
        let events = [&event[..]].into_iter();
        let events = Frame::of_events(Codec::Json, &match_id, epoch, events, None);
        let text = whole(&message(&events, Some((epoch, 8))));
        assert!(text.starts_with("event: events\nid: 5.1-8\n"), "{text}");

        let text = whole(&message(&goaway(), None));
        assert!(text.starts_with("event: goaway\ndata: {"), "{text}");
        assert_eq!(whole(&retry(2_000)), "retry: 2000\n\n");
    }

    #[test]
    fn who_is_told_the_same_shares_its_bytes_and_what_is_old_goes() {
        let (texts, first) = (Texts::default(), goaway());
        let text = texts.message(&first, None);
        let place = |text: &Bytes| text.as_ptr();
        assert_eq!(place(&texts.message(&first.clone(), None)), place(&text));
        let epoch: Epoch = "5.1".parse().unwrap();
        let with_cursor = texts.message(&first, Some((epoch, 7)));
        assert_ne!(with_cursor, text);
        // The same message, made by itself.
        assert_ne!(place(&texts.message(&goaway(), None)), place(&text));
        for _ in 0..TEXTS_KEPT_MAX {
            texts.message(&goaway(), None);
        }
        assert_eq!(texts.0.lock().unwrap().len(), TEXTS_KEPT_MAX);
        assert_ne!(place(&texts.message(&first, None)), place(&text));
    }
}
