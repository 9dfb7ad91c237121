//! Decides a request on the log as it is known: a repeat, a record to append, or a refusal.

use grandstand_core::event::{Event, Posted};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::{Device, Headers, Warning};
use grandstand_core::ids::Cursor;
use grandstand_core::record::{BODY_BYTES_MAX, Record};
use grandstand_sports::{Draft, RULES_VERSION, Rights, Sport};

use crate::ledger::{Ledger, Written};
use crate::records::Digest;
use crate::refuse::{self, Place, Refused};

/// A request to write, as the edge read it.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) purpose: Purpose,
    /// At least one, no id twice.
    pub(crate) events: Vec<Posted>,
    pub(crate) expectation: Expectation,
    /// The `sub` of the token.
    pub(crate) scorer: String,
    pub(crate) rights: Rights,
    /// W3C trace context.
    pub(crate) traceparent: Option<String>,
    /// What the device that sent it says of itself.
    pub(crate) device: Option<Device>,
}

/// What the request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Creates a match; its one event is `created`.
    Create(Sport),
    /// One event, sent bare.
    Event,
    /// Several, sent as an array.
    Events,
}

/// What `If-Match` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Nothing, or that there is a match.
    Any,
    /// The head is one of these.
    HeadIs(Vec<Cursor>),
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Nothing: every event is in the log.
    Repeat,
    /// Append this.
    Append(Box<Written>),
}

/// Decides `post` on top of `ledger`, none if the match has no record.
pub(crate) fn decide(
    ledger: Option<&Ledger>,
    post: &Post,
    incarnation: u64,
    now_us: u64,
) -> Result<Decision, Refused> {
    let blank;
    let ledger = match (ledger, post.purpose) {
        (Some(ledger), _) => ledger,
        (None, Purpose::Create(sport)) => {
            blank = Ledger::new(sport);
            &blank
        }
        (None, Purpose::Event | Purpose::Events) => return Err(Refused::UnknownMatch),
    };
    let new = new_events(ledger, post)?;
    if new.is_empty() {
        return Ok(Decision::Repeat);
    }
    check_expectation(ledger, post, incarnation)?;
    let written = write(ledger, post, &new, now_us)?;
    if written.body.len() > BODY_BYTES_MAX {
        return Err(Refused::RecordTooLarge);
    }
    Ok(Decision::Append(Box::new(written)))
}

/// The events that are not in the log, with their places in the request.
pub(crate) fn new_events<'p>(
    ledger: &Ledger,
    post: &'p Post,
) -> Result<Vec<(usize, &'p Posted)>, Refused> {
    let mut new = Vec::new();
    for (index, posted) in post.events.iter().enumerate() {
        match ledger.event(&posted.id) {
            None => new.push((index, posted)),
            Some(facts) if facts.digest == Digest::of(&posted.digest) => {}
            Some(facts) => {
                return Err(match post.purpose {
                    Purpose::Create(_) => Refused::OtherCreation,
                    Purpose::Event | Purpose::Events => Refused::IdReused {
                        id: posted.id.clone(),
                        seq: facts.seq,
                    },
                });
            }
        }
    }
    Ok(new)
}

pub(crate) fn check_expectation(
    ledger: &Ledger,
    post: &Post,
    incarnation: u64,
) -> Result<(), Refused> {
    let Expectation::HeadIs(heads) = &post.expectation else {
        return Ok(());
    };
    let epoch = ledger.epoch(incarnation);
    let seq = ledger.seq();
    let here = |head: &&Cursor| head.epoch == Some(epoch);
    if heads.iter().filter(here).any(|head| head.seq == seq) {
        return Ok(());
    }
    // Who counts in another epoch has seen nothing of this one.
    let seen = heads.iter().filter(here).map(|head| head.seq).max();
    Err(Refused::Stale {
        epoch,
        seq,
        missed: ledger.missed_after(seen.unwrap_or(0)),
    })
}

/// Decides the new events of `post` one after another, each with its warnings.
pub(crate) fn decide_each(
    draft: &mut Draft<'_>,
    ledger: &Ledger,
    post: &Post,
    new: &[(usize, &Posted)],
    now_us: u64,
) -> Result<(Vec<Event>, Vec<Vec<Warning>>), Refused> {
    let mut ts = ledger.last_ts();
    let (mut events, mut warnings) = (Vec::new(), Vec::new());
    for (index, posted) in new {
        ts = now_us.max(ts + 1);
        let decided = draft.decide(posted, post.rights, ts);
        let (event, warned) = decided.map_err(|refusal| Refused::Rules {
            posted: refuse::Posted {
                id: posted.id.clone(),
                place: match post.purpose {
                    Purpose::Create(_) => Place::Data,
                    Purpose::Event => Place::Alone,
                    Purpose::Events => Place::Array(*index),
                },
            },
            refusal: Box::new(refusal),
        })?;
        events.push(event);
        warnings.push(warned);
    }
    Ok((events, warnings))
}

fn write(
    ledger: &Ledger,
    post: &Post,
    new: &[(usize, &Posted)],
    now_us: u64,
) -> Result<Written, Refused> {
    let mut draft = ledger.game().draft();
    let (events, warnings) = decide_each(&mut draft, ledger, post, new, now_us)?;
    let created_us = match ledger.seq() {
        0 => events.first().map_or(now_us, |event| event.ts),
        _ => ledger.created_us(),
    };
    let digests = new.iter().map(|(_, posted)| posted.digest.clone());
    let headers = Headers {
        warnings,
        digests: digests.collect(),
        scorer: post.scorer.clone(),
        traceparent: post.traceparent.clone(),
        device: post.device.clone(),
        ..headers_of(ledger, &draft, created_us)
    };
    let record = Record {
        events,
        hash: StateHash::of(draft.state()),
    };
    Ok(Written {
        body: record.encode().into(),
        headers,
        record,
        drafted: draft.finish(),
    })
}

/// What the match itself says, after what has been drafted.
fn headers_of(ledger: &Ledger, draft: &Draft<'_>, created_us: u64) -> Headers {
    let created = draft.created();
    Headers {
        created_us,
        sport: ledger.game().sport().as_str().to_owned(),
        rules_version: RULES_VERSION,
        visibility: created.map_or(ledger.visibility(), |created| created.visibility),
        delay_s: created.map_or(ledger.delay_s(), |created| created.delay_s),
        scorer: String::new(),
        digests: Vec::new(),
        warnings: Vec::new(),
        strip: draft.state()["strip"].clone(),
        traceparent: None,
        device: None,
    }
}
