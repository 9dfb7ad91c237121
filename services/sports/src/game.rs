//! A match as its log says it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use grandstand_core::event::{Event, Op};
use grandstand_core::ids::EventId;
use serde_json::{Map, Value};

use crate::created::{CREATED, Created};
use crate::cricket::{self, Fact, Squads};
use crate::draft::{Change, Draft, Drafted};
use crate::fold::{self, Entry, Fold, List};
use crate::shown::Shown;
use crate::sport::Sport;

/// Where an event is in the log, and whether corrections may name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) seq: u64,
    pub(crate) correction: bool,
}

/// A match as its log says it: the state of its patches, and the fold of the events that count.
#[derive(Debug)]
pub struct Game {
    pub(crate) sport: Sport,
    pub(crate) seq: u64,
    pub(crate) shown: Shown,
    pub(crate) known: HashMap<EventId, Known>,
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
            known: HashMap::new(),
            list: List::default(),
            squads: Arc::default(),
            fold: OnceLock::from(Fold::new(sport)),
        }
    }

    /// Takes an event of the log. It did happen: what these rules do not know of it is passed
    /// over, and the state is as its patch says.
    pub fn apply(&mut self, event: &Event) {
        let correction = matches!(event.op, Op::Amend | Op::Void | Op::Restore);
        let seq = event.seq;
        self.known
            .insert(event.id.clone(), Known { seq, correction });
        self.seq = seq;
        self.shown.apply(&event.patch);
        match self.sport {
            Sport::Open => self.apply_open(event),
            Sport::Cricket => self.apply_cricket(event),
        }
    }

    fn apply_open(&mut self, event: &Event) {
        if event.kind == CREATED
            && let Some((created, _)) = fold::open_creation(event.data.as_ref())
        {
            self.fold = OnceLock::from(Fold::Open(Some(created)));
        }
    }

    fn apply_cricket(&mut self, event: &Event) {
        let squads = self.squads.clone();
        let fact = || {
            let fact = Fact::stored(&event.kind, event.data.as_ref());
            Arc::new(fact.share(&squads))
        };
        let position = event
            .reference
            .as_ref()
            .and_then(|reference| self.list.position(reference));
        match (event.op, position) {
            (Op::Add, _) => {
                let entry = Entry::added(event.id.clone(), cricket::kind(&event.kind), fact());
                if let Some(Fold::Cricket(book)) = self.fold.get_mut() {
                    book.step(&entry.fact);
                    self.squads = book.squads.clone();
                }
                self.list.add(entry);
                return;
            }
            (Op::Insert, Some(position)) => self.list.insert(
                position,
                Entry::added(event.id.clone(), cricket::kind(&event.kind), fact()),
            ),
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

    /// Keeps the state in little memory until somebody asks for it again.
    pub fn rest(&mut self) {
        self.shown.pack();
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
        self.known.get(id).map(|known| known.seq)
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
            let correction = matches!(event.op, Op::Amend | Op::Void | Op::Restore);
            let seq = event.seq;
            self.known
                .insert(event.id.clone(), Known { seq, correction });
            self.seq = seq;
        }
        self.shown = drafted.shown;
        match drafted.change {
            Change::Added(entries) => entries.into_iter().for_each(|entry| self.list.add(entry)),
            Change::Corrected(list) => self.list = list,
        }
        if let Fold::Cricket(book) = &drafted.fold {
            self.squads = book.squads.clone();
        }
        self.fold = OnceLock::from(drafted.fold);
    }
}
