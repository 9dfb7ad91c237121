//! What a connection is told next, and when it is given up. In this order: answers, the end, what
//! the matches bring, the heartbeat.

use std::num::NonZero;

use crate::connection::followed::Followed;
use crate::connection::{Connection, MatchView, Matches, Output, Settings};
use crate::frame::Frame;
use crate::ids::MatchId;
use crate::message::{CloseCode, ServerMessage};

/// A fan that does not answer a protocol ping for so long is gone.
const PONG_TIMEOUT_US: u64 = 10_000_000;

impl Connection {
    /// What to do next, for a socket that can take something.
    pub fn poll(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        if let Some(wrote_us) = self.wrote_us.take() {
            self.was_busy(now_us.saturating_sub(wrote_us.get()));
        }
        let output = self.next_output(matches, now_us);
        let output = self.take_ping_along(output, now_us);
        self.is_settled = self.is_settled_by(&output);
        match output {
            // Who has all there is was not busy with it, unless it is said to be.
            Output::Frame(..) if self.is_settled => self.written_us = now_us,
            Output::Answer(_) | Output::Frame(..) => {
                (self.wrote_us, self.written_us) = (NonZero::new(now_us), now_us);
            }
            Output::Beat(_) => {
                self.pinged_us = NonZero::new(now_us);
                (self.wrote_us, self.written_us) = (self.pinged_us, now_us);
            }
            // A page never sees a ping: for it there was no traffic.
            Output::Ping => self.wrote_us = NonZero::new(now_us),
            Output::AskLeader(_) | Output::Wait(_) | Output::Close(..) => {}
        }
        output
    }

    /// A ping that is due, or nearly, goes with a frame: while there are events nobody is written to
    /// for it alone.
    fn take_ping_along(&mut self, output: Output, now_us: u64) -> Output {
        let heartbeat_us = u64::from(self.settings.heartbeat_s) * 1_000_000;
        let soon_us = now_us + heartbeat_us / 8;
        match output {
            Output::Frame(frame, news)
                if self.pinged_us.is_none() && self.heard_us + heartbeat_us <= soon_us =>
            {
                self.pinged_us = NonZero::new(now_us);
                Output::Frame(frame.with_ping(), news)
            }
            output => output,
        }
    }

    /// Whether the fan has all there is once `output` is written. What it waits for by the clock was
    /// told by an earlier poll, and is no sooner now.
    fn is_settled_by(&self, output: &Output) -> bool {
        matches!(output, Output::Frame(_, news) if news.is_all)
            && self.followed.len() == 1
            && self.strips.is_none()
            && self.pending.is_none()
    }

    /// Whether what the last poll gave is all there is, once it is written at once: there is nothing
    /// more to poll for then before a match changes, the client speaks or the time comes that was
    /// waited for before.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// What the last poll gave at `since_us` was not written at once: the connection is busy with it.
    pub fn held_up(&mut self, since_us: u64) {
        self.wrote_us = self.wrote_us.or(NonZero::new(since_us));
    }

    /// While something is written nothing is read: neither is the fan behind on purpose, nor could
    /// its pong be heard.
    fn was_busy(&mut self, busy_us: u64) {
        self.followed.iter_mut().for_each(Followed::was_busy);
        self.pinged_us = later(self.pinged_us, busy_us);
    }

    fn next_output(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        if let Some(answer) = self.take_answer() {
            return Output::Answer(answer);
        }
        if let Some(output) = self.approach_end(now_us) {
            return output;
        }
        if let Some(output) = self.give_up(now_us) {
            return output;
        }
        match self.look_at_matches(matches, now_us) {
            Output::Wait(wake_us) => {
                let wake_us = earlier(wake_us, self.end_due_us());
                self.beat(matches, now_us, wake_us)
            }
            output => output,
        }
    }

    /// Tokens end, and so do fans who no longer answer.
    fn give_up(&mut self, now_us: u64) -> Option<Output> {
        if self
            .rights
            .expires_us
            .is_some_and(|expires_us| expires_us.get() <= now_us)
        {
            self.close(CloseCode::Token, "token expired");
            self.answer(&ServerMessage::error(
                "token_expired",
                "Your token has expired",
                "Connect again with a newer one; refresh sends it before it comes to this.",
                None,
            ));
            return self.take_answer().map(Output::Answer);
        }
        let silent = self
            .pinged_us
            .is_some_and(|pinged_us| pinged_us.get() + PONG_TIMEOUT_US <= now_us);
        silent.then_some(Output::Close(CloseCode::TooSlow, "no answer to a ping"))
    }

