//! Decides posted events one after another on top of a match, and makes them events of its log.

use std::sync::Arc;

use grandstand_core::event::{Event, Op, Posted};
use grandstand_core::headers::Warning;
use grandstand_core::ids::EventId;
use grandstand_core::patch;
use grandstand_core::value::{self, Nulls};
use serde_json::{Map, Value};

use crate::corrections::{self, Corrected};
use crate::created::{Beginning, CREATED, Created};
use crate::cricket::{self, Book, Fact};
use crate::fold::{Fold, List};
use crate::game::Game;
use crate::ids::{Names, Place};
use crate::open;
use crate::reader::Strictness;
use crate::refusal::{Refusal, RefusalKind};
use crate::shown::Shown;
use crate::sport::{Rights, Sport};
use crate::{EVENTS_FULL, EVENTS_MAX};

/// An event that happened no more than this before it was accepted happened then.
const AT_MIN_US: u64 = 5_000_000;

/// What a draft has done to the list of events that count.
#[derive(Debug)]
pub(crate) enum Change {
    /// These stand at its end now.
    Added(Vec<(Place, Fact)>),
    /// It is another list now.
    Corrected(List),
}

/// Posted events being decided on top of a match, which does not change meanwhile.
#[derive(Debug)]
pub struct Draft<'g> {
    game: &'g Game,
    events: Vec<Event>,
    shown: Shown,
    fold: Fold,
    change: Change,
}

/// Decided events, to be adopted once they are in the log.
#[derive(Debug)]
pub struct Drafted {
    pub(crate) base_seq: u64,
    pub(crate) events: Vec<Event>,
    pub(crate) shown: Shown,
    pub(crate) fold: Fold,
    pub(crate) change: Change,
}

/// What a sport makes of a posted event.
struct Decided {
    kind: String,
    tags: Vec<String>,
    patch: Value,
    shown: Shown,
    fold: Option<Fold>,
    change: Option<ListChange>,
    warnings: Vec<Warning>,
}

enum ListChange {
    Add(Fact),
    Replace(List),
}

impl<'g> Draft<'g> {
    pub(crate) fn new(game: &'g Game) -> Self {
        Self {
            game,
            events: Vec::new(),
            shown: game.shown.clone(),
            fold: game.fold().clone(),
            change: Change::Added(Vec::new()),
        }
    }

    /// Decides whether `posted` may be so, and makes it the next event of the log; `ts` is when it
    /// was accepted. A refusal leaves the draft as it was.
    pub fn decide(
        &mut self,
        posted: &Posted,
        rights: Rights,
        ts: u64,
    ) -> Result<(Event, Vec<Warning>), Refusal> {
        self.check_envelope(posted)?;
        let decided = match self.game.sport {
            Sport::Open => self.decide_open(posted, rights)?,
            Sport::Cricket => self.decide_cricket(posted, rights)?,
        };
        let event = Event {
            seq: self.seq() + 1,
            ts,
            id: posted.id.clone(),
            kind: decided.kind,
            data: posted.data.clone(),
            patch: decided.patch,
            op: posted.op,
            reference: posted.reference.clone(),
            at: posted.at.filter(|at| at.saturating_add(AT_MIN_US) < ts),
            tags: decided.tags,
        };
        self.shown = decided.shown;
        if let Some(fold) = decided.fold {
            self.fold = fold;
        }
        self.take_change(self.names().next(), decided.change);
        self.events.push(event.clone());
        Ok((event, decided.warnings))
    }

    /// The state after what has been decided so far.
    pub fn state(&self) -> &Value {
        self.shown.value()
    }

    /// The match's effective creation, after what has been decided so far.
    pub fn created(&self) -> Option<&Created> {
        self.fold.created().map(Arc::as_ref)
    }

    /// The seq of the last event decided, or of the match.
    pub fn seq(&self) -> u64 {
        self.game.seq + self.events.len() as u64
    }

    /// What was decided, for [`Game::adopt`].
    pub fn finish(self) -> Drafted {
        Drafted {
            base_seq: self.game.seq,
            events: self.events,
            shown: self.shown,
            fold: self.fold,
            change: self.change,
        }
    }

