//! One fan's connection without its socket: what it follows, what it is told next, when it is
//! given up. The shell hands in what was heard and the time, and writes what [`Connection::poll`]
//! gives.

use std::collections::{BTreeMap, VecDeque};

use crate::follow::Follower;
use crate::frame::{Codec, Frame};
use crate::ids::MatchId;
use crate::message::{
    ClientMessage, CloseCode, Head, SUBSCRIPTIONS_MAX, ServerMessage, Status, Subscribe,
};
use crate::policy::{Policy, PolicyName};
use crate::subscription::{News, Read, SnapshotWish, Subscription};

/// A fan that does not answer a protocol ping for so long is gone.
const PONG_TIMEOUT_US: u64 = 10_000_000;
/// How long returning clients spread themselves over.
const RECONNECT_WINDOW_MS: u32 = 2_000;

/// What a token allows a fan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanRights {
    /// The tier's name.
    pub tier: String,
    /// The most that the tier grants.
    pub policy_max: PolicyName,
    /// How far behind the fan is kept at least.
    pub delay_s: u32,
    /// When the token ends, Unix microseconds.
    pub expires_us: Option<u64>,
}

/// How a connection is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The agreed subprotocol.
    pub codec: Codec,
    /// Random and secret: names the session.
    pub session: String,
    /// Random: which digest marks and heartbeats are this fan's.
    pub phase: u64,
    /// Seconds without traffic before a `status` is sent.
    pub heartbeat_s: u32,
}

/// What the shell knows of a match that a fan asked for.
#[derive(Debug)]
pub enum MatchView<'a> {
    /// It is being read.
    Loading,
    /// It is not there, or not yet.
    Absent,
    /// This fan may not see it.
    Forbidden,
    /// Here it is.
    Ready(&'a Feed),
}

/// A match as a gateway has it.
#[derive(Debug)]
pub struct Feed {
    /// Its log and place in the stream.
    pub follower: Follower,
    /// How far it can be trusted.
    pub status: Status,
    /// Unix microseconds of what is known for sure.
    pub as_of_us: u64,
    /// How far behind every fan is kept.
    pub delay_s: u32,
    /// How often the leader was asked on behalf of a fan whose cursor is ahead, and answered.
    pub leader_answers: u64,
}

/// Where a connection finds its matches.
pub trait Matches {
    /// Calls `look` with what is known of the match.
    fn look<R>(&self, match_id: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R;
}

/// What the shell does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write this answer, all of it, then poll again.
    Answer(Frame),
    /// Write this frame of a match, all of it, then poll again.
    Frame(Frame, News),
    /// Write a protocol ping, then poll again.
    Ping,
    /// Ask the leader for the tip of this match, then poll again.
    AskLeader(MatchId),
    /// Nothing to write before this time (Unix microseconds), unless a match changes or the client
    /// says something.
    Wait(Option<u64>),
    /// Write a close frame and end.
    Close(CloseCode, &'static str),
}

/// What only the shell can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Verify this token; then [`Connection::refreshed`] or close.
    Refresh(String),
}

/// A fan's connection.
#[derive(Debug)]
pub struct Connection {
    settings: Settings,
    rights: FanRights,
    followed: BTreeMap<MatchId, Followed>,
    /// The match that is looked at first: each has its turn.
    turn: usize,
    /// Answers to what the client said; the shell reads nothing more while any is left, so that
    /// they are as few as one message can ask for.
    answers: VecDeque<Frame>,
    /// Whether the last poll gave something to write.
    busy: bool,
    heard_us: u64,
    pinged_us: Option<u64>,
    written_us: u64,
    closing: Option<(CloseCode, &'static str)>,
}

#[derive(Debug)]
struct Followed {
    asked: Subscribe,
    subscription: Subscription,
    /// The status that the fan was told last.
    told: Told,
    /// The leader's answers when it was asked about a cursor that is ahead.
    asked_leader_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Absent,
    Status(Status),
}

impl Connection {
    /// A fan who has just come; the first output is its `welcome`.
    pub fn new(settings: Settings, rights: FanRights, now_us: u64) -> Self {
        let mut connection = Self {
            settings,
            rights,
            followed: BTreeMap::new(),
            turn: 0,
            answers: VecDeque::new(),
            busy: false,
            heard_us: now_us,
            pinged_us: None,
            written_us: now_us,
            closing: None,
        };
        connection.welcome();
        connection
    }

