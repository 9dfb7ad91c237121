//! One fan's session: told to the sessions of this gateway as its wishes change, and taken up again
//! when the fan names one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

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
    sessions: Arc<FanSessions>,
    /// The one that it was welcomed with.
    own: SessionId,
    held: Option<Held>,
    /// What [`Connection::wishes_changed`] counted when the wishes were told last.
    told: u64,
    reading: Option<Reading>,
    reads: u32,
}

struct Reading {
    id: SessionId,
    found: Pin<Box<dyn Future<Output = Found> + Send>>,
}

impl FanSession {
    /// The session of a fan who has just come.
    pub(crate) fn new(sessions: Arc<FanSessions>, own: SessionId) -> Self {
        Self {
            sessions,
            own,
            held: None,
            told: 0,
            reading: None,
            reads: 0,
        }
    }

    /// Tells what the fan wishes now, if it is something else than before.
    pub(crate) fn tell(&mut self, viewer: &Viewer, connection: &Connection) {
        if self.told == connection.wishes_changed() {
            return;
        }
        self.told = connection.wishes_changed();
        let (id, wishes) = (connection.session(), connection.wishes());
        if let Some(left) = self.held.take_if(|held| held.id != id) {
            self.sessions.close(&left, wishes.clone());
        }
        match &self.held {
            Some(held) => self.sessions.change(held, wishes),
            // Who follows nothing has nothing to resume.
            None if wishes.is_empty() => {}
            None => {
                let origin = match id == self.own {
                    true => Origin::New,
                    false => Origin::TakenOver,
                };
                self.held = Some(self.sessions.open(id, viewer.sub(), wishes, origin));
            }
        }
    }

    /// The connection ends.
    pub(crate) fn close(&mut self, connection: &Connection) {
        if let Some(held) = self.held.take() {
            self.sessions.close(&held, connection.wishes());
        }
    }

    /// Begins to read a session; [`FanSession::found`] says what is in it. The last one that was
    /// named counts.
    pub(crate) fn read(&mut self, id: SessionId, viewer: &Viewer) -> Result<(), SessionRefusal> {
        self.reads += 1;
        if self.reads > READS_MAX {
            return Err(SessionRefusal::Unavailable);
        }
        let sessions = Arc::clone(&self.sessions);
        let sub = viewer.sub().map(str::to_owned);
        let found = Box::pin(async move { sessions.find(id, sub).await });
        self.reading = Some(Reading { id, found });
        Ok(())
    }

    /// Nothing is to be read any more: the fan said anew what it wants.
    pub(crate) fn forget_read(&mut self) {
        self.reading = None;
    }

    /// Waits for what is being read, for ever if nothing is. May be dropped at any time.
    pub(crate) async fn found(&mut self) -> (SessionId, Found) {
        let Some(reading) = &mut self.reading else {
            return std::future::pending().await;
        };
        let found = (&mut reading.found).await;
        let id = reading.id;
        self.reading = None;
        (id, found)
    }
}
