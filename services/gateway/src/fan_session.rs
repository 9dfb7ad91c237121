//! One fan's session: told to the sessions of this gateway as its wishes change, and taken up again
//! when the fan names one.

use std::collections::BTreeMap;

use grandstand_core::connection::{Connection, SessionRefusal};
use grandstand_core::ids::MatchId;
use grandstand_core::session::{SessionId, SessionWish};
use grandstand_core::session_keeper::Origin;

use crate::access::Viewer;
use crate::sessions::{FanSessions, Held};

/// How many sessions one connection may have read; whoever tries more is guessing.
const READS_MAX: u32 = 4;

/// What was wished in a session, or why the fan does not get it.
pub(crate) type Found = Result<BTreeMap<MatchId, SessionWish>, SessionRefusal>;

/// The session of one connection.
pub(crate) struct FanSession {
    /// The one that it was welcomed with.
    own: SessionId,
    held: Option<Held>,
    /// How many were read; the last one that was named counts.
    reads: u32,
    is_reading: bool,
}

impl FanSession {
    /// The session of a fan who has just come.
    pub(crate) fn new(own: SessionId) -> Self {
        Self {
            own,
            held: None,
            reads: 0,
            is_reading: false,
        }
    }

    /// Tells what the fan wishes now, or with which session.
    pub(crate) fn tell(
        &mut self,
        sessions: &FanSessions,
        viewer: &Viewer,
        connection: &Connection,
    ) {
        let (id, wishes, sub) = (connection.session(), connection.wishes(), viewer.sub());
        if let Some(left) = self.held.take_if(|held| held.id != id) {
            sessions.close(&left, sub, wishes.clone());
        }
        match &self.held {
            Some(held) => sessions.change(held, sub, wishes),
            // Who follows nothing has nothing to resume.
            None if wishes.is_empty() => {}
            None => {
                let origin = match id == self.own {
                    true => Origin::New,
                    false => Origin::TakenOver,
                };
                self.held = Some(sessions.open(id, sub, wishes, origin));
            }
        }
    }

    /// The connection ends.
    pub(crate) fn close(
        &mut self,
        sessions: &FanSessions,
        viewer: &Viewer,
        connection: &Connection,
    ) {
        if let Some(held) = self.held.take() {
            sessions.close(&held, viewer.sub(), connection.wishes());
        }
    }

    /// A session is to be read; the number by which its answer is known.
    pub(crate) fn read(&mut self) -> Result<u32, SessionRefusal> {
        self.reads += 1;
        if self.reads > READS_MAX {
            return Err(SessionRefusal::Unavailable);
        }
        self.is_reading = true;
        Ok(self.reads)
    }

    /// Whether the answer of that number is still waited for.
    pub(crate) fn is_awaited(&self, number: u32) -> bool {
        self.is_reading && self.reads == number
    }

    /// Nothing is to be read any more: the fan said anew what it wants.
    pub(crate) fn forget_read(&mut self) {
        self.is_reading = false;
    }
}
