//! Who is in the lobby, and who goes when it is full: connections that speak HTTP, until they end,
//! are upgraded, or are counted by somebody else.
//!
//! A client that is slow with its head, or holds a connection that it does not use, holds a place
//! that others need: whoever has been without a request for longest goes first. So a full lobby
//! stops nobody whose request comes at once, however many are slow.

use std::collections::{BTreeSet, HashMap};

/// How long a newcomer may be without a request, and how long nobody is refused after the lobby
/// became full of requests: most are done in a moment, and who waits for them waits in the
/// kernel's queue.
const GRACE_US: u64 = 1_000_000;

/// The places of one listener; `guest` is what each needs to be told to go.
#[derive(Debug)]
pub(super) struct Lobby<G> {
    max: usize,
    guests: HashMap<u64, Place<G>>,
    /// Those without a request, the longest first.
    idle: BTreeSet<(u64, u64)>,
    next: u64,
    /// When it became full, while it is.
    full_since_us: Option<u64>,
}

#[derive(Debug)]
struct Place<G> {
    idle_since_us: Option<u64>,
    guest: Option<G>,
}

/// What becomes of who is at the door.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AtDoor<G> {
    /// Here is the number of its place; this one goes for it.
    Enter(u64, Option<G>),
    /// It is full; look again when somebody leaves, and soon.
    Wait,
    /// It has been full of requests for too long.
    Refuse,
}

impl<G> Lobby<G> {
    /// Room for so many, at least one.
    pub(super) fn new(max: usize) -> Self {
        Self {
            max: max.max(1),
            guests: HashMap::new(),
            idle: BTreeSet::new(),
            next: 0,
            full_since_us: None,
        }
    }

    /// Somebody is at the door.
    pub(super) fn at_door(&mut self, now_us: u64) -> AtDoor<G> {
        if self.guests.len() < self.max {
            return AtDoor::Enter(self.enter(now_us), None);
        }
        let full_since_us = *self.full_since_us.get_or_insert(now_us);
        match self.idle.first().copied() {
            Some((since_us, number)) if since_us + GRACE_US <= now_us => {
                let goes = self.leave(number);
                AtDoor::Enter(self.enter(now_us), goes)
            }
            None if full_since_us + GRACE_US <= now_us => AtDoor::Refuse,
            Some(_) | None => AtDoor::Wait,
        }
    }

    fn enter(&mut self, now_us: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        self.idle.insert((now_us, number));
        let place = Place {
            idle_since_us: Some(now_us),
            guest: None,
        };
        self.guests.insert(number, place);
        number
    }

    /// How the holder of a place is told to go.
    pub(super) fn name(&mut self, number: u64, guest: G) {
        // It may have left already.
        if let Some(place) = self.guests.get_mut(&number) {
            place.guest = Some(guest);
        }
    }

    /// A request has come in full, as far as its head goes.
    pub(super) fn asks(&mut self, number: u64) {
        if let Some(place) = self.guests.get_mut(&number)
            && let Some(since_us) = place.idle_since_us.take()
        {
            self.idle.remove(&(since_us, number));
        }
    }

    /// Its answer is on its way.
    pub(super) fn is_answered(&mut self, number: u64, now_us: u64) {
        if let Some(place) = self.guests.get_mut(&number)
            && place.idle_since_us.is_none()
        {
            place.idle_since_us = Some(now_us);
            self.idle.insert((now_us, number));
        }
    }

    /// A place is free again; leaving twice is leaving once.
    pub(super) fn leave(&mut self, number: u64) -> Option<G> {
        let place = self.guests.remove(&number)?;
        if let Some(since_us) = place.idle_since_us {
            self.idle.remove(&(since_us, number));
        }
        self.full_since_us = None;
        place.guest
    }

