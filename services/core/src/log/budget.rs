//! What all logs of a gateway share: a budget of bytes, the count of what they encoded, and what
//! they deflate with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::frame::{Deflater, Frame};

/// A budget of bytes for many logs. It refuses nothing by itself: caches are kept only while there
/// is room, and whoever owns the logs makes room when it [is over](LogBudget::is_over).
#[derive(Debug)]
pub struct LogBudget {
    bytes_max: u64,
    bytes: AtomicU64,
    /// Since they were last taken.
    events: AtomicU64,
    encodes: [AtomicU64; Encoded::ALL.len()],
    deflater: Deflater,
}

/// What is encoded for fans, each at most once however many read it, but for what is deflated of
/// several records. Events for MessagePack fans are not among it: these get the stored bytes. Each
/// codec is deflated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoded {
    /// One event as JSON.
    EventJson,
    /// A state as JSON.
    SnapshotJson,
    /// A state as MessagePack.
    SnapshotMessagePack,
    /// A record's frame, deflated.
    RecordDeflated,
    /// A state's frame, deflated.
    SnapshotDeflated,
    /// A frame of several records, deflated: again where it was let go meanwhile.
    PassageDeflated,
}

impl Encoded {
    /// All there are, in order.
    pub const ALL: [Self; 6] = [
        Self::EventJson,
        Self::SnapshotJson,
        Self::SnapshotMessagePack,
        Self::RecordDeflated,
        Self::SnapshotDeflated,
        Self::PassageDeflated,
    ];
}

impl LogBudget {
    /// Room for `bytes_max` bytes.
    pub fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            bytes: AtomicU64::new(0),
            events: AtomicU64::new(0),
            encodes: Default::default(),
            deflater: Deflater::default(),
        }
    }

    /// No bound, for a log that stands alone.
    pub fn unbounded() -> Arc<Self> {
        Arc::new(Self::new(u64::MAX))
    }

    /// How many bytes there may be.
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// How many bytes all logs have now, as an allocator counts them.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the logs have more than they may.
    pub fn is_over(&self) -> bool {
        self.bytes() > self.bytes_max
    }

    /// How many events came into the logs since this was last asked.
    pub fn take_events(&self) -> u64 {
        self.events.swap(0, Ordering::Relaxed)
    }

    /// How much of each kind was encoded since this was last asked.
    pub fn take_encodes(&self) -> impl Iterator<Item = (Encoded, u64)> {
        let counts = Encoded::ALL.iter().zip(&self.encodes);
        counts.map(|(encoded, count)| (*encoded, count.swap(0, Ordering::Relaxed)))
    }

    pub(super) fn count_events(&self, count: usize) {
        self.events.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// `frame` deflated, counted as what is `encoded`.
    pub(super) fn deflated(&self, encoded: Encoded, frame: &Frame) -> Frame {
        self.count_encode(encoded);
        self.deflater.deflated(frame)
    }

    pub(super) fn count_encode(&self, encoded: Encoded) {
        self.encodes[encoded as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// What one log has of the budget; it goes back with the log.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) budget: Arc<LogBudget>,
    /// What it can't do without.
    kept: u64,
    /// What it can make again.
    cached: AtomicU64,
}

impl Share {
    pub(super) fn new(budget: Arc<LogBudget>) -> Self {
        Self {
            budget,
            kept: 0,
            cached: AtomicU64::new(0),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.kept + self.cached()
    }

    pub(super) fn cached(&self) -> u64 {
        self.cached.load(Ordering::Relaxed)
    }

    /// What is kept comes to `bytes`.
    pub(super) fn set_kept(&mut self, bytes: usize) {
        let before = std::mem::replace(&mut self.kept, bytes as u64);
        let budget = &self.budget.bytes;
        budget.fetch_add(self.kept, Ordering::Relaxed);
        budget.fetch_sub(before, Ordering::Relaxed);
    }

    /// Whether something of `bytes` that can be made again may be kept.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.budget.bytes().saturating_add(bytes as u64) <= self.budget.bytes_max
    }

    pub(super) fn cache(&self, bytes: usize) {
        self.cached.fetch_add(bytes as u64, Ordering::Relaxed);
        self.budget.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn uncache(&self, bytes: usize) {
        self.cached.fetch_sub(bytes as u64, Ordering::Relaxed);
        self.budget.bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let bytes = self.bytes();
        self.budget.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
