//! `hello`: who the fan was. A session that comes without its matches is read by the shell, and
//! each of its wishes is subscribed as if it was asked for now.

use std::collections::BTreeMap;

use crate::connection::{Connection, Request};
use crate::ids::MatchId;
use crate::message::{ServerMessage, Subscribe, Wish};
use crate::policy::DELAY_S_MAX;
use crate::session::{SessionId, SessionWish, Wishes};
use crate::subscription::SnapshotWish;

/// Why a fan does not get its session back. It is let in all the same, with a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionRefusal {
    /// What it named has another shape.
    Bad,
    /// There is none of this id.
    Unknown,
    /// It is another user's.
    Foreign,
    /// It can't be read now.
    Unavailable,
}

impl SessionRefusal {
    /// The stable word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Bad => "bad_session",
            Self::Unknown => "unknown_session",
            Self::Foreign => "foreign_session",
            Self::Unavailable => "session_unavailable",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Bad => "This is no session id",
            Self::Unknown => "There is no such session (any more)",
            Self::Foreign => "This session is another user's",
            Self::Unavailable => "Sessions can't be read right now",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Bad => {
                "A session id is the 32 digits that a welcome named. You have a new session: subscribe, with your cursors if you have any."
            }
            Self::Unknown => {
                "Sessions end 15 minutes after their fan left. You have a new one: subscribe, with your cursors if you have any."
            }
            Self::Foreign => {
                "A session goes with the user whose token began it. You have a new one: subscribe, or connect with that user's token."
            }
            Self::Unavailable => {
                "You have a new one: subscribe, with your cursors if you have any, and nothing is lost; or say hello again later."
            }
        }
    }
}

impl Connection {
    /// The session that this connection has.
    pub fn session(&self) -> SessionId {
        self.settings.session
    }

    /// Counts the sessions that the fan named and has had; 0 while it has the one that it was
    /// welcomed with.
    pub fn sessions_taken(&self) -> u16 {
        self.sessions_taken
    }

    /// What the fan wishes to follow, as its session keeps it.
    pub fn wishes(&self) -> Wishes {
        let wishes = self.followed.iter().map(|followed| {
            let (policy, delay_s) = followed.wish();
            let wish = SessionWish { policy, delay_s };
            (followed.match_id().clone(), wish)
        });
        wishes.collect()
    }

    /// Counts how often [`Connection::wishes`] or [`Connection::session`] changed.
    pub fn wishes_changed(&self) -> u32 {
        self.wishes_changed
    }

    /// Who brings its subscriptions along needs nothing read.
    pub(super) fn hello(
        &mut self,
        session: Option<&str>,
        subscriptions: Vec<Wish>,
    ) -> Option<Request> {
        let named = match session.map(str::parse::<SessionId>) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => {
                self.say_refused(SessionRefusal::Bad);
                None
            }
        };
        match named {
            Some(id) if id != self.settings.session && subscriptions.is_empty() => {
                return Some(Request::Resume(id));
            }
            Some(id) => self.take_session(id),
            None => {}
        }
        self.welcome();
        subscriptions.into_iter().for_each(|wish| self.follow(wish));
        None
    }

    /// The session that the fan named was found, and is its own. What this connection follows
    /// already was asked for later, and stays as it is.
    pub fn resumed(&mut self, id: SessionId, wishes: BTreeMap<MatchId, SessionWish>) {
        self.take_session(id);
        self.welcome();
        for (match_id, wish) in wishes {
            if !self.follows(&match_id) {
                self.subscribe(Subscribe {
                    match_id,
                    after: None,
                    policy: wish.policy,
                    delay_s: wish.delay_s.min(DELAY_S_MAX),
                    snapshot: SnapshotWish::Auto,
                });
            }
        }
    }

    /// The fan does not get the session that it named; it keeps the one it was welcomed with.
    pub fn not_resumed(&mut self, refusal: SessionRefusal) {
        self.say_refused(refusal);
        self.welcome();
    }

    fn take_session(&mut self, id: SessionId) {
        if self.settings.session != id {
            self.sessions_taken = self.sessions_taken.checked_add(1).unwrap_or(1);
            self.settings.session = id;
            self.wishes_changed += 1;
        }
    }

    fn say_refused(&mut self, refusal: SessionRefusal) {
        self.answer(&ServerMessage::error(
            refusal.code(),
            refusal.title(),
            refusal.detail(),
            None,
        ));
    }
}