    /// The matches that are followed.
    pub fn matches(&self) -> impl Iterator<Item = &MatchId> {
        self.followed.keys()
    }

    /// Whether a match is followed.
    pub fn follows(&self, match_id: &MatchId) -> bool {
        self.followed.contains_key(match_id)
    }

    /// The policy by which a match is followed.
    pub fn policy(&self, match_id: &MatchId) -> Option<PolicyName> {
        Some(self.followed.get(match_id)?.subscription.policy().name())
    }

    /// Whether everything that the client's last message asked for is written: only then may the
    /// shell read the next one.
    pub fn may_read(&self) -> bool {
        self.answers.is_empty()
    }

    /// Bytes of any kind came from the client.
    pub fn heard(&mut self, now_us: u64) {
        self.heard_us = now_us;
        self.pinged_us = None;
    }

    /// The client said something.
    pub fn said(&mut self, message: ClientMessage) -> Option<Request> {
        match message {
            ClientMessage::Hello {
                session: _,
                subscriptions,
                heartbeat_s,
            } => {
                self.settings.heartbeat_s = heartbeat_s.unwrap_or(self.settings.heartbeat_s);
                self.welcome();
                subscriptions
                    .into_iter()
                    .for_each(|subscribe| self.subscribe(subscribe));
            }
            ClientMessage::Subscribe(subscribe) => self.subscribe(subscribe),
            ClientMessage::Unsubscribe(match_id) => {
                self.followed.remove(&match_id);
            }
            ClientMessage::Refresh(token) => return Some(Request::Refresh(token)),
            ClientMessage::Ping => self.pong(),
        }
        None
    }

    /// The client said something that can't be read.
    pub fn misspoke(&mut self, detail: &str) {
        self.answer(&ServerMessage::Error {
            code: "bad_message",
            title: "This message can't be read",
            detail,
            match_id: None,
        });
        self.close(CloseCode::BadMessage, "bad message");
    }

    /// The client showed a newer token of the same user.
    pub fn refreshed(&mut self, rights: FanRights) {
        self.rights = rights;
        let followed: Vec<Subscribe> = self
            .followed
            .values()
            .map(|followed| followed.asked.clone())
            .collect();
        for asked in followed {
            self.subscribe(Subscribe {
                snapshot: match asked.snapshot {
                    SnapshotWish::Always => SnapshotWish::Auto,
                    wish => wish,
                },
                ..asked
            });
        }
    }

    /// Ends the connection once what is pending is written.
    pub fn close(&mut self, code: CloseCode, reason: &'static str) {
        self.closing.get_or_insert((code, reason));
    }

    /// Follows a match, or follows it otherwise: the cursor stays then.
    pub fn subscribe(&mut self, asked: Subscribe) {
        if asked
            .policy
            .is_some_and(|policy| policy > self.rights.policy_max)
        {
            self.answer(&ServerMessage::Error {
                code: "policy_not_granted",
                title: "Your tier does not grant this policy",
                detail: "You follow the match by the best policy that your tier grants.",
                match_id: Some(&asked.match_id),
            });
        }
        let policy = self.policy_for(&asked, 0);
        if let Some(followed) = self.followed.get_mut(&asked.match_id) {
            followed.subscription.change(policy, asked.snapshot);
            followed.asked = asked;
            return;
        }
        if self.followed.len() == SUBSCRIPTIONS_MAX {
            self.answer(&ServerMessage::Error {
                code: "too_many_matches",
                title: "A connection follows at most 32 matches",
                detail: "Unsubscribe from one, or open another connection.",
                match_id: Some(&asked.match_id),
            });
            return;
        }
        let followed = Followed {
            subscription: Subscription::new(policy, asked.after, asked.snapshot),
            told: Told::Nothing,
            asked_leader_at: None,
            asked,
        };
        self.followed
            .insert(followed.asked.match_id.clone(), followed);
    }

    /// The policy for a wish: at most what the tier grants, at least the delay that the token and
    /// the match demand.
    fn policy_for(&self, asked: &Subscribe, match_delay_s: u32) -> Policy {
        let name = asked
            .policy
            .unwrap_or(self.rights.policy_max)
            .min(self.rights.policy_max);
        let delay_s = asked.delay_s.max(self.rights.delay_s).max(match_delay_s);
        Policy::new(name, delay_s, self.settings.phase)
    }

