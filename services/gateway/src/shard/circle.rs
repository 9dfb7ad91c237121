//! The places that follow the same thing, in order, which is that of their coming; and how far its
//! news has gone round them.

/// Those who follow the same.
#[derive(Debug, Default)]
pub(super) struct Circle {
    /// Places, in order.
    places: Vec<u32>,
    round: Option<Round>,
    rounds: u64,
}

/// News on its way round. It starts at another place each time, so that nobody is always last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    /// The next place, or the first after it that is in the circle.
    next: u32,
    /// The round ends before this place, once it has come past the last one.
    end: u32,
    is_past_last: bool,
}

impl Circle {
    pub(super) fn add(&mut self, index: u32) {
        if let Err(at) = self.places.binary_search(&index) {
            self.places.insert(at, index);
        }
    }

    pub(super) fn remove(&mut self, index: u32) {
        if let Ok(at) = self.places.binary_search(&index) {
            self.places.remove(at);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// News goes round; whether it was not on its way already.
    pub(super) fn begin(&mut self) -> bool {
        match &mut self.round {
            // Those whom the older news reached have the newer one still to come.
            Some(round) => {
                (round.end, round.is_past_last) = (round.next, false);
                false
            }
            None => {
                self.rounds = self.rounds.wrapping_add(1);
                // Multiples of the golden ratio fall evenly everywhere.
                let part = self.rounds.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                let at = (part * self.places.len() as u64) >> 32;
                let start = self.places.get(at as usize).copied().unwrap_or(0);
                self.round = Some(Round {
                    next: start,
                    end: start,
                    is_past_last: false,
                });
                true
            }
        }
    }

    /// The next places that the news comes to, at most `max`; whether there are more.
    pub(super) fn go_on(&mut self, max: usize, to: &mut Vec<u32>) -> bool {
        let Some(round) = &mut self.round else {
            return false;
        };
        let places = &self.places;
        let mut left = max;
        loop {
            let from = places.partition_point(|index| *index < round.next);
            let end = match round.is_past_last {
                true => places.partition_point(|index| *index < round.end),
                false => places.len(),
            };
            let part = &places[from..end.max(from)];
            let part = &part[..part.len().min(left)];
            to.extend_from_slice(part);
            left -= part.len();
            if let Some(last) = part.last() {
                round.next = last + 1;
            }
            let is_at_end = from + part.len() >= end;
            match (is_at_end, round.is_past_last) {
                (false, _) => return true,
                (true, true) => {
                    self.round = None;
                    return false;
                }
                (true, false) => (round.next, round.is_past_last) = (0, true),
            }
        }
    }
}
