//! The effective list: the events that count, in the order in which they count.

use crate::ids::{Place, with_room};

/// One event of the list.
#[derive(Debug, Clone)]
pub(crate) struct Entry<F> {
    /// Which event of the log it is; corrections name it by its id.
    pub(crate) place: Place,
    /// What happened, as amended.
    pub(crate) fact: F,
    /// It does not count.
    pub(crate) is_void: bool,
    /// How often it was amended, to tell within one request whether it was; it wraps.
    amendments: u8,
    /// 0 for an added event; an inserted one is one deeper than the event it follows.
    depth: u16,
}

impl<F> Entry<F> {
    pub(crate) fn new(place: Place, fact: F) -> Self {
        Self {
            place,
            fact,
            is_void: false,
            amendments: 0,
            depth: 0,
        }
    }

    /// Whether it is the same event, and nobody amended it since it was `before`.
    pub(crate) fn is_unamended_since(&self, before: &Self) -> bool {
        self.place == before.place && self.amendments == before.amendments
    }
}

/// All events but the corrections, voided ones included.
#[derive(Debug, Clone)]
pub(crate) struct Effective<F> {
    entries: Vec<Entry<F>>,
}

impl<F> Default for Effective<F> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<F> Effective<F> {
    /// Where the event of the log stands in the list. Corrections are rare and name recent events:
    /// searched from the end.
    pub(crate) fn position(&self, place: Place) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.place == place)
    }

    pub(crate) fn get(&self, position: usize) -> Option<&Entry<F>> {
        self.entries.get(position)
    }

    pub(crate) fn add(&mut self, entry: Entry<F>) {
        self.entries.push(entry);
    }

    /// Where an event inserted after `position` will stand: behind what was inserted there before.
    pub(crate) fn insert_position(&self, position: usize) -> usize {
        let depth = self.entries.get(position).map_or(0, |entry| entry.depth);
        let inserted = self.entries.iter().skip(position + 1);
        position + 1 + inserted.take_while(|entry| entry.depth > depth).count()
    }

    /// Inserts `entry` after the one at `position`.
    pub(crate) fn insert(&mut self, position: usize, mut entry: Entry<F>) {
        if let Some(before) = self.entries.get(position) {
            // No match has as many events as could overflow it.
            entry.depth = before.depth.saturating_add(1);
            self.entries.insert(self.insert_position(position), entry);
        }
    }

    pub(crate) fn amend(&mut self, position: usize, fact: F) {
        if let Some(entry) = self.entries.get_mut(position) {
            entry.fact = fact;
            entry.amendments = entry.amendments.wrapping_add(1);
        }
    }

    pub(crate) fn set_void(&mut self, position: usize, is_void: bool) {
        if let Some(entry) = self.entries.get_mut(position) {
            entry.is_void = is_void;
        }
    }

    /// All of them, void ones too.
    pub(crate) fn all(&self) -> &[Entry<F>] {
        &self.entries
    }

    /// Takes no more memory than it needs, and some to grow.
    pub(crate) fn rest(&mut self) {
        self.entries.shrink_to(with_room(self.entries.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of a log, in the order in which they came.
    #[derive(Default)]
    struct Log {
        list: Effective<&'static str>,
        places: Vec<(&'static str, Place)>,
    }

    impl Log {
        fn place(&mut self, name: &'static str) -> Place {
            let place = Place::nth(self.places.len());
            self.places.push((name, place));
            place
        }

        fn add(&mut self, name: &'static str) {
            let entry = Entry::new(self.place(name), name);
            self.list.add(entry);
        }

        fn insert(&mut self, after: &str, name: &'static str) {
            let (_, after) = self
                .places
                .iter()
                .find(|(known, _)| *known == after)
                .unwrap();
            let position = self.list.position(*after).unwrap();
            let entry = Entry::new(self.place(name), name);
            self.list.insert(position, entry);
        }

        fn order(&self) -> String {
            let standing = self.list.all().iter().filter(|entry| !entry.is_void);
            let names: Vec<&str> = standing.map(|entry| entry.fact).collect();
            names.join(" ")
        }
    }

    #[test]
    fn inserts_after_one_event_stand_in_the_order_in_which_they_came() {
        let mut log = Log::default();
        log.add("a");
        log.add("b");
        log.insert("a", "a1");
        log.insert("a1", "a1x");
        log.insert("a", "a2");
        log.insert("a1", "a1y");
        log.add("c");
        log.insert("c", "c1");
        assert_eq!(log.order(), "a a1 a1x a1y a2 b c c1");
    }

    #[test]
    fn what_is_void_keeps_its_place() {
        let mut log = Log::default();
        for name in ["a", "b", "c"] {
            log.add(name);
        }
        log.list.set_void(1, true);
        log.insert("b", "b1");
        assert_eq!(log.order(), "a b1 c");
        log.list.set_void(1, false);
        assert_eq!(log.order(), "a b b1 c");
    }

    #[test]
    fn an_amendment_is_told_even_if_it_says_the_same() {
        let mut log = Log::default();
        log.add("a");
        let before = log.list.clone();
        assert!(log.list.all()[0].is_unamended_since(&before.all()[0]));
        log.list.amend(0, "a");
        assert!(!log.list.all()[0].is_unamended_since(&before.all()[0]));
    }
}
