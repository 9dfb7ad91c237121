//! From cursors to sockets: a batch of connections is asked what is next, and what they say is
//! written, until each of them waits or its socket takes no more.

use bytes::Bytes;
use grandstand_core::subscription::News;

use super::counts::count_cut;
use super::event_loop::Shard;
use super::fan::{Fan, Stage, Step};
use super::interest::Glance;
use super::write::{InFlight, Wrote, write};

/// A client whose socket takes nothing for so long is cut.
const STALL_MAX_US: u64 = 30_000_000;
/// So many frames a connection may have in one go; then the others have their turn.
const FRAMES_MAX: usize = 4;

impl Shard {
    /// Gives each of `batch` what there is for it.
    pub(super) fn pump(&mut self, mut batch: Vec<u32>) {
        let mut steps = Vec::with_capacity(batch.len());
        for _ in 0..FRAMES_MAX {
            if batch.is_empty() {
                break;
            }
            self.ask(&batch, &mut steps);
            batch.clear();
            for (index, step) in steps.drain(..) {
                match step {
                    Step::Write(bytes, news) => {
                        if self.write(index, bytes, news) {
                            batch.push(index);
                        }
                    }
                    Step::AskLeader(match_id) => {
                        self.feeds.ask_leader(&match_id);
                        batch.push(index);
                    }
                    Step::Close(code, reason) => {
                        count_cut(reason);
                        self.close(index, Some(code.number()), reason);
                    }
                    Step::Wait(_) | Step::Nothing => {}
                }
            }
        }
        for index in batch {
            self.queue(index);
        }
    }

    /// Asks all of them under one look at the matches; nothing is written meanwhile, so that whoever
    /// brings the next event does not wait for sockets.
    fn ask(&mut self, batch: &[u32], steps: &mut Vec<(u32, Step)>) {
        let now_us = self.clock.now_us();
        let glance = Glance::new(&self.interests, &self.strips);
        let (mut wish_otherwise, mut hear) = (Vec::new(), Vec::new());
        for &index in batch {
            let Some(fan) = self.fans.get(index) else {
                continue;
            };
            match fan.next(&glance, now_us) {
                Step::Wait(until_us) => {
                    if let Some(until_us) = until_us {
                        self.wheel.set(index, &mut fan.alarm, until_us);
                    }
                    if fan.is_readable && fan.may_hear() {
                        hear.push(index);
                    }
                }
                Step::Nothing => {}
                step => steps.push((index, step)),
            }
            if fan.wishes_seen != fan.connection.wishes_changed() {
                wish_otherwise.push(index);
            }
        }
        drop(glance);
        wish_otherwise
            .into_iter()
            .for_each(|index| self.look_at_wishes(index));
        hear.into_iter().for_each(|index| self.queue(index));
    }

    /// Whether all of it went out.
    fn write(&mut self, index: u32, bytes: Bytes, news: Option<News>) -> bool {
        let Some(fan) = self.fans.get(index) else {
            return false;
        };
        debug_assert!(fan.in_flight.is_none(), "one frame ends before the next");
        match write(&fan.socket, &bytes, 0) {
            Wrote::All => {
                self.counts.frames.increment(1);
                if let Some(news) = news {
                    self.counts.news(news, self.clock.now_us());
                }
                true
            }
            Wrote::UpTo(written) => {
                fan.in_flight = Some(Box::new(InFlight {
                    bytes,
                    written,
                    news,
                }));
                self.wait_for_socket(index);
                false
            }
            Wrote::Gone => {
                self.cut(index, "gone");
                false
            }
        }
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
                    self.counts.news(news, self.clock.now_us());
                }
                true
            }
            Wrote::UpTo(written) => {
                in_flight.written = written;
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

    fn wait_for_socket(&mut self, index: u32) {
        let max_us = match self.is_draining() {
            false => STALL_MAX_US,
            true => super::goodbye::GOODBYE_MAX_US,
        };
        let until_us = self.clock.now_us() + max_us;
        self.give_up_at(index, until_us);
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
