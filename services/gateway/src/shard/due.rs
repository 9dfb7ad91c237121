//! When which connection is to be looked at: a wheel of coarse ticks, and no timer per connection.
//!
//! A deadline that moves to later costs nothing: the earlier look finds that there is nothing to do
//! yet, and sets the next.

use std::collections::VecDeque;

/// How coarse a deadline is: it is never early, and this late at most.
const TICK_US: u64 = 1 << 13;
/// One turn of the wheel, 17 s; what is due later is looked at once a turn.
const TICKS: usize = 2048;

/// The deadlines of one shard.
pub(super) struct Wheel {
    slots: Vec<Vec<u32>>,
    /// A bit for each slot that is not empty.
    filled: [u64; TICKS / 64],
    /// The last tick that has passed.
    passed: u64,
}

/// The looks that are set for one connection, as ticks: those that have passed are none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alarm([u64; 2]);

impl Wheel {
    /// A wheel that begins to turn now.
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            slots: vec![Vec::new(); TICKS],
            filled: [0; TICKS / 64],
            passed: now_us / TICK_US,
        }
    }

    /// Has the connection `index` looked at once `due_us` has come.
    pub(super) fn set(&mut self, index: u32, alarm: &mut Alarm, due_us: u64) {
        let last = self.passed + TICKS as u64 - 1;
        let tick = due_us.div_ceil(TICK_US).clamp(self.passed + 1, last);
        if alarm
            .0
            .iter()
            .any(|set| (self.passed + 1..=tick).contains(set))
        {
            return;
        }
        // The one that passed, else the later one, which then comes in vain.
        let is_first = match alarm.0.map(|set| set > self.passed) {
            [false, _] => true,
            [true, false] => false,
            [true, true] => alarm.0[0] > alarm.0[1],
        };
        alarm.0[usize::from(!is_first)] = tick;
        let slot = tick as usize % TICKS;
        self.slots[slot].push(index);
        self.filled[slot / 64] |= 1 << (slot % 64);
    }

    /// Whether a look is set that has not come yet.
    pub(super) fn has(&self, alarm: &Alarm) -> bool {
        alarm.0.iter().any(|set| *set > self.passed)
    }

    /// Moves everybody who is to be looked at by `now_us` to `due`.
    pub(super) fn turn(&mut self, now_us: u64, due: &mut VecDeque<u32>) {
        let now = now_us / TICK_US;
        let ticks = now.saturating_sub(self.passed).min(TICKS as u64);
        for tick in self.passed + 1..=self.passed + ticks {
            let slot = tick as usize % TICKS;
            due.extend(std::mem::take(&mut self.slots[slot]));
            self.filled[slot / 64] &= !(1 << (slot % 64));
        }
        self.passed = self.passed.max(now);
    }

    /// When the next look is, Unix microseconds.
    pub(super) fn next_us(&self) -> Option<u64> {
        let first = (self.passed + 1) as usize % TICKS;
        let mut word = self.filled[first / 64] & (u64::MAX << (first % 64));
        for step in 0..=self.filled.len() {
            let at = (first / 64 + step) % self.filled.len();
            if step > 0 {
                word = self.filled[at];
            }
            if word != 0 {
                let slot = at * 64 + word.trailing_zeros() as usize;
                let ticks = (slot + TICKS - first) % TICKS;
                return Some((self.passed + 1 + ticks as u64) * TICK_US);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = 1_000_000;

    fn turned(wheel: &mut Wheel, now_us: u64) -> Vec<u32> {
        let mut due = VecDeque::new();
        wheel.turn(now_us, &mut due);
        due.into()
    }

    #[test]
    fn a_deadline_that_moves_to_later_and_back_is_two_looks_at_most() {
        let mut wheel = Wheel::new(100 * S);
        let mut alarm = Alarm::default();
        assert_eq!(wheel.next_us(), None);
        wheel.set(7, &mut alarm, 105 * S);
        let mut looks = 0;
        // A batch window opens and closes every 200 ms, and between them a heartbeat is far.
        for now_us in (100 * S..110 * S).step_by(200_000) {
            wheel.set(7, &mut alarm, now_us + 55 * S);
            wheel.set(7, &mut alarm, now_us + 200_000);
            looks += turned(&mut wheel, now_us + 200_000).len();
        }
        assert!(looks <= 52, "one a window, and the far one: {looks}");
        let waiting: usize = wheel.slots.iter().map(Vec::len).sum();
        assert!(waiting <= 2, "{waiting}");
    }

    #[test]
    fn after_a_pause_everybody_is_looked_at_once() {
        let mut wheel = Wheel::new(100 * S);
        for index in 0..100 {
            let due_us = 101 * S + u64::from(index) * S;
            wheel.set(index, &mut Alarm::default(), due_us);
        }
        let mut due = turned(&mut wheel, 500 * S);
        due.sort_unstable();
        assert_eq!(due, (0..100).collect::<Vec<_>>());
        assert_eq!(wheel.next_us(), None);
    }

    proptest! {
        #[test]
        fn a_look_is_never_early_and_never_late(
            steps in prop::collection::vec((0_u64..20 * S, 1_u64..300_000), 1..200),
        ) {
            let (mut now_us, mut alarm) = (100 * S, Alarm::default());
            let mut wheel = Wheel::new(now_us);
            let mut wanted_us = u64::MAX;
            for (after_us, step_us) in steps {
                // The shell sets the newest deadline anew whenever it looks.
                wanted_us = wanted_us.min(now_us + after_us);
                wheel.set(0, &mut alarm, wanted_us);
                prop_assert!(wheel.next_us().is_some_and(|at_us| at_us < wanted_us.max(now_us) + 2 * TICK_US));
                now_us += step_us;
                if turned(&mut wheel, now_us).contains(&0) && wanted_us <= now_us {
                    wanted_us = u64::MAX;
                }
                prop_assert!(wanted_us == u64::MAX || wanted_us + TICK_US > now_us, "late");
            }
        }
    }
}
