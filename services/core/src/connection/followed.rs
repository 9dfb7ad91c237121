//! One match that a connection follows: its subscription, and what its fan was told of it beside
//! events.

use std::num::NonZero;

use crate::connection::{Feed, Output};
use crate::frame::{Codec, Coding, Frame};
use crate::ids::{Epoch, MatchId};
use crate::message::{ServerMessage, Status, Subscribe};
use crate::policy::{Policy, PolicyName};
use crate::subscription::{Read, SnapshotWish, Subscription};

#[derive(Debug)]
pub(super) struct Followed {
    match_id: MatchId,
    place: Place,
}

/// What a fan wishes of a match, and what it was told of it.
#[derive(Debug)]
pub(super) struct Place {
    asked_policy: Option<PolicyName>,
    asked_delay_s: u32,
    subscription: Subscription,
    /// What the fan was told last of how far the match can be trusted.
    told: Told,
    /// Which of the leader's answers is waited for, since the cursor is ahead.
    awaited_answer: Option<NonZero<u64>>,
    /// Whether the name of the match is the text that others hold, too.
    is_shared: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Absent,
    Status(Status),
}

impl Followed {
    pub(super) fn new(policy: Policy, asked: Subscribe) -> Self {
        let place = Place {
            subscription: Subscription::new(policy, asked.after, asked.snapshot),
            told: Told::Nothing,
            awaited_answer: None,
            is_shared: false,
            asked_policy: asked.policy,
            asked_delay_s: asked.delay_s,
        };
        Self {
            match_id: asked.match_id,
            place,
        }
    }

    /// Followed otherwise; the cursor stays.
    pub(super) fn change(&mut self, policy: Policy, asked: &Subscribe) {
        let place = &mut self.place;
        place.subscription.change(policy, asked.snapshot);
        (place.asked_policy, place.asked_delay_s) = (asked.policy, asked.delay_s);
    }

    /// The match, and the fan's place in it.
    pub(super) fn parts(&mut self) -> (&MatchId, &mut Place) {
        (&self.match_id, &mut self.place)
    }

    pub(super) fn match_id(&self) -> &MatchId {
        &self.match_id
    }

    pub(super) fn into_match_id(self) -> MatchId {
        self.match_id
    }

    pub(super) fn share_name(&mut self, match_id: &MatchId) {
        self.match_id = match_id.clone();
        self.place.is_shared = true;
    }

    pub(super) fn is_shared(&self) -> bool {
        self.place.is_shared
    }

    /// What the fan wishes beside the match: a policy and a delay.
    pub(super) fn wish(&self) -> (Option<PolicyName>, u32) {
        self.place.wish()
    }

    /// The same wish once more; a snapshot was given or is owed already.
    pub(super) fn asked_again(&self) -> Subscribe {
        let (policy, delay_s) = self.wish();
        Subscribe {
            match_id: self.match_id.clone(),
            after: None,
            policy,
            delay_s,
            snapshot: match self.place.subscription.wish() {
                SnapshotWish::Always => SnapshotWish::Auto,
                wish => wish,
            },
        }
    }

    pub(super) fn policy(&self) -> PolicyName {
        self.place.subscription.policy().name()
    }

    pub(super) fn cursor(&self) -> Option<(Epoch, u64)> {
        self.place.subscription.cursor()
    }

    /// See [`crate::connection::Connection::touch`].
    pub(super) fn touch(&self) -> u64 {
        let seq = self.cursor().map_or(0, |(_, seq)| seq);
        let awaited = self.place.awaited_answer.map_or(0, NonZero::get);
        seq ^ u64::from(self.place.asked_delay_s) ^ awaited
    }

    pub(super) fn was_busy(&mut self) {
        self.place.subscription.was_busy();
    }
}

impl Place {
    pub(super) fn wish(&self) -> (Option<PolicyName>, u32) {
        (self.asked_policy, self.asked_delay_s)
    }

    /// What there is to say of a match that is there.
    pub(super) fn look(
        &mut self,
        feed: &Feed,
        policy: Policy,
        coding: Coding,
        now_us: u64,
    ) -> Output {
        self.subscription.set_policy(policy);
        if self.status_has_changed(feed) {
            return Output::Answer(self.beat(coding.codec, feed, now_us).without_ping());
        }
        let log = feed.follower.log();
        if self
            .awaited_answer
            .is_some_and(|number| number.get() <= feed.leader_answers)
        {
            self.awaited_answer = None;
            self.subscription.leader_said(log, now_us);
        }
        let generation = feed.follower.generation();
        match self.subscription.read(log, generation, coding, now_us) {
            Read::Frame(frame, news) => {
                self.told = Told::Status(feed.status);
                Output::Frame(frame, news)
            }
            Read::Ahead if self.awaited_answer.is_none() => {
                self.awaited_answer = NonZero::new(feed.leader_answers + 1);
                Output::AskLeader(log.match_id().clone())
            }
            Read::Ahead => Output::Wait(None),
            // A fan for whom there is nothing new is told at least where it stands.
            Read::Wait(_) if !matches!(self.told, Told::Status(_)) => {
                Output::Answer(self.beat(coding.codec, feed, now_us).without_ping())
            }
            Read::Wait(at_us) => Output::Wait(at_us),
        }
    }

    /// A match that is not there is said to be so once.
    pub(super) fn say_absent(&mut self, match_id: &MatchId, codec: Codec) -> Output {
        // If it comes back, what the leader was asked about is gone.
        self.awaited_answer = None;
        if self.told == Told::Absent {
            return Output::Wait(None);
        }
        self.told = Told::Absent;
        Output::Answer(Frame::of(
            codec,
            &ServerMessage::error(
                "unknown_match",
                "There is no such match (yet)",
                "You are told once it is created; check the id if you expected it to be there.",
                Some(match_id),
            ),
        ))
    }

    /// A fan who was told nothing takes a match for live.
    fn status_has_changed(&self, feed: &Feed) -> bool {
        match self.told {
            Told::Status(told) => told != feed.status,
            Told::Nothing | Told::Absent => feed.status != Status::Live,
        }
    }

    /// Where the fan stands, and how far that can be trusted: behind a protocol ping, as a
    /// heartbeat has it.
    pub(super) fn beat(&mut self, codec: Codec, feed: &Feed, now_us: u64) -> Frame {
        let log = feed.follower.log();
        let place = self.subscription.cursor().unwrap_or((log.epoch(), 0));
        self.told = Told::Status(feed.status);
        feed.beat(codec, place, self.subscription.hash(log), now_us)
    }
}
