//! The match that the vectors are about.

use grandstand_core::event::{Event, Op};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use grandstand_core::record::Record;
use serde_json::{Value, json};

pub(crate) fn match_id() -> MatchId {
    MatchId::new("final-2026").unwrap()
}

pub(crate) fn epoch() -> Epoch {
    "1790000000123456.1".parse().unwrap()
}

/// Its first two events, of one post.
pub(crate) fn record() -> Record {
    let first = json!({"strip": {"title": "Reds v Blues", "status": "live"}});
    let mut second = event(
        2,
        "goal",
        Some(json!({"by": "ann"})),
        json!({"goals": {"g01": {"by": "ann"}}}),
    );
    second.op = Op::Insert;
    second.reference = Some(EventId::new("e1").unwrap());
    second.at = Some(1_789_999_990_000_000);
    second.tags = vec!["goal".to_owned()];
    Record {
        events: vec![event(1, "start", Some(json!({})), first), second],
        hash: StateHash::of(&state()),
    }
}

/// The state after [`record`].
pub(crate) fn state() -> Value {
    json!({"strip": {"title": "Reds v Blues", "status": "live"}, "goals": {"g01": {"by": "ann"}}})
}

/// Three corrections that follow, of one post.
pub(crate) fn corrections() -> Record {
    let correction = |seq, op, data, patch| Event {
        op,
        reference: Some(EventId::new("e2").unwrap()),
        ..event(seq, "goal", data, patch)
    };
    let by_bea = json!({"goals": {"g01": {"by": "bea"}}});
    Record {
        events: vec![
            correction(3, Op::Amend, Some(json!({"by": "bea"})), by_bea.clone()),
            correction(4, Op::Void, None, json!({"goals": null})),
            correction(5, Op::Restore, None, by_bea),
        ],
        hash: StateHash::of(
            &json!({"strip": {"title": "Reds v Blues", "status": "live"}, "goals": {"g01": {"by": "bea"}}}),
        ),
    }
}

fn event(seq: u64, kind: &str, data: Option<Value>, patch: Value) -> Event {
    Event {
        seq,
        ts: 1_790_000_000_123_455 + seq,
        id: EventId::new(format!("e{seq}")).unwrap(),
        kind: kind.to_owned(),
        data,
        patch,
        op: Op::Add,
        reference: None,
        at: None,
        tags: vec![],
    }
}
