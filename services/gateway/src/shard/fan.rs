//! One fan's place on a shard. It is small, because there are many: what is rarely there is boxed.

use bytes::Bytes;
use grandstand_core::connection::{Connection, Output};
use grandstand_core::ids::MatchId;
use grandstand_core::message::CloseCode;
use grandstand_core::subscription::News;
use mio::net::TcpStream;

use super::due::Alarm;
use super::inbox::{Arrival, FanKey};
use super::interest::{Eyes, Glance};
use super::read::Reader;
use super::write::{InFlight, PING};
use crate::access::Identity;
use crate::entrance::Place;
use crate::fan_session::FanSession;

/// A fan with its socket.
pub(super) struct Fan {
    pub(super) arrival: u64,
    pub(super) socket: TcpStream,
    pub(super) identity: Identity,
    pub(super) connection: Connection,
    pub(super) session: FanSession,
    pub(super) reader: Reader,
    pub(super) in_flight: Option<Box<InFlight>>,
    /// One slot: of several pings the last is answered.
    pub(super) pong: Option<Box<Bytes>>,
    pub(super) alarm: Alarm,
    /// When it is given up, if the socket takes nothing or the other side does not close.
    pub(super) until_us: u64,
    /// What [`Connection::wishes_changed`] counted when that was looked at last.
    pub(super) wishes_seen: u32,
    pub(super) stage: Stage,
    /// Whether there may be something to read.
    pub(super) is_readable: bool,
    /// Whether it is in the queue of those whose sockets are ready.
    pub(super) is_queued: bool,
    /// Whether a newer token is being verified: what the client said after it is read after it.
    pub(super) is_refreshing: bool,
    pub(super) place: Place,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is served.
    Open,
    /// Our close frame is on its way.
    Closing,
    /// Our side has ended; what still comes is thrown away.
    Leaving,
}

/// What one fan's socket is to do.
pub(super) enum Step {
    Write(Bytes, Option<News>),
    AskLeader(MatchId),
    Close(CloseCode, &'static str),
    /// Nothing before this time (Unix microseconds).
    Wait(Option<u64>),
    /// It is busy, or on its way out.
    Nothing,
}

impl Fan {
    pub(super) fn new(arrival: Arrival, number: u64) -> (Self, Bytes) {
        let mut fan = Self {
            arrival: number,
            socket: arrival.socket,
            identity: arrival.identity.settled(),
            connection: arrival.connection,
            session: FanSession::default(),
            reader: Reader::default(),
            in_flight: None,
            pong: None,
            alarm: Alarm::default(),
            until_us: 0,
            wishes_seen: 0,
            stage: Stage::Open,
            is_readable: false,
            is_queued: false,
            is_refreshing: false,
            place: arrival.place,
        };
        let wishes = arrival.wishes.into_iter();
        wishes.for_each(|wish| fan.connection.follow(wish));
        (fan, arrival.early)
    }

    pub(super) fn key(&self, index: u32) -> FanKey {
        FanKey {
            index,
            arrival: self.arrival,
        }
    }

    /// While something is on its way, or an answer waits, nothing is read: a client that says more
    /// than it is answered would have its answers pile up.
    pub(super) fn may_hear(&self) -> bool {
        self.stage == Stage::Open
            && self.in_flight.is_none()
            && !self.is_refreshing
            && !self.connection.has_answers()
    }

    /// What is next for it.
    pub(super) fn next(&mut self, glance: &Glance<'_>, now_us: u64) -> Step {
        if self.stage != Stage::Open || self.in_flight.is_some() {
            return Step::Nothing;
        }
        if let Some(pong) = self.pong.take() {
            return Step::Write(*pong, None);
        }
        let identity = &self.identity;
        match self.connection.poll(&Eyes { glance, identity }, now_us) {
            Output::Answer(frame) | Output::Beat(frame) => Step::Write(frame.into_wire(), None),
            Output::Frame(frame, news) => Step::Write(frame.into_wire(), Some(news)),
            Output::Ping => Step::Write(PING, None),
            Output::AskLeader(match_id) => Step::AskLeader(match_id),
            Output::Close(code, reason) => Step::Close(code, reason),
            Output::Wait(until_us) => Step::Wait(until_us),
        }
    }

    /// The loop stood still for so long: nobody is late for that.
    pub(super) fn paused(&mut self, pause_us: u64) {
        self.connection.paused(pause_us);
        self.until_us += pause_us;
    }
}

/// So many places are made at once.
const PAGE: usize = 64;

/// The fans of a shard, each at its place for as long as it is there. Places lie in pages: fans who
/// come one after the other are close, and none has an allocation of its own among the buffers of
/// the handshakes, where it would hold on to what was freed around it.
#[derive(Default)]
pub(super) struct Fans {
    pages: Vec<Box<[Option<Fan>]>>,
    free: Vec<u32>,
    /// How many places were ever taken.
    places: u32,
    arrivals: u64,
}

impl Fans {
    /// A place and a number for the next who comes.
    pub(super) fn reserve(&mut self) -> (u32, u64) {
        self.arrivals += 1;
        let index = self.free.pop().unwrap_or_else(|| {
            if self.places as usize == self.pages.len() * PAGE {
                self.pages.push((0..PAGE).map(|_| None).collect());
            }
            // Descriptors run out long before it does.
            self.places += 1;
            self.places - 1
        });
        (index, self.arrivals)
    }

    pub(super) fn put(&mut self, index: u32, fan: Fan) {
        if let Some(place) = self.place(index) {
            *place = Some(fan);
        }
    }

    pub(super) fn get(&mut self, index: u32) -> Option<&mut Fan> {
        self.place(index)?.as_mut()
    }

    /// Has the memory of all of them fetched at once. One after the other, as they are asked, each
    /// would wait for its own: that was half of what asking took.
    pub(super) fn touch(&self, batch: &[u32]) {
        let parts = batch.iter().filter_map(|&index| {
            let fan = self.look(index)?;
            let own = fan.arrival ^ fan.until_us ^ u64::from(fan.wishes_seen);
            Some(own ^ fan.connection.touch())
        });
        std::hint::black_box(parts.fold(0, |all, part| all ^ part));
    }

    /// Where to write to.
    pub(super) fn socket(&self, index: u32) -> Option<&TcpStream> {
        Some(&self.look(index)?.socket)
    }

    pub(super) fn by_key(&mut self, key: FanKey) -> Option<&mut Fan> {
        self.get(key.index).filter(|fan| fan.arrival == key.arrival)
    }

    /// Frees a place that was reserved, and gives who was there.
    pub(super) fn free(&mut self, index: u32) -> Option<Fan> {
        let fan = self.place(index)?.take();
        self.free.push(index);
        fan
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = (u32, &mut Fan)> {
        let places = self.pages.iter_mut().flatten().enumerate();
        places.filter_map(|(index, fan)| Some((index as u32, fan.as_mut()?)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.places as usize
    }

    fn look(&self, index: u32) -> Option<&Fan> {
        let page = self.pages.get(index as usize / PAGE)?;
        page.get(index as usize % PAGE)?.as_ref()
    }

    fn place(&mut self, index: u32) -> Option<&mut Option<Fan>> {
        let page = self.pages.get_mut(index as usize / PAGE)?;
        page.get_mut(index as usize % PAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gateway holds tens of thousands: whoever makes it larger says why.
    #[test]
    fn a_fan_takes_few_bytes() {
        // 280 where mio does not look after its callers, as it does in tests.
        assert!(size_of::<Fan>() <= 296, "{}", size_of::<Fan>());
    }
}
