//! One fan's connection without its socket: what it may see, what it follows, what it said. The
//! shell hands in what was heard and the time, and writes what [`Connection::poll`] gives.

mod end;
mod followed;
mod hello;
mod poll;
mod rights;
mod sight;
mod standing;
mod strips;

use std::collections::VecDeque;
use std::num::NonZero;

use crate::connection::end::End;
use crate::connection::followed::Followed;
use crate::connection::poll::later;
use crate::connection::strips::FollowedStrips;
use crate::frame::{Coding, Frame};
use crate::ids::{Epoch, MatchId};
use crate::message::{
    ClientMessage, CloseCode, Head, Named, SUBSCRIPTIONS_MAX, ServerMessage, Subscribe, Wish,
};
use crate::policy::PolicyName;
use crate::session::SessionId;
use crate::subscription::News;

pub use hello::SessionRefusal;
pub use rights::FanRights;
pub use sight::{Feed, MatchView, Matches};
pub use standing::Standings;

/// How long returning clients spread themselves over.
const RECONNECT_WINDOW_MS: u32 = 2_000;

/// How a connection is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The agreed subprotocol and extension.
    pub coding: Coding,
    /// Random and secret: names the session.
    pub session: SessionId,
    /// Which digest marks are this fan's.
    pub phase: u8,
    /// Seconds without traffic before a `status` is sent.
    pub heartbeat_s: u32,
}

/// What the shell does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write this answer, all of it, then poll again.
    Answer(Frame),
    /// Write this frame of a match, all of it, then poll again.
    Frame(Frame, News),
    /// Write this heartbeat, a protocol ping and where the fan stands in one piece, then poll again.
    Beat(Frame),
    /// Write a protocol ping, then poll again.
    Ping,
    /// Ask the leader for the tip of this match, then poll again.
    AskLeader(MatchId),
    /// Nothing to write before this time (Unix microseconds), unless a match changes or the client
    /// says something.
    Wait(Option<u64>),
    /// Write a close frame and end.
    Close(CloseCode, &'static str),
}

/// What only the shell can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Verify this token; then [`Connection::refreshed`] or close.
    Refresh(String),
    /// Read this session; then [`Connection::resumed`] or [`Connection::not_resumed`].
    Resume(SessionId),
}

/// A fan's connection.
#[derive(Debug)]
pub struct Connection {
    settings: Settings,
    rights: FanRights,
    /// By match, and no longer than it need be: most follow one.
    followed: Vec<Followed>,
    /// The strips of all live matches, where they are followed.
    strips: Option<Box<FollowedStrips>>,
    wishes_changed: u32,
    /// What is looked at first, of the matches and then the strips: each has its turn.
    turn: u8,
    /// How many sessions the fan has named that it has then; 0 while it has the one that it was
    /// welcomed with.
    sessions_taken: u16,
    pending: Option<Box<Pending>>,
    /// Whether nothing follows what the last poll gave, before something changes.
    is_settled: bool,
    /// When the last poll gave something to write, if it did.
    wrote_us: Option<NonZero<u64>>,
    heard_us: u64,
    pinged_us: Option<NonZero<u64>>,
    written_us: u64,
}

/// What a connection has for a moment only: of thousands that are idle none keeps room for it.
#[derive(Debug, Default)]
struct Pending {
    /// Answers to what the client said; the shell reads nothing more while there are any, so that
    /// they are as few as one message can ask for.
    answers: VecDeque<Frame>,
    end: End,
    /// What is not followed any more, until the shell takes notice.
    left: Vec<MatchId>,
}

impl Connection {
    /// A fan who has just come; the first output is its `welcome`.
    pub fn new(settings: Settings, rights: FanRights, now_us: u64) -> Self {
        let mut connection = Self::of_listener(settings, rights, now_us);
        connection.welcome();
        connection
    }

