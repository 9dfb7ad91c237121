//! The list of matches: the strip of each, as of any moment that somebody may see.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::policy::{DELAY_S_MAX, DIGEST_PERIOD_US, Pace};
use grandstand_core::record::RecordParts;
use serde_json::{Value, json};

use crate::access::Viewer;

/// What nobody may still be shown only later is forgotten.
const KEPT_US: u64 = DELAY_S_MAX as u64 * 1_000_000 + 2 * DIGEST_PERIOD_US;

/// All matches of the stream.
#[derive(Default)]
pub(crate) struct Directory {
    entries: RwLock<BTreeMap<MatchId, Entry>>,
}

struct Entry {
    /// In which life of the stream, and where in it, the newest was found.
    place: (u64, u64),
    sport: String,
    visibility: Visibility,
    delay_s: u32,
    /// The newest, and before it the last of each five seconds: those who are shown the log as of
    /// a mark see only these.
    shown: VecDeque<Shown>,
}

#[derive(Clone)]
struct Shown {
    /// When it came, Unix microseconds by our clock.
    time_us: u64,
    epoch: Epoch,
    seq: u64,
    ts: u64,
    strip: Value,
}

impl Directory {
    /// Takes the newest record of a match; `now_us` is when it came, or when it was accepted if it
    /// is read from the past.
    pub(crate) fn take(
        &self,
        match_id: &MatchId,
        stream_sequence: u64,
        headers: &Headers,
        parts: &RecordParts,
        incarnation: u64,
        now_us: u64,
    ) {
        let Some(last) = parts.events.last() else {
            return;
        };
        let shown = Shown {
            time_us: last.ts.min(now_us),
            epoch: Epoch {
                created_us: headers.created_us,
                incarnation,
            },
            seq: last.seq,
            ts: last.ts,
            strip: headers.strip.clone(),
        };
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(match_id.clone()).or_insert_with(|| Entry {
            place: (0, 0),
            sport: headers.sport.clone(),
            visibility: headers.visibility,
            delay_s: headers.delay_s,
            shown: VecDeque::new(),
        });
        let place = (incarnation, stream_sequence);
        // A stream that was lost counts from 1 again, in the same life as far as it knows.
        let was_created_anew = incarnation == entry.place.0
            && (entry.epoch()).is_some_and(|known| headers.created_us > known.created_us);
        if place <= entry.place && !was_created_anew {
            return;
        }
        // What another life showed may never have happened in this one.
        if shown.epoch != entry.epoch().unwrap_or(shown.epoch) {
            entry.shown.clear();
        }
        entry.place = place;
        entry.sport.clone_from(&headers.sport);
        entry.visibility = headers.visibility;
        entry.delay_s = headers.delay_s;
        entry.show(shown, now_us);
    }

    /// The leader has no record of a match any more.
    pub(crate) fn forget(&self, match_id: &MatchId) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.remove(match_id);
    }

    /// The leader had no record of a match when this stream sequence was the newest that we knew.
    pub(crate) fn forget_at(&self, match_id: &MatchId, stream_sequence: u64) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries
            .get(match_id)
            .is_some_and(|entry| entry.place.1 == stream_sequence)
        {
            entries.remove(match_id);
        }
    }

    /// Up to `count` matches after `last`, each with the stream sequence of its newest record.
    pub(crate) fn some_after(&self, last: Option<&MatchId>, count: usize) -> Vec<(MatchId, u64)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        let some = entries
            .range::<MatchId, _>((after, Bound::Unbounded))
            .take(count);
        some.map(|(match_id, entry)| (match_id.clone(), entry.place.1))
            .collect()
    }

    /// All there is was read in this life of the stream: what only an earlier one had is gone.
    pub(crate) fn keep_only(&self, incarnation: u64) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.place.0 >= incarnation);
    }

    /// What `viewer` may see of the list now.
    pub(crate) fn list(&self, viewer: &Viewer, now_us: u64) -> Value {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let matches = entries
            .iter()
            .filter(|(match_id, entry)| viewer.lists(match_id, entry.visibility));
        let matches = matches.filter_map(|(match_id, entry)| {
            let policy = viewer.policy(entry.delay_s);
            let shown_us = match (policy.pace, policy.delay_us) {
                (Pace::Realtime, 0) => u64::MAX,
                (_, delay_us) => {
                    now_us.saturating_sub(delay_us) / DIGEST_PERIOD_US * DIGEST_PERIOD_US
                }
            };
            let shown = entry
                .shown
                .iter()
                .rev()
                .find(|shown| shown.time_us <= shown_us)?;
            Some(json!({
                "match": match_id, "epoch": shown.epoch, "seq": shown.seq, "ts": shown.ts,
                "sport": entry.sport, "visibility": entry.visibility, "strip": shown.strip,
            }))
        });
        json!({ "matches": matches.collect::<Vec<_>>() })
    }
}

impl Entry {
    fn epoch(&self) -> Option<Epoch> {
        Some(self.shown.back()?.epoch)
    }

    fn show(&mut self, shown: Shown, now_us: u64) {
        let bucket = |time_us: u64| time_us.div_ceil(DIGEST_PERIOD_US);
        if self
            .shown
            .back()
            .is_some_and(|newest| bucket(newest.time_us) == bucket(shown.time_us))
        {
            self.shown.pop_back();
        }
        self.shown.push_back(shown);
        // One that is older than anybody's delay stays: it is what they all see.
        while self
            .shown
            .get(1)
            .is_some_and(|next| next.time_us + KEPT_US < now_us)
        {
            self.shown.pop_front();
        }
    }
}
