//! The strips of all live matches, for who follows them: one list for each view, kept up with the
//! directory, and the news that there is something new at the head.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use grandstand_core::frame::{Codec, Deflater};
use grandstand_core::message::Status;
use grandstand_core::policy::DIGEST_PERIOD_US;
use grandstand_core::strips::{StripsBoard, StripsView};

use crate::directory::Directory;
use crate::feeds::Reader;

/// What happens within so long is shown together.
const WINDOW_US: u64 = 200_000;

/// All lists, and who waits for the one of the head.
pub(crate) struct Strips {
    directory: Arc<Directory>,
    deflater: Arc<Deflater>,
    boards: Mutex<Boards>,
    watchers: Mutex<HashMap<u64, Reader>>,
    next_watcher: AtomicU64,
}

#[derive(Default)]
struct Boards {
    /// There are few views.
    by_view: HashMap<StripsView, Kept>,
    /// When the head was looked at last.
    published_us: u64,
    /// How far its list was when the watchers were told.
    told: Option<u64>,
    /// What the directory counted then.
    changes: u64,
    /// How far all of it can be trusted, and until when all is known (Unix microseconds).
    trust: (Status, u64),
}

struct Kept {
    board: StripsBoard,
    /// The mark that it was brought up to, and none before the first.
    mark: Option<u64>,
}

impl Kept {
    fn new(deflater: &Arc<Deflater>) -> Self {
        Self {
            board: StripsBoard::new(Arc::clone(deflater)),
            mark: None,
        }
    }
}

impl Strips {
    /// The strips of what is in `directory`.
    pub(crate) fn new(directory: Arc<Directory>) -> Self {
        Self {
            directory,
            deflater: Arc::default(),
            boards: Mutex::default(),
            watchers: Mutex::default(),
            next_watcher: AtomicU64::new(0),
        }
    }

    /// Looks at the list of a view as it is now; none before there is a directory.
    pub(crate) fn look<R>(
        &self,
        view: StripsView,
        now_us: u64,
        look: impl FnOnce(&mut StripsBoard) -> R,
    ) -> Option<R> {
        if !self.directory.is_listed() {
            return None;
        }
        let Boards { by_view, trust, .. } = &mut *lock(&self.boards);
        let new = || Kept::new(&self.deflater);
        let kept = by_view.entry(view).or_insert_with(new);
        let mark = now_us / DIGEST_PERIOD_US;
        let is_due = match view {
            // Who looks in between must not see more than who was told.
            StripsView::Head => kept.mark.is_none(),
            StripsView::Marks { .. } => kept.mark.is_none_or(|before| before < mark),
        };
        if is_due {
            kept.mark = Some(mark);
            self.directory.show_on(&mut kept.board, view, now_us);
            if view != StripsView::Head {
                kept.board.pass_mark();
            }
        }
        let (status, as_of_us) = *trust;
        kept.board.trust(status, as_of_us);
        let found = look(&mut kept.board);
        for (codec, count) in kept.board.take_encodes() {
            count_encodes(codec, count);
        }
        metrics::counter!("grandstand_deflates_total", "of" => "strips")
            .increment(kept.board.take_deflates());
        Some(found)
    }

    /// Brings the head up to the directory and tells who waits for it, if there is something new
    /// and the last time is long enough ago; at each mark too, for matches that are kept behind.
    pub(crate) fn publish(&self, now_us: u64) {
        let mut boards = lock(&self.boards);
        let mark = now_us / DIGEST_PERIOD_US;
        let is_new_mark = boards.published_us / DIGEST_PERIOD_US < mark;
        if now_us < boards.published_us + WINDOW_US
            || !self.directory.is_listed()
            || !(self.directory.changes() != boards.changes || is_new_mark)
        {
            return;
        }
        boards.published_us = now_us;
        boards.changes = self.directory.changes();
        if is_new_mark {
            self.directory.forget_over(now_us);
        }
        let new = || Kept::new(&self.deflater);
        let head = boards.by_view.entry(StripsView::Head);
        let kept = head.or_insert_with(new);
        kept.mark = Some(mark);
        self.directory
            .show_on(&mut kept.board, StripsView::Head, now_us);
        if is_new_mark {
            kept.board.pass_mark();
        }
        let head = Some(kept.board.head());
        // Somebody may have looked when the list was known and nobody told.
        let has_news = boards.told != head;
        boards.told = head;
        drop(boards);
        if has_news {
            self.tell();
        }
    }

    /// How far all of it can be trusted from now on, and until when all is known (Unix
    /// microseconds). Those who see marks are told at the next.
    pub(crate) fn trust(&self, status: Status, as_of_us: u64) {
        lock(&self.boards).trust = (status, as_of_us);
        self.tell();
    }

    /// How far it can be trusted.
    pub(crate) fn status(&self) -> Status {
        lock(&self.boards).trust.0
    }

    fn tell(&self) {
        for watcher in lock(&self.watchers).values() {
            watcher.strips_changed();
        }
    }

    /// Has `reader` told of what is new at the head, until the handle is dropped.
    pub(crate) fn watch(self: &Arc<Self>, reader: Reader) -> Watching {
        let number = self.next_watcher.fetch_add(1, Ordering::Relaxed);
        lock(&self.watchers).insert(number, reader);
        Watching {
            strips: Arc::clone(self),
            number,
        }
    }
}

/// A reader's hold on the head.
pub(crate) struct Watching {
    strips: Arc<Strips>,
    number: u64,
}

impl Drop for Watching {
    fn drop(&mut self) {
        lock(&self.strips.watchers).remove(&self.number);
    }
}

fn count_encodes(codec: Codec, count: u64) {
    let codec = match codec {
        Codec::Json => "json",
        Codec::MessagePack => "messagepack",
    };
    metrics::counter!("grandstand_encodes_total", "of" => "strips", "codec" => codec)
        .increment(count);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nobody panics while holding one; if somebody did, what is inside is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
