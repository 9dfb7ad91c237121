//! The ids of a match's events, in little memory: one text holds them all.

use grandstand_core::event::{Event, Op};
use grandstand_core::ids::EventId;

/// Which of the events of a log, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u32);

impl Place {
    /// That of the event after so many.
    pub(crate) fn nth(events: usize) -> Self {
        // A log has fewer by far, and its ids fill less than 4 GiB.
        Self(events as u32)
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of an event by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) place: Place,
    pub(crate) seq: u64,
    /// It is a correction, which others may not name.
    pub(crate) is_correction: bool,
}

/// The ids of a log.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    text: String,
    rows: Vec<Row>,
    /// All places but of ids that came again, sorted by id.
    sorted: Vec<Place>,
}

#[derive(Debug)]
struct Row {
    /// A seq that no log has is the largest here.
    seq: u32,
    /// Where its id ends in the text.
    end: u32,
    is_correction: bool,
}

impl Ids {
    /// Notes the next event of the log. In one that is damaged an id may come again, and stands for
    /// the later event.
    pub(crate) fn push(&mut self, event: &Event) -> Place {
        let place = Place::nth(self.rows.len());
        let sorted = self.search(&event.id);
        self.text.push_str(event.id.as_str());
        self.rows.push(Row {
            seq: u32::try_from(event.seq).unwrap_or(u32::MAX),
            end: self.text.len() as u32,
            is_correction: is_correction(event),
        });
        match sorted {
            Ok(at) => self.sorted[at] = place,
            Err(at) => self.sorted.insert(at, place),
        }
        place
    }

    pub(crate) fn find(&self, id: &EventId) -> Option<Known> {
        let place = self.sorted[self.search(id).ok()?];
        let row = &self.rows[place.index()];
        Some(Known {
            place,
            seq: row.seq.into(),
            is_correction: row.is_correction,
        })
    }

    /// Takes no more memory than it needs, and some to grow.
    pub(crate) fn rest(&mut self) {
        self.text.shrink_to(with_room(self.text.len()));
        self.rows.shrink_to(with_room(self.rows.len()));
        self.sorted.shrink_to(with_room(self.sorted.len()));
    }

    fn search(&self, id: &EventId) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|place| self.text(*place).cmp(id.as_str()))
    }

    fn text(&self, place: Place) -> &str {
        let index = place.index();
        let begin = index
            .checked_sub(1)
            .map_or(0, |before| self.rows[before].end);
        &self.text[begin as usize..self.rows[index].end as usize]
    }
}

/// The ids of a log, and of the events that are drafted on top of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) stored: &'a Ids,
    pub(crate) drafted: &'a [Event],
}

impl<'a> Names<'a> {
    pub(crate) fn find(&self, id: &EventId) -> Option<Known> {
        let drafted = self.drafted.iter().position(|event| event.id == *id);
        match drafted {
            Some(index) => Some(Known {
                place: self.place(index),
                seq: self.drafted[index].seq,
                is_correction: is_correction(&self.drafted[index]),
            }),
            None => self.stored.find(id),
        }
    }

    /// The place of the next event.
    pub(crate) fn next(&self) -> Place {
        self.place(self.drafted.len())
    }

    /// The id of the event there.
    pub(crate) fn text(&self, place: Place) -> &'a str {
        match place.index().checked_sub(self.stored.rows.len()) {
            Some(index) => self.drafted[index].id.as_str(),
            None => self.stored.text(place),
        }
    }

    fn place(&self, drafted: usize) -> Place {
        Place::nth(self.stored.rows.len() + drafted)
    }
}

fn is_correction(event: &Event) -> bool {
    matches!(event.op, Op::Amend | Op::Void | Op::Restore)
}

/// So much that who grows by little each time, and then rests, seldom moves.
pub(crate) fn with_room(len: usize) -> usize {
    len + len / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(seq: u64, id: &str, op: Op) -> Event {
        Event {
            seq,
            ts: seq,
            id: EventId::new(id).unwrap(),
            kind: "x".to_owned(),
            data: None,
            patch: json!({}),
            op,
            reference: None,
            at: None,
            tags: Vec::new(),
        }
    }

    #[test]
    fn an_id_is_found_whatever_came_before_and_after_it() {
        let mut ids = Ids::default();
        let names = ["created", "b", "a", "bb", "c", "B", "a-1", "0"];
        for (seq, name) in (1..).zip(names) {
            let op = if name == "c" { Op::Void } else { Op::Add };
            ids.push(&event(seq, name, op));
            ids.rest();
        }
        let drafted = [event(9, "d", Op::Add)];
        let names_with_draft = Names {
            stored: &ids,
            drafted: &drafted,
        };
        for (seq, name) in (1..).zip(names.into_iter().chain(["d"])) {
            let known = names_with_draft.find(&EventId::new(name).unwrap()).unwrap();
            assert_eq!((known.seq, known.is_correction), (seq, name == "c"));
            assert_eq!(names_with_draft.text(known.place), name);
        }
        assert_eq!(names_with_draft.find(&EventId::new("aa").unwrap()), None);
        assert_eq!(names_with_draft.next(), Place::nth(9));
    }

    #[test]
    fn an_id_that_comes_again_is_the_later_event() {
        let mut ids = Ids::default();
        for (seq, name) in [(1, "a"), (2, "b"), (3, "a")] {
            ids.push(&event(seq, name, Op::Add));
        }
        assert_eq!(ids.find(&EventId::new("a").unwrap()).unwrap().seq, 3);
        assert_eq!(ids.find(&EventId::new("b").unwrap()).unwrap().seq, 2);
    }
}
