//! A stream of one match, and the gateway's log of it.

use std::cell::{Ref, RefCell};

use bytes::Bytes;
use grandstand_core::connection::{Feed, MatchView, Matches};
use grandstand_core::event::{Event, Op};
use grandstand_core::follow::{Arrival, Follower, Outcome};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use grandstand_core::message::Status;
use grandstand_core::record::{Record, RecordParts};
use grandstand_core::strips::{StripsBoard, StripsView};
use grandstand_core::{patch, value};
use serde_json::{Value, json};

pub(crate) const START_US: u64 = 1_790_000_000_000_000;

/// What the stream holds, and what a gateway made of it.
pub(crate) struct World {
    pub(crate) now_us: u64,
    pub(crate) state: Value,
    pub(crate) stream: Vec<Arrival>,
    /// How many events there are.
    pub(crate) head: u64,
    pub(crate) feed: RefCell<Feed>,
    /// How many bytes each event has beside what it needs.
    pub(crate) padding: usize,
}

impl Matches for World {
    fn look<R>(&self, _: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        look(MatchView::Ready(&self.feed.borrow()))
    }

    fn strips<R>(&self, _: StripsView, _: u64, _: impl FnOnce(&mut StripsBoard) -> R) -> Option<R> {
        None
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let follower = Follower::new(match_id(), epoch());
        Self {
            now_us: START_US,
            state: json!({}),
            stream: Vec::new(),
            head: 0,
            padding: 0,
            feed: RefCell::new(Feed {
                follower,
                status: Status::Live,
                as_of_us: START_US,
                delay_s: 0,
                leader_answers: 0,
            }),
        }
    }

    /// A scorer posts `count` events; `lost` says that the live feed drops the record.
    pub(crate) fn publish(&mut self, count: u64, lost: bool) {
        let mut events = Vec::new();
        for index in 0..count {
            let seq = self.head + 1 + index;
            let mut after = self.state.clone();
            after["strip"] = json!({"title": "m", "status": "live"});
            after[format!("k{}", seq % 7)] = json!({"n": seq, "t": "ä"});
            if seq.is_multiple_of(5) {
                after.as_object_mut().unwrap().remove("k1");
            }
            let event = Event {
                seq,
                ts: self.now_us + index,
                id: EventId::new(format!("e{seq}")).unwrap(),
                kind: "thing".to_owned(),
                data: Some(json!({"seq": seq, "pad": "x".repeat(self.padding)})),
                patch: patch::diff(&self.state, &after),
                op: Op::Add,
                reference: None,
                at: None,
                tags: vec![],
            };
            self.state = after;
            events.push(event);
        }
        value::check_state(&self.state).expect("a plain state");
        self.head += count;
        let record = Record {
            events,
            hash: StateHash::of(&self.state),
        };
        let arrival = Arrival {
            stream_sequence: self.stream.last().map_or(0, |last| last.stream_sequence) + 3,
            last_stream_sequence: Some(self.stream.last().map_or(0, |last| last.stream_sequence)),
            parts: RecordParts::decode(Bytes::from(record.encode())).unwrap(),
        };
        self.stream.push(arrival.clone());
        if !lost {
            let outcome = self.feed.borrow_mut().follower.live(arrival, self.now_us);
            assert!(
                matches!(outcome, Outcome::Taken | Outcome::Gap),
                "{outcome:?}"
            );
        }
    }

    /// The tip check and the back-fill that it leads to.
    pub(crate) fn repair(&mut self) {
        let mut feed = self.feed.borrow_mut();
        if let Some(tip) = self.stream.last() {
            feed.follower.tip(tip.stream_sequence, self.now_us);
        }
        while let Some(backfill) = feed.follower.backfill() {
            let missing = self
                .stream
                .iter()
                .filter(|arrival| arrival.stream_sequence > backfill.after);
            let missing = missing.cloned().map(|arrival| Arrival {
                last_stream_sequence: None,
                ..arrival
            });
            let outcome = feed
                .follower
                .backfilled(missing.collect(), backfill.whom, self.now_us);
            assert_eq!(outcome, Outcome::Taken);
        }
        feed.leader_answers += 1;
    }

    pub(crate) fn feed(&self) -> Ref<'_, Feed> {
        self.feed.borrow()
    }
}

pub(crate) fn match_id() -> MatchId {
    MatchId::new("m").unwrap()
}

pub(crate) fn epoch() -> Epoch {
    "1790000000000000.1".parse().unwrap()
}
