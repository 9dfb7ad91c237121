//! One fan: its socket, and what it makes of what comes.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use mio::{Registry, Token};

use crate::crowd::follower::{Faults, Follower};
use crate::crowd::frames::{Frame, FrameReader, pong};
use crate::crowd::handshake::{Answer, answer, request};
use crate::crowd::message::{Message, MessageReader};
use crate::crowd::orders::{Plan, Reading, Window};
use crate::crowd::trust::Tls;
use crate::crowd::wire::{Trust, Wire};

/// One read takes what many frames need; all fans of a process share the buffer.
const READ_BYTES: usize = 64 * 1024;

/// How many fans of a process share an address.
const FANS_PER_ADDRESS: u32 = 4_096;

/// What all fans of a process share.
pub(crate) struct Desk {
    pub(crate) plan: Plan,
    /// Which of the plan's matches each fan follows.
    pub(crate) seats: Vec<usize>,
    trust: Option<Trust>,
    reader: MessageReader,
    buffer: Vec<u8>,
    pub(crate) faults: Faults,
    pub(crate) window: Window,
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Fans that know where their match stands.
    pub(crate) connected: u64,
}

impl Desk {
    /// Fails if whom they are to believe is not told.
    pub(crate) fn new(plan: Plan) -> io::Result<Self> {
        Ok(Self {
            seats: plan.seats(),
            trust: plan.tls.as_ref().map(Tls::trust).transpose()?,
            reader: MessageReader::new(plan.codec),
            buffer: vec![0; READ_BYTES],
            plan,
            faults: Faults::default(),
            window: Window::default(),
            refusals: BTreeMap::new(),
            connected: 0,
        })
    }

    fn match_of(&self, fan: u32) -> &str {
        &self.plan.matches[self.seats[fan as usize]]
    }
}

/// A fan.
pub(crate) struct Fan {
    number: u32,
    link: Link,
    pub(crate) follower: Follower,
    /// Since when it knows where its match stands, Unix microseconds; none while it does not.
    there_us: Option<u64>,
    /// When its connection was begun, Unix microseconds.
    opened_us: u64,
}

enum Link {
    Away,
    Opening(Wire),
    Greeting(Wire, Vec<u8>),
    Open(Wire, FrameReader),
}

/// Why a fan has no connection any more.
pub(crate) struct Parting {
    /// How long it stays away at least, where it was told.
    pub(crate) away_min: Option<Duration>,
}

impl Fan {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            link: Link::Away,
            follower: Follower::default(),
            there_us: None,
            opened_us: 0,
        }
    }

    /// Begins to connect; whether it does is told by the socket.
    pub(crate) fn open(&mut self, desk: &Desk, registry: &Registry) -> io::Result<()> {
        let plan = &desk.plan;
        let gateway = plan.gateway_of(self.number);
        let source = source_of(plan.source, self.number);
        let mut wire = Wire::open(source, gateway, plan.reading, desk.trust.as_ref())?;
        wire.register(registry, Token(self.number as usize))?;
        self.link = Link::Opening(wire);
        self.opened_us = now_us();
        Ok(())
    }

    /// Loses its connection, as a phone does: without a word.
    pub(crate) fn cut(&mut self, desk: &mut Desk) {
        if let Link::Opening(wire) | Link::Greeting(wire, _) | Link::Open(wire, _) = &self.link {
            wire.reset();
        }
        self.leave(desk);
    }

    /// Does what its socket is ready for; a parting if it has none any more.
    pub(crate) fn ready(&mut self, desk: &mut Desk) -> Option<Parting> {
        if let Link::Opening(wire) = &mut self.link {
            let (fan, after) = (self.number, self.follower.at());
            let request = request(&desk.plan, fan, desk.match_of(fan), after);
            match wire.begin(&request) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(self.refused(desk, words(&error), None)),
            }
            let Link::Opening(wire) = std::mem::replace(&mut self.link, Link::Away) else {
                return None;
            };
            self.link = Link::Greeting(wire, Vec::new());
            return None;
        }
        match (&self.link, desk.plan.reading) {
            (Link::Open(..), Reading::Nothing) => None,
            _ => self.read(desk),
        }
    }

    /// Reads until the socket has no more.
    fn read(&mut self, desk: &mut Desk) -> Option<Parting> {
        // Out of the desk for as long as messages in it are read.
        let mut buffer = std::mem::take(&mut desk.buffer);
        let parting = loop {
            let (Link::Greeting(wire, _) | Link::Open(wire, _)) = &mut self.link else {
                break None;
            };
            match wire.read(&mut buffer) {
                Ok(0) => break Some(self.parted(desk, "closed")),
                Ok(length) => {
                    let emptied = wire.is_emptied_by(length, buffer.len());
                    let parting = self.take(&buffer[..length], desk);
                    if parting.is_some() || emptied {
                        break parting;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(self.parted(desk, &words(&error))),
            }
        };
        desk.buffer = buffer;
        parting
    }

    fn take(&mut self, bytes: &[u8], desk: &mut Desk) -> Option<Parting> {
        let Link::Greeting(_, head) = &mut self.link else {
            return self.take_frames(bytes, desk);
        };
        head.extend_from_slice(bytes);
        match answer(head) {
            Answer::Incomplete => None,
            Answer::Upgraded(frames_from) => {
                let early = head.split_off(frames_from);
                if let Link::Greeting(wire, _) = std::mem::replace(&mut self.link, Link::Away) {
                    self.link = Link::Open(wire, FrameReader::default());
                }
                if desk.plan.reading == Reading::Nothing {
                    self.there_us = Some(now_us());
                    desk.connected += 1;
                    return None;
                }
                self.take_frames(&early, desk)
            }
            Answer::Refused {
                status,
                retry_after,
            } => Some(self.refused(desk, status.to_string(), retry_after)),
        }
    }

    fn take_frames(&mut self, bytes: &[u8], desk: &mut Desk) -> Option<Parting> {
        let now_us = now_us();
        desk.window.bytes += bytes.len() as u64;
        let Link::Open(wire, reader) = &mut self.link else {
            return None;
        };
        let mut account = Account {
            number: self.number,
            follower: &mut self.follower,
            there_us: &mut self.there_us,
            opened_us: self.opened_us,
        };
        let mut closed = None;
        let fed = reader.feed(bytes, |frame| match frame {
            Frame::Message(payload) => account.take(payload, now_us, desk),
            // A socket that takes no six bytes is one that the server will cut: that is counted.
            Frame::Ping(payload) => drop(wire.write(&pong(payload))),
            Frame::Pong => {}
            Frame::Close(code) => closed = Some(code),
        });
        if let Err(error) = fed {
            desk.faults.unreadable += 1;
            return Some(self.parted(desk, &error.to_string()));
        }
        let code = closed?;
        Some(self.parted(desk, &format!("close {}", code.unwrap_or(1005))))
    }

    fn refused(&mut self, desk: &mut Desk, why: String, away_min: Option<Duration>) -> Parting {
        *desk.refusals.entry(why).or_default() += 1;
        self.leave(desk);
        Parting { away_min }
    }

    /// The server, or the system, has ended it.
    fn parted(&mut self, desk: &mut Desk, why: &str) -> Parting {
        if matches!(self.link, Link::Greeting(..)) {
            return self.refused(desk, why.to_owned(), None);
        }
        desk.faults.dropped += 1;
        *desk.window.errors.entry(why.to_owned()).or_default() += 1;
        self.leave(desk);
        Parting { away_min: None }
    }

    fn leave(&mut self, desk: &mut Desk) {
        self.link = Link::Away;
        if self.there_us.take().is_some() {
            desk.connected -= 1;
        }
    }
}

/// What a fan notes down of each message, apart from its socket.
struct Account<'a> {
    number: u32,
    follower: &'a mut Follower,
    there_us: &'a mut Option<u64>,
    opened_us: u64,
}

