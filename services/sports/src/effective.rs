//! The effective list: the events that count, in the order in which they count.

use std::borrow::Cow;
use std::sync::Arc;

use grandstand_core::ids::EventId;

/// One event of the list.
#[derive(Debug, Clone)]
pub(crate) struct Entry<F> {
    /// Its original id, by which corrections name it.
    pub(crate) id: EventId,
    /// Its type.
    pub(crate) kind: Cow<'static, str>,
    /// What happened, as amended.
    pub(crate) fact: Arc<F>,
    /// It does not count.
    pub(crate) void: bool,
    /// 0 for an added event; an inserted one is one deeper than the event it follows.
    depth: u32,
}

impl<F> Entry<F> {
    pub(crate) fn added(id: EventId, kind: impl Into<Cow<'static, str>>, fact: Arc<F>) -> Self {
        Self {
            id,
            kind: kind.into(),
            fact,
            void: false,
            depth: 0,
        }
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
    /// Where `id` stands. Corrections are rare and name recent events: searched from the end.
    pub(crate) fn position(&self, id: &EventId) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.id == *id)
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
            entry.depth = before.depth + 1;
            self.entries.insert(self.insert_position(position), entry);
        }
    }

    pub(crate) fn amend(&mut self, position: usize, fact: Arc<F>) {
        if let Some(entry) = self.entries.get_mut(position) {
            entry.fact = fact;
        }
    }

    pub(crate) fn set_void(&mut self, position: usize, void: bool) {
        if let Some(entry) = self.entries.get_mut(position) {
            entry.void = void;
        }
    }

    /// All of them, void ones too.
    pub(crate) fn all(&self) -> &[Entry<F>] {
        &self.entries
    }

    /// The events that count, with their positions.
    pub(crate) fn standing(&self) -> impl Iterator<Item = (usize, &Entry<F>)> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !entry.void)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> Entry<()> {
        Entry::added(EventId::new(id).unwrap(), "delivery", Arc::new(()))
    }

    fn insert(list: &mut Effective<()>, after: &str, id: &str) {
        let position = list.position(&EventId::new(after).unwrap()).unwrap();
        list.insert(position, entry(id));
    }

    fn order(list: &Effective<()>) -> String {
        let ids: Vec<&str> = list
            .standing()
            .map(|(_, entry)| entry.id.as_str())
            .collect();
        ids.join(" ")
    }

    #[test]
    fn inserts_after_one_event_stand_in_the_order_in_which_they_came() {
        let mut list = Effective::default();
        list.add(entry("a"));
        list.add(entry("b"));
        insert(&mut list, "a", "a1");
        insert(&mut list, "a1", "a1x");
        insert(&mut list, "a", "a2");
        insert(&mut list, "a1", "a1y");
        list.add(entry("c"));
        insert(&mut list, "c", "c1");
        assert_eq!(order(&list), "a a1 a1x a1y a2 b c c1");
    }

    #[test]
    fn what_is_void_keeps_its_place() {
        let mut list = Effective::default();
        for id in ["a", "b", "c"] {
            list.add(entry(id));
        }
        list.set_void(1, true);
        insert(&mut list, "b", "b1");
        assert_eq!(order(&list), "a b1 c");
        list.set_void(1, false);
        assert_eq!(order(&list), "a b b1 c");
    }
}
