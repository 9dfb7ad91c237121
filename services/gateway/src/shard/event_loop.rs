//! One shard: a thread, its connections, and a loop that gives each kind of work its turn.
//!
//! In this order: what the gateway tells, what sockets are ready for, what is due, and the news on
//! its way round the fans, a part of each at a time, so that a broadcast to thousands holds up no
//! pong and no close.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use grandstand_core::ids::MatchId;
use mio::{Events, Poll, Token};
use tokio::sync::mpsc;

use super::circle::Circle;
use super::counts::{Counts, count_cut};
use super::due::Wheel;
use super::errands::Errand;
use super::fan::Fans;
use super::inbox::{Inbox, Order};
use super::interest::Interests;
use super::looks::{Look, Looks};
use super::read::{HEAD_BYTES_MAX, MESSAGE_BYTES_MAX};
use super::write::Writer;
use crate::clock::Clock;
use crate::drain::{Drain, Leave};
use crate::feeds::Feeds;
use crate::sessions::FanSessions;
use crate::strips::{Strips, Watching};

/// The inbox's token; places of fans are below.
const INBOX: Token = Token(usize::MAX);
/// How many sockets one look tells of.
const EVENTS_MAX: usize = 1024;
/// What one read takes, beside the beginning of a frame that was there already.
const READ_BYTES: usize = 16 * 1024;
/// After so many connections, or so long, the next kind of work has its turn.
const TURN_FANS: usize = 256;
const TURN_US: u64 = 2_000;
/// A loop that does not wait for anything looks this often whether it stood still.
const LOOK_MAX_US: u64 = 500_000;

/// One event loop with its connections.
pub(super) struct Shard {
    pub(super) poll: Poll,
    pub(super) inbox: Arc<Inbox>,
    pub(super) fans: Fans,
    pub(super) interests: Interests,
    /// Those who see the strips of live matches as they are.
    pub(super) strips_circle: Circle,
    /// While there are any.
    pub(super) strips_watching: Option<Watching>,
    pub(super) wheel: Wheel,
    /// Fans whose sockets are ready, or who have more than fits in one turn.
    pub(super) ready: VecDeque<u32>,
    pub(super) due: VecDeque<u32>,
    /// What has news that goes round.
    pub(super) rounds: VecDeque<Topic>,
    /// What is read, of whomever.
    pub(super) buffer: Vec<u8>,
    order: Order,
    pub(super) clock: Clock,
    looks: Looks,
    pub(super) feeds: Arc<Feeds>,
    pub(super) strips: Arc<Strips>,
    pub(super) sessions: Arc<FanSessions>,
    pub(super) drain: Arc<Drain>,
    pub(super) errands: mpsc::Sender<Errand>,
    pub(super) connections: Arc<AtomicUsize>,
    pub(super) counts: Counts,
    pub(super) writer: Writer,
}

/// What fans follow, and are told of together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topic {
    Match(MatchId),
    Strips,
}

/// What all shards share.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(super) clock: Clock,
    pub(super) feeds: Arc<Feeds>,
    pub(super) strips: Arc<Strips>,
    pub(super) sessions: Arc<FanSessions>,
    pub(super) drain: Arc<Drain>,
    pub(super) errands: mpsc::Sender<Errand>,
    pub(super) connections: Arc<AtomicUsize>,
}

impl Shard {
    pub(super) fn new(ground: Ground, writer: Writer) -> io::Result<Self> {
        metrics::gauge!("grandstand_shards", "writes" => writer.word()).increment(1.0);
        let poll = Poll::new()?;
        let inbox = Arc::new(Inbox::new(poll.registry(), INBOX)?);
        Ok(Self {
            poll,
            inbox,
            fans: Fans::default(),
            interests: Interests::default(),
            strips_circle: Circle::default(),
            strips_watching: None,
            wheel: Wheel::new(ground.clock.now_us()),
            ready: VecDeque::new(),
            due: VecDeque::new(),
            rounds: VecDeque::new(),
            buffer: vec![0; HEAD_BYTES_MAX + MESSAGE_BYTES_MAX + READ_BYTES],
            order: Order::Serve,
            clock: ground.clock,
            looks: Looks::begin(ground.clock.now_us()),
            feeds: ground.feeds,
            strips: ground.strips,
            sessions: ground.sessions,
            drain: ground.drain,
            errands: ground.errands,
            connections: ground.connections,
            counts: Counts::new("websocket"),
            writer,
        })
    }

