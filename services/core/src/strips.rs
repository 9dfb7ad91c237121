//! The strips of all live matches as a list that some fans share: for each match its newest change,
//! in the order of changes. A fan is a cursor over it, and is sent what changed after.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::frame::{Codec, Frame};
use crate::ids::MatchId;
use crate::message::ServerMessage;
use crate::policy::{DELAY_S_MAX, DIGEST_PERIOD_US, DIGEST_PHASES, Pace, Policy, PolicyName};

/// A message holds no more strips than fit in 64 KiB with what is around them. MessagePack takes
/// no more than JSON, by which they are counted.
const STRIPS_BYTES_MAX: usize = 60 * 1024;
/// So many messages are kept until the next change, 2 MiB at most: fans who are slow stand at
/// different places, and who finds no room has his encoded for him alone.
const FRAMES_KEPT_MAX: usize = 32;
/// Those who see marks hear of each within so long, the fans of one phase together.
const SPREAD_US: u64 = 1_000_000;
/// Above this, delays are whole minutes, so that few lists are kept for many wishes.
const DELAY_FINE_S_MAX: u32 = 60;

/// The strip of a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    value: Value,
    json_bytes: usize,
}

impl Strip {
    /// A strip as a record's header holds it.
    pub fn new(value: Value) -> Self {
        let json_bytes = value.to_string().len();
        Self { value, json_bytes }
    }

    /// The document.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether its match has begun and is not over.
    pub fn is_live(&self) -> bool {
        matches!(self.value["status"].as_str(), Some("live" | "break"))
    }
}

/// As of when somebody sees the strips: fans of one view share one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StripsView {
    /// As they are.
    Head,
    /// As of the last mark, all of them so far behind.
    Marks {
        /// A multiple of the distance of two marks.
        delay_s: u32,
    },
}

impl StripsView {
    /// The view of a fan whose policy that is. Only realtime without a delay sees more than marks,
    /// and a delay is rounded up.
    pub fn of(policy: Policy) -> Self {
        let delay_s = u32::try_from(policy.delay_us / 1_000_000).unwrap_or(DELAY_S_MAX);
        let step_s = match delay_s <= DELAY_FINE_S_MAX {
            true => (DIGEST_PERIOD_US / 1_000_000) as u32,
            false => 60,
        };
        match policy.pace {
            Pace::Realtime if delay_s == 0 => Self::Head,
            Pace::Realtime | Pace::Batch | Pace::Digest { .. } => Self::Marks {
                delay_s: delay_s.next_multiple_of(step_s),
            },
        }
    }

    /// By which policy it shows a match that keeps everybody `match_delay_s` behind.
    pub fn policy(self, match_delay_s: u32) -> Policy {
        match self {
            Self::Head => Policy::new(PolicyName::Realtime, match_delay_s, 0),
            Self::Marks { delay_s } => {
                Policy::new(PolicyName::Digest, delay_s.max(match_delay_s), 0)
            }
        }
    }

    /// When a fan of that phase looks again, if nobody tells it: the next mark, and its part of
    /// the spread.
    pub fn wakes_at(self, phase: u8, now_us: u64) -> Option<u64> {
        match self {
            Self::Head => None,
            Self::Marks { .. } => {
                let mark_us = (now_us / DIGEST_PERIOD_US + 1) * DIGEST_PERIOD_US;
                Some(
                    mark_us
                        + u64::from(phase % DIGEST_PHASES) * (SPREAD_US / u64::from(DIGEST_PHASES)),
                )
            }
        }
    }
}

/// How far a fan was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StripsCursor {
    /// The last change that it was told.
    seen: u64,
    /// The last change before it came: what was gone by then it never had.
    came_at: u64,
}

/// The list of one view.
#[derive(Debug, Default)]
pub struct StripsBoard {
    /// Counts the changes.
    head: u64,
    by_change: BTreeMap<u64, MatchId>,
    matches: HashMap<MatchId, Shown>,
    /// What was encoded for those who stand at these places.
    frames: HashMap<(StripsCursor, Codec), (Frame, StripsCursor)>,
    encodes: [u64; 2],
}