    /// What to do next, for a socket that can take something.
    pub fn poll(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        if std::mem::take(&mut self.busy) {
            self.written_us = now_us;
            self.followed
                .values_mut()
                .for_each(|followed| followed.subscription.was_busy());
        }
        let output = self.next_output(matches, now_us);
        self.busy = matches!(output, Output::Answer(_) | Output::Frame(..) | Output::Ping);
        output
    }

    fn next_output(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        if let Some(answer) = self.answers.pop_front() {
            return Output::Answer(answer);
        }
        if let Some((code, reason)) = self.closing {
            return Output::Close(code, reason);
        }
        if let Some(output) = self.give_up(now_us) {
            return output;
        }
        match self.look_at_matches(matches, now_us) {
            Output::Wait(wake_us) => self.beat(matches, now_us, wake_us),
            output => output,
        }
    }

    /// Tokens end, and so do fans who no longer answer.
    fn give_up(&mut self, now_us: u64) -> Option<Output> {
        if self
            .rights
            .expires_us
            .is_some_and(|expires_us| expires_us <= now_us)
        {
            self.close(CloseCode::Token, "token expired");
            self.answer(&ServerMessage::Error {
                code: "token_expired",
                title: "Your token has expired",
                detail: "Connect again with a newer one; refresh sends it before it comes to this.",
                match_id: None,
            });
            return self.answers.pop_front().map(Output::Answer);
        }
        let silent = self
            .pinged_us
            .is_some_and(|pinged_us| pinged_us + PONG_TIMEOUT_US <= now_us);
        silent.then_some(Output::Close(CloseCode::TooSlow, "no answer to a ping"))
    }

    /// Each match has its turn to give one frame.
    fn look_at_matches(&mut self, matches: &impl Matches, now_us: u64) -> Output {
        let mut wake_us: Option<u64> = None;
        let names: Vec<MatchId> = self.followed.keys().cloned().collect();
        for index in 0..names.len() {
            let position = (self.turn + index) % names.len();
            let output = matches.look(&names[position], |view| {
                self.look_at_match(&names[position], view, now_us)
            });
            match output {
                Output::Wait(at_us) => wake_us = earlier(wake_us, at_us),
                output => {
                    self.turn = position + 1;
                    return output;
                }
            }
        }
        Output::Wait(wake_us)
    }

    fn look_at_match(&mut self, match_id: &MatchId, view: MatchView<'_>, now_us: u64) -> Output {
        let feed = match view {
            MatchView::Loading => return Output::Wait(None),
            MatchView::Absent => return self.say_absent(match_id),
            MatchView::Forbidden => return self.say_forbidden(match_id),
            MatchView::Ready(feed) => feed,
        };
        let Some(asked) = self
            .followed
            .get(match_id)
            .map(|followed| followed.asked.clone())
        else {
            return Output::Wait(None);
        };
        let policy = self.policy_for(&asked, feed.delay_s);
        let codec = self.settings.codec;
        let Some(followed) = self.followed.get_mut(match_id) else {
            return Output::Wait(None);
        };
        followed.subscription.set_policy(policy);
        if let Some(frame) = followed.status_change(codec, match_id, feed) {
            return Output::Answer(frame);
        }
        if followed
            .asked_leader_at
            .is_some_and(|count| count < feed.leader_answers)
        {
            followed.asked_leader_at = None;
            followed.subscription.leader_said(feed.follower.log());
        }
        let read = followed.subscription.read(
            feed.follower.log(),
            feed.follower.generation(),
            codec,
            now_us,
        );
        match read {
            Read::Frame(frame, news) => {
                followed.told = Told::Status(feed.status);
                Output::Frame(frame, news)
            }
            Read::Ahead if followed.asked_leader_at.is_none() => {
                followed.asked_leader_at = Some(feed.leader_answers);
                Output::AskLeader(match_id.clone())
            }
            Read::Ahead => Output::Wait(None),
            Read::Wait(at_us) => match followed.first_status(codec, match_id, feed) {
                Some(frame) => Output::Answer(frame),
                None => Output::Wait(at_us),
            },
        }
    }