    /// How many are in it.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.guests.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Happens {
        Comes,
        Asks(prop::sample::Index),
        Answered(prop::sample::Index),
        Leaves(prop::sample::Index),
        Passes(u64),
    }

    fn happens() -> impl Strategy<Value = Happens> {
        prop_oneof![
            4 => Just(Happens::Comes),
            2 => any::<prop::sample::Index>().prop_map(Happens::Asks),
            2 => any::<prop::sample::Index>().prop_map(Happens::Answered),
            1 => any::<prop::sample::Index>().prop_map(Happens::Leaves),
            2 => (0..GRACE_US).prop_map(Happens::Passes),
        ]
    }

    proptest! {
        #[test]
        fn it_is_never_overfull_and_nobody_with_a_request_goes(
            max in 1_usize..6,
            story in prop::collection::vec(happens(), 1..200),
        ) {
            let mut lobby = Lobby::new(max);
            // (number, without a request since)
            let mut inside: Vec<(u64, Option<u64>)> = Vec::new();
            let mut now_us = 1;
            for what in story {
                match what {
                    Happens::Passes(us) => now_us += us,
                    Happens::Comes => match lobby.at_door(now_us) {
                        AtDoor::Enter(number, goes) => {
                            if let Some(goes) = goes {
                                let longest = inside.iter().filter_map(|(_, since)| *since).min();
                                let at = inside.iter().position(|(number, _)| *number == goes).unwrap();
                                let (_, since) = inside.swap_remove(at);
                                prop_assert_eq!(since, longest, "the longest without a request goes");
                                prop_assert!(longest.unwrap() + GRACE_US <= now_us);
                            }
                            lobby.name(number, number);
                            inside.push((number, Some(now_us)));
                        }
                        AtDoor::Wait => {
                            prop_assert_eq!(inside.len(), max);
                            let longest = inside.iter().filter_map(|(_, since)| *since).min();
                            prop_assert!(longest.is_none_or(|since| since + GRACE_US > now_us));
                        }
                        AtDoor::Refuse => {
                            prop_assert!(inside.iter().all(|(_, since)| since.is_none()));
                            prop_assert_eq!(inside.len(), max);
                        }
                    },
                    Happens::Asks(index) if !inside.is_empty() => {
                        let guest = index.get(&inside).0;
                        lobby.asks(guest);
                        inside.iter_mut().filter(|(n, _)| *n == guest).for_each(|(_, s)| *s = None);
                    }
                    Happens::Answered(index) if !inside.is_empty() => {
                        let guest = index.get(&inside).0;
                        lobby.is_answered(guest, now_us);
                        let mine = inside.iter_mut().filter(|(n, _)| *n == guest);
                        mine.for_each(|(_, s)| *s = s.or(Some(now_us)));
                    }
                    Happens::Leaves(index) if !inside.is_empty() => {
                        let at = index.index(inside.len());
                        let (guest, _) = inside.swap_remove(at);
                        lobby.leave(guest);
                        lobby.leave(guest);
                    }
                    Happens::Asks(_) | Happens::Answered(_) | Happens::Leaves(_) => {}
                }
                prop_assert_eq!(lobby.len(), inside.len());
                prop_assert!(lobby.len() <= max);
            }
        }
    }

    #[test]
    fn a_lobby_full_of_requests_refuses_only_after_a_while() {
        let mut lobby = Lobby::<()>::new(1);
        let AtDoor::Enter(first, None) = lobby.at_door(10) else {
            panic!("there is room");
        };
        lobby.asks(first);
        assert_eq!(lobby.at_door(20), AtDoor::Wait);
        assert_eq!(lobby.at_door(20 + GRACE_US), AtDoor::Refuse);
        lobby.leave(first);
        assert!(matches!(
            lobby.at_door(30 + GRACE_US),
            AtDoor::Enter(_, None)
        ));
    }

    #[test]
    fn who_waits_at_a_lobby_that_is_full_anew_waits_anew() {
        let mut lobby = Lobby::<()>::new(1);
        let mut fill_at = |now_us: u64| {
            let AtDoor::Enter(guest, None) = lobby.at_door(now_us) else {
                panic!("there is room");
            };
            lobby.asks(guest);
            let answer = lobby.at_door(now_us);
            lobby.leave(guest);
            answer
        };
        assert_eq!(fill_at(10), AtDoor::Wait);
        assert_eq!(fill_at(10 + GRACE_US), AtDoor::Wait);
    }

    #[test]
    fn a_lobby_that_has_no_room_has_room_for_one() {
        let entered = Lobby::<()>::new(0).at_door(10);
        assert!(matches!(entered, AtDoor::Enter(_, None)), "{entered:?}");
    }
}
