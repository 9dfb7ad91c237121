//! Frames that many ask for, made when the first of them does and kept while there is room.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::frame::{Codec, Frame, Reason, SnapshotTail};
use crate::heap::shared_bytes;
use crate::log::budget::Share;

/// How many states are kept encoded: head and what the few delayed policies look at.
const SNAPSHOTS_MAX: usize = 8;
/// What a segment takes in the table beside its bytes.
const SEGMENT_ENTRY_BYTES: usize = 2 * size_of::<((u64, Codec), Frame)>();

#[derive(Debug, Default)]
pub(super) struct Ready {
    segments: HashMap<(u64, Codec), Frame>,
    snapshots: Vec<Snapshot>,
}

/// One state in one codec, in a frame for each reason that somebody was given it for.
#[derive(Debug)]
struct Snapshot {
    seq: u64,
    codec: Codec,
    tail_bytes: usize,
    /// One at least.
    frames: Vec<(Reason, Frame)>,
}

impl Ready {
    /// Segment `n`, made by `make` unless it is here.
    pub(super) fn segment(
        &mut self,
        share: &Share,
        codec: Codec,
        n: u64,
        make: impl FnOnce() -> Frame,
    ) -> Frame {
        let vacant = match self.segments.entry((n, codec)) {
            Entry::Occupied(segment) => return segment.get().clone(),
            Entry::Vacant(vacant) => vacant,
        };
        let frame = make();
        let bytes = segment_bytes(&frame);
        if share.has_room(bytes) {
            share.cache(bytes);
            vacant.insert(frame.clone());
        }
        frame
    }

    /// The state at `seq`, encoded by `encode` unless it is here, in a frame that says why it is
    /// given, made by `make`.
    pub(super) fn snapshot(
        &mut self,
        share: &Share,
        (codec, seq, reason): (Codec, u64, Reason),
        encode: impl FnOnce() -> SnapshotTail,
        make: impl Fn(&SnapshotTail) -> Frame,
    ) -> Frame {
        let here = self
            .snapshots
            .iter_mut()
            .find(|snapshot| snapshot.seq == seq && snapshot.codec == codec);
        if let Some(snapshot) = here {
            return snapshot.frame(share, reason, make);
        }
        let tail = encode();
        let frame = make(&tail);
        let snapshot = Snapshot {
            seq,
            codec,
            tail_bytes: tail.len(),
            frames: vec![(reason, frame.clone())],
        };
        // Kept even if there is no room: all who wait for it would encode it else.
        if self.snapshots.len() == SNAPSHOTS_MAX {
            share.uncache(self.snapshots.remove(0).bytes());
        }
        share.cache(snapshot.bytes());
        self.snapshots.push(snapshot);
        frame
    }

    /// Frees all of it.
    pub(super) fn clear(&mut self, share: &Share) {
        let Self {
            segments,
            snapshots,
        } = std::mem::take(self);
        let segments = segments.values().map(segment_bytes);
        let snapshots = snapshots.iter().map(Snapshot::bytes);
        share.uncache(segments.chain(snapshots).sum());
    }
}

impl Snapshot {
    fn frame(
        &mut self,
        share: &Share,
        reason: Reason,
        make: impl Fn(&SnapshotTail) -> Frame,
    ) -> Frame {
        if let Some((_, frame)) = self.frames.iter().find(|(why, _)| *why == reason) {
            return frame.clone();
        }
        let frame = make(&SnapshotTail::of_frame(&self.frames[0].1, self.tail_bytes));
        let before = self.bytes();
        self.frames.push((reason, frame.clone()));
        share.cache(self.bytes() - before);
        frame
    }

    fn bytes(&self) -> usize {
        let frames = self
            .frames
            .iter()
            .map(|(_, frame)| shared_bytes(frame.wire()));
        size_of::<Self>()
            + self.frames.capacity() * size_of::<(Reason, Frame)>()
            + frames.sum::<usize>()
    }
}

fn segment_bytes(frame: &Frame) -> usize {
    SEGMENT_ENTRY_BYTES + shared_bytes(frame.wire())
}
