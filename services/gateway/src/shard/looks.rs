//! When a loop looked at its clock, and whether it stood still since: then no client was heard, and
//! none is late for it.

/// Standing still for less than this moves no deadline: they are tens of seconds.
const PAUSE_MIN_US: u64 = 1_000_000;

/// The looks of one loop, one after the other.
#[derive(Debug)]
pub(super) struct Looks {
    last_us: u64,
}

/// What a look finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Now, Unix microseconds.
    pub(super) now_us: u64,
    /// For how long the loop stood still since the look before, if it did.
    pub(super) stood_still_us: Option<u64>,
}

impl Looks {
    /// Looks that begin now.
    pub(super) fn begin(now_us: u64) -> Self {
        Self { last_us: now_us }
    }

    /// Looks after a wait that was to be so long at most: that much is no standing still.
    pub(super) fn after_wait(&mut self, wait_us: u64, now_us: u64) -> Look {
        self.last_us = now_us.min(self.last_us + wait_us);
        self.look(now_us)
    }

    /// Looks between two pieces of work. A process is stopped anywhere, and mostly there: whoever
    /// is woken by what it has just written may be quicker than its next line.
    pub(super) fn look(&mut self, now_us: u64) -> Look {
        let passed_us = now_us.saturating_sub(self.last_us);
        self.last_us = now_us;
        Look {
            now_us,
            stood_still_us: (passed_us >= PAUSE_MIN_US).then_some(passed_us),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn waiting_is_no_standing_still_and_what_is_beyond_it_is() {
        let mut looks = Looks::begin(100 * S);
        assert_eq!(looks.after_wait(5 * S, 103 * S).stood_still_us, None);
        assert_eq!(looks.after_wait(5 * S, 108 * S).stood_still_us, None);
        let late = looks.after_wait(5 * S, 143 * S);
        assert_eq!((late.now_us, late.stood_still_us), (143 * S, Some(30 * S)));
        assert_eq!(looks.after_wait(0, 143 * S).stood_still_us, None, "once");
    }

    #[test]
    fn a_loop_that_stood_still_in_the_middle_of_its_work_is_told_there() {
        let mut looks = Looks::begin(100 * S);
        assert_eq!(looks.after_wait(5 * S, 102 * S).stood_still_us, None);
        assert_eq!(looks.look(102 * S + 2_000).stood_still_us, None);
        let late = looks.look(132 * S + 2_000);
        assert_eq!(late.stood_still_us, Some(30 * S));
        assert_eq!(looks.after_wait(5 * S, 135 * S).stood_still_us, None);
    }
}
