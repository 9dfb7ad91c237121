//! How a fan comes in, and what it follows from then on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use grandstand_core::ids::MatchId;
use grandstand_core::message::CloseCode;
use grandstand_core::strips::StripsView;
use mio::{Interest, Token};

use super::event_loop::Shard;
use super::fan::{Fan, Stage};
use super::inbox::Arrival;
use crate::entrance::Sought;
use crate::feeds::{NoSlot, Reader};
use crate::refuse::count_refusal;

impl Shard {
    pub(super) fn admit(&mut self, arrival: Arrival) {
        let (index, number) = self.fans.reserve();
        let (mut fan, early) = Fan::new(arrival, number);
        self.counts.connections.increment(1.0);
        self.connections.fetch_add(1, Ordering::Relaxed);
        if let Some(leave) = self.going() {
            fan.connection.go_away(self.clock.now_us(), leave.told_ms);
        }
        self.fans.put(index, fan);
        self.look_at_wishes(index);
        self.hear_early(index, &early);
        self.arm(index);
    }

    /// What came with the handshake is read before the socket says anything.
    fn hear_early(&mut self, index: u32, early: &Bytes) {
        // hyper reads no further ahead than a request's head may be long.
        if early.len() > self.buffer.len() {
            return self.close(
                index,
                Some(CloseCode::TooLarge.number()),
                "message too large",
            );
        }
        if let Some(fan) = self.fans.get(index) {
            fan.reader.keep(early);
            // What comes later the socket will say; so those who come together are written to as one
            // batch.
            fan.is_readable = !early.is_empty();
            self.queue(index);
        }
    }

    fn arm(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        let both = Interest::READABLE | Interest::WRITABLE;
        let token = Token(index as usize);
        if let Err(error) = self.poll.registry().register(&mut fan.socket, token, both) {
            tracing::warn!(%error, "a socket can't be watched");
            self.cut(index, "gone");
        }
    }

    /// Follows what a fan asked for since the last look, lets go of the rest, and has its session
    /// know.
    pub(super) fn look_at_wishes(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        let changed = fan.connection.wishes_changed();
        if fan.stage != Stage::Open || fan.wishes_seen == changed {
            return;
        }
        fan.wishes_seen = changed;
        for match_id in fan.connection.take_left() {
            self.interests.remove(index, &match_id);
        }
        let new: Vec<MatchId> = fan.connection.matches_of_own_name().cloned().collect();
        for match_id in new {
            let now_us = self.clock.now_us();
            let added = self.interests.add(
                index,
                &match_id,
                &self.feeds,
                &self.inbox,
                fan.place.share(),
                now_us,
            );
            match added {
                Ok(shared) => fan.connection.share_name(&shared),
                Err(NoSlot::Full) => {
                    count_refusal("over_capacity");
                    let poll_url = Sought::Match(&match_id).poll_url();
                    fan.connection.no_room(&poll_url, fan.place.send_away());
                    break;
                }
                Err(NoSlot::TooManyUnknown) => {
                    count_refusal("too_many");
                    fan.connection.too_many(
                        "Too many matches that are not there are asked for; come again later.",
                    );
                    break;
                }
            }
        }
        fan.session
            .tell(&self.sessions, &fan.identity, &fan.connection);
        match fan.connection.strips_view() {
            Some(StripsView::Head) => {
                self.strips_circle.add(index);
                let reader = || Reader::Shard(Arc::clone(&self.inbox));
                self.strips_watching
                    .get_or_insert_with(|| self.strips.watch(reader()));
            }
            // They look at each mark by themselves.
            Some(StripsView::Marks { .. }) | None => self.unfollow_strips(index),
        }
    }

    pub(super) fn unfollow_strips(&mut self, index: u32) {
        self.strips_circle.remove(index);
        if self.strips_circle.len() == 0 {
            self.strips_watching = None;
        }
    }
}
