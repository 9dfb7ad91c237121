//! How connections end: close frame, end of our side, then what the client still sends is read and
//! thrown away for a while. Closing over unread bytes would reset the connection, and the client
//! never hear the code.

use std::io::{ErrorKind, Read};
use std::net::Shutdown;
use std::time::Duration;

use grandstand_core::message::CloseCode;
use rustix::net::sockopt::set_socket_linger;

use super::counts::count_cut;
use super::event_loop::Shard;
use super::fan::Stage;
use super::write::{InFlight, Wrote, close, write};

/// How long a client may take to end its side before the socket goes.
const GOODBYE_MAX_US: u64 = 2_000_000;

impl Shard {
    /// Says the end, with a code if there is one to be named.
    pub(super) fn close(&mut self, index: u32, code: Option<u16>, reason: &str) {
        self.unfollow(index);
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        let bytes = close(code, reason);
        match write(&fan.socket, &bytes, 0) {
            Wrote::All => self.leave(index),
            Wrote::UpTo(written) => {
                fan.stage = Stage::Closing;
                fan.in_flight = Some(Box::new(InFlight {
                    bytes,
                    written,
                    news: None,
                }));
                let until_us = self.clock.now_us() + GOODBYE_MAX_US;
                self.give_up_at(index, until_us);
            }
            Wrote::Gone => self.let_go(index),
        }
    }

    /// All is said: our side ends.
    pub(super) fn leave(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        fan.stage = Stage::Leaving;
        fan.is_readable = true;
        if fan.socket.shutdown(Shutdown::Write).is_err() {
            return self.let_go(index);
        }
        let until_us = self.clock.now_us() + GOODBYE_MAX_US;
        self.give_up_at(index, until_us);
        self.queue(index);
    }

    /// Throws away what still comes; the other side's end is the end.
    pub(super) fn discard(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        match fan.socket.read(&mut self.buffer) {
            // There may be more, in its turn: somebody may send without a pause.
            Ok(1..) => self.queue(index),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.queue(index),
            Err(error) if error.kind() == ErrorKind::WouldBlock => fan.is_readable = false,
            Ok(0) | Err(_) => self.let_go(index),
        }
    }

    /// The time is up for a connection that does not take what is in flight, or does not end.
    pub(super) fn give_up(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        if fan.stage != Stage::Open {
            return self.let_go(index);
        }
        // A frame that is half written can't be followed by a close frame.
        let fits = fan.in_flight.take().is_some_and(|out| out.written == 0);
        let bytes = close(Some(CloseCode::TooSlow.number()), "too slow");
        if fits && write(&fan.socket, &bytes, 0) == Wrote::All {
            count_cut("too_slow_told");
            self.unfollow(index);
            self.leave(index);
        } else {
            tracing::debug!("a fan's socket took nothing for too long");
            // What the kernel still holds for it goes at once.
            let _ = set_socket_linger(&fan.socket, Some(Duration::ZERO));
            self.cut(index, "too_slow");
        }
    }

    /// The connection is gone, or not worth a word.
    pub(super) fn cut(&mut self, index: u32, reason: &'static str) {
        count_cut(reason);
        self.let_go(index);
    }

    /// Closes the socket; what the client sent and nobody read resets the connection.
    pub(super) fn let_go(&mut self, index: u32) {
        self.unfollow(index);
        if let Some(mut fan) = self.fans.free(index) {
            // Closing does it too; this fails where it was never there.
            let _ = self.poll.registry().deregister(&mut fan.socket);
            self.counts.connections.decrement(1.0);
            self.connections
                .fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    /// Nothing is delivered any more, and the session knows.
    fn unfollow(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        fan.session.close(&self.sessions);
        let left = fan.connection.take_left();
        for match_id in left.iter().chain(fan.connection.matches()) {
            self.interests.remove(index, match_id);
        }
        self.unfollow_strips(index);
    }

    /// Everybody is to be told, in turn, that this gateway goes.
    pub(super) fn drain(&mut self) {
        let Some(leave) = self.going() else {
            return;
        };
        let count = self.fans.all().count();
        let mut places = Vec::with_capacity(count);
        for (position, (index, fan)) in self.fans.all().enumerate() {
            let at_us = leave.turn_us(position, count);
            fan.connection.go_away(at_us, leave.told_ms);
            if fan.stage == Stage::Open && fan.in_flight.is_some() {
                fan.until_us = fan.until_us.min(leave.ends_us());
                self.wheel.set(index, &mut fan.alarm, fan.until_us);
            }
            places.push(index);
        }
        places.into_iter().for_each(|index| self.queue(index));
    }
}