    /// Runs until it is told to end and nobody is left.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut began_us = self.clock.now_us();
        self.looks = Looks::begin(began_us);
        while self.order < Order::End || !self.fans.is_empty() {
            let wait_us = self.wait_us();
            let ended_us = self.clock.now_us();
            self.counts
                .loops
                .record(ended_us.saturating_sub(began_us) as f64 / 1e6);
            if let Err(error) = self
                .poll
                .poll(&mut events, Some(Duration::from_micros(wait_us)))
            {
                // Interrupted, or something that the next look will meet again.
                if error.kind() != io::ErrorKind::Interrupted {
                    tracing::error!(%error, "a shard can't look at its sockets");
                    std::thread::sleep(Duration::from_millis(10));
                }
                events.clear();
            }
            let look = self.looks.after_wait(wait_us, self.clock.now_us());
            began_us = self.judge(look);
            for event in &events {
                self.socket_is_ready(event);
            }
            self.take_mail();
            if self.order == Order::Abandon {
                return;
            }
            self.turn(Self::serve_ready);
            let now_us = self.look();
            self.wheel.turn(now_us, &mut self.due);
            self.turn(Self::serve_due);
            self.turn(Self::serve_rounds);
        }
    }

    /// Now, for whoever judges by it who is late. Deadlines that the loop stood still at have moved.
    pub(super) fn look(&mut self) -> u64 {
        let look = self.looks.look(self.clock.now_us());
        self.judge(look)
    }

    fn judge(&mut self, look: Look) -> u64 {
        if let Some(stood_still_us) = look.stood_still_us {
            tracing::warn!(stood_still_us, "a shard stood still; its deadlines move");
            self.fans
                .all()
                .for_each(|(_, fan)| fan.paused(stood_still_us));
        }
        look.now_us
    }

    /// How long there is nothing to do, unless somebody says something.
    fn wait_us(&self) -> u64 {
        if !self.ready.is_empty() || !self.due.is_empty() || !self.rounds.is_empty() {
            return 0;
        }
        let next_us = self.wheel.next_us().unwrap_or(u64::MAX);
        let wait_us = next_us.saturating_sub(self.clock.now_us());
        wait_us.min(LOOK_MAX_US)
    }

    /// Does one kind of work for as long as its turn is.
    fn turn(&mut self, serve: fn(&mut Self, usize) -> usize) {
        let ends_us = self.clock.now_us() + TURN_US;
        let mut left = TURN_FANS;
        while left > 0 {
            let served = serve(self, left.min(self.writer.batch()));
            left = left.saturating_sub(served);
            if served == 0 || self.clock.now_us() >= ends_us {
                return;
            }
        }
    }

    fn socket_is_ready(&mut self, event: &mio::event::Event) {
        if event.token() == INBOX {
            return;
        }
        let index = event.token().0 as u32;
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        let ended = event.is_error() || event.is_read_closed() || event.is_write_closed();
        fan.is_readable |= event.is_readable() || ended;
        let is_wanted = fan.is_readable || fan.in_flight.is_some();
        if is_wanted {
            self.queue(index);
        }
    }

    fn take_mail(&mut self) {
        let mail = self.inbox.take();
        for match_id in mail.changed {
            if self.interests.begin(&match_id) {
                self.rounds.push_back(Topic::Match(match_id));
            }
        }
        if mail.strips_changed && self.strips_circle.begin() {
            self.rounds.push_back(Topic::Strips);
        }
        for (arrival, _room) in mail.arrivals {
            self.admit(arrival);
        }
        for (key, answer) in mail.answers {
            self.answered(key, answer);
        }
        let before = std::mem::replace(&mut self.order, mail.order);
        if before < Order::Drain && mail.order >= Order::Drain {
            self.drain();
        }
    }

    /// The leave that everybody takes, if the gateway goes.
    pub(super) fn going(&self) -> Option<Leave> {
        match self.order {
            Order::Serve => None,
            Order::Drain | Order::End | Order::Abandon => self.drain.leave(),
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.inbox.close();
        let left: Vec<u32> = self.fans.all().map(|(index, _)| index).collect();
        for index in left {
            count_cut("gone");
            self.let_go(index);
        }
    }
}
