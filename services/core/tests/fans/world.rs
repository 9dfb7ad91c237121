//! A stream of one match, and the gateway's log of it.

use std::cell::{Cell, Ref, RefCell};
use std::sync::Arc;

use bytes::Bytes;
use grandstand_core::connection::{Feed, MatchView, Matches, Standings};
use grandstand_core::event::{Event, Op};
use grandstand_core::follow::{Arrival, Follower, Outcome};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use grandstand_core::log::LogBudget;
use grandstand_core::message::Status;
use grandstand_core::record::{Record, RecordParts};
use grandstand_core::strips::{StripsBoard, StripsView};
use grandstand_core::{patch, value};
use serde_json::{Value, json};

pub(crate) const START_US: u64 = 1_790_000_000_000_000;

/// What the stream holds, and what two gateways made of it.
pub(crate) struct World {
    pub(crate) now_us: u64,
    pub(crate) state: Value,
    pub(crate) stream: Vec<Arrival>,
    /// How many events there are.
    pub(crate) head: u64,
    /// The first gateway's.
    pub(crate) feed: RefCell<Feed>,
    /// The second one's, which has no room for caches.
    other: RefCell<Feed>,
    /// When a gateway last read what it had missed.
    mended_us: Cell<u64>,
    /// When each event was posted, and how it was stored.
    history: Vec<(u64, Value)>,
    /// How many bytes each event has beside what it needs.
    pub(crate) padding: usize,
}

/// Where a fan is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    First,
    Second,
}

/// What came to a gateway over the live feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Both,
    First,
    Second,
    Neither,
}

/// A gateway as a connection sees it.
pub(crate) struct Gateway<'a>(&'a RefCell<Feed>);

impl Matches for Gateway<'_> {
    fn look<R>(&self, _: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        look(MatchView::Ready(&self.0.borrow()))
    }

    fn strips<R>(&self, _: StripsView, _: u64, _: impl FnOnce(&mut StripsBoard) -> R) -> Option<R> {
        None
    }
}

impl Matches for World {
    fn look<R>(&self, match_id: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        self.gateway(At::First).look(match_id, look)
    }

    fn strips<R>(
        &self,
        view: StripsView,
        now_us: u64,
        look: impl FnOnce(&mut StripsBoard) -> R,
    ) -> Option<R> {
        self.gateway(At::First).strips(view, now_us, look)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now_us: START_US,
            state: json!({}),
            stream: Vec::new(),
            head: 0,
            padding: 0,
            mended_us: Cell::new(0),
            history: Vec::new(),
            feed: RefCell::new(feed(LogBudget::unbounded())),
            other: RefCell::new(feed(Arc::new(LogBudget::new(0)))),
        }
    }

    pub(crate) fn gateway(&self, at: At) -> Gateway<'_> {
        Gateway(self.feed_at(at))
    }

    pub(crate) fn feed_at(&self, at: At) -> &RefCell<Feed> {
        match at {
            At::First => &self.feed,
            At::Second => &self.other,
        }
    }

    /// The last seq that a gateway had in time, of those that were posted before `time_us`; 0 if
    /// since `since_us` it came too late.
    pub(crate) fn had_in_time(&self, at: At, time_us: u64, since_us: u64) -> u64 {
        match self.mended_us.get() <= since_us {
            true => self.feed_at(at).borrow().follower.log().seq_at(time_us),
            false => 0,
        }
    }

    /// The event `seq` as it was stored, if there is one.
    pub(crate) fn event(&self, seq: u64) -> Option<&Value> {
        Some(&self.history.get(seq as usize - 1)?.1)
    }

    /// When the event `seq` was posted, if it was.
    pub(crate) fn posted_us(&self, seq: u64) -> Option<u64> {
        Some(self.history.get(seq as usize - 1)?.0)
    }

    /// A scorer posts `count` events; `lost` says that the live feed of the first gateway drops
    /// the record.
    pub(crate) fn publish(&mut self, count: u64, lost: bool) {
        let heard = if lost { Heard::Second } else { Heard::Both };
        self.post(count, Op::Add, heard);
    }

    /// A scorer posts `count` events.
    pub(crate) fn post(&mut self, count: u64, op: Op, heard: Heard) {
        let mut events = Vec::new();
        for index in 0..count {
            let seq = self.head + 1 + index;
            let mut after = self.state.clone();
            after["strip"] = json!({"title": "m", "status": "live"});
            after[format!("k{}", seq % 7)] = json!({"n": seq, "t": "ä"});
            if seq.is_multiple_of(5) {
                after.as_object_mut().unwrap().remove("k1");
            }
            if op != Op::Add {
                correct(&mut after, seq);
            }
            let event = Event {
                seq,
                ts: self.now_us + index,
                id: EventId::new(format!("e{seq}")).unwrap(),
                kind: "thing".to_owned(),
                data: Some(json!({"seq": seq, "pad": "x".repeat(self.padding)})),
                patch: patch::diff(&self.state, &after),
                op,
                reference: (op != Op::Add).then(|| EventId::new("e1").unwrap()),
                at: None,
                tags: vec![],
            };
            self.history
                .push((self.now_us, serde_json::to_value(&event).unwrap()));
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
        let hear = |feed: &RefCell<Feed>| {
            let arrival = arrival.clone();
            let outcome = feed.borrow_mut().follower.live(arrival, self.now_us);
            assert!(
                matches!(outcome, Outcome::Taken | Outcome::Gap),
                "{outcome:?}"
            );
        };
        if matches!(heard, Heard::Both | Heard::First) {
            hear(&self.feed);
        }
        if matches!(heard, Heard::Both | Heard::Second) {
            hear(&self.other);
        }
    }

    /// The tip check and the back-fill that it leads to.
    pub(crate) fn repair(&mut self) {
        self.ask_leader(At::First);
        self.ask_leader(At::Second);
    }

    /// The leader says how far the match goes, and what is missing is read.
    pub(crate) fn ask_leader(&self, at: At) {
        let mut feed = self.feed_at(at).borrow_mut();
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
            self.mended_us.set(self.now_us);
        }
        feed.leader_answers += 1;
    }

    pub(crate) fn feed(&self) -> Ref<'_, Feed> {
        self.feed.borrow()
    }
}

/// What a correction makes of a state: whole branches go, come and change at any depth.
fn correct(state: &mut Value, seq: u64) {
    let innings = |runs: u64| json!({"runs": runs, "over": {"o1": {"b1": runs, "b2": runs + 1}}});
    match seq % 4 {
        0 => state["book"] = json!({"i1": innings(seq), "i2": innings(seq + 1)}),
        1 => state["book"]["i1"]["over"]["o1"] = json!({"b2": seq}),
        2 => state["book"]["i2"] = json!("abandoned"),
        _ => drop(state.as_object_mut().unwrap().remove("book")),
    }
}

fn feed(budget: Arc<LogBudget>) -> Feed {
    Feed {
        follower: Follower::new(match_id(), epoch(), budget),
        status: Status::Live,
        as_of_us: START_US,
        delay_s: 0,
        leader_answers: 0,
        standings: Standings::default(),
    }
}

pub(crate) fn match_id() -> MatchId {
    MatchId::new("m").unwrap()
}

pub(crate) fn epoch() -> Epoch {
    "1790000000000000.1".parse().unwrap()
}
