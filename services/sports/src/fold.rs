//! What a log has come to, whatever the sport.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::created::{Beginning, Created};
use crate::cricket::{self, Fact};
use crate::effective::{Effective, Entry};
use crate::ids::Place;
use crate::kept::{Kept, Players};
use crate::reader::Strictness;
use crate::sport::Sport;

/// The facts of a match that count.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    entries: Effective<Kept>,
    players: Players,
}

impl List {
    /// Where the event of the log stands in the list, if it is no correction.
    pub(crate) fn position(&self, place: Place) -> Option<usize> {
        self.entries.position(place)
    }

    pub(crate) fn get(&self, position: usize) -> Option<&Entry<Kept>> {
        self.entries.get(position)
    }

    /// What an entry says.
    pub(crate) fn fact<'a>(&self, entry: &'a Entry<Kept>) -> Cow<'a, Fact> {
        entry.fact.fact(&self.players)
    }

    pub(crate) fn add(&mut self, place: Place, fact: Fact) {
        let kept = Kept::new(fact, &mut self.players);
        self.entries.add(Entry::new(place, kept));
    }

    /// Where an event inserted after `position` will stand.
    pub(crate) fn insert_position(&self, position: usize) -> usize {
        self.entries.insert_position(position)
    }

    /// Inserts an event after the one at `position`.
    pub(crate) fn insert(&mut self, position: usize, place: Place, fact: Fact) {
        let kept = Kept::new(fact, &mut self.players);
        self.entries.insert(position, Entry::new(place, kept));
    }

    pub(crate) fn amend(&mut self, position: usize, fact: Fact) {
        let kept = Kept::new(fact, &mut self.players);
        self.entries.amend(position, kept);
    }

    pub(crate) fn set_void(&mut self, position: usize, is_void: bool) {
        self.entries.set_void(position, is_void);
    }

    /// All of them, void ones too.
    pub(crate) fn all(&self) -> &[Entry<Kept>] {
        self.entries.all()
    }

    /// The events that count from `position` on, each with its position and what it says.
    pub(crate) fn standing_from(
        &self,
        position: usize,
    ) -> impl Iterator<Item = (usize, &Entry<Kept>, Cow<'_, Fact>)> {
        let all = self.entries.all().iter().enumerate().skip(position);
        all.filter(|(_, entry)| !entry.is_void)
            .map(|(at, entry)| (at, entry, self.fact(entry)))
    }

    /// Takes no more memory than it needs.
    pub(crate) fn rest(&mut self) {
        self.entries.rest();
    }
}

/// The fold of a match.
#[derive(Debug, Clone)]
pub(crate) enum Fold {
    /// The log's patches say it all; only the creation is kept.
    Open(Option<Arc<Created>>),
    /// The scorebook.
    Cricket(Box<cricket::Book>),
}

impl Fold {
    pub(crate) fn new(sport: Sport) -> Self {
        match sport {
            Sport::Open => Self::Open(None),
            Sport::Cricket => Self::Cricket(Box::default()),
        }
    }

    pub(crate) fn created(&self) -> Option<&Arc<Created>> {
        match self {
            Self::Open(created) => created.as_ref(),
            Self::Cricket(book) => book.created(),
        }
    }
}

/// The fold of the events that count.
pub(crate) fn refold(list: &List) -> cricket::Book {
    let mut book = cricket::Book::default();
    for (_, _, fact) in list.standing_from(0) {
        book.step(&fact);
    }
    book
}

/// The first state of an open match, if the event that created it is one that we can read.
pub(crate) fn open_creation(data: Option<&Value>) -> Option<(Arc<Created>, Value)> {
    let created = Created::read(data?, Sport::Open, Strictness::Tolerant).ok()?;
    match &created.beginning {
        Beginning::Open(state) => {
            let state = state.clone();
            Some((Arc::new(created), state))
        }
        Beginning::Cricket(_) => None,
    }
}
