//! Wrong attempts, and how long whoever made them must wait: a plain state machine of bounded size.

use std::collections::HashMap;
use std::hash::Hash;

const SECOND_US: u64 = 1_000_000;

/// How wrong attempts are slowed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// So many cost nothing.
    pub free: u32,
    /// The wait after the first beyond them; each further one doubles it.
    pub first_wait_s: u64,
    /// The longest wait.
    pub wait_max_s: u64,
    /// After so long without a wrong one, all are forgotten.
    pub memory_s: u64,
    /// So many are remembered at once; of more, whoever was quiet longest is forgotten.
    pub entries_max: usize,
}

/// Who was wrong how often.
#[derive(Debug)]
pub struct Attempts<K> {
    ladder: Ladder,
    wrong: HashMap<K, Wrong>,
}

#[derive(Debug, Clone, Copy)]
struct Wrong {
    count: u32,
    last_us: u64,
}

impl<K: Hash + Eq + Clone> Attempts<K> {
    /// Nobody was wrong.
    pub fn new(ladder: Ladder) -> Self {
        Self {
            ladder,
            wrong: HashMap::new(),
        }
    }

    /// How many seconds `who` must still wait before another attempt; none if it may try.
    pub fn wait_s(&self, who: &K, now_us: u64) -> Option<u64> {
        let wrong = self.wrong.get(who)?;
        let beyond = wrong.count.checked_sub(self.ladder.free + 1)?;
        let doubled = 1_u64.checked_shl(beyond).unwrap_or(u64::MAX);
        let wait_s = self.ladder.first_wait_s.saturating_mul(doubled);
        let wait_s = wait_s.min(self.ladder.wait_max_s);
        let open_us = wrong.last_us.saturating_add(wait_s * SECOND_US);
        let left_us = open_us.saturating_sub(now_us);
        (left_us > 0).then(|| left_us.div_ceil(SECOND_US))
    }

    /// `who` was wrong.
    pub fn was_wrong(&mut self, who: K, now_us: u64) {
        let memory_us = self.ladder.memory_s * SECOND_US;
        if self.wrong.len() >= self.ladder.entries_max && !self.wrong.contains_key(&who) {
            self.forget_quietest();
        }
        let wrong = self.wrong.entry(who).or_insert(Wrong {
            count: 0,
            last_us: now_us,
        });
        if now_us.saturating_sub(wrong.last_us) >= memory_us {
            wrong.count = 0;
        }
        wrong.count = wrong.count.saturating_add(1);
        wrong.last_us = now_us;
    }

    fn forget_quietest(&mut self) {
        let quietest = self.wrong.iter().min_by_key(|(_, wrong)| wrong.last_us);
        if let Some(who) = quietest.map(|(who, _)| who.clone()) {
            self.wrong.remove(&who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: Ladder = Ladder {
        free: 2,
        first_wait_s: 10,
        wait_max_s: 60,
        memory_s: 1_000,
        entries_max: 3,
    };

    fn waits_after(count: u32) -> Option<u64> {
        let mut attempts = Attempts::new(LADDER);
        for _ in 0..count {
            attempts.was_wrong("a", 7);
        }
        attempts.wait_s(&"a", 7)
    }

    #[test]
    fn a_wait_begins_beyond_the_free_ones_doubles_and_is_bounded() {
        assert_eq!(waits_after(0), None);
        assert_eq!(waits_after(2), None);
        assert_eq!(waits_after(3), Some(10));
        assert_eq!(waits_after(4), Some(20));
        assert_eq!(waits_after(5), Some(40));
        assert_eq!(waits_after(6), Some(60));
        assert_eq!(waits_after(200), Some(60));
    }

    #[test]
    fn a_wait_ends_and_an_old_wrong_one_is_forgotten() {
        let mut attempts = Attempts::new(LADDER);
        for _ in 0..3 {
            attempts.was_wrong("a", 0);
        }
        assert_eq!(attempts.wait_s(&"a", 9_999_999), Some(1));
        assert_eq!(attempts.wait_s(&"a", 10_000_000), None);
        assert_eq!(attempts.wait_s(&"b", 0), None);
        attempts.was_wrong("a", 999 * SECOND_US);
        assert_eq!(attempts.wait_s(&"a", 999 * SECOND_US), Some(20));
        attempts.was_wrong("a", 1_999 * SECOND_US);
        assert_eq!(attempts.wait_s(&"a", 1_999 * SECOND_US), None);
    }

    #[test]
    fn of_too_many_whoever_was_quiet_longest_is_forgotten() {
        let mut attempts = Attempts::new(LADDER);
        for (who, now_us) in [("a", 0), ("b", 1), ("c", 2), ("a", 3)] {
            for _ in 0..3 {
                attempts.was_wrong(who, now_us);
            }
        }
        // Who is remembered already needs no room, and goes on up the ladder.
        assert_eq!(attempts.wait_s(&"a", 3), Some(60));
        assert_eq!(attempts.wait_s(&"b", 3), Some(10));
        attempts.was_wrong("d", 4);
        assert_eq!(attempts.wrong.len(), 3);
        assert_eq!(attempts.wait_s(&"b", 4), None);
        assert!(attempts.wait_s(&"a", 4).is_some() && attempts.wait_s(&"c", 4).is_some());
    }
}
