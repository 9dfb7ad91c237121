//! The matches that somebody reads: one slot each, filled once however many ask.
//!
//! Readers only look and wait; [`crate::follow`] is the only writer.

mod room;
mod shares;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grandstand_core::connection::Feed;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::MatchId;
use grandstand_core::log::LogBudget;
use tokio::sync::Notify;

use self::shares::Shares;
pub(crate) use self::shares::{NoSlot, Share};
use crate::directory::Directory;
use crate::shard::Inbox;

/// All slots.
pub(crate) struct Feeds {
    /// Which matches there are.
    directory: Arc<Directory>,
    slots: Mutex<Slots>,
    /// Of all their logs.
    budget: Arc<LogBudget>,
    /// It is used up, and nobody can give anything back.
    is_full: AtomicBool,
    wishes: Mutex<Wishes>,
    wished: Notify,
}

#[derive(Default)]
struct Slots {
    by_id: HashMap<MatchId, Arc<Slot>>,
    shares: Shares,
}

/// What readers want from the follower; a set, so that it is bounded by the slots.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// Read these matches.
    pub(crate) fill: HashSet<MatchId>,
    /// Ask the leader for the tip of these.
    pub(crate) ask_leader: HashSet<MatchId>,
}

/// One match.
pub(crate) struct Slot {
    match_id: MatchId,
    /// Who brought it in; none if the match was known to be there.
    brought_by: Option<Share>,
    content: RwLock<Content>,
    readers: Mutex<Readers>,
    next_reader: AtomicU64,
}

/// Who is told of each change.
pub(crate) enum Reader {
    /// One that waits for it.
    Task(Arc<Notify>),
    /// A shard, for all its fans.
    Shard(Arc<Inbox>),
}

impl Reader {
    /// Tells it that the strips of live matches changed.
    pub(crate) fn strips_changed(&self) {
        match self {
            Self::Task(notify) => notify.notify_one(),
            Self::Shard(inbox) => inbox.strips_changed(),
        }
    }
}

struct Readers {
    /// And how many fans each stands for.
    waiting: HashMap<u64, (Reader, usize)>,
    /// When somebody was last seen reading, Unix microseconds; 0 before the first look.
    idle_since_us: u64,
}

/// What is known of a match.
pub(crate) enum Content {
    /// It is being read; the newest stream sequence that went by meanwhile.
    Loading {
        /// See there.
        passed_by: u64,
    },
    /// It was not there when it was looked for.
    Absent {
        /// When that was, Unix microseconds.
        checked_us: u64,
    },
    /// Here it is.
    Ready(Box<Ready>),
}

/// A match in memory.
pub(crate) struct Ready {
    pub(crate) feed: Feed,
    pub(crate) visibility: Visibility,
    /// The newest stream sequence that went by because the log had changed.
    pub(crate) passed_by: u64,
    /// When its leader last said how far it goes.
    pub(crate) leader_checked_us: u64,
    /// The leader answered a fan who waits for it; counted once what it said is here.
    pub(crate) leader_has_said: bool,
}

impl Feeds {
    /// None yet; `directory` says which matches there are, and all their logs together may have
    /// `log_bytes_max`.
    pub(crate) fn new(directory: Arc<Directory>, log_bytes_max: u64) -> Self {
        Self {
            directory,
            slots: Mutex::default(),
            budget: Arc::new(LogBudget::new(log_bytes_max)),
            is_full: AtomicBool::new(false),
            wishes: Mutex::default(),
            wished: Notify::new(),
        }
    }

    /// What all logs have of the memory, and may have.
    pub(crate) fn budget(&self) -> &Arc<LogBudget> {
        &self.budget
    }

    /// Whether no more matches fit in memory.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Follows a match: `reader` is told of each change until the handle is dropped. One that is
    /// not known to be there counts for `share`.
    pub(crate) fn open(
        self: &Arc<Self>,
        match_id: &MatchId,
        reader: Reader,
        share: Share,
        now_us: u64,
        absent_max_us: u64,
    ) -> Result<Following, NoSlot> {
        let brought_by = (!self.directory.has(match_id)).then_some(share);
        let mut slots = lock(&self.slots);
        let slot = match slots.by_id.get(match_id) {
            Some(slot) => Arc::clone(slot),
            None if self.is_full() => return Err(NoSlot::Full),
            None => {
                slots.shares.one_more(brought_by)?;
                let slot = Arc::new(Slot::new(match_id.clone(), brought_by));
                slots.by_id.insert(match_id.clone(), Arc::clone(&slot));
                self.wish(|wishes| wishes.fill.insert(match_id.clone()));
                slot
            }
        };
        self.look_again(&slot, now_us, absent_max_us);
        let number = slot.next_reader.fetch_add(1, Ordering::Relaxed);
        lock(&slot.readers).waiting.insert(number, (reader, 1));
        Ok(Following { slot, number })
    }

    /// Somebody more asks for a match: one that was not there may be by now.
    pub(crate) fn look_again(&self, slot: &Slot, now_us: u64, absent_max_us: u64) {
        if slot.forget_absence(now_us.saturating_sub(absent_max_us)) {
            self.wish(|wishes| wishes.fill.insert(slot.match_id.clone()));
        }
    }

    /// Asks the leader for the tip of a match.
    pub(crate) fn ask_leader(&self, match_id: &MatchId) {
        self.wish(|wishes| wishes.ask_leader.insert(match_id.clone()));
    }