    /// A fan whose client can't say anything. It is not welcomed: there is no session to name.
    pub fn of_listener(settings: Settings, rights: FanRights, now_us: u64) -> Self {
        Self {
            settings,
            rights,
            followed: Vec::new(),
            strips: None,
            wishes_changed: 0,
            turn: 0,
            sessions_taken: 0,
            pending: None,
            is_settled: false,
            wrote_us: None,
            heard_us: now_us,
            pinged_us: None,
            written_us: now_us,
        }
    }

    /// Reads what [`Connection::poll`] will, so that it is in the cache then; the number means nothing.
    pub fn touch(&self) -> u64 {
        let followed = self.followed.first().map_or(0, Followed::touch);
        self.heard_us ^ self.written_us ^ followed
    }

    /// How it is written to; a client that takes deflated messages may send such, too.
    pub fn coding(&self) -> Coding {
        self.settings.coding
    }

    /// The matches that are followed.
    pub fn matches(&self) -> impl Iterator<Item = &MatchId> {
        self.followed.iter().map(Followed::match_id)
    }

    /// Whether a match is followed.
    pub fn follows(&self, match_id: &MatchId) -> bool {
        self.find(match_id).is_ok()
    }

    /// The policy by which a match is followed.
    pub fn policy(&self, match_id: &MatchId) -> Option<PolicyName> {
        let index = self.find(match_id).ok()?;
        Some(self.followed[index].policy())
    }

    /// Where the fan stands in a match that it follows; none before it was told anything.
    pub fn cursor(&self, match_id: &MatchId) -> Option<(Epoch, u64)> {
        let index = self.find(match_id).ok()?;
        self.followed[index].cursor()
    }

    fn find(&self, match_id: &MatchId) -> Result<usize, usize> {
        self.followed
            .binary_search_by(|followed| followed.match_id().cmp(match_id))
    }

    /// The matches that are not followed any more since this was asked last.
    pub fn take_left(&mut self) -> Vec<MatchId> {
        let left = self
            .pending
            .as_mut()
            .map(|pending| std::mem::take(&mut pending.left));
        self.forget_empty();
        left.unwrap_or_default()
    }

    /// The matches that are followed, and of which [`Connection::share_name`] was not told yet.
    pub fn matches_of_own_name(&self) -> impl Iterator<Item = &MatchId> {
        let followed = self.followed.iter();
        followed
            .filter(|followed| !followed.is_shared())
            .map(Followed::match_id)
    }

    /// The name of a match as others hold it already, instead of a copy of it.
    pub fn share_name(&mut self, match_id: &MatchId) {
        if let Ok(index) = self.find(match_id) {
            self.followed[index].share_name(match_id);
        }
    }

    /// Something of any kind came from the client.
    pub fn heard(&mut self, now_us: u64) {
        self.heard_us = now_us;
        self.pinged_us = None;
    }

    /// The shell stood still for so long, and the client could not be heard meanwhile.
    pub fn paused(&mut self, pause_us: u64) {
        self.heard_us += pause_us;
        self.pinged_us = later(self.pinged_us, pause_us);
        // A write that was on its way meanwhile took no longer for it.
        self.wrote_us = later(self.wrote_us, pause_us);
    }

    /// The client said something.
    pub fn said(&mut self, message: ClientMessage) -> Option<Request> {
        match message {
            ClientMessage::Hello {
                session,
                subscriptions,
                heartbeat_s,
            } => {
                self.settings.heartbeat_s = heartbeat_s.unwrap_or(self.settings.heartbeat_s);
                return self.hello(session.as_deref(), subscriptions);
            }
            ClientMessage::Subscribe(wish) => self.follow(wish),
            ClientMessage::Unsubscribe(Named::Match(match_id)) => self.unfollow(&match_id),
            ClientMessage::Unsubscribe(Named::Strips) => self.unsubscribe_strips(),
            ClientMessage::Refresh(token) => return Some(Request::Refresh(token)),
            ClientMessage::Ping => {
                let heads = self.heads();
                self.push_answer(heads);
            }
        }
        None
    }

    /// The client said something that can't be read.
    pub fn misspoke(&mut self, detail: &str) {
        self.answer(&ServerMessage::error(
            "bad_message",
            "This message can't be read",
            detail,
            None,
        ));
        self.close(CloseCode::BadMessage, "bad message");
    }