#[derive(Debug)]
struct Shown {
    change: u64,
    /// None once it is gone: those who had it are told.
    strip: Option<Arc<Strip>>,
}

impl StripsBoard {
    /// Shows a match's strip from now on, or none any more.
    pub fn show(&mut self, match_id: &MatchId, strip: Option<&Arc<Strip>>) {
        let is_same = match self.matches.get(match_id) {
            Some(shown) => shown.strip.as_ref() == strip,
            None => strip.is_none(),
        };
        if is_same {
            return;
        }
        self.frames.clear();
        self.head += 1;
        let shown = Shown {
            change: self.head,
            strip: strip.cloned(),
        };
        self.by_change.insert(self.head, match_id.clone());
        if let Some(before) = self.matches.insert(match_id.clone(), shown) {
            self.by_change.remove(&before.change);
        }
    }

    /// Counts the changes.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The matches that it shows.
    pub fn matches(&self) -> impl Iterator<Item = &MatchId> {
        let shown = self.matches.iter();
        shown.filter_map(|(match_id, shown)| shown.strip.as_ref().map(|_| match_id))
    }

    /// The next message for who was told up to `cursor`, or nothing yet, and how far it is told
    /// then. Encoded once for all who stand there.
    pub fn read(
        &mut self,
        cursor: Option<StripsCursor>,
        codec: Codec,
    ) -> Option<(Frame, StripsCursor)> {
        let from = match cursor {
            Some(cursor) if cursor.seen == self.head => return None,
            Some(cursor) => StripsCursor {
                came_at: cursor.came_at.max(cursor.seen),
                ..cursor
            },
            None => StripsCursor {
                seen: 0,
                came_at: self.head,
            },
        };
        if let Some(kept) = self.frames.get(&(from, codec)) {
            return Some(kept.clone());
        }
        let (strips, seen) = self.after(from);
        // Who comes is told even that there is none.
        if strips.is_empty() && cursor.is_some() {
            return None;
        }
        let frame = Frame::of(codec, &ServerMessage::Strips { strips });
        let next = (frame, StripsCursor { seen, ..from });
        if self.frames.len() < FRAMES_KEPT_MAX {
            self.frames.insert((from, codec), next.clone());
        }
        self.encodes[codec as usize] += 1;
        Some(next)
    }

    /// Messages that take back all that a fan has who was told up to `cursor`.
    pub fn take_back(&mut self, cursor: StripsCursor, codec: Codec) -> Vec<Frame> {
        let mut frames = Vec::new();
        let (mut strips, mut bytes) = (BTreeMap::new(), 0);
        for (match_id, shown) in &self.matches {
            // What changed since it may have as it was before.
            if shown.change <= cursor.seen && shown.strip.is_none() {
                continue;
            }
            bytes += entry_bytes(match_id, None);
            if bytes > STRIPS_BYTES_MAX {
                let strips = std::mem::take(&mut strips);
                frames.push(Frame::of(codec, &ServerMessage::Strips { strips }));
                bytes = entry_bytes(match_id, None);
            }
            strips.insert(match_id, None);
        }
        if !strips.is_empty() {
            frames.push(Frame::of(codec, &ServerMessage::Strips { strips }));
        }
        self.encodes[codec as usize] += frames.len() as u64;
        frames
    }

    /// How many messages were encoded since the last time.
    pub fn take_encodes(&mut self) -> [(Codec, u64); 2] {
        let [json, messagepack] = std::mem::take(&mut self.encodes);
        [(Codec::Json, json), (Codec::MessagePack, messagepack)]
    }