    fn say_absent(&mut self, match_id: &MatchId) -> Output {
        let codec = self.settings.codec;
        match self.followed.get_mut(match_id) {
            Some(followed) if followed.told != Told::Absent => {
                followed.told = Told::Absent;
                Output::Answer(Frame::of(
                    codec,
                    &ServerMessage::Error {
                        code: "unknown_match",
                        title: "There is no such match (yet)",
                        detail: "You are told once it is created; check the id if you expected it to be there.",
                        match_id: Some(match_id),
                    },
                ))
            }
            _ => Output::Wait(None),
        }
    }

    fn say_forbidden(&mut self, match_id: &MatchId) -> Output {
        self.followed.remove(match_id);
        Output::Answer(Frame::of(
            self.settings.codec,
            &ServerMessage::Error {
                code: "not_allowed",
                title: "Your token does not name this match",
                detail: "It is private: ask whoever runs it for a token that names it.",
                match_id: Some(match_id),
            },
        ))
    }

    /// After a heartbeat without traffic each match says where its fan stands; a client that was
    /// not heard for as long is pinged.
    fn beat(&mut self, matches: &impl Matches, now_us: u64, wake_us: Option<u64>) -> Output {
        let heartbeat_us = u64::from(self.settings.heartbeat_s) * 1_000_000;
        if self.pinged_us.is_none() && self.heard_us + heartbeat_us <= now_us {
            self.pinged_us = Some(now_us);
            return Output::Ping;
        }
        if self.written_us + heartbeat_us <= now_us {
            self.written_us = now_us;
            for (match_id, followed) in &mut self.followed {
                let frame = matches.look(match_id, |view| match view {
                    MatchView::Ready(feed) => followed.status(self.settings.codec, match_id, feed),
                    MatchView::Loading | MatchView::Absent | MatchView::Forbidden => None,
                });
                self.answers.extend(frame);
            }
            if let Some(frame) = self.answers.pop_front() {
                return Output::Answer(frame);
            }
        }
        let ping_us = match self.pinged_us {
            Some(pinged_us) => pinged_us + PONG_TIMEOUT_US,
            None => self.heard_us + heartbeat_us,
        };
        let beat_us = ping_us.min(self.written_us + heartbeat_us);
        Output::Wait(earlier(
            earlier(wake_us, Some(beat_us)),
            self.rights.expires_us,
        ))
    }

    fn welcome(&mut self) {
        let frame = Frame::of(
            self.settings.codec,
            &ServerMessage::Welcome {
                session: &self.settings.session,
                tier: &self.rights.tier,
                heartbeat_s: self.settings.heartbeat_s,
                reconnect_window_ms: RECONNECT_WINDOW_MS,
            },
        );
        self.answers.push_back(frame);
    }

    fn pong(&mut self) {
        let heads = self.followed.iter().filter_map(|(match_id, followed)| {
            let (epoch, seq) = followed.subscription.cursor()?;
            Some(Head {
                match_id,
                epoch,
                seq,
            })
        });
        let frame = Frame::of(
            self.settings.codec,
            &ServerMessage::Pong {
                heads: heads.collect(),
            },
        );
        self.answers.push_back(frame);
    }

    fn answer(&mut self, message: &ServerMessage<'_>) {
        self.answers
            .push_back(Frame::of(self.settings.codec, message));
    }
}

impl Followed {
    /// A `status` that differs from what the fan was told.
    fn status_change(&mut self, codec: Codec, match_id: &MatchId, feed: &Feed) -> Option<Frame> {
        match self.told {
            Told::Status(told) if told != feed.status => self.status(codec, match_id, feed),
            Told::Nothing | Told::Absent if feed.status != Status::Live => {
                self.status(codec, match_id, feed)
            }
            _ => None,
        }
    }

    /// A fan for whom there is nothing new is told at least where it stands.
    fn first_status(&mut self, codec: Codec, match_id: &MatchId, feed: &Feed) -> Option<Frame> {
        match self.told {
            Told::Nothing | Told::Absent => self.status(codec, match_id, feed),
            Told::Status(_) => None,
        }
    }

    fn status(&mut self, codec: Codec, match_id: &MatchId, feed: &Feed) -> Option<Frame> {
        let log = feed.follower.log();
        let (epoch, seq) = self.subscription.cursor().unwrap_or((log.epoch(), 0));
        self.told = Told::Status(feed.status);
        Some(Frame::of(
            codec,
            &ServerMessage::Status {
                match_id,
                status: feed.status,
                as_of: feed.as_of_us,
                epoch,
                seq,
                hash: log.hash_at(seq).filter(|_| epoch == log.epoch()),
            },
        ))
    }
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
