//! News goes round everybody who follows the match, whatever comes and goes meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;

use grandstand_core::ids::MatchId;
use mio::{Poll, Token};
use proptest::prelude::*;

use super::inbox::Inbox;
use super::interest::Interests;
use crate::feeds::{Feeds, Share};

#[derive(Debug, Clone)]
enum Move {
    Add(u32),
    Remove(u32),
    News,
    GoOn(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0_u32..40).prop_map(Move::Add),
        1 => (0_u32..40).prop_map(Move::Remove),
        2 => Just(Move::News),
        4 => (1_usize..12).prop_map(Move::GoOn),
    ];
    prop::collection::vec(one, 1..120)
}

struct Ground {
    interests: Interests,
    feeds: Arc<Feeds>,
    inbox: Arc<Inbox>,
    match_id: MatchId,
    _poll: Poll,
}

impl Ground {
    fn new() -> Self {
        let poll = Poll::new().unwrap();
        Self {
            interests: Interests::default(),
            feeds: Arc::new(Feeds::new(Arc::default(), u64::MAX)),
            inbox: Arc::new(Inbox::new(poll.registry(), Token(0)).unwrap()),
            match_id: MatchId::new("m").unwrap(),
            _poll: poll,
        }
    }

    fn add(&mut self, index: u32) {
        let Self {
            feeds,
            inbox,
            match_id,
            ..
        } = self;
        let added = self
            .interests
            .add(index, match_id, feeds, inbox, Share::Nobodys, 1);
        assert_eq!(added.as_ref(), Ok(&*match_id));
    }

    fn readers(&self) -> usize {
        let slot = self.feeds.slot(&self.match_id);
        slot.map_or(0, |slot| slot.readers())
    }
}

proptest! {
    #[test]
    fn news_reaches_everybody_who_was_there_when_it_came(moves in moves()) {
        let mut ground = Ground::new();
        let match_id = ground.match_id.clone();
        let mut there = BTreeSet::new();
        let mut untold = BTreeSet::new();
        let mut goes_round = false;
        for one in moves.into_iter().chain([Move::GoOn(1000)]) {
            match one {
                Move::Add(index) => {
                    ground.add(index);
                    there.insert(index);
                }
                Move::Remove(index) => {
                    ground.interests.remove(index, &match_id);
                    there.remove(&index);
                    untold.remove(&index);
                    goes_round &= !there.is_empty();
                }
                Move::News => {
                    let begins = ground.interests.begin(&match_id);
                    prop_assert_eq!(begins, !goes_round && !there.is_empty());
                    untold = there.clone();
                    goes_round |= begins;
                }
                Move::GoOn(max) => {
                    let mut told = Vec::new();
                    let goes_on = ground.interests.go_on(&match_id, max, &mut told);
                    prop_assert!(told.len() <= max);
                    told.iter().for_each(|index| {
                        untold.remove(index);
                    });
                    prop_assert!(told.iter().all(|index| there.contains(index)));
                    prop_assert!(goes_on || untold.is_empty(), "{:?}", untold);
                    goes_round = goes_on;
                }
            }
            prop_assert_eq!(ground.readers(), there.len());
        }
        prop_assert!(untold.is_empty(), "{:?}", untold);
    }
}

#[test]
fn nobody_is_always_first() {
    let mut ground = Ground::new();
    (0..100).for_each(|index| ground.add(index));
    let match_id = ground.match_id.clone();
    let mut firsts = BTreeSet::new();
    for _ in 0..50 {
        assert!(ground.interests.begin(&match_id));
        let mut told = Vec::new();
        assert!(!ground.interests.go_on(&match_id, 1000, &mut told));
        let turned: Vec<u32> = (told[0]..100).chain(0..told[0]).collect();
        assert_eq!(told, turned, "everybody once, in the order of their coming");
        firsts.insert(told[0]);
    }
    assert!(firsts.len() >= 48, "{firsts:?}");
}
