//! The strips of all live matches as a list that some fans share: for each match its newest change,
//! in the order of changes. A fan is a cursor over it, and is sent what changed after.

mod view;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::frame::{Codec, Coding, Deflater, Frame};
use crate::ids::MatchId;
use crate::message::{ServerMessage, Status};

pub use view::StripsView;

/// A message holds no more strips than fit in 64 KiB with what is around them. MessagePack takes
/// no more than JSON, by which they are counted.
const STRIPS_BYTES_MAX: usize = 60 * 1024;
/// So many messages are kept until the next change, 2 MiB at most and what is deflated of them: fans
/// who are slow stand at different places, and who finds no room has his encoded for him alone.
const MESSAGES_KEPT_MAX: usize = 32;
/// A match that was gone so many marks ago is forgotten, a minute or more: nobody stays connected who
/// was told nothing for so long.
const MARKS_KEPT: usize = 12;

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

/// How far a fan was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StripsCursor {
    /// The last change that it was told.
    seen: u64,
    /// The last change before it came: what was gone by then it never had.
    came_at: u64,
}

/// What [`StripsBoard::read`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StripsRead {
    /// Send this; then the fan is told up to here.
    Message(Frame, StripsCursor),
    /// There is nothing new.
    Nothing,
    /// What the fan missed is forgotten: it has to come anew.
    Forgotten,
}

/// The list of one view.
#[derive(Debug, Default)]
pub struct StripsBoard {
    /// Counts the changes.
    head: u64,
    by_change: BTreeMap<u64, MatchId>,
    matches: HashMap<MatchId, Shown>,
    /// What was encoded for those who stand at these places.
    messages: HashMap<(StripsCursor, Codec), Message>,
    deflater: Arc<Deflater>,
    encodes: [u64; 2],
    deflates: u64,
    /// How far the list can be trusted, and until when all is known (Unix microseconds).
    trust: (Status, u64),
    /// The message that says so.
    trust_frames: [Option<Frame>; 2],
    /// Where the head was at the last marks.
    marks: VecDeque<u64>,
    /// The last change that is forgotten.
    forgotten: u64,
}

#[derive(Debug)]
struct Shown {
    change: u64,
    /// None once it is gone: those who had it are told.
    strip: Option<Arc<Strip>>,
}

#[derive(Debug)]
struct Message {
    frame: Frame,
    /// Once somebody has taken it so.
    deflated: Option<Frame>,
    /// Where a fan stands who has got it.
    next: StripsCursor,
}

impl Message {
    fn read(&mut self, coding: Coding, deflater: &Deflater, deflates: &mut u64) -> StripsRead {
        let make = || {
            *deflates += 1;
            deflater.deflated(&self.frame)
        };
        let frame = match coding.deflates {
            true => self.deflated.get_or_insert_with(make),
            false => &self.frame,
        };
        StripsRead::Message(frame.clone(), self.next)
    }
}

impl StripsBoard {
    /// An empty list, whose messages `deflater` makes smaller for who takes them so.
    pub fn new(deflater: Arc<Deflater>) -> Self {
        Self {
            deflater,
            ..Self::default()
        }
    }

