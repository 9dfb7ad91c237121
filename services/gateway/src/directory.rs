//! The list of matches: the strip of each, as of any moment that somebody may see.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::policy::{DELAY_S_MAX, DIGEST_PERIOD_US, Pace, Policy};
use grandstand_core::record::RecordParts;
use grandstand_core::strips::{Strip, StripsBoard, StripsView};
use serde_json::{Value, json};

use crate::access::Viewer;

/// What nobody may still be shown only later is forgotten.
const KEPT_US: u64 = DELAY_S_MAX as u64 * 1_000_000 + 2 * DIGEST_PERIOD_US;

/// All matches of the stream.
#[derive(Default)]
pub(crate) struct Directory {
    entries: RwLock<Entries>,
    /// Counts the changes.
    changes: AtomicU64,
    /// All that the stream holds was read once.
    listed: AtomicBool,
}

#[derive(Default)]
struct Entries {
    by_id: BTreeMap<MatchId, Entry>,
    /// Those that somebody may see live: they are so, or were within the longest delay.
    live: BTreeSet<MatchId>,
}

/// Which matches a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All that the viewer may find.
    All,
    /// The public ones that have begun and are not over.
    Live,
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
    strip: Arc<Strip>,
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
            strip: Arc::new(Strip::new(headers.strip.clone())),
        };
        let mut entries = self.write();
        let Entries { by_id, live } = &mut *entries;
        let entry = by_id.entry(match_id.clone()).or_insert_with(|| Entry {
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
        if shown.strip.is_live() {
            live.insert(match_id.clone());
        }
        entry.show(shown, now_us);
    }

    /// The leader has no record of a match any more.
    pub(crate) fn forget(&self, match_id: &MatchId) {
        self.write().by_id.remove(match_id);
    }

    /// Whether there is such a match, as far as we have heard.
    pub(crate) fn has(&self, match_id: &MatchId) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_id.contains_key(match_id)
    }

    /// The leader had no record of a match when this stream sequence was the newest that we knew.
    pub(crate) fn forget_at(&self, match_id: &MatchId, stream_sequence: u64) {
        let by_id = &mut self.write().by_id;
        if by_id
            .get(match_id)
            .is_some_and(|entry| entry.place.1 == stream_sequence)
        {
            by_id.remove(match_id);
        }
    }

    /// Up to `count` matches after `last`, each with the stream sequence of its newest record.
    pub(crate) fn some_after(&self, last: Option<&MatchId>, count: usize) -> Vec<(MatchId, u64)> {
        let by_id = &self.read().by_id;
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        let some = by_id
            .range::<MatchId, _>((after, Bound::Unbounded))
            .take(count);
        some.map(|(match_id, entry)| (match_id.clone(), entry.place.1))
            .collect()
    }

    /// All there is was read in this life of the stream: what only an earlier one had is gone.
    pub(crate) fn keep_only(&self, incarnation: u64) {
        let by_id = &mut self.write().by_id;
        by_id.retain(|_, entry| entry.place.0 >= incarnation);
        self.listed.store(true, Ordering::Release);
    }

    /// Whether all that the stream holds was read once.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    /// Counts the changes: what is looked at after this is at least as new.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Brings a list of strips up to what its view shows now: public matches that have begun and
    /// are not over.
    pub(crate) fn show_on(&self, board: &mut StripsBoard, view: StripsView, now_us: u64) {
        let entries = self.read();
        let gone = board.matches().filter(|id| !entries.live.contains(*id));
        let gone: Vec<MatchId> = gone.cloned().collect();
        gone.iter().for_each(|match_id| board.show(match_id, None));
        for match_id in &entries.live {
            let entry = entries.by_id.get(match_id);
            let shown =
                entry.and_then(|entry| entry.live_as_of(view.policy(entry.delay_s), now_us));
            board.show(match_id, shown.map(|shown| &shown.strip));
        }
    }

    /// Forgets which matches were live longer ago than anybody is kept behind.
    pub(crate) fn forget_over(&self, now_us: u64) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let Entries { by_id, live } = &mut *entries;
        live.retain(|match_id| {
            let newest = by_id.get(match_id).and_then(|entry| entry.shown.back());
            newest.is_some_and(|shown| shown.strip.is_live() || shown.time_us + KEPT_US >= now_us)
        });
    }

    /// What `viewer` may see of the list now.
    pub(crate) fn list(&self, viewer: &Viewer, which: Which, now_us: u64) -> Value {
        let entries = self.read();
        let seen = |(match_id, entry): (&MatchId, &Entry)| {
            let policy = viewer.policy(entry.delay_s);
            let shown = match which {
                Which::All if !viewer.lists(match_id, entry.visibility) => None,
                Which::All => entry.as_of(policy, now_us),
                Which::Live => entry.live_as_of(policy, now_us),
            };
            shown.map(|shown| entry.document(match_id, shown))
        };
        let matches: Vec<Value> = match which {
            Which::All => entries.by_id.iter().filter_map(seen).collect(),
            Which::Live => {
                let live = entries.live.iter();
                live.filter_map(|id| entries.by_id.get_key_value(id))
                    .filter_map(seen)
                    .collect()
            }
        };
        json!({ "matches": matches })
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// To change something.
    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        let entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        // Who counts before it looks waits for what is under way, or sees it counted again.
        self.changes.fetch_add(1, Ordering::AcqRel);
        entries
    }
}

impl Entry {
    /// What a policy shows: all that there is, or the log as of a mark.
    fn as_of(&self, policy: Policy, now_us: u64) -> Option<&Shown> {
        let shown_us = match (policy.pace, policy.delay_us) {
            (Pace::Realtime, 0) => u64::MAX,
            (_, delay_us) => now_us.saturating_sub(delay_us) / DIGEST_PERIOD_US * DIGEST_PERIOD_US,
        };
        let mut newest_first = self.shown.iter().rev();
        newest_first.find(|shown| shown.time_us <= shown_us)
    }

    /// The same, where it is to be found by everybody, has begun, and is not over.
    fn live_as_of(&self, policy: Policy, now_us: u64) -> Option<&Shown> {
        let is_public = self.visibility == Visibility::Public;
        let shown = is_public.then(|| self.as_of(policy, now_us)).flatten();
        shown.filter(|shown| shown.strip.is_live())
    }

    fn document(&self, match_id: &MatchId, shown: &Shown) -> Value {
        json!({
            "match": match_id, "epoch": shown.epoch, "seq": shown.seq, "ts": shown.ts,
            "sport": self.sport, "visibility": self.visibility, "strip": shown.strip.value(),
        })
    }

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
