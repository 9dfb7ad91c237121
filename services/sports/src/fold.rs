//! What a log has come to, whatever the sport.

use std::sync::Arc;

use serde_json::Value;

use crate::created::{Beginning, Created};
use crate::cricket;
use crate::effective::Effective;
use crate::reader::Strictness;
use crate::sport::Sport;

/// The facts of a match that count.
pub(crate) type List = Effective<cricket::Fact>;
/// One of them.
pub(crate) type Entry = crate::effective::Entry<cricket::Fact>;

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
    for (_, entry) in list.standing() {
        book.step(&entry.fact);
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
