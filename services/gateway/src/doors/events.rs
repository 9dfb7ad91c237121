//! `GET /v1/matches/{match}/events`: polling and long polling. The one message that a socket with
//! the same cursor would be sent next, or none if `wait` runs out before there is one.
//!
//! A poll is a cursor that lives as long as its request. Its marks are those of all GETs, so that
//! whoever asks with the same cursor may be given the same answer out of a shared cache.

use axum::response::{IntoResponse, Response};
use grandstand_core::frame::Frame;
use grandstand_core::ids::Cursor;
use grandstand_core::policy::{DIGEST_PHASES, Pace};
use grandstand_core::subscription::{News, Read, SnapshotWish, Subscription};
use grandstand_server::problem::Problem;
use grandstand_server::query::{Parameters, QueryError, fault};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::sleep_until;

use super::asked::Asked;
use super::caching::{STATUS, kept, next_mark_in_us, tagged, until_the_next_mark};
use super::shown::{Shown, codec, frame_response, word};
use crate::Edge;
use crate::feeds::Ready;
use crate::query::{cursor, delay, number, word as wish_word};
use crate::refuse::Refused;

/// The longest `wait`.
const WAIT_S_MAX: u32 = 30;
const WAIT_S_OVER: u32 = WAIT_S_MAX + 1;
/// How often somebody who sees everything at once may ask without waiting.
const POLL_AFTER_MS: u64 = 1_000;
/// Those who see marks come, or are answered, within so long after each, spread by who they are.
const SPREAD_US: u64 = 500_000;
/// When to ask again.
const POLL_AFTER: HeaderName = HeaderName::from_static("grandstand-poll-after-ms");

pub(super) async fn events(asked: Asked) -> Result<Response, Refused> {
    let mut wish = asked.wish(&["after", "wait", "snapshot", "delay_s"], Wish::of)?;
    // Who finds no place to wait is answered at once, and told when to come again.
    let waiting = match wish.wait_s {
        0 => None,
        _ => asked.edge.entrance.wait(),
    };
    if waiting.is_none() {
        wish.wait_s = 0;
    }
    let mut shown = asked.shown_with_wish().await?;
    shown.delay_s = wish.delay_s;
    let policy = shown.viewer.policy(wish.delay_s);
    let phase = asked.phase(&shown.viewer);
    let poll = Poll {
        edge: &asked.edge,
        began_us: shown.now_us,
        spread_us: match policy.pace {
            Pace::Digest { .. } => u64::from(phase) * SPREAD_US / u64::from(DIGEST_PHASES),
            Pace::Realtime | Pace::Batch => 0,
        },
        shown,
        wait_s: wish.wait_s,
        subscription: Subscription::new(policy, wish.after, wish.snapshot),
        asked_leader_at: None,
    };
    Ok(poll.run(&asked.headers).await?)
}

/// What a poll asks for.
#[derive(Debug)]
struct Wish {
    after: Option<Cursor>,
    wait_s: u32,
    snapshot: SnapshotWish,
    delay_s: u32,
}

impl Wish {
    fn of(parameters: &Parameters) -> Result<Self, QueryError> {
        let snapshot = wish_word("snapshot", parameters.get("snapshot"))?.unwrap_or_default();
        let wait_s = match (number("wait", parameters.get("wait"))?, snapshot) {
            (Some(WAIT_S_OVER..), _) => return Err(fault("wait", "is at most 30 seconds")),
            // There is one at once.
            (_, SnapshotWish::Always) => 0,
            (wait_s, SnapshotWish::Auto | SnapshotWish::Never) => wait_s.unwrap_or(0),
        };
        Ok(Self {
            after: cursor(parameters.get("after"))?,
            wait_s,
            snapshot,
            delay_s: delay(parameters.get("delay_s"))?,
        })
    }
}

/// One poll under way.
struct Poll<'a> {
    edge: &'a Edge,
    shown: Shown,
    wait_s: u32,
    subscription: Subscription,
    began_us: u64,
    spread_us: u64,
    /// The leader's answers when it was asked about a cursor that is ahead.
    asked_leader_at: Option<u64>,
}

/// What one look at the match comes to.
enum Next {
    Message(Frame, News),
    AskLeader,
    /// Nothing before this time, unless the match changes.
    Wait(Option<u64>),
}

