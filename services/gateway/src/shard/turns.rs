//! The kinds of work of a shard, each a part at a time: sockets that are ready, what is due, and
//! news on its way round the fans.

use super::event_loop::{Shard, Topic};
use super::fan::{Fan, Stage};

impl Shard {
    /// Has a fan's socket looked at in its turn.
    pub(super) fn queue(&mut self, index: u32) {
        if let Some(fan) = self.fans.get(index)
            && !std::mem::replace(&mut fan.is_queued, true)
        {
            self.ready.push_back(index);
        }
    }

    pub(super) fn serve_ready(&mut self, max: usize) -> usize {
        let count = max.min(self.ready.len());
        let mut batch = Vec::new();
        for _ in 0..count {
            let Some(index) = self.ready.pop_front() else {
                break;
            };
            if let Some(fan) = self.fans.get(index) {
                fan.is_queued = false;
                if self.serve_socket(index) {
                    batch.push(index);
                }
            }
        }
        self.pump(batch);
        count
    }

    /// Whether the fan may be given something.
    fn serve_socket(&mut self, index: u32) -> bool {
        if !self.write_on(index) {
            return false;
        }
        let Some(fan) = self.fans.get(index) else {
            return false;
        };
        match fan.stage {
            Stage::Open if fan.is_readable && fan.may_hear() => self.hear(index),
            Stage::Open => return true,
            Stage::Closing => self.leave(index),
            Stage::Leaving if fan.is_readable => self.discard(index),
            Stage::Leaving => {}
        }
        false
    }

    pub(super) fn serve_due(&mut self, max: usize) -> usize {
        let now_us = self.look();
        let count = max.min(self.due.len());
        let (mut late, mut open) = (Vec::new(), Vec::with_capacity(count));
        for index in each_once(self.due.drain(..count)) {
            if let Some(fan) = self.fans.get(index) {
                let Fan { alarm, .. } = fan;
                let is_limited = fan.stage != Stage::Open || fan.in_flight.is_some();
                match is_limited {
                    true if fan.until_us > now_us => {
                        self.wheel.set(index, alarm, fan.until_us);
                    }
                    true => late.push(index),
                    false => open.push(index),
                }
            }
        }
        late.into_iter().for_each(|index| self.give_up(index));
        self.pump(open);
        count
    }

    pub(super) fn serve_rounds(&mut self, max: usize) -> usize {
        let Some(topic) = self.rounds.pop_front() else {
            return 0;
        };
        let mut batch = Vec::with_capacity(max);
        let goes_on = match &topic {
            Topic::Match(match_id) => self.interests.go_on(match_id, max, &mut batch),
            Topic::Strips => self.strips_circle.go_on(max, &mut batch),
        };
        if goes_on {
            self.rounds.push_back(topic);
        }
        let count = batch.len().max(1);
        self.pump(batch);
        count
    }
}

/// A place may have several looks due, those of who had it before among them. Asked twice at once
/// it would be given a second frame while the first is half written.
fn each_once(due: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut once: Vec<u32> = due.collect();
    once.sort_unstable();
    once.dedup();
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_due_twice_is_looked_at_once() {
        assert_eq!(each_once([7, 3, 7, 9, 3, 7].into_iter()), [3, 7, 9]);
    }
}