    /// Shows a match's strip from now on, or none any more.
    pub fn show(&mut self, match_id: &MatchId, strip: Option<&Arc<Strip>>) {
        let is_same = match self.matches.get(match_id) {
            Some(shown) => shown.strip.as_ref() == strip,
            None => strip.is_none(),
        };
        if is_same {
            return;
        }
        self.messages.clear();
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

    /// How far the list can be trusted: all is known until `as_of_us` (Unix microseconds). Who comes
    /// takes it for live.
    pub fn trust(&mut self, status: Status, as_of_us: u64) {
        if status != self.trust.0 {
            self.trust = (status, as_of_us);
            self.trust_frames = [None, None];
        }
    }

    /// What there is to say to whom `told` was said of how far the list can be trusted, and what it
    /// is told then. Encoded once for all.
    pub fn read_trust(&mut self, told: Status, codec: Codec) -> Option<(Frame, Status)> {
        let (status, as_of_us) = self.trust;
        if told == status {
            return None;
        }
        let frame = self.trust_frames[codec as usize].get_or_insert_with(|| {
            self.encodes[codec as usize] += 1;
            let message = ServerMessage::Strips {
                strips: BTreeMap::new(),
                status: Some(status),
                as_of: Some(as_of_us),
            };
            Frame::of(codec, &message)
        });
        Some((frame.clone(), status))
    }

    /// A mark has passed: of the matches that are gone those are forgotten that were so for long.
    pub fn pass_mark(&mut self) {
        self.marks.push_back(self.head);
        if self.marks.len() <= MARKS_KEPT {
            return;
        }
        let old = self.marks.pop_front().unwrap_or_default();
        let gone = self.by_change.range(..=old).filter(|(_, match_id)| {
            let shown = self.matches.get(*match_id);
            shown.is_none_or(|shown| shown.strip.is_none())
        });
        let gone: Vec<u64> = gone.map(|(change, _)| *change).collect();
        for change in gone {
            if let Some(match_id) = self.by_change.remove(&change) {
                self.matches.remove(&match_id);
            }
            self.forgotten = change;
        }
    }

    /// The next message for who was told up to `cursor`. Encoded once for all who stand there.
    pub fn read(&mut self, cursor: Option<StripsCursor>, coding: impl Into<Coding>) -> StripsRead {
        let coding = coding.into();
        let codec = coding.codec;
        let from = match cursor {
            Some(cursor) if cursor.seen == self.head => return StripsRead::Nothing,
            Some(cursor) if self.has_forgotten(cursor) => return StripsRead::Forgotten,
            Some(cursor) => StripsCursor {
                came_at: cursor.came_at.max(cursor.seen),
                ..cursor
            },
            None => StripsCursor {
                seen: 0,
                came_at: self.head,
            },
        };
        if let Some(message) = self.messages.get_mut(&(from, codec)) {
            return message.read(coding, &self.deflater, &mut self.deflates);
        }
        let (strips, seen) = self.after(from);
        // Who comes is told even that there is none.
        if strips.is_empty() && cursor.is_some() {
            return StripsRead::Nothing;
        }
        let mut message = Message {
            frame: Frame::of(codec, &ServerMessage::strips(strips)),
            deflated: None,
            next: StripsCursor { seen, ..from },
        };
        self.encodes[codec as usize] += 1;
        if self.messages.len() == MESSAGES_KEPT_MAX {
            return StripsRead::Message(message.frame, message.next);
        }
        let read = message.read(coding, &self.deflater, &mut self.deflates);
        self.messages.insert((from, codec), message);
        read
    }

    /// Whether somebody may have what was forgotten.
    fn has_forgotten(&self, cursor: StripsCursor) -> bool {
        cursor.came_at.max(cursor.seen) < self.forgotten
    }

    /// Messages that take back all that a fan has who was told up to `cursor`; none if that is
    /// forgotten.
    pub fn take_back(&mut self, cursor: StripsCursor, codec: Codec) -> Option<Vec<Frame>> {
        if self.has_forgotten(cursor) {
            return None;
        }
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
                frames.push(Frame::of(codec, &ServerMessage::strips(strips)));
                bytes = entry_bytes(match_id, None);
            }
            strips.insert(match_id, None);
        }
        if !strips.is_empty() {
            frames.push(Frame::of(codec, &ServerMessage::strips(strips)));
        }
        self.encodes[codec as usize] += frames.len() as u64;
        Some(frames)
    }

    /// How many messages were encoded since the last time.
    pub fn take_encodes(&mut self) -> [(Codec, u64); 2] {
        let [json, messagepack] = std::mem::take(&mut self.encodes);
        [(Codec::Json, json), (Codec::MessagePack, messagepack)]
    }

    /// How many messages were deflated since the last time.
    pub fn take_deflates(&mut self) -> u64 {
        std::mem::take(&mut self.deflates)
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
mod tests;
