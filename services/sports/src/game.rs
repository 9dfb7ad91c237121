//! A match as its log says it.

use std::sync::{Arc, OnceLock};

use grandstand_core::event::{Event, Op};
use grandstand_core::ids::EventId;
use serde_json::{Map, Value};

use crate::created::{CREATED, Created};
use crate::cricket::{self, Fact, Squads};
use crate::draft::{Change, Draft, Drafted};
use crate::fold::{self, Fold, List};
use crate::ids::{Ids, Place};
use crate::shown::Shown;
use crate::sport::Sport;

/// A match as its log says it: the state of its patches, and the fold of the events that count.
#[derive(Debug)]
pub struct Game {
    pub(crate) sport: Sport,
    pub(crate) seq: u64,
    pub(crate) shown: Shown,
    pub(crate) ids: Ids,
    pub(crate) list: List,
    /// Whoever has been entered, as far as the fold was last asked: for the ids of balls.
    squads: Arc<Squads>,
    /// Empty after a correction, until somebody asks: a log is often applied in one go.
    fold: OnceLock<Fold>,
}

impl Game {
    /// A match before its event 1.
    pub fn new(sport: Sport) -> Self {
        Self {
            sport,
            seq: 0,
            shown: Shown::default(),
            ids: Ids::default(),
            list: List::default(),
            squads: Arc::default(),
            fold: OnceLock::from(Fold::new(sport)),
        }
    }

    /// Takes an event of the log. It did happen: what these rules do not know of it is passed
    /// over, and the state is as its patch says.
    pub fn apply(&mut self, event: &Event) {
        let place = self.ids.push(event);
        self.seq = event.seq;
        self.shown.apply(&event.patch);
        match self.sport {
            Sport::Open => self.apply_open(event),
            Sport::Cricket => self.apply_cricket(place, event),
        }
    }

    fn apply_open(&mut self, event: &Event) {
        if event.kind == CREATED
            && let Some((created, _)) = fold::open_creation(event.data.as_ref())
        {
            self.fold = OnceLock::from(Fold::Open(Some(created)));
        }
    }

    fn apply_cricket(&mut self, place: Place, event: &Event) {
        let squads = self.squads.clone();
        let fact = || Fact::stored(&event.kind, event.data.as_ref()).share(&squads);
        let reference = event.reference.as_ref();
        let position = reference
            .and_then(|reference| self.ids.find(reference))
            .and_then(|known| self.list.position(known.place));
        match (event.op, position) {
            (Op::Add, _) => {
                let fact = fact();
                if let Some(Fold::Cricket(book)) = self.fold.get_mut() {
                    book.step(&fact);
                    self.squads = book.squads.clone();
                }
                self.list.add(place, fact);
                return;
            }
            (Op::Insert, Some(position)) => self.list.insert(position, place, fact()),
            (Op::Amend, Some(position)) => self.list.amend(position, fact()),
            (Op::Void, Some(position)) => self.list.set_void(position, true),
            (Op::Restore, Some(position)) => self.list.set_void(position, false),
            (Op::Insert | Op::Amend | Op::Void | Op::Restore, None) => return,
        }
        self.fold = OnceLock::new();
    }

    pub(crate) fn fold(&self) -> &Fold {
        self.fold
            .get_or_init(|| Fold::Cricket(Box::new(fold::refold(&self.list))))
    }

    /// The state as the log's patches say it.
    pub fn state(&self) -> &Value {
        self.shown.value()
    }

    /// Takes little memory until somebody asks for it again.
    pub fn rest(&mut self) {
        self.shown.pack();
        self.ids.rest();
        self.list.rest();
    }

    /// The state as these rules say it from the events that count; in the open sport the log's.
    pub fn refold(&self) -> Value {
        match self.sport {
            Sport::Open => self.state().clone(),
            Sport::Cricket if self.seq == 0 => self.state().clone(),
            Sport::Cricket => fold::refold(&self.list).render(),
        }
    }

    /// What is expected next, by these rules: an object whose members are absent where there is
    /// nothing to propose. Nothing of it is ever applied.
    pub fn proposals(&self) -> Map<String, Value> {
        match self.fold() {
            Fold::Open(_) => Map::new(),
            Fold::Cricket(book) => cricket::proposals(book),
        }
    }

    /// The match's effective creation.
    pub fn created(&self) -> Option<&Created> {
        self.fold().created().map(Arc::as_ref)
    }

    /// The sport that it is scored in.
    pub fn sport(&self) -> Sport {
        self.sport
    }

    /// The seq of its last event; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The seq of the event with that id.
    pub fn contains(&self, id: &EventId) -> Option<u64> {
        self.ids.find(id).map(|known| known.seq)
    }

    /// Opens a draft on top of this match: what is decided there is seen here only when adopted.
    pub fn draft(&self) -> Draft<'_> {
        Draft::new(self)
    }

    /// Takes a draft whose events are in the log now.
    pub fn adopt(&mut self, drafted: Drafted) {
        if self.seq != drafted.base_seq {
            // The log went on by another way; its events count in their own places.
            for event in &drafted.events {
                if event.seq == self.seq + 1 {
                    self.apply(event);
                }
            }
            return;
        }
        for event in &drafted.events {
            self.ids.push(event);
            self.seq = event.seq;
        }
        self.shown = drafted.shown;
        match drafted.change {
            Change::Added(facts) => {
                for (place, fact) in facts {
                    self.list.add(place, fact);
                }
            }
            Change::Corrected(list) => self.list = list,
        }
        if let Fold::Cricket(book) = &drafted.fold {
            self.squads = book.squads.clone();
        }
        self.fold = OnceLock::from(drafted.fold);
    }
}
