//! One match as the stream holds it, and what a gateway does around a follower of it.

use bytes::Bytes;
use grandstand_core::event::{Event, Op};
use grandstand_core::follow::{Arrival, Backfill, Follower, Outcome, Whom};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, EventId, MatchId};
use grandstand_core::log::LogBudget;
use grandstand_core::record::{Record, RecordParts};
use serde_json::{Value, json};

pub(crate) const START_US: u64 = 1_790_000_000_000_000;

/// The match as the stream holds it, and as it held it before each change.
pub(crate) struct Stream {
    pub(crate) life: u64,
    pub(crate) incarnation: u64,
    pub(crate) last_sequence: u64,
    /// Newest last; a replica that lags shows an older one.
    pub(crate) views: Vec<Vec<Arrival>>,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Self {
            life: 1,
            incarnation: 1,
            last_sequence: 0,
            views: vec![Vec::new()],
        }
    }

    pub(crate) fn view(&self, lag: usize) -> &[Arrival] {
        &self.views[(self.views.len() - 1).saturating_sub(lag)]
    }

    pub(crate) fn publish(&mut self, count: u64) -> Arrival {
        let mut view = self.view(0).to_vec();
        let seq = view.last().map_or(0, |last| last.parts.last_seq());
        self.last_sequence += 2;
        let arrival = Arrival {
            stream_sequence: self.last_sequence,
            last_stream_sequence: Some(view.last().map_or(0, |last| last.stream_sequence)),
            parts: record(self.life, seq, count),
        };
        view.push(arrival.clone());
        self.views.push(view);
        arrival
    }

    /// The match is purged; whoever creates it again begins at seq 1.
    pub(crate) fn recreate(&mut self) {
        self.life += 1;
        self.views.push(Vec::new());
        self.publish(1);
    }

    /// A backup is restored that ends at `keep` records; the stream goes on at its old number.
    pub(crate) fn restore(&mut self, keep: usize) {
        self.incarnation += 1;
        let view: Vec<Arrival> = self.view(0).iter().take(keep).cloned().collect();
        self.last_sequence = view.last().map_or(0, |last| last.stream_sequence);
        // Every replica holds the backup; none remembers what came after.
        self.views = vec![view];
        self.publish(1);
    }
}

pub(crate) fn record(life: u64, after: u64, count: u64) -> RecordParts {
    let event = |seq| Event {
        seq,
        ts: START_US + seq,
        id: EventId::new(format!("e{seq}")).unwrap(),
        kind: "thing".to_owned(),
        data: None,
        patch: json!({"life": life, "n": seq}),
        op: Op::Add,
        reference: None,
        at: None,
        tags: vec![],
    };
    let record = Record {
        events: (after + 1..=after + count).map(event).collect(),
        hash: StateHash::of(&state(life, after + count)),
    };
    RecordParts::decode(Bytes::from(record.encode())).unwrap()
}

pub(crate) fn state(life: u64, seq: u64) -> Value {
    json!({"life": life, "n": seq})
}

/// What a gateway does around a follower.
pub(crate) struct Shell {
    pub(crate) stream: Stream,
    pub(crate) follower: Follower,
    pub(crate) now_us: u64,
    pub(crate) refills: u32,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self {
            stream: Stream::new(),
            follower: Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded()),
            now_us: START_US,
            refills: 0,
        }
    }

    pub(crate) fn live(&mut self, arrival: Arrival) {
        let outcome = self.follower.live(arrival, self.now_us);
        self.refill_if(outcome, 0);
    }

    pub(crate) fn backfill(&mut self, lag: usize, answers: bool) {
        let Some(Backfill { after, whom, at_us }) = self.follower.backfill() else {
            return;
        };
        self.now_us = self.now_us.max(at_us);
        if !answers {
            return self.follower.backfill_failed(whom, self.now_us);
        }
        let view = match whom {
            Whom::Replica => self.stream.view(lag),
            Whom::Leader => self.stream.view(0),
        };
        let missing = view
            .iter()
            .filter(|arrival| arrival.stream_sequence > after);
        let missing = missing.cloned().map(unchained).collect();
        let outcome = self.follower.backfilled(missing, whom, self.now_us);
        if outcome != Outcome::Changed {
            assert_eq!(outcome == Outcome::Gap, self.follower.has_gap());
        }
        self.refill_if(outcome, lag);
    }

    pub(crate) fn refill_if(&mut self, outcome: Outcome, lag: usize) {
        if outcome == Outcome::Changed {
            self.refill(lag);
        }
    }

    pub(crate) fn refill(&mut self, lag: usize) {
        self.refills += 1;
        let records = self
            .stream
            .view(lag)
            .iter()
            .cloned()
            .map(unchained)
            .collect();
        let tip = self
            .stream
            .view(0)
            .last()
            .map_or(0, |last| last.stream_sequence);
        let epoch = epoch(self.stream.life, self.stream.incarnation);
        self.follower.refill(epoch, records, tip, self.now_us);
        assert!(!self.follower.is_damaged(self.now_us), "nothing is");
    }

    /// The log is the beginning of one life.
    pub(crate) fn check(&mut self) {
        assert_eq!(self.follower.take_wrong_hashes(), 0, "lives are not mixed");
        let log = self.follower.log();
        let life = log.state_at(log.head())["life"].as_u64().unwrap_or(0);
        match log.head() {
            0 => assert_eq!(log.state_at(0), json!({})),
            head => assert_eq!(log.state_at(head), state(life, head)),
        }
    }
}

/// Only the live feed tells what came before.
pub(crate) fn unchained(arrival: Arrival) -> Arrival {
    Arrival {
        last_stream_sequence: None,
        ..arrival
    }
}

pub(crate) fn match_id() -> MatchId {
    MatchId::new("m").unwrap()
}

pub(crate) fn epoch(created_us: u64, incarnation: u64) -> Epoch {
    Epoch {
        created_us,
        incarnation,
    }
}