    fn wish(&self, add: impl FnOnce(&mut Wishes) -> bool) {
        if add(&mut lock(&self.wishes)) {
            self.wished.notify_one();
        }
    }

    /// Waits until somebody wants something.
    pub(crate) async fn wishes(&self) -> Wishes {
        loop {
            let wishes = std::mem::take(&mut *lock(&self.wishes));
            if !wishes.fill.is_empty() || !wishes.ask_leader.is_empty() {
                return wishes;
            }
            self.wished.notified().await;
        }
    }

    /// The slot of a match, if it has one.
    pub(crate) fn slot(&self, match_id: &MatchId) -> Option<Arc<Slot>> {
        lock(&self.slots).by_id.get(match_id).cloned()
    }

    /// All slots there are.
    pub(crate) fn all(&self) -> Vec<Arc<Slot>> {
        lock(&self.slots).by_id.values().cloned().collect()
    }

    /// Forgets what nobody reads, and counts what is left: a match that is there after `ready_us`,
    /// another after `absent_us`, one that could not be read yet too, or an outage would fill the
    /// memory with them.
    pub(crate) fn evict(&self, now_us: u64, ready_us: u64, absent_us: u64) {
        let slots = &mut *lock(&self.slots);
        slots.shares.clear();
        slots.by_id.retain(|_, slot| {
            let (keep_us, brought_by) = match &*slot.read() {
                Content::Ready(_) => (ready_us, None),
                Content::Loading { .. } => (absent_us, slot.brought_by),
                // It was there when it was asked for, and is gone.
                Content::Absent { .. } => (absent_us, slot.brought_by.or(Some(Share::Nobodys))),
            };
            let mut readers = lock(&slot.readers);
            if !readers.waiting.is_empty() || readers.idle_since_us == 0 {
                readers.idle_since_us = now_us;
            }
            let stays = now_us.saturating_sub(readers.idle_since_us) < keep_us;
            if stays {
                slots.shares.count(brought_by);
            }
            stays
        });
    }
}

impl Slot {
    fn new(match_id: MatchId, brought_by: Option<Share>) -> Self {
        Self {
            match_id,
            brought_by,
            content: RwLock::new(Content::Loading { passed_by: 0 }),
            readers: Mutex::new(Readers {
                waiting: HashMap::new(),
                idle_since_us: 0,
            }),
            next_reader: AtomicU64::new(0),
        }
    }

    /// The match.
    pub(crate) fn match_id(&self) -> &MatchId {
        &self.match_id
    }

    /// What is known of it. Hold the guard for a look, never over an await.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for the one writer.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all readers that something changed.
    pub(crate) fn wake(&self) {
        for (reader, _) in lock(&self.readers).waiting.values() {
            match reader {
                Reader::Task(notify) => notify.notify_one(),
                Reader::Shard(inbox) => inbox.changed(&self.match_id),
            }
        }
    }

    /// How many read.
    pub(crate) fn readers(&self) -> usize {
        let readers = lock(&self.readers);
        readers.waiting.values().map(|(_, count)| count).sum()
    }

    /// Whether somebody reads.
    pub(crate) fn has_readers(&self) -> bool {
        !lock(&self.readers).waiting.is_empty()
    }

    /// An absence that was found before `before_us` is worth another look.
    fn forget_absence(&self, before_us: u64) -> bool {
        let mut content = self.write();
        let old = matches!(&*content, Content::Absent { checked_us } if *checked_us < before_us);
        if old {
            *content = Content::Loading { passed_by: 0 };
        }
        old
    }
}

/// A reader's hold on a slot.
pub(crate) struct Following {
    slot: Arc<Slot>,
    number: u64,
}

impl Following {
    /// The slot that is followed.
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// For how many fans it is.
    pub(crate) fn count(&self, fans: usize) {
        if let Some((_, count)) = lock(&self.slot.readers).waiting.get_mut(&self.number) {
            *count = fans;
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        lock(&self.slot.readers).waiting.remove(&self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nobody panics while holding one; if somebody did, what is inside is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT_US: u64 = 5_000_000;

    #[test]
    fn an_unknown_match_counts_for_who_brought_it_in_until_it_is_forgotten() {
        let feeds = Arc::new(Feeds::new(Arc::default(), u64::MAX));
        let open = |name: String, share, now_us| -> Result<Following, NoSlot> {
            let reader = Reader::Task(Arc::default());
            let match_id = MatchId::new(name).unwrap();
            let following = feeds.open(&match_id, reader, share, now_us, ABSENT_US)?;
            *following.slot().write() = Content::Absent { checked_us: now_us };
            Ok(following)
        };
        let mut held = Vec::new();
        let one_more = loop {
            match open(format!("a{}", held.len()), Share::Of(1), 1) {
                Ok(following) => held.push(following),
                Err(none) => break none,
            }
        };
        assert_eq!((held.len(), one_more), (64, NoSlot::TooManyUnknown));
        let mut now_us = 1;
        let mut evict = || {
            now_us += 1_000_000;
            feeds.evict(now_us, 60_000_000, ABSENT_US);
        };
        evict();
        assert!(open("b".to_owned(), Share::Of(1), 1).is_err());
        // What is there already is nobody's more than another's.
        assert!(open("a0".to_owned(), Share::Of(1), 1).is_ok());
        assert!(open("b".to_owned(), Share::Of(2), 1).is_ok());

        drop(held);
        (0..=5).for_each(|_| evict());
        assert!(open("c".to_owned(), Share::Of(1), 1).is_ok());
    }
}
