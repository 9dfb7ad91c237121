//! The strips of all live matches that a connection follows: a view of them, and how far its fan
//! was told.

use crate::connection::{Connection, Matches, Output};
use crate::message::{ServerMessage, StripsWish};
use crate::strips::{StripsCursor, StripsView};

/// Boxed: few follow it.
#[derive(Debug)]
pub(super) struct FollowedStrips {
    wish: StripsWish,
    view: StripsView,
    /// None until it was told of the first.
    cursor: Option<StripsCursor>,
    /// What it was told in another view, which is taken back first.
    left: Option<(StripsView, StripsCursor)>,
}

impl Connection {
    /// Follows the strips of all live matches, or as of another time than before.
    pub(super) fn subscribe_strips(&mut self, wish: StripsWish) {
        if wish
            .policy
            .is_some_and(|policy| policy > self.rights.policy_max)
        {
            self.answer(&ServerMessage::error(
                "policy_not_granted",
                "Your tier does not grant this policy",
                "You follow the strips by the best policy that your tier grants.",
                None,
            ));
        }
        let phase = self.settings.phase;
        let policy = self.rights.policy(wish.policy, wish.delay_s, 0, phase);
        let view = StripsView::of(policy);
        match &mut self.strips {
            Some(strips) => {
                strips.wish = wish;
                if strips.view == view {
                    return;
                }
                if let Some(cursor) = strips.cursor.take() {
                    strips.left = Some((strips.view, cursor));
                }
                strips.view = view;
            }
            None => {
                self.strips = Some(Box::new(FollowedStrips {
                    wish,
                    view,
                    cursor: None,
                    left: None,
                }));
            }
        }
        self.wishes_changed += 1;
    }

    pub(super) fn unsubscribe_strips(&mut self) {
        if self.strips.take().is_some() {
            self.wishes_changed += 1;
        }
    }

    /// Rights changed: the same wish may see more or less.
    pub(super) fn subscribe_strips_again(&mut self) {
        if let Some(strips) = &self.strips {
            self.subscribe_strips(strips.wish);
        }
    }

    /// As of when it follows the strips, if it does.
    pub fn strips_view(&self) -> Option<StripsView> {
        Some(self.strips.as_ref()?.view)
    }

    /// What there is to say of the strips.
    pub(super) fn look_at_strips(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        let codec = self.settings.codec;
        let Some(strips) = &mut self.strips else {
            return Output::Wait(None);
        };
        if let Some((view, cursor)) = strips.left.take() {
            let back = matches.strips(view, now_us, |board| board.take_back(cursor, codec));
            for frame in back.into_iter().flatten() {
                self.push_answer(frame);
            }
            if let Some(first) = self.take_answer() {
                return Output::Answer(first);
            }
        }
        let Some(strips) = &mut self.strips else {
            return Output::Wait(None);
        };
        let read = matches.strips(strips.view, now_us, |board| {
            board.read(strips.cursor, codec)
        });
        match read.flatten() {
            Some((frame, cursor)) => {
                strips.cursor = Some(cursor);
                Output::Answer(frame)
            }
            None => Output::Wait(strips.view.wakes_at(self.settings.phase, now_us)),
        }
    }
}