impl Account<'_> {
    fn take(&mut self, payload: &[u8], now_us: u64, desk: &mut Desk) {
        let Some(message) = desk.reader.read(payload) else {
            desk.faults.unreadable += 1;
            return;
        };
        let wanted = desk.match_of(self.number);
        match &*message {
            Message::Events { place, .. } | Message::Snapshot { place, .. }
                if place.match_id != wanted =>
            {
                desk.faults.foreign += 1;
            }
            Message::Events { place, events } => {
                let seqs = events.iter().map(|(seq, _)| *seq);
                self.follower.events(place, seqs, &mut desk.faults);
                desk.window.frames += 1;
                desk.window.frame_bytes += payload.len() as u64;
                desk.window.events += events.len() as u64;
                // What happened while it was away is not late: it was not there.
                let there_us = self.there_us.unwrap_or(u64::MAX);
                for (_, ts) in events.iter().filter(|(_, ts)| *ts >= there_us) {
                    desk.window.latency_us.record(now_us.saturating_sub(*ts));
                }
                self.is_there(now_us, desk);
            }
            Message::Snapshot { place, seq, reason } => {
                let told = self
                    .follower
                    .snapshot(place, *seq, reason, &mut desk.faults);
                desk.window.told += told;
                *desk.window.snapshots.entry(reason.clone()).or_default() += 1;
                self.is_there(now_us, desk);
            }
            // Who came with its cursor knows where it stands.
            Message::Welcome if self.follower.at().is_some() => self.is_there(now_us, desk),
            Message::Error(code) => *desk.window.errors.entry(code.clone()).or_default() += 1,
            Message::Goaway => *desk.window.errors.entry("goaway".to_owned()).or_default() += 1,
            Message::Welcome | Message::Other => {}
        }
    }

    fn is_there(&mut self, now_us: u64, desk: &mut Desk) {
        if self.there_us.is_none() {
            *self.there_us = Some(now_us);
            desk.connected += 1;
            let joined_us = now_us.saturating_sub(self.opened_us);
            desk.window.joined_us.record(joined_us);
        }
    }
}

/// Where a fan of a process connects from, by the first of the process's addresses on loopback. The
/// system looks for a free port of one parity first, one by one: once 14,000 fans have them, every
/// further connect of that address would look at them all, and no socket be served meanwhile.
fn source_of(first: Ipv4Addr, fan: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(first.to_bits() + ((fan / FANS_PER_ADDRESS) << 16))
}

/// What went wrong, in words that are the same for every fan: the system's have numbers and addresses.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}

/// Unix microseconds, as events are stamped.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "fan_tests.rs"]
mod tests;