    /// What changed after a cursor, as much as fits in one message, and the last change in it.
    fn after(&self, from: StripsCursor) -> (BTreeMap<&MatchId, Option<&Value>>, u64) {
        let (mut strips, mut bytes, mut seen) = (BTreeMap::new(), 0, from.seen);
        for (change, match_id) in self.by_change.range(from.seen + 1..) {
            let strip = self
                .matches
                .get(match_id)
                .and_then(|shown| shown.strip.as_deref());
            if strip.is_none() && *change <= from.came_at {
                continue;
            }
            bytes += entry_bytes(match_id, strip);
            if bytes > STRIPS_BYTES_MAX && !strips.is_empty() {
                return (strips, seen);
            }
            strips.insert(match_id, strip.map(Strip::value));
            seen = *change;
        }
        (strips, self.head)
    }
}

/// `"id":strip,` in JSON.
fn entry_bytes(match_id: &MatchId, strip: Option<&Strip>) -> usize {
    let strip_bytes = strip.map_or("null".len(), |strip| strip.json_bytes);
    match_id.as_str().len() + strip_bytes + r#""":,"#.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn board(count: usize) -> StripsBoard {
        let mut board = StripsBoard::default();
        let strip = Arc::new(Strip::new(
            json!({"status": "live", "title": "x".repeat(220)}),
        ));
        for n in 0..count {
            board.show(&MatchId::new(format!("m{n}")).unwrap(), Some(&strip));
        }
        board
    }

    #[test]
    fn a_view_is_never_less_behind_than_the_policy() {
        let view = |name, delay_s| StripsView::of(Policy::new(name, delay_s, 7));
        let marks = |delay_s| StripsView::Marks { delay_s };
        assert_eq!(view(PolicyName::Realtime, 0), StripsView::Head);
        assert_eq!(view(PolicyName::Batch, 0), marks(0));
        assert_eq!(view(PolicyName::Digest, 0), marks(0));
        assert_eq!(view(PolicyName::Realtime, 1), marks(5));
        assert_eq!(view(PolicyName::Digest, 60), marks(60));
        assert_eq!(view(PolicyName::Digest, 61), marks(120));
        let views: std::collections::HashSet<_> = (0..=DELAY_S_MAX)
            .map(|s| view(PolicyName::Digest, s))
            .collect();
        assert_eq!(views.len(), 72, "many wishes are few lists");
    }

    #[test]
    fn all_who_stand_at_one_place_share_one_encoding() {
        let mut board = board(3);
        let (first, cursor) = board.read(None, Codec::Json).unwrap();
        let (again, same) = board.read(None, Codec::Json).unwrap();
        assert_eq!(
            (first.wire().as_ptr(), cursor),
            (again.wire().as_ptr(), same)
        );
        assert_eq!(board.read(Some(cursor), Codec::Json), None);
        board.read(None, Codec::MessagePack).unwrap();
        let encodes = board.take_encodes();
        assert_eq!(encodes, [(Codec::Json, 1), (Codec::MessagePack, 1)]);
    }

    #[test]
    fn a_long_list_comes_in_messages_that_fit() {
        for codec in [Codec::Json, Codec::MessagePack] {
            let mut board = board(1000);
            let (mut cursor, mut frames) = (None, Vec::new());
            while let Some((frame, next)) = board.read(cursor, codec) {
                frames.push(frame);
                cursor = Some(next);
            }
            assert!((4..8).contains(&frames.len()), "{}", frames.len());
            assert!(frames.iter().all(|frame| frame.wire().len() <= 64 * 1024));
            let back = board.take_back(cursor.unwrap(), codec);
            assert!(back.iter().all(|frame| frame.wire().len() <= 64 * 1024));
        }
    }

    #[test]
    fn who_comes_is_not_told_of_what_was_gone() {
        let mut board = board(2);
        board.show(&MatchId::new("m0").unwrap(), None);
        let (frame, cursor) = board.read(None, Codec::Json).unwrap();
        let message: Value = serde_json::from_slice(&frame.bytes()).unwrap();
        assert_eq!(message["strips"].as_object().unwrap().len(), 1);
        board.show(&MatchId::new("m1").unwrap(), None);
        let (frame, _) = board.read(Some(cursor), Codec::Json).unwrap();
        let message: Value = serde_json::from_slice(&frame.bytes()).unwrap();
        assert_eq!(message["strips"], json!({"m1": null}));
    }
}
