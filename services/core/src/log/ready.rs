//! Frames that many ask for, made when the first of them does and kept while there is room.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use crate::frame::{Codec, Coding, Frame, Reason, SnapshotTail};
use crate::heap::shared_bytes;
use crate::log::budget::{Encoded, Share};

/// How many states are kept encoded: head and what the few delayed policies look at.
const SNAPSHOTS_MAX: usize = 8;
/// How many frames of several records are kept: in both codecs what a phase of the digest, a batch
/// and those who have just come back read.
const PASSAGES_MAX: usize = 8;
/// What a segment takes in the table beside its bytes.
const SEGMENT_ENTRY_BYTES: usize = 2 * size_of::<((u64, Codec), Frame)>();

#[derive(Debug, Default)]
pub(super) struct Ready {
    segments: HashMap<(u64, Codec), Frame>,
    snapshots: Vec<Snapshot>,
    /// The newest last.
    passages: VecDeque<Passage>,
}

/// Several records in one frame. Fans of one phase, or who were cut at the same time, ask for the
/// same at nearly the same time.
#[derive(Debug)]
struct Passage {
    after: u64,
    end: u64,
    frame: Frame,
    /// Once a second has taken it so: for who stands alone it is not worth it.
    deflated: Option<Frame>,
}

/// One state in one codec, in a frame for each reason that somebody was given it for.
#[derive(Debug)]
struct Snapshot {
    seq: u64,
    codec: Codec,
    tail_bytes: usize,
    /// One at least.
    frames: Vec<SnapshotFrame>,
}

#[derive(Debug)]
struct SnapshotFrame {
    reason: Reason,
    frame: Frame,
    /// Once somebody has taken it so.
    deflated: Option<Frame>,
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

    /// The events after `after` up to `end` in one frame, made by `make` unless it is here.
    pub(super) fn passage(
        &mut self,
        share: &Share,
        (coding, after, end): (Coding, u64, u64),
        make: impl FnOnce() -> Frame,
    ) -> Frame {
        let is_it = |passage: &&mut Passage| {
            (passage.after, passage.end, passage.frame.codec) == (after, end, coding.codec)
        };
        match self.passages.iter_mut().rev().find(is_it) {
            Some(passage) if coding.deflates => passage.deflated(share),
            Some(passage) => passage.frame.clone(),
            None => {
                let frame = make();
                self.keep_passage(share, after, end, &frame);
                frame
            }
        }
    }

    /// Keeps it instead of the oldest, while there is room.
    fn keep_passage(&mut self, share: &Share, after: u64, end: u64, frame: &Frame) {
        let passage = Passage {
            after,
            end,
            frame: frame.clone(),
            deflated: None,
        };
        if self.passages.len() == PASSAGES_MAX
            && let Some(oldest) = self.passages.pop_front()
        {
            share.uncache(oldest.bytes());
        }
        if share.has_room(passage.bytes()) {
            share.cache(passage.bytes());
            self.passages.push_back(passage);
        }
    }

    /// The state at `seq`, encoded by `encode` unless it is here, in a frame that says why it is
    /// given, made by `make`.
    pub(super) fn snapshot(
        &mut self,
        share: &Share,
        (coding, seq, reason): (Coding, u64, Reason),
        encode: impl FnOnce() -> SnapshotTail,
        make: impl Fn(&SnapshotTail) -> Frame,
    ) -> Frame {
        let here = self
            .snapshots
            .iter()
            .position(|snapshot| snapshot.seq == seq && snapshot.codec == coding.codec);
        let index = here.unwrap_or_else(|| {
            let tail = encode();
            let first = SnapshotFrame::new(reason, make(&tail));
            self.keep_snapshot(
                share,
                Snapshot {
                    seq,
                    codec: coding.codec,
                    tail_bytes: tail.len(),
                    frames: vec![first],
                },
            )
        });
        let snapshot = &mut self.snapshots[index];
        let before = snapshot.bytes();
        let frame = snapshot.frame(share, coding, reason, make);
        share.cache(snapshot.bytes() - before);
        frame
    }

    /// Where it is kept, even if there is no room: all who wait for it would encode it else.
    fn keep_snapshot(&mut self, share: &Share, snapshot: Snapshot) -> usize {
        if self.snapshots.len() == SNAPSHOTS_MAX {
            share.uncache(self.snapshots.remove(0).bytes());
        }
        share.cache(snapshot.bytes());
        self.snapshots.push(snapshot);
        self.snapshots.len() - 1
    }

    /// Frees all of it.
    pub(super) fn clear(&mut self, share: &Share) {
        let Self {
            segments,
            snapshots,
            passages,
        } = std::mem::take(self);
        let segments = segments.values().map(segment_bytes);
        let snapshots = snapshots.iter().map(Snapshot::bytes);
        let passages = passages.iter().map(Passage::bytes);
        share.uncache(segments.chain(snapshots).chain(passages).sum());
    }
}

impl Passage {
    fn deflated(&mut self, share: &Share) -> Frame {
        let make = || {
            let budget = &share.budget;
            let deflated = budget.deflated(Encoded::PassageDeflated, &self.frame);
            share.cache(shared_bytes(deflated.wire()));
            deflated
        };
        self.deflated.get_or_insert_with(make).clone()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + both_bytes(&self.frame, self.deflated.as_ref())
    }
}

impl Snapshot {
    fn frame(
        &mut self,
        share: &Share,
        coding: Coding,
        reason: Reason,
        make: impl Fn(&SnapshotTail) -> Frame,
    ) -> Frame {
        let here = self.frames.iter().position(|frame| frame.reason == reason);
        let index = here.unwrap_or_else(|| {
            let tail = SnapshotTail::of_frame(&self.frames[0].frame, self.tail_bytes);
            self.frames.push(SnapshotFrame::new(reason, make(&tail)));
            self.frames.len() - 1
        });
        let SnapshotFrame {
            frame, deflated, ..
        } = &mut self.frames[index];
        match coding.deflates {
            true => deflated
                .get_or_insert_with(|| {
                    let budget = &share.budget;
                    budget.deflated(Encoded::SnapshotDeflated, frame)
                })
                .clone(),
            false => frame.clone(),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.frames.capacity() * size_of::<SnapshotFrame>()
            + self.frames.iter().map(SnapshotFrame::bytes).sum::<usize>()
    }
}

impl SnapshotFrame {
    fn new(reason: Reason, frame: Frame) -> Self {
        Self {
            reason,
            frame,
            deflated: None,
        }
    }

    /// On the heap.
    fn bytes(&self) -> usize {
        both_bytes(&self.frame, self.deflated.as_ref())
    }
}

/// What a frame has on the heap, and the same deflated.
fn both_bytes(frame: &Frame, deflated: Option<&Frame>) -> usize {
    let both = std::iter::once(frame).chain(deflated);
    both.map(|frame| shared_bytes(frame.wire())).sum()
}

fn segment_bytes(frame: &Frame) -> usize {
    SEGMENT_ENTRY_BYTES + shared_bytes(frame.wire())
}
