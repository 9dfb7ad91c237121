//! Which life of the stream this is, and the list of all matches in it.

use grandstand_broker::{ReadError, StoredRecord};
use grandstand_core::ids::MatchId;

use super::Follow;
use crate::read;

/// How often the life of the stream is asked for.
const INCARNATION_US: u64 = 30_000_000;
/// How often some of the list are looked at, and how many.
const LISTED_US: u64 = 5_000_000;
const LISTED_MAX: usize = 500;
/// How long after a failed read it is tried again.
const RETRY_US: u64 = 500_000;

/// When each look is due, Unix microseconds.
#[derive(Debug, Default)]
pub(super) struct Life {
    incarnation_us: u64,
    incarnation_asked: bool,
    directory_us: u64,
    /// In which life of the stream the list was asked for, while it is.
    directory_asked: Option<u64>,
    listed_us: u64,
    listed_asked: bool,
    /// The last match of the list that was asked for; none begins anew.
    listed_last: Option<MatchId>,
}

impl Follow {
    /// Asks for what is due.
    pub(super) fn look_at_life(&mut self, now_us: u64) {
        if self.life.incarnation_us <= now_us {
            self.ask_incarnation();
        }
        if !self.listed
            && self.incarnation.is_some()
            && self.life.directory_asked.is_none()
            && self.life.directory_us <= now_us
        {
            self.life.directory_asked = self.incarnation;
            self.jobs.spawn(read::directory(self.broker.clone()));
        }
    }

    /// A match that nobody reads is not asked for its tip, and when it is wiped nothing comes that
    /// would tell: some of the list are looked at each time.
    pub(super) fn look_at_list(&mut self, now_us: u64) {
        if !self.listed || self.life.listed_asked || now_us < self.life.listed_us {
            return;
        }
        self.life.listed_us = now_us + LISTED_US;
        let last = self.life.listed_last.take();
        let some = self.directory.some_after(last.as_ref(), LISTED_MAX);
        if some.len() == LISTED_MAX {
            self.life.listed_last = some.last().map(|(match_id, _)| match_id.clone());
        }
        if !some.is_empty() {
            self.life.listed_asked = true;
            self.jobs.spawn(read::wiped(self.broker.clone(), some));
        }
    }

    /// Some matches of the list are gone.
    pub(super) fn wiped(&mut self, found: Result<Vec<(MatchId, u64)>, ReadError>) {
        self.life.listed_asked = false;
        match found {
            Ok(wiped) => {
                for (match_id, stream_sequence) in wiped {
                    tracing::info!(%match_id, "a match was wiped, and leaves the list");
                    self.directory.forget_at(&match_id, stream_sequence);
                }
            }
            Err(error) => tracing::debug!(%error, "the list can't be looked at"),
        }
    }

    pub(super) fn ask_incarnation(&mut self) {
        self.life.incarnation_us = self.clock.now_us() + INCARNATION_US;
        if !self.life.incarnation_asked {
            self.life.incarnation_asked = true;
            self.jobs.spawn(read::incarnation(self.broker.clone()));
        }
    }

    /// Which life of the stream this is; another than before makes every log worth nothing.
    pub(super) fn incarnation_is(&mut self, found: Result<u64, ReadError>) {
        self.life.incarnation_asked = false;
        match found {
            Ok(incarnation) => {
                let before = self.incarnation.replace(incarnation);
                if before.is_some_and(|before| before != incarnation) {
                    tracing::error!(
                        incarnation,
                        "the stream has another life; reading everything again"
                    );
                    self.listed = false;
                    // What is being read may have been in the life before.
                    let filling = self.filling.clone();
                    filling
                        .into_iter()
                        .for_each(|id| self.checks.retry_fill(id));
                    let slots = self.feeds.all();
                    slots.iter().for_each(|slot| self.refill(slot));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the stream does not say which life it has");
                self.life.incarnation_us = self.clock.now_us() + RETRY_US;
            }
        }
    }

    /// The newest record of every match: from now on the list is whole.
    pub(super) fn directory_is(&mut self, found: Result<Vec<StoredRecord>, ReadError>) {
        let asked = self.life.directory_asked.take();
        let Some(incarnation) = asked.filter(|_| asked == self.incarnation) else {
            // It may be of the life before: it is asked for again.
            return;
        };
        match found {
            Ok(records) => {
                let now_us = self.clock.now_us();
                for record in records {
                    let match_id = record.match_id.clone();
                    match read::arrived(record) {
                        Ok(arrived) => self.list(&match_id, &arrived, incarnation, now_us),
                        Err(error) => tracing::error!(%match_id, %error, "a record can't be read"),
                    }
                }
                self.directory.keep_only(incarnation);
                self.listed = true;
                self.readiness.ready();
            }
            Err(error) => {
                tracing::warn!(%error, "the list of matches can't be read; trying again");
                self.life.directory_us = self.clock.now_us() + RETRY_US;
            }
        }
    }
}
