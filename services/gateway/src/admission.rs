//! Who may come in: how many in all, of one user and of one address. Without a clock or a socket.
//!
//! Counting each user and address exactly would cost 40 to 100 bytes a connection in maps. Here a
//! key is counted at two places of one table that all keys share, and the smaller count holds: it is
//! never too small, so that no bound is ever passed, and too large only by what others have at both
//! places, which is a few where bounds are tens and hundreds. 8 to 16 bytes a connection.

/// How many may come in; 0 is no bound for all but the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// In all.
    pub(crate) connections_max: usize,
    /// Of one user.
    pub(crate) user_max: u32,
    /// From one address: many fans of a carrier have the same.
    pub(crate) address_max: u32,
    /// From one address, after which only users with a token come in from there.
    pub(crate) anonymous_max: u32,
}

/// Whom a connection counts for, by keys that nobody outside can foretell; 0 is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Who {
    /// The user, if there is a token.
    pub(crate) user: u32,
    /// The address, if it is counted.
    pub(crate) address: u32,
}

/// Why somebody does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Everything is taken.
    OverCapacity,
    /// This user has as many as one may have.
    TooManyOfUser,
    /// This address has.
    TooManyOfAddress,
}

/// Who is in.
#[derive(Debug)]
pub(crate) struct Admission {
    bounds: Bounds,
    taken: usize,
    counts: Box<[u32]>,
}

