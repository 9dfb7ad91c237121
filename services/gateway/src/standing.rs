//! Whether a gateway that hears nothing from the broker is worse off than its peers. If it is, fans
//! had better come to them; if nobody hears anything, it goes on and says that it is stale.

/// How long after nothing was heard for too long peers are first asked: who shares the fault, and
/// heard the last a moment later, knows it by then.
const NOTICED_US: u64 = 500_000;
/// How often peers are asked while nothing is heard.
const ASK_US: u64 = 1_000_000;
/// How often the broker's server is left for another while peers fare better.
const LEAVE_US: u64 = 5_000_000;

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    stale: bool,
    asking: bool,
    /// When peers are asked next, Unix microseconds; none while something is heard.
    ask_us: Option<u64>,
    leave_us: u64,
    worse: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask some peers; then [`Standing::answered`].
    Ask,
    /// Nothing before this time, unless freshness changes or peers answer.
    Wait(Option<u64>),
}

/// What peers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peers {
    /// One of them hears that scores are taken.
    Fresh,
    /// None does, or there are none.
    NoneFresh,
}

/// What follows from it for our connection to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broker {
    /// It stays.
    Stay,
    /// Another server may be better.
    Leave,
}

impl Standing {
    /// Whether something is heard now.
    pub(crate) fn hears(&mut self, fresh: bool) {
        if fresh {
            *self = Self {
                asking: self.asking,
                leave_us: self.leave_us,
                ..Self::default()
            };
        }
        self.stale = !fresh;
    }

    /// What to do next.
    pub(crate) fn next(&mut self, now_us: u64) -> Step {
        if !self.stale || self.asking {
            return Step::Wait(None);
        }
        let ask_us = *self.ask_us.get_or_insert(now_us + NOTICED_US);
        if now_us < ask_us {
            return Step::Wait(Some(ask_us));
        }
        self.asking = true;
        self.ask_us = Some(now_us + ASK_US);
        Step::Ask
    }

    /// Peers were asked.
    pub(crate) fn answered(&mut self, peers: Peers, now_us: u64) -> Broker {
        self.asking = false;
        // Something was heard meanwhile: what they said is of no matter.
        self.worse = self.stale && peers == Peers::Fresh;
        if !self.worse || now_us < self.leave_us {
            return Broker::Stay;
        }
        self.leave_us = now_us + LEAVE_US;
        Broker::Leave
    }

    /// Whether fans had better go to its peers.
    pub(crate) fn is_worse_than_peers(&self) -> bool {
        self.worse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    /// Who noticed at 0 that it hears nothing.
    fn stale() -> Standing {
        let mut standing = Standing::default();
        standing.hears(false);
        assert_eq!(standing.next(0), Step::Wait(Some(NOTICED_US)));
        standing
    }

    #[test]
    fn peers_that_share_a_fault_have_time_to_notice_it_each_time() {
        let mut standing = stale();
        let wait = Step::Wait(Some(NOTICED_US));
        assert_eq!(standing.next(NOTICED_US - 1), wait);
        assert_eq!(standing.next(NOTICED_US), Step::Ask);
        assert_eq!(standing.answered(Peers::NoneFresh, S), Broker::Stay);
        standing.hears(true);
        standing.hears(false);
        assert_eq!(
            standing.next(9 * S),
            Step::Wait(Some(9 * S + NOTICED_US)),
            "another fault"
        );
    }

    #[test]
    fn who_hears_something_asks_nobody() {
        let mut standing = Standing::default();
        standing.hears(true);
        assert_eq!(standing.next(S), Step::Wait(None));
        assert!(!standing.is_worse_than_peers());
    }

    #[test]
    fn a_fault_that_all_share_leaves_it_ready_and_it_asks_again() {
        let mut standing = stale();
        assert_eq!(standing.next(S), Step::Ask);
        assert_eq!(standing.next(S), Step::Wait(None), "one question at a time");
        assert_eq!(standing.answered(Peers::NoneFresh, S), Broker::Stay);
        assert!(!standing.is_worse_than_peers());
        assert_eq!(standing.next(S), Step::Wait(Some(2 * S)));
        assert_eq!(standing.next(2 * S), Step::Ask);
    }

    #[test]
    fn it_is_worse_off_until_it_hears_something_or_its_peers_do_not() {
        for end in ["fresh", "all stale"] {
            let mut standing = stale();
            assert_eq!(standing.next(S), Step::Ask);
            assert_eq!(standing.answered(Peers::Fresh, S), Broker::Leave);
            assert!(standing.is_worse_than_peers());
            assert_eq!(standing.next(2 * S), Step::Ask);
            match end {
                "fresh" => standing.hears(true),
                _ => assert_eq!(standing.answered(Peers::NoneFresh, 2 * S), Broker::Stay),
            }
            assert!(!standing.is_worse_than_peers(), "{end}");
        }
    }

    #[test]
    fn an_answer_that_comes_after_something_was_heard_says_nothing() {
        let mut standing = stale();
        assert_eq!(standing.next(S), Step::Ask);
        standing.hears(true);
        assert_eq!(standing.answered(Peers::Fresh, S), Broker::Stay);
        assert!(!standing.is_worse_than_peers());
    }

    #[test]
    fn it_leaves_its_server_now_and_then_and_not_all_the_time() {
        let mut standing = stale();
        let mut left = 0;
        for second in 1..=10 {
            assert_eq!(standing.next(second * S), Step::Ask);
            left += u32::from(standing.answered(Peers::Fresh, second * S) == Broker::Leave);
        }
        assert_eq!(left, 2);
    }

    #[test]
    fn what_is_heard_for_a_moment_forgets_neither_a_question_nor_that_it_left() {
        let mut standing = stale();
        assert_eq!(standing.next(S), Step::Ask);
        standing.hears(true);
        standing.hears(false);
        assert_eq!(standing.next(S), Step::Wait(None), "one question at a time");
        assert_eq!(standing.answered(Peers::Fresh, S), Broker::Leave);
        standing.hears(true);
        standing.hears(false);
        let noticed_us = S + NOTICED_US;
        assert_eq!(standing.next(S), Step::Wait(Some(noticed_us)));
        assert_eq!(standing.next(noticed_us), Step::Ask);
        assert_eq!(standing.answered(Peers::Fresh, noticed_us), Broker::Stay);
        assert!(standing.is_worse_than_peers());
    }
}
