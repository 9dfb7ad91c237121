//! The matches whose logs are to be read, each once, in the order in which they were wanted: first
//! those that are known to be there, so that nobody waits behind names that somebody made up.

use std::collections::{HashSet, VecDeque};

use grandstand_core::ids::MatchId;

use crate::directory::Directory;

/// Bounded by the matches in memory, as long as those that were forgotten are dropped.
#[derive(Debug, Default)]
pub(super) struct FillQueue {
    known: VecDeque<MatchId>,
    unknown: VecDeque<MatchId>,
    members: HashSet<MatchId>,
}

impl FillQueue {
    pub(super) fn push(&mut self, match_id: MatchId, directory: &Directory) {
        if self.members.insert(match_id.clone()) {
            match directory.has(&match_id) {
                true => self.known.push_back(match_id),
                false => self.unknown.push_back(match_id),
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<MatchId> {
        let match_id = self
            .known
            .pop_front()
            .or_else(|| self.unknown.pop_front())?;
        self.members.remove(&match_id);
        Some(match_id)
    }

    /// Drops those that nobody waits for any more.
    pub(super) fn retain(&mut self, wanted: impl Fn(&MatchId) -> bool) {
        self.known.retain(|match_id| wanted(match_id));
        self.unknown.retain(|match_id| wanted(match_id));
        self.members.retain(|match_id| wanted(match_id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_match_waits_once_and_only_while_it_is_wanted() {
        let [a, b, c] = ["a", "b", "c"].map(|name| MatchId::new(name).unwrap());
        let mut queue = FillQueue::default();
        for match_id in [&a, &b, &a, &c, &b] {
            queue.push(match_id.clone(), &Directory::default());
        }
        queue.retain(|match_id| *match_id != b);
        queue.push(a.clone(), &Directory::default());
        assert_eq!(
            [queue.pop(), queue.pop(), queue.pop()],
            [Some(a.clone()), Some(c), None]
        );
        queue.push(a.clone(), &Directory::default());
        queue.push(b, &Directory::default());
        assert_eq!(queue.pop(), Some(a));
        assert!(queue.pop().is_some());
    }
}
