//! The sessions that are kept, each at a place of its own, and found by id. A gateway keeps one for
//! every fan, so they lie close, and an index holds nothing but places.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZero;
use std::sync::Arc;

use hashbrown::HashTable;
use slab::Slab;

use crate::session::{SessionBody, SessionId, Wishes};
use crate::session_keeper::Origin;

/// A session, and what is known of how it is stored.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) id: SessionId,
    /// Which of all holders there were.
    pub(super) holder: u32,
    pub(super) origin: Origin,
    /// When this holder came.
    pub(super) since_us: u64,
    pub(super) sub: Option<Arc<str>>,
    pub(super) wishes: Wishes,
    /// When any of it changed last.
    pub(super) updated_us: u64,
    /// Whether it is not known to be stored as it is.
    pub(super) dirty: bool,
    /// The revision that the next write replaces; none: whatever is there.
    pub(super) expected: Option<u64>,
    /// Whether somebody else's write is there, and a read shall tell which is newer.
    pub(super) in_question: bool,
    pub(super) in_flight: bool,
    pub(super) due_us: u64,
    /// When a write of this holder was last confirmed; 0 before.
    pub(super) written_us: u64,
    pub(super) closed_us: Option<NonZero<u64>>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    places: Slab<Kept>,
    /// The place of each. Keyed by chance: fans choose the ids that they bring along.
    by_id: HashTable<u32>,
    hasher: RandomState,
}

impl Kept {
    /// Who took a session over and wrote nothing yet leaves it as it was when it goes: the fan may
    /// be elsewhere.
    pub(super) fn is_untouched(&self) -> bool {
        self.origin == Origin::TakenOver && self.written_us == 0
    }

    /// What is stored of it by `gateway`.
    pub(super) fn body(&self, gateway: &str) -> SessionBody {
        SessionBody {
            sub: self.sub.as_deref().map(str::to_owned),
            gateway: gateway.to_owned(),
            since_us: self.since_us,
            subscriptions: self.wishes.as_slice().iter().cloned().collect(),
            updated_us: self.updated_us,
            closed: self.closed_us.is_some(),
        }
    }
}

impl Sessions {
    /// Takes in a session whose id none has; its place.
    pub(super) fn add(&mut self, kept: Kept) -> u32 {
        let hash = self.hasher.hash_one(kept.id);
        // Descriptors run out long before.
        let at = self.places.insert(kept) as u32;
        let (places, hasher) = (&self.places, &self.hasher);
        let hash_of = |at: &u32| hasher.hash_one(places[*at as usize].id);
        self.by_id.insert_unique(hash, at, hash_of);
        at
    }

    pub(super) fn get(&self, at: u32) -> Option<&Kept> {
        self.places.get(at as usize)
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Kept> {
        self.places.get_mut(at as usize)
    }

    pub(super) fn seek(&self, id: SessionId) -> Option<&Kept> {
        self.get(self.place(id)?)
    }

    pub(super) fn find(&mut self, id: SessionId) -> Option<(u32, &mut Kept)> {
        let at = self.place(id)?;
        Some((at, self.get_mut(at)?))
    }

    /// Takes a session out; its place is used again.
    pub(super) fn remove(&mut self, at: u32) -> Option<Kept> {
        let kept = self.places.try_remove(at as usize)?;
        let hash = self.hasher.hash_one(kept.id);
        if let Ok(entry) = self.by_id.find_entry(hash, |other| *other == at) {
            entry.remove();
        }
        Some(kept)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Kept)> {
        self.places.iter_mut().map(|(at, kept)| (at as u32, kept))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn place(&self, id: SessionId) -> Option<u32> {
        let is_it = |at: &u32| self.get(*at).is_some_and(|kept| kept.id == id);
        self.by_id.find(self.hasher.hash_one(id), is_it).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gateway keeps tens of thousands: whoever makes one larger says why.
    #[test]
    fn a_session_takes_few_bytes() {
        assert_eq!(size_of::<Kept>(), 120);
    }
}