    /// The client showed a newer token of the same user.
    pub fn refreshed(&mut self, rights: FanRights) {
        self.rights = rights;
        let asked: Vec<Subscribe> = self.followed.iter().map(Followed::asked_again).collect();
        asked
            .into_iter()
            .for_each(|subscribe| self.subscribe(subscribe));
        self.subscribe_strips_again();
    }

    /// Follows a match or the strips, or follows them otherwise.
    pub fn follow(&mut self, wish: Wish) {
        match wish {
            Wish::Match(subscribe) => self.subscribe(subscribe),
            Wish::Strips(wish) => self.subscribe_strips(wish),
        }
    }

    /// Follows a match, or follows it otherwise: the cursor stays then.
    pub fn subscribe(&mut self, asked: Subscribe) {
        if asked
            .policy
            .is_some_and(|policy| policy > self.rights.policy_max)
        {
            self.answer(&ServerMessage::error(
                "policy_not_granted",
                "Your tier does not grant this policy",
                "You follow the match by the best policy that your tier grants.",
                Some(&asked.match_id),
            ));
        }
        let policy = self
            .rights
            .policy(asked.policy, asked.delay_s, 0, self.settings.phase);
        let index = match self.find(&asked.match_id) {
            Ok(index) => {
                let followed = &mut self.followed[index];
                let wish = (asked.policy, asked.delay_s);
                self.wishes_changed += u32::from(followed.wish() != wish);
                return followed.change(policy, &asked);
            }
            Err(index) => index,
        };
        if self.followed.len() == SUBSCRIPTIONS_MAX {
            self.answer(&ServerMessage::error(
                "too_many_matches",
                "A connection follows at most 32 matches",
                "Unsubscribe from one, or open another connection.",
                Some(&asked.match_id),
            ));
            return;
        }
        self.followed.reserve_exact(1);
        self.followed.insert(index, Followed::new(policy, asked));
        self.wishes_changed += 1;
    }

    /// Whether something that the client said is not answered yet: nothing more is to be read then.
    pub fn has_answers(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| !pending.answers.is_empty())
    }

    fn unfollow(&mut self, match_id: &MatchId) {
        if let Ok(index) = self.find(match_id) {
            let left = self.followed.remove(index).into_match_id();
            self.followed.shrink_to_fit();
            self.pending.get_or_insert_default().left.push(left);
            self.wishes_changed += 1;
        }
    }

    fn welcome(&mut self) {
        let frame = Frame::of(
            self.settings.coding.codec,
            &ServerMessage::Welcome {
                session: &self.settings.session.to_string(),
                tier: self.rights.tier,
                heartbeat_s: self.settings.heartbeat_s,
                reconnect_window_ms: RECONNECT_WINDOW_MS,
            },
        );
        self.push_answer(frame);
    }

    fn heads(&self) -> Frame {
        let heads = self.followed.iter().filter_map(|followed| {
            let (epoch, seq) = followed.cursor()?;
            Some(Head {
                match_id: followed.match_id(),
                epoch,
                seq,
            })
        });
        Frame::of(
            self.settings.coding.codec,
            &ServerMessage::Pong {
                heads: heads.collect(),
            },
        )
    }

    fn answer(&mut self, message: &ServerMessage<'_>) {
        self.push_answer(Frame::of(self.settings.coding.codec, message));
    }

    fn push_answer(&mut self, frame: Frame) {
        let pending = self.pending.get_or_insert_default();
        pending.answers.push_back(frame);
    }

    fn forget_empty(&mut self) {
        self.pending.take_if(|pending| {
            pending.answers.is_empty()
                && pending.left.is_empty()
                && matches!(pending.end, End::Open)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gateway holds tens of thousands: whoever makes one of these larger says why.
    #[test]
    fn a_connection_takes_few_bytes() {
        assert_eq!(size_of::<Connection>(), 136);
        assert_eq!(size_of::<Followed>(), 120);
    }
}
