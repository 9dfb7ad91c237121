//! The strips of all live matches that a connection follows: a view of them, and how far its fan
//! was told.

use crate::connection::{Connection, Matches, Output};
use crate::message::{CloseCode, ServerMessage, Status, StripsWish};
use crate::strips::{StripsCursor, StripsRead, StripsView};

/// What the fan has can't be put right any more.
const FORGOTTEN: Output = Output::Close(CloseCode::TooSlow, "strips not read for too long");

/// Boxed: few follow it.
#[derive(Debug)]
pub(super) struct FollowedStrips {
    wish: StripsWish,
    view: StripsView,
    /// None until it was told of the first.
    cursor: Option<StripsCursor>,
    /// What it was told in another view, which is taken back first.
    left: Option<(StripsView, StripsCursor)>,
    /// What it was told last of how far they can be trusted.
    told: Status,
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
                    told: Status::Live,
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
        let coding = self.settings.coding;
        let codec = coding.codec;
        let Some(strips) = &mut self.strips else {
            return Output::Wait(None);
        };
        if let Some((view, cursor)) = strips.left {
            let back = matches.strips(view, now_us, |board| board.take_back(cursor, codec));
            // Said again at the next poll, if something else is written before.
            let Some(back) = back.unwrap_or(Some(Vec::new())) else {
                return FORGOTTEN;
            };
            strips.left = None;
            back.into_iter().for_each(|frame| self.push_answer(frame));
            if let Some(first) = self.take_answer() {
                return Output::Answer(first);
            }
        }
        let Some(strips) = &mut self.strips else {
            return Output::Wait(None);
        };
        let read = matches.strips(strips.view, now_us, |board| {
            let read = board.read(strips.cursor, coding);
            let trust = match read {
                StripsRead::Nothing => board.read_trust(strips.told, codec),
                StripsRead::Message(..) | StripsRead::Forgotten => None,
            };
            (read, trust)
        });
        match read {
            Some((StripsRead::Message(frame, cursor), _)) => {
                strips.cursor = Some(cursor);
                Output::Answer(frame)
            }
            Some((StripsRead::Nothing, Some((frame, status)))) => {
                strips.told = status;
                Output::Answer(frame)
            }
            Some((StripsRead::Forgotten, _)) => FORGOTTEN,
            Some((StripsRead::Nothing, None)) | None => {
                Output::Wait(strips.view.wakes_at(self.settings.phase, now_us))
            }
        }
    }
}