    /// The ids of the match and of what was decided so far.
    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            stored: &self.game.ids,
            drafted: &self.events,
        }
    }

    /// What holds for every sport: one id once, one creation first, and an end to every log.
    fn check_envelope(&self, posted: &Posted) -> Result<(), Refusal> {
        if let Some(known) = self.names().find(&posted.id) {
            let detail = format!("{} is event {} of this match already", posted.id, known.seq);
            return Err(Refusal::impossible("id_used", detail).at("id"));
        }
        let kind = posted.kind.as_deref();
        let creates = kind == Some(CREATED) && matches!(posted.op, Op::Add | Op::Insert);
        if self.seq() == 0 {
            if !creates || posted.op != Op::Add || posted.id.as_str() != CREATED {
                let detail = "a match begins with the event that creates it";
                return Err(Refusal::impossible("created_first", detail));
            }
        } else if creates {
            let detail = "the match exists; amend its creation instead";
            return Err(Refusal::impossible("created_twice", detail).at("type"));
        }
        let last_words = posted.op != Op::Add || kind == Some("result");
        if self.seq() >= EVENTS_MAX || (self.seq() >= EVENTS_FULL && !last_words) {
            let detail = format!(
                "the match has {} events and takes only corrections and its result, up to {EVENTS_MAX}",
                self.seq()
            );
            return Err(Refusal::new(RefusalKind::MatchFull, "match_full", detail));
        }
        match &posted.reference {
            Some(reference) => self.check_reference(reference),
            None => Ok(()),
        }
    }

    fn check_reference(&self, reference: &EventId) -> Result<(), Refusal> {
        match self.names().find(reference) {
            None => {
                let detail = format!("{reference} is no event of this match");
                Err(Refusal::new(RefusalKind::UnknownRef, "unknown_ref", detail)
                    .at("ref")
                    .about(reference))
            }
            Some(known) if known.is_correction => {
                let detail = format!(
                    "{reference} is a correction itself; name the event that it corrected, by its original id"
                );
                Err(Refusal::impossible("ref_is_correction", detail)
                    .at("ref")
                    .about(reference))
            }
            Some(_) => Ok(()),
        }
    }

    fn decide_open(&self, posted: &Posted, rights: Rights) -> Result<Decided, Refusal> {
        let kind = posted.kind.clone().unwrap_or_default();
        if self.seq() == 0 {
            return self.create_open(posted, rights, kind);
        }
        let (patch, state) = open::decide(self.state(), posted, rights)?;
        Ok(Decided {
            kind,
            tags: posted.tags.clone(),
            patch,
            shown: Shown::checked(state),
            fold: None,
            change: None,
            warnings: Vec::new(),
        })
    }

    fn create_open(
        &self,
        posted: &Posted,
        rights: Rights,
        kind: String,
    ) -> Result<Decided, Refusal> {
        open::check_rights(rights)?;
        check_members(posted)?;
        let data = posted.data.clone().unwrap_or(Value::Object(Map::new()));
        let created = Created::read(&data, Sport::Open, Strictness::Strict)?;
        let Beginning::Open(state) = created.beginning.clone() else {
            return Err(Refusal::malformed("data.state", "data.state is missing"));
        };
        Ok(Decided {
            kind,
            tags: Vec::new(),
            patch: patch::diff(self.state(), &state),
            shown: Shown::checked(state),
            fold: Some(Fold::Open(Some(Arc::new(created)))),
            change: None,
            warnings: Vec::new(),
        })
    }

    fn decide_cricket(&self, posted: &Posted, rights: Rights) -> Result<Decided, Refusal> {
        check_members(posted)?;
        let Fold::Cricket(before) = &self.fold else {
            return Err(Refusal::impossible("sport", "this match is no cricket"));
        };
        let fact = match &posted.kind {
            Some(kind) => {
                let fact = Fact::posted(kind, posted.data.as_ref())?;
                Some(fact.share(&before.squads))
            }
            None => None,
        };
        cricket::check_rights(before, posted.op, fact.as_ref(), rights)?;
        let (kind, tags, book, change, warnings) = match (posted.op, fact) {
            (Op::Add, Some(fact)) => {
                let warnings = cricket::check(before, &fact)?;
                let mut after: Book = before.as_ref().clone();
                after.step(&fact);
                let tags = cricket::tags(before, &after, &fact);
                let kind = fact.kind().to_owned();
                (kind, tags, after, ListChange::Add(fact), warnings)
            }
            (_, fact) => {
                let Corrected {
                    kind,
                    tags,
                    book,
                    list,
                    warnings,
                } = corrections::decide(self.list(), self.names(), posted, fact, rights)?;
                (kind, tags, book, ListChange::Replace(list), warnings)
            }
        };
        let (patch, shown) = self.shown.step(before, &book)?;
        Ok(Decided {
            kind,
            tags,
            patch,
            shown,
            fold: Some(Fold::Cricket(Box::new(book))),
            change: Some(change),
            warnings,
        })
    }

    pub(crate) fn sport(&self) -> Sport {
        self.game.sport
    }

    /// The list of events that count in the match, without what was decided here.
    pub(crate) fn list_before(&self) -> &List {
        &self.game.list
    }

    /// The list of events that count, a copy to correct.
    pub(crate) fn list(&self) -> List {
        match &self.change {
            Change::Corrected(list) => list.clone(),
            Change::Added(facts) => {
                let mut list = self.game.list.clone();
                for (place, fact) in facts {
                    list.add(*place, fact.clone());
                }
                list
            }
        }
    }

    fn take_change(&mut self, place: Place, change: Option<ListChange>) {
        match (change, &mut self.change) {
            (Some(ListChange::Add(fact)), Change::Added(facts)) => facts.push((place, fact)),
            (Some(ListChange::Add(fact)), Change::Corrected(list)) => list.add(place, fact),
            (Some(ListChange::Replace(list)), change) => *change = Change::Corrected(list),
            (None, _) => {}
        }
    }
}

/// Patches and tags are made here; data is a plain document.
fn check_members(posted: &Posted) -> Result<(), Refusal> {
    if posted.patch.is_some() {
        return Err(Refusal::malformed(
            "patch",
            "patch is made here, from the rules",
        ));
    }
    if !posted.tags.is_empty() {
        return Err(Refusal::malformed(
            "tags",
            "tags are made here, from the rules",
        ));
    }
    match &posted.data {
        Some(data) => {
            value::check(data, Nulls::Refuse).map_err(|error| Refusal::value("data", &error))
        }
        None => Ok(()),
    }
}
