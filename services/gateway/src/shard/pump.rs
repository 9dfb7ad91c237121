//! From cursors to sockets: a batch of connections is asked what is next, and what they say is
//! written, until each of them waits or its socket takes no more.

use grandstand_core::message::CloseCode;

use super::counts::{SameNews, count_cut};
use super::event_loop::Shard;
use super::fan::{Fan, Stage, Step};
use super::interest::Glance;
use super::parcel::Parcel;
use super::write::{InFlight, Outgoing, Wrote, write};

/// A client whose socket takes nothing for so long is cut. The kernel says that it takes something
/// once a third of its buffer is free: who reads less than that meanwhile is no better off than who
/// comes again and gets a snapshot.
const STALL_MAX_US: u64 = 30_000_000;
/// So many frames a connection may have in one go; then the others have their turn.
const FRAMES_MAX: usize = 4;

/// A connection that ends, with which code and why.
type Closing = (u32, CloseCode, &'static str);

impl Shard {
    /// Gives each of `batch` what there is for it.
    pub(super) fn pump(&mut self, mut batch: Vec<u32>) {
        let (mut outgoing, mut closes) = (Vec::with_capacity(batch.len()), Vec::new());
        for _ in 0..FRAMES_MAX {
            if batch.is_empty() {
                break;
            }
            self.ask(&batch, &mut outgoing, &mut closes);
            batch.clear();
            self.write(&mut outgoing, &mut batch);
            for (index, code, reason) in closes.drain(..) {
                count_cut(reason);
                self.close(index, Some(code.number()), reason);
            }
        }
        for index in batch {
            self.queue(index);
        }
    }

    /// Asks all of them under one look at the matches; nothing is written meanwhile, so that whoever
    /// brings the next event does not wait for sockets.
    fn ask(&mut self, batch: &[u32], outgoing: &mut Vec<Outgoing>, closes: &mut Vec<Closing>) {
        let now_us = self.look();
        self.fans.touch(batch);
        let glance = Glance::new(&self.interests, &self.strips);
        let (mut wish_otherwise, mut hear, mut leaders) = (Vec::new(), Vec::new(), Vec::new());
        for &index in batch {
            let Some(fan) = self.fans.get(index) else {
                continue;
            };
            let (mut parcel, mut is_last) = (Parcel::default(), false);
            loop {
                match fan.next(&glance, now_us) {
                    Step::Write(bytes, news) => {
                        parcel.add(bytes, news);
                        if parcel.goes() {
                            is_last = fan.connection.is_settled()
                                && !fan.is_readable
                                && self.wheel.has(&fan.alarm);
                            break;
                        }
                    }
                    Step::Wait(until_us) => {
                        if let Some(until_us) = until_us {
                            self.wheel.set(index, &mut fan.alarm, until_us);
                        }
                        if parcel.is_empty() && fan.is_readable && fan.may_hear() {
                            hear.push(index);
                        }
                        break;
                    }
                    Step::AskLeader(match_id) => leaders.push(match_id),
                    // Who closes says so again, once what comes before is written.
                    Step::Close(code, reason) if parcel.is_empty() => {
                        closes.push((index, code, reason));
                        break;
                    }
                    Step::Close(..) | Step::Nothing => break,
                }
            }
            outgoing.extend(parcel.seal(index, is_last));
            if fan.wishes_seen != fan.connection.wishes_changed() {
                wish_otherwise.push(index);
            }
        }
        drop(glance);
        leaders
            .iter()
            .for_each(|match_id| self.feeds.ask_leader(match_id));
        wish_otherwise
            .into_iter()
            .for_each(|index| self.look_at_wishes(index));
        hear.into_iter().for_each(|index| self.queue(index));
    }

    /// Writes all of them; whose frame went out whole joins `whole`.
    fn write(&mut self, outgoing: &mut Vec<Outgoing>, whole: &mut Vec<u32>) {
        let each: Vec<_> = outgoing
            .iter()
            .map(|out| {
                let socket = self.fans.socket(out.index);
                let socket = socket.expect("who was asked is there until that is written");
                (socket, &out.bytes)
            })
            .collect();
        let wrote = self.writer.write_each(&each);
        let (now_us, mut frames, mut same) = (self.clock.now_us(), 0, SameNews::default());
        for (out, wrote) in outgoing.drain(..).zip(wrote) {
            match wrote {
                Wrote::All => {
                    frames += 1;
                    if let Some((news, fans)) = same.add(out.news) {
                        self.counts.news(news, fans, now_us);
                    }
                    // Who has all there is is not even looked at: its memory is cold again.
                    if !out.is_last {
                        whole.push(out.index);
                    }
                }
                Wrote::UpTo(written) => self.wait_for_socket(out, written),
                Wrote::Gone => self.cut(out.index, "gone"),
            }
        }
        if let Some((news, fans)) = same.end() {
            self.counts.news(news, fans, now_us);
        }
        self.counts.frames.increment(frames);
    }

    /// The socket takes something again; whether all that was in flight is out.
    pub(super) fn write_on(&mut self, index: u32) -> bool {
        let Some(fan) = self.fans.get(index) else {
            return false;
        };
        let Some(in_flight) = &mut fan.in_flight else {
            return true;
        };
        match write(&fan.socket, &in_flight.bytes, in_flight.written) {
            Wrote::All => {
                let news = in_flight.news;
                fan.in_flight = None;
                self.counts.frames.increment(1);
                if let Some(news) = news {
                    self.counts.news(news, 1, self.clock.now_us());
                }
                true
            }
            Wrote::UpTo(written) => {
                let took_some = written > in_flight.written;
                in_flight.written = written;
                if took_some && fan.stage == Stage::Open {
                    self.give_time(index);
                }
                false
            }
            Wrote::Gone => {
                let stage = fan.stage;
                match stage {
                    Stage::Open => self.cut(index, "gone"),
                    Stage::Closing | Stage::Leaving => self.let_go(index),
                }
                false
            }
        }
    }

    /// What does not fit goes out when the socket takes something again.
    fn wait_for_socket(&mut self, out: Outgoing, written: usize) {
        let Outgoing {
            index, bytes, news, ..
        } = out;
        let now_us = self.clock.now_us();
        if let Some(fan) = self.fans.get(index) {
            debug_assert!(fan.in_flight.is_none(), "one frame ends before the next");
            fan.connection.held_up(now_us);
            fan.in_flight = Some(Box::new(InFlight {
                bytes,
                written,
                news,
            }));
        }
        self.give_time(index);
    }

    /// From now on the socket has its time to take something.
    fn give_time(&mut self, index: u32) {
        let until_us = self.clock.now_us() + STALL_MAX_US;
        let ends_us = self.going().map_or(u64::MAX, |leave| leave.ends_us());
        self.give_up_at(index, until_us.min(ends_us));
    }

    /// When a connection is cut, whatever it says.
    pub(super) fn give_up_at(&mut self, index: u32, until_us: u64) {
        if let Some(fan) = self.fans.get(index) {
            fan.until_us = until_us;
            let Fan { alarm, .. } = fan;
            self.wheel.set(index, alarm, until_us);
        }
    }
}
