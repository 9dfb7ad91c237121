//! One fan's own account of what it saw: every seq once, in order, or a snapshot that says why not.

use serde::{Deserialize, Serialize};

use crate::crowd::message::Place;

/// Reasons for which a fan may find itself further back than it was.
const MAY_GO_BACK: [&str; 3] = ["rolled_back", "restored", "other_epoch"];

/// What must never be; all of them 0, or something is broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Faults {
    /// Events that were left out without a word.
    pub(crate) gaps: u64,
    /// Events that came again.
    pub(crate) repeats: u64,
    /// Snapshots that took a fan back, for no reason that allows it.
    pub(crate) backwards: u64,
    /// Messages of a match that was not asked for, or of an epoch that no snapshot announced.
    pub(crate) foreign: u64,
    /// Messages and frames that can't be read.
    pub(crate) unreadable: u64,
    /// Connections that ended without our doing.
    pub(crate) dropped: u64,
}

impl Faults {
    /// Adds those of another.
    pub(crate) fn add(&mut self, other: Self) {
        self.gaps += other.gaps;
        self.repeats += other.repeats;
        self.backwards += other.backwards;
        self.foreign += other.foreign;
        self.unreadable += other.unreadable;
        self.dropped += other.dropped;
    }

    /// Those that are there, in words.
    pub(crate) fn words(&self) -> Vec<String> {
        let all = [
            (self.gaps, "events missing"),
            (self.repeats, "events repeated"),
            (self.backwards, "snapshots that went back"),
            (self.foreign, "messages of another match or epoch"),
            (self.unreadable, "messages that can't be read"),
            (self.dropped, "connections dropped"),
        ];
        let there = all.into_iter().filter(|(count, _)| *count > 0);
        there
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }
}

/// Where a fan stands.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    at: Option<(Place, u64)>,
}

impl Follower {
    /// The last event that it has; none before its first snapshot.
    pub(crate) fn at(&self) -> Option<&(Place, u64)> {
        self.at.as_ref()
    }

    /// The last seq that it has, 0 for none.
    pub(crate) fn seq(&self) -> u64 {
        self.at.as_ref().map_or(0, |(_, seq)| *seq)
    }

    /// Forgets everything, as a page that is loaded again.
    pub(crate) fn forget(&mut self) {
        self.at = None;
    }

    /// Takes a state, and returns how many events the fan does without.
    pub(crate) fn snapshot(
        &mut self,
        place: &Place,
        seq: u64,
        reason: &str,
        faults: &mut Faults,
    ) -> u64 {
        match self.at.replace((Place::clone(place), seq)) {
            Some((was, had)) if was == *place => {
                if seq < had && !MAY_GO_BACK.contains(&reason) {
                    faults.backwards += 1;
                }
                seq.saturating_sub(had)
            }
            _ => 0,
        }
    }

    /// Takes events, each of which must be the next; an error in one does not hide the others.
    pub(crate) fn events(
        &mut self,
        place: &Place,
        seqs: impl Iterator<Item = u64>,
        faults: &mut Faults,
    ) {
        let Some((was, had)) = &mut self.at else {
            // Nothing said where the fan stands.
            faults.foreign += 1;
            return;
        };
        if was != place {
            faults.foreign += 1;
            return;
        }
        for seq in seqs {
            if seq <= *had {
                faults.repeats += 1;
                continue;
            }
            faults.gaps += seq - *had - 1;
            *had = seq;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::crowd::message::Life;
    use proptest::prelude::*;

    fn place(epoch: &str) -> Place {
        Rc::new(Life {
            match_id: "m".to_owned(),
            epoch: epoch.to_owned(),
        })
    }

    /// What a fan finds who joins at 0 and sees these.
    fn faults_of(seqs: &[u64]) -> (Faults, u64) {
        let (mut follower, mut faults) = (Follower::default(), Faults::default());
        let place = place("1.1");
        follower.snapshot(&place, 0, "joined", &mut faults);
        for seq in seqs {
            follower.events(&place, std::iter::once(*seq), &mut faults);
        }
        (faults, follower.seq())
    }

    #[test]
    fn a_planted_gap_is_found() {
        assert_eq!(faults_of(&[1, 2, 3]), (Faults::default(), 3));
        let gap = Faults {
            gaps: 2,
            ..Faults::default()
        };
        assert_eq!(faults_of(&[1, 4, 5]), (gap, 5));
    }

    #[test]
    fn a_planted_repeat_is_found() {
        let repeat = Faults {
            repeats: 1,
            ..Faults::default()
        };
        assert_eq!(faults_of(&[1, 2, 2, 3]), (repeat, 3));
    }

    #[test]
    fn a_snapshot_tells_what_is_left_out_and_goes_back_only_with_a_reason() {
        let (mut follower, mut faults) = (Follower::default(), Faults::default());
        let (first, second) = (place("1.1"), place("1.2"));
        assert_eq!(follower.snapshot(&first, 10, "joined", &mut faults), 0);
        assert_eq!(follower.snapshot(&first, 30, "behind", &mut faults), 20);
        assert_eq!(follower.snapshot(&first, 20, "rolled_back", &mut faults), 0);
        assert_eq!(follower.snapshot(&second, 5, "other_epoch", &mut faults), 0);
        assert_eq!(faults, Faults::default());
        follower.snapshot(&second, 4, "behind", &mut faults);
        assert_eq!(faults.backwards, 1);
    }

    #[test]
    fn events_that_no_snapshot_announced_are_foreign() {
        let (mut follower, mut faults) = (Follower::default(), Faults::default());
        follower.events(&place("1.1"), [1].into_iter(), &mut faults);
        follower.snapshot(&place("1.1"), 1, "joined", &mut faults);
        follower.events(&place("1.2"), [2].into_iter(), &mut faults);
        assert_eq!((faults.foreign, follower.seq()), (2, 1));
        follower.forget();
        assert!(follower.at().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_a_lossy_wire_does_is_counted_to_the_event(
            copies in prop::collection::vec(0u64..3, 1..60)
        ) {
            let wire: Vec<u64> = (1..).zip(&copies)
                .flat_map(|(seq, copies)| (0..*copies).map(move |_| seq))
                .collect();
            let (faults, last) = faults_of(&wire);
            let left_out = copies[..last as usize].iter().filter(|copies| **copies == 0).count();
            prop_assert_eq!(faults.gaps, left_out as u64);
            prop_assert_eq!(faults.repeats, copies.iter().filter(|copies| **copies == 2).count() as u64);
        }
    }
}
