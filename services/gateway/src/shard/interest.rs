//! Which connections of a shard follow which match, in the order of their places, which is that of
//! their coming; and how far each match's news has gone round them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, RwLockReadGuard};

use grandstand_core::connection::{MatchView, Matches};
use grandstand_core::ids::MatchId;

use super::inbox::Inbox;
use crate::access::Viewer;
use crate::feeds::{Content, Feeds, FeedsFull, Following, Reader};
use crate::follow::ABSENT_US;

/// All matches that somebody follows here.
#[derive(Default)]
pub(super) struct Interests {
    by_id: HashMap<MatchId, Interest>,
    rounds: u64,
}

struct Interest {
    match_id: MatchId,
    following: Following,
    /// Places, in order.
    fans: Vec<u32>,
    round: Option<Round>,
}

/// News on its way round. It starts at another place each time, so that nobody is always last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    /// The next place, or the first after it that follows the match.
    next: u32,
    /// The round ends before this place, once it has come past the last one.
    end: u32,
    is_past_last: bool,
}

impl Interests {
    /// A connection follows a match from now on. The name that others hold already.
    pub(super) fn add(
        &mut self,
        index: u32,
        match_id: &MatchId,
        feeds: &Arc<Feeds>,
        inbox: &Arc<Inbox>,
        now_us: u64,
    ) -> Result<MatchId, FeedsFull> {
        if !self.by_id.contains_key(match_id) {
            let reader = Reader::Shard(Arc::clone(inbox));
            let following = feeds.open(match_id, reader, now_us, ABSENT_US)?;
            let interest = Interest {
                match_id: following.slot().match_id().clone(),
                following,
                fans: Vec::new(),
                round: None,
            };
            self.by_id.insert(interest.match_id.clone(), interest);
        } else if let Some(interest) = self.by_id.get(match_id) {
            feeds.look_again(interest.following.slot(), now_us, ABSENT_US);
        }
        let Some(interest) = self.by_id.get_mut(match_id) else {
            return Ok(match_id.clone());
        };
        if let Err(at) = interest.fans.binary_search(&index) {
            interest.fans.insert(at, index);
        }
        interest.following.count(interest.fans.len());
        Ok(interest.match_id.clone())
    }

    /// A connection follows a match no longer.
    pub(super) fn remove(&mut self, index: u32, match_id: &MatchId) {
        let Some(interest) = self.by_id.get_mut(match_id) else {
            return;
        };
        if let Ok(at) = interest.fans.binary_search(&index) {
            interest.fans.remove(at);
        }
        match interest.fans.is_empty() {
            true => drop(self.by_id.remove(match_id)),
            false => interest.following.count(interest.fans.len()),
        }
    }

    /// News of a match goes round; whether it was not on its way already.
    pub(super) fn begin(&mut self, match_id: &MatchId) -> bool {
        let Some(interest) = self.by_id.get_mut(match_id) else {
            return false;
        };
        match &mut interest.round {
            // Those whom the older news reached have the newer one still to come.
            Some(round) => {
                (round.end, round.is_past_last) = (round.next, false);
                false
            }
            None => {
                self.rounds = self.rounds.wrapping_add(1);
                // Multiples of the golden ratio fall evenly everywhere.
                let part = self.rounds.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                let at = (part * interest.fans.len() as u64) >> 32;
                let start = interest.fans.get(at as usize).copied().unwrap_or(0);
                interest.round = Some(Round {
                    next: start,
                    end: start,
                    is_past_last: false,
                });
                true
            }
        }
    }

    /// The next places that the news of a match comes to, at most `max`; whether there are more.
    pub(super) fn go_on(&mut self, match_id: &MatchId, max: usize, to: &mut Vec<u32>) -> bool {
        let Some(interest) = self.by_id.get_mut(match_id) else {
            return false;
        };
        let Some(round) = &mut interest.round else {
            return false;
        };
        let fans = &interest.fans;
        let mut left = max;
        loop {
            let from = fans.partition_point(|index| *index < round.next);
            let end = match round.is_past_last {
                true => fans.partition_point(|index| *index < round.end),
                false => fans.len(),
            };
            let part = &fans[from..end.max(from)];
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
                    interest.round = None;
                    return false;
                }
                (true, false) => (round.next, round.is_past_last) = (0, true),
            }
        }
    }
}

/// The matches as they are while a batch of connections looks at them: one lock for all who look
/// at the same.
pub(super) struct Glance<'a> {
    interests: &'a Interests,
    held: RefCell<Option<(&'a MatchId, RwLockReadGuard<'a, Content>)>>,
}

/// A glance through one viewer's eyes.
pub(super) struct Eyes<'g, 'a> {
    pub(super) glance: &'g Glance<'a>,
    pub(super) viewer: &'g Viewer,
}

impl<'a> Glance<'a> {
    pub(super) fn new(interests: &'a Interests) -> Self {
        Self {
            interests,
            held: RefCell::new(None),
        }
    }
}

impl Matches for Eyes<'_, '_> {
    fn look<R>(&self, match_id: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        let mut held = self.glance.held.borrow_mut();
        if held.as_ref().is_none_or(|(id, _)| *id != match_id) {
            // Let go of one before the next is taken: whoever writes may wait for both.
            *held = None;
            if let Some(interest) = self.glance.interests.by_id.get(match_id) {
                let content = interest.following.slot().read();
                *held = Some((&interest.match_id, content));
            }
        }
        match held.as_ref().map(|(_, content)| &**content) {
            None | Some(Content::Loading { .. }) => look(MatchView::Loading),
            Some(Content::Absent { .. }) => look(MatchView::Absent),
            Some(Content::Ready(ready)) if !self.viewer.may_read(match_id, ready.visibility) => {
                look(MatchView::Forbidden)
            }
            Some(Content::Ready(ready)) => look(MatchView::Ready(&ready.feed)),
        }
    }
}