impl Admission {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let places = bounds.connections_max.max(512).next_power_of_two() * 2;
        Self {
            bounds,
            taken: 0,
            counts: vec![0; places].into(),
        }
    }

    /// How many are in.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Whether anybody could come in.
    pub(crate) fn has_room(&self) -> bool {
        self.taken < self.bounds.connections_max
    }

    /// Lets somebody in, who must leave as the same.
    pub(crate) fn enter(&mut self, who: Who) -> Result<(), Refusal> {
        if !self.has_room() {
            return Err(Refusal::OverCapacity);
        }
        if self.is_full(who.user, self.bounds.user_max) {
            return Err(Refusal::TooManyOfUser);
        }
        let of_address = match who.user {
            0 => self.bounds.anonymous_max,
            _ => self.bounds.address_max,
        };
        if self.is_full(who.address, of_address) {
            return Err(Refusal::TooManyOfAddress);
        }
        self.taken += 1;
        self.count(who, |count| count.saturating_add(1));
        Ok(())
    }

    /// Somebody who came in leaves.
    pub(crate) fn leave(&mut self, who: Who) {
        self.taken = self.taken.saturating_sub(1);
        self.count(who, |count| count.saturating_sub(1));
    }

    fn is_full(&self, key: u32, max: u32) -> bool {
        let [one, other] = self.places(key);
        key != 0 && max != 0 && self.counts[one].min(self.counts[other]) >= max
    }

    fn count(&mut self, who: Who, change: impl Fn(u32) -> u32) {
        for key in [who.user, who.address].into_iter().filter(|key| *key != 0) {
            for place in self.places(key) {
                self.counts[place] = change(self.counts[place]);
            }
        }
    }

    /// One place in each half of the table.
    fn places(&self, key: u32) -> [usize; 2] {
        let half = self.counts.len() / 2;
        // Multiplied by an odd number, so that keys that share one place rarely share the other.
        let mixed = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let of = |bits: u64| (bits as usize) & (half - 1);
        [of(u64::from(key)), half + of(mixed)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds {
        connections_max: 40,
        user_max: 3,
        address_max: 8,
        anonymous_max: 5,
    };

    fn anonymous(address: u32) -> Who {
        Who { user: 0, address }
    }

    fn user(user: u32, address: u32) -> Who {
        Who { user, address }
    }

    #[test]
    fn each_bound_holds_and_not_one_less_is_let_in() {
        let mut admission = Admission::new(BOUNDS);
        assert!((0..3).all(|_| admission.enter(user(7, 0)).is_ok()));
        assert_eq!(admission.enter(user(7, 0)), Err(Refusal::TooManyOfUser));
        assert!((0..5).all(|_| admission.enter(anonymous(9)).is_ok()));
        assert_eq!(
            admission.enter(anonymous(9)),
            Err(Refusal::TooManyOfAddress)
        );
        // Who has a token still comes in from there.
        assert!((10..13).all(|name| admission.enter(user(name, 9)).is_ok()));
        assert_eq!(admission.enter(user(20, 9)), Err(Refusal::TooManyOfAddress));
        admission.leave(user(7, 0));
        assert_eq!(admission.enter(user(7, 0)), Ok(()));

        while admission.has_room() {
            admission.enter(anonymous(0)).unwrap();
        }
        assert_eq!(admission.taken(), 40);
        assert_eq!(admission.enter(anonymous(0)), Err(Refusal::OverCapacity));
        assert_eq!(admission.enter(user(7, 0)), Err(Refusal::OverCapacity));
        admission.leave(anonymous(0));
        assert_eq!(admission.enter(anonymous(0)), Ok(()));
    }

    #[test]
    fn a_connection_takes_few_bytes() {
        assert_eq!(size_of::<Who>(), 8);
        let of = |connections_max| {
            let bounds = Bounds {
                connections_max,
                ..BOUNDS
            };
            size_of_val(&*Admission::new(bounds).counts) / connections_max
        };
        assert!((1_000..1_000_000).step_by(997).all(|max| of(max) <= 16));
    }

    #[test]
    fn a_crowd_of_users_is_let_in_beside_others_at_their_bounds() {
        let mut admission = Admission::new(Bounds {
            connections_max: 100_000,
            user_max: 50,
            address_max: 1_000,
            anonymous_max: 1_000,
        });
        // Keys are spread over all of 32 bits.
        let key = |n: u32| n.wrapping_mul(0x85eb_ca6b) | 1;
        for address in 1..=20 {
            assert!((0..1_000).all(|_| admission.enter(anonymous(key(address))).is_ok()));
        }
        let refused = (1_000..81_000)
            .filter(|n| admission.enter(user(key(*n), key(*n + 100_000))).is_err())
            .count();
        // Where both places are those of a crowded address.
        assert!(refused <= 8, "{refused} of 80000");
    }

    proptest! {
        #[test]
        fn no_bound_is_ever_passed(
            story in prop::collection::vec((any::<bool>(), 0_u32..6, 0_u32..4, any::<prop::sample::Index>()), 1..400),
        ) {
            let mut admission = Admission::new(BOUNDS);
            let mut inside: Vec<Who> = Vec::new();
            for (comes, name, address, which) in story {
                let who = user(name.wrapping_mul(0x1234_5677), address.wrapping_mul(0x7654_3211));
                if comes {
                    match admission.enter(who) {
                        Ok(()) => inside.push(who),
                        Err(Refusal::OverCapacity) => prop_assert_eq!(inside.len(), 40),
                        // So few keys share no two places.
                        Err(Refusal::TooManyOfUser) => {
                            prop_assert_eq!(inside.iter().filter(|i| i.user == who.user).count(), 3);
                        }
                        Err(Refusal::TooManyOfAddress) => {
                            let max = if name == 0 { 5 } else { 8 };
                            let there = inside.iter().filter(|i| i.address == who.address);
                            prop_assert!(there.count() >= max);
                        }
                    }
                } else if !inside.is_empty() {
                    admission.leave(inside.swap_remove(which.index(inside.len())));
                }
                prop_assert_eq!(admission.taken(), inside.len());
                for who in &inside {
                    let of_user = inside.iter().filter(|i| i.user == who.user).count();
                    prop_assert!(who.user == 0 || of_user <= 3);
                    let of_address = inside.iter().filter(|i| i.address == who.address).count();
                    prop_assert!(who.address == 0 || of_address <= 8);
                }
            }
            inside.into_iter().for_each(|who| admission.leave(who));
            prop_assert!(admission.counts.iter().all(|count| *count == 0));
        }
    }
}
