//! How many events go into one request.

use crate::event::Event;

/// Events in one request; scoring takes 100.
const EVENTS_MAX: usize = 50;
/// Bytes of one request; scoring takes 64 KiB.
const BODY_BYTES_MAX: usize = 60 << 10;

/// How many of `events` fit into one request, and its body.
pub(crate) fn next_batch(events: &[Event], events_max: usize) -> (usize, Vec<u8>) {
    let mut body = vec![b'['];
    let mut length = 0;
    for event in events.iter().take(events_max.min(EVENTS_MAX)) {
        let text = serde_json::to_vec(event).expect("an event is plain JSON");
        if length > 0 {
            if body.len() + text.len() + 2 > BODY_BYTES_MAX {
                break;
            }
            body.push(b',');
        }
        body.extend_from_slice(&text);
        length += 1;
    }
    body.push(b']');
    (length, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_batch_keeps_to_both_bounds() {
        let event = |bytes: usize| {
            Event::added(
                "e".to_owned(),
                "comment",
                json!({"text": "x".repeat(bytes)}),
            )
        };
        let small = vec![event(10); 120];
        assert_eq!(next_batch(&small, usize::MAX).0, 50);
        assert_eq!(next_batch(&small, 3).0, 3);
        let large = vec![event(20_000); 5];
        let (length, body) = next_batch(&large, usize::MAX);
        assert_eq!(length, 3);
        assert!(body.len() <= 60 << 10);
        assert_eq!(
            serde_json::from_slice::<Vec<Value>>(&body)
                .expect("JSON")
                .len(),
            3
        );
        assert_eq!(
            next_batch(&[event(70_000)], usize::MAX).0,
            1,
            "one that is too large is the platform's to refuse"
        );
    }
}
