//! One fan's session: told to the sessions of this gateway as its wishes change, and taken up again
//! when the fan names one.

use std::collections::BTreeMap;

use grandstand_core::connection::{Connection, SessionRefusal};
use grandstand_core::ids::MatchId;
use grandstand_core::session::SessionWish;
use grandstand_core::session_keeper::{Holder, Origin};

use crate::access::Identity;
use crate::sessions::FanSessions;

/// How many sessions one connection may have read; whoever tries more is guessing.
const READS_MAX: u32 = 4;

/// What was wished in a session, or why the fan does not get it.
pub(crate) type Found = Result<BTreeMap<MatchId, SessionWish>, SessionRefusal>;

/// The session of one connection.
#[derive(Default)]
pub(crate) struct FanSession {
    held: Option<Held>,
    /// How many were read; the last one that was named counts.
    reads: u32,
    is_reading: bool,
}

/// A connection's hold on a session.
struct Held {
    holder: Holder,
    /// Which of the connection's sessions it is, as [`Connection::sessions_taken`] counts.
    number: u16,
}

impl FanSession {
    /// Tells what the fan wishes now, or with which session.
    pub(crate) fn tell(
        &mut self,
        sessions: &FanSessions,
        identity: &Identity,
        connection: &Connection,
    ) {
        let number = connection.sessions_taken();
        if let Some(left) = self.held.take_if(|held| held.number != number) {
            sessions.close(left.holder);
        }
        let wishes = connection.wishes();
        match &self.held {
            Some(held) => sessions.change(held.holder, wishes),
            // Who follows nothing has nothing to resume.
            None if wishes.as_slice().is_empty() => {}
            None => {
                let origin = match number {
                    0 => Origin::New,
                    _ => Origin::TakenOver,
                };
                let (id, sub) = (connection.session(), identity.sub().cloned());
                let holder = sessions.open(id, sub, wishes, origin);
                self.held = Some(Held { holder, number });
            }
        }
    }

    /// The connection ends.
    pub(crate) fn close(&mut self, sessions: &FanSessions) {
        if let Some(held) = self.held.take() {
            sessions.close(held.holder);
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