impl Poll<'_> {
    async fn run(mut self, headers: &HeaderMap) -> Result<Response, Problem> {
        loop {
            let now_us = self.edge.clock.now_us();
            let wake_us = match self.look(now_us)? {
                Next::Message(frame, news) => return self.message(headers, frame, news, now_us),
                Next::AskLeader => {
                    self.edge.feeds.ask_leader(self.shown.match_id());
                    continue;
                }
                Next::Wait(wake_us) => wake_us.unwrap_or(u64::MAX),
            };
            let until_us = self.until_us();
            if until_us <= now_us || self.edge.drain.leave().is_some() {
                return self.nothing(now_us);
            }
            let wake_us = wake_us.saturating_add(self.spread_us).min(until_us);
            // Whatever comes, there is something to look at.
            tokio::select! {
                () = self.shown.changed() => {}
                () = sleep_until(self.edge.clock.instant(wake_us)) => {}
                _ = self.edge.drain.begun() => {}
            }
        }
    }

    /// How long the client waits. One whose cursor is ahead waits until that is cleared up, or it
    /// would be told for ever that there is nothing new.
    fn until_us(&self) -> u64 {
        let wait_s = match self.subscription.is_doubted() {
            true => WAIT_S_MAX,
            false => self.wait_s,
        };
        self.began_us + u64::from(wait_s) * 1_000_000
    }

    fn look(&mut self, now_us: u64) -> Result<Next, Problem> {
        let seen = self.shown.see(|ready| {
            let feed = &ready.feed;
            let log = feed.follower.log();
            self.subscription.set_policy(self.shown.policy(ready));
            let has_said = |count| count < feed.leader_answers;
            if self
                .asked_leader_at
                .take_if(|count| has_said(*count))
                .is_some()
            {
                self.subscription.leader_said(log, now_us);
            }
            let generation = feed.follower.generation();
            let codec = codec(self.shown.form);
            match self.subscription.read(log, generation, codec, now_us) {
                Read::Frame(frame, news) => Next::Message(frame, news),
                Read::Ahead if self.asked_leader_at.is_none() => {
                    self.asked_leader_at = Some(feed.leader_answers);
                    Next::AskLeader
                }
                Read::Ahead => Next::Wait(None),
                Read::Wait(at_us) => Next::Wait(at_us),
            }
        })?;
        Ok(seen.unwrap_or(Next::Wait(None)))
    }

    fn message(
        &self,
        headers: &HeaderMap,
        frame: Frame,
        news: News,
        now_us: u64,
    ) -> Result<Response, Problem> {
        let form = self.shown.form;
        self.shown.look(|ready| {
            let (epoch, seq) = self.subscription.cursor().unzip();
            // Under one address it is enough: from there to the same place by so many events, or
            // by a snapshot.
            let tag = match (epoch, seq) {
                (Some(epoch), Some(seq)) => format!("{epoch}-{seq}-{}-{}", news.events, word(form)),
                _ => String::new(),
            };
            let cache = self.cache(ready, now_us);
            let mut response = tagged(headers, &self.shown.viewer, &tag, cache, || {
                frame_response(form, frame)
            });
            let has_more = self.shown.released(ready, now_us) > seq.unwrap_or(0);
            let poll_after_ms = match has_more {
                true => 0,
                false => self.poll_after_ms(ready, now_us),
            };
            seal(&mut response, ready, poll_after_ms);
            response
        })
    }

    fn nothing(&self, now_us: u64) -> Result<Response, Problem> {
        self.shown.look(|ready| {
            let cache = match self.wait_s {
                0 => self.cache(ready, now_us),
                // Out of a cache it would be there at once, again and again.
                _ => HeaderValue::from_static("no-store"),
            };
            let mut response = kept(
                &self.shown.viewer,
                cache,
                StatusCode::NO_CONTENT.into_response(),
            );
            seal(&mut response, ready, self.poll_after_ms(ready, now_us));
            response
        })
    }

    fn cache(&self, ready: &Ready, now_us: u64) -> HeaderValue {
        let Shown { viewer, .. } = &self.shown;
        until_the_next_mark(viewer, self.shown.policy(ready), ready.visibility, now_us)
    }

    /// Who waits here may come back at once; others when there can be something new.
    fn poll_after_ms(&self, ready: &Ready, now_us: u64) -> u64 {
        let policy = self.shown.policy(ready);
        let after_ms = match (self.wait_s, policy.pace) {
            (1.., _) => 0,
            (0, Pace::Realtime | Pace::Batch) => POLL_AFTER_MS,
            (0, Pace::Digest { .. }) => {
                (next_mark_in_us(policy, now_us) + self.spread_us).div_ceil(1_000)
            }
        };
        after_ms.max(self.edge.entrance.poll_pause_ms())
    }
}

fn seal(response: &mut Response, ready: &Ready, poll_after_ms: u64) {
    let headers = response.headers_mut();
    headers.insert(POLL_AFTER, poll_after_ms.into());
    let status = HeaderValue::from_static(ready.feed.status.as_str());
    headers.insert(STATUS, status);
}