    /// Each match has its turn to give one frame, and so have the strips.
    fn look_at_matches(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        let mut wake_us: Option<u64> = None;
        let count = self.followed.len() + usize::from(self.strips.is_some());
        for index in 0..count {
            let position = (self.turn as usize + index) % count;
            let output = match self.followed.get(position) {
                Some(_) => self.look_at_match(position, matches, now_us),
                None => self.look_at_strips(matches, now_us),
            };
            match output {
                Output::Wait(at_us) => wake_us = earlier(wake_us, at_us),
                output => {
                    // At most 32 matches are followed, and the strips.
                    self.turn = position as u8 + 1;
                    return output;
                }
            }
        }
        Output::Wait(wake_us)
    }

    fn look_at_match(&mut self, position: usize, matches: &impl Matches, now_us: u64) -> Output {
        let Settings { coding, phase, .. } = self.settings;
        let (rights, followed) = (&self.rights, &mut self.followed[position]);
        // The name is not cloned: all fans share its count.
        let (match_id, place) = followed.parts();
        let output = matches.look(match_id, |view| match view {
            MatchView::Loading => Some(Output::Wait(None)),
            MatchView::Absent => Some(place.say_absent(match_id, coding.codec)),
            MatchView::Forbidden => None,
            MatchView::Ready(feed) => {
                let (asked, delay_s) = place.wish();
                let policy = rights.policy(asked, delay_s, feed.delay_s, phase);
                Some(place.look(feed, policy, coding, now_us))
            }
        });
        output.unwrap_or_else(|| {
            let match_id = self.followed[position].match_id().clone();
            self.say_forbidden(&match_id)
        })
    }

    fn say_forbidden(&mut self, match_id: &MatchId) -> Output {
        self.unfollow(match_id);
        Output::Answer(Frame::of(
            self.settings.coding.codec,
            &ServerMessage::error(
                "not_allowed",
                "Your token does not name this match",
                "It is private: ask whoever runs it for a token that names it.",
                Some(match_id),
            ),
        ))
    }

    /// After a heartbeat without traffic each match says where its fan stands; a client that was
    /// not heard for as long is pinged. Where one of them is due, the other goes along if it would
    /// be within half a heartbeat: one piece to write, one time to wake up.
    fn beat(&mut self, matches: &impl Matches, now_us: u64, wake_us: Option<u64>) -> Output {
        let heartbeat_us = u64::from(self.settings.heartbeat_s) * 1_000_000;
        let says_us = self.written_us + heartbeat_us;
        let pings_us = match self.pinged_us {
            Some(_) => u64::MAX,
            None => self.heard_us + heartbeat_us,
        };
        if says_us.min(pings_us) <= now_us {
            let soon_us = now_us + heartbeat_us / 2;
            return match (says_us <= soon_us, pings_us <= soon_us) {
                (true, true) => Output::Beat(self.say_where_it_stands(matches, now_us)),
                (true, false) => {
                    Output::Answer(self.say_where_it_stands(matches, now_us).without_ping())
                }
                (false, _) => {
                    self.pinged_us = NonZero::new(now_us);
                    Output::Ping
                }
            };
        }
        let given_up_us = self.pinged_us.map(|us| us.get() + PONG_TIMEOUT_US);
        let beat_us = given_up_us.unwrap_or(pings_us).min(says_us);
        Output::Wait(earlier(
            earlier(wake_us, Some(beat_us)),
            self.rights.expires_us.map(NonZero::get),
        ))
    }

    /// The first of the heartbeat's messages, behind a ping; the others wait with the answers.
    fn say_where_it_stands(&mut self, matches: &impl Matches, now_us: u64) -> Frame {
        let mut first = None;
        for followed in &mut self.followed {
            let (match_id, place) = followed.parts();
            let beat = matches.look(match_id, |view| match view {
                MatchView::Ready(feed) => {
                    Some(place.beat(self.settings.coding.codec, feed, now_us))
                }
                MatchView::Loading | MatchView::Absent | MatchView::Forbidden => None,
            });
            match (&first, beat) {
                (None, beat) => first = beat,
                (Some(_), Some(beat)) => {
                    let pending = self.pending.get_or_insert_default();
                    pending.answers.push_back(beat.without_ping());
                }
                (Some(_), None) => {}
            }
        }
        // A page that follows nothing that is there must still see that we are.
        first.unwrap_or_else(|| self.heads().with_ping())
    }

    pub(super) fn take_answer(&mut self) -> Option<Frame> {
        let answer = self.pending.as_mut()?.answers.pop_front();
        self.forget_empty();
        answer
    }
}

/// A moment that moves, if there is one.
pub(super) fn later(moment_us: Option<NonZero<u64>>, by_us: u64) -> Option<NonZero<u64>> {
    moment_us.map(|moment_us| moment_us.saturating_add(by_us))
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
