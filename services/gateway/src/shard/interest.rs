//! Which connections of a shard follow which match, and what they see of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, RwLockReadGuard};

use grandstand_core::connection::{MatchView, Matches};
use grandstand_core::ids::MatchId;
use grandstand_core::strips::{StripsBoard, StripsView};

use super::circle::Circle;
use super::inbox::Inbox;
use crate::access::Identity;
use crate::feeds::{Content, Feeds, Following, NoSlot, Reader, Share};
use crate::follow::ABSENT_US;
use crate::strips::Strips;

/// All matches that somebody follows here.
#[derive(Default)]
pub(super) struct Interests {
    by_id: HashMap<MatchId, Interest>,
}

struct Interest {
    match_id: MatchId,
    following: Following,
    circle: Circle,
}

impl Interests {
    /// A connection follows a match from now on. The name that others hold already.
    pub(super) fn add(
        &mut self,
        index: u32,
        match_id: &MatchId,
        feeds: &Arc<Feeds>,
        inbox: &Arc<Inbox>,
        share: Share,
        now_us: u64,
    ) -> Result<MatchId, NoSlot> {
        if !self.by_id.contains_key(match_id) {
            let reader = Reader::Shard(Arc::clone(inbox));
            let following = feeds.open(match_id, reader, share, now_us, ABSENT_US)?;
            let interest = Interest {
                match_id: following.slot().match_id().clone(),
                following,
                circle: Circle::default(),
            };
            self.by_id.insert(interest.match_id.clone(), interest);
        } else if let Some(interest) = self.by_id.get(match_id) {
            feeds.look_again(interest.following.slot(), now_us, ABSENT_US);
        }
        let Some(interest) = self.by_id.get_mut(match_id) else {
            return Ok(match_id.clone());
        };
        interest.circle.add(index);
        interest.following.count(interest.circle.len());
        Ok(interest.match_id.clone())
    }

    /// A connection follows a match no longer.
    pub(super) fn remove(&mut self, index: u32, match_id: &MatchId) {
        let Some(interest) = self.by_id.get_mut(match_id) else {
            return;
        };
        interest.circle.remove(index);
        match interest.circle.len() {
            0 => drop(self.by_id.remove(match_id)),
            fans => interest.following.count(fans),
        }
    }

    /// News of a match goes round; whether it was not on its way already.
    pub(super) fn begin(&mut self, match_id: &MatchId) -> bool {
        let interest = self.by_id.get_mut(match_id);
        interest.is_some_and(|interest| interest.circle.begin())
    }

    /// The next places that the news of a match comes to, at most `max`; whether there are more.
    pub(super) fn go_on(&mut self, match_id: &MatchId, max: usize, to: &mut Vec<u32>) -> bool {
        let interest = self.by_id.get_mut(match_id);
        interest.is_some_and(|interest| interest.circle.go_on(max, to))
    }
}

/// The matches as they are while a batch of connections looks at them: one lock for all who look
/// at the same.
pub(super) struct Glance<'a> {
    interests: &'a Interests,
    strips: &'a Strips,
    held: RefCell<Option<(&'a MatchId, RwLockReadGuard<'a, Content>)>>,
}

/// A glance through somebody's eyes.
pub(super) struct Eyes<'g, 'a> {
    pub(super) glance: &'g Glance<'a>,
    pub(super) identity: &'g Identity,
}

impl<'a> Glance<'a> {
    pub(super) fn new(interests: &'a Interests, strips: &'a Strips) -> Self {
        Self {
            interests,
            strips,
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
            Some(Content::Ready(ready)) if !self.identity.may_read(match_id, ready.visibility) => {
                look(MatchView::Forbidden)
            }
            Some(Content::Ready(ready)) => look(MatchView::Ready(&ready.feed)),
        }
    }

    fn strips<R>(
        &self,
        view: StripsView,
        now_us: u64,
        look: impl FnOnce(&mut StripsBoard) -> R,
    ) -> Option<R> {
        // One lock at a time.
        *self.glance.held.borrow_mut() = None;
        self.glance.strips.look(view, now_us, look)
    }
}
