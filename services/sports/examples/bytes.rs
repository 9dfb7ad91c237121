//! What a ball costs on the wire, over real matches: the whole frame in both codecs, as it is and
//! deflated, and where the bytes of a patch go.
//!
//! `cargo run --release -p grandstand-sports --example bytes`

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "it measures, and reads files that are there"
)]

#[path = "../tests/cricsheet/mod.rs"]
mod cricsheet;

use std::collections::BTreeMap;

use cricsheet::Converter;
use grandstand_core::event::Event;
use grandstand_core::frame::{Codec, Coding, Reason, event_json};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::MatchId;
use grandstand_core::log::{LogBudget, MatchLog, Split};
use grandstand_core::record::{Record, RecordParts};
use serde_json::Value;

/// As long as real ones are.
const MATCH: &str = "dc-rr-2025-04-16";
const EPOCH: &str = "1790000000123456.1";

const CODINGS: [Coding; 4] = [
    coding(Codec::Json, false),
    coding(Codec::MessagePack, false),
    coding(Codec::Json, true),
    coding(Codec::MessagePack, true),
];

const fn coding(codec: Codec, deflates: bool) -> Coding {
    Coding { codec, deflates }
}

/// Events of a frame of several.
const SIX: u64 = 6;

/// Sums over balls.
#[derive(Default)]
struct Sums {
    balls: usize,
    /// Whole frames in each of [`CODINGS`].
    frames: [usize; 4],
    /// The same balls in frames of six events, as a digest or somebody who comes back gets them.
    sixes: [usize; 4],
    six_count: usize,
    parts: BTreeMap<String, usize>,
}

fn main() {
    let mut all = Sums::default();
    println!(
        "match balls | bytes a ball: JSON, MessagePack; deflated | the state at the end: the same | a ball by the state as JSON"
    );
    for (name, path) in cricsheet::files() {
        let documents = Converter::convert(&cricsheet::read(&path));
        let scored = cricsheet::score(&documents);
        let mut log = log();
        let mut one = Sums::default();
        for event in &scored.events {
            push(&mut log, event);
            if event.kind == "delivery" {
                one.add(&log, event);
            }
            if event.seq % SIX == 0 {
                one.add_six(&log, event.seq);
            }
        }
        let head = log.head();
        let states = CODINGS.map(|coding| log.snapshot(coding, head, Reason::Joined).wire().len());
        let share = 100.0 * one.means()[0] / states[0] as f64;
        println!(
            "{name} {} | {:.0?} | {states:?} | {share:.1} %",
            one.balls,
            one.means()
        );
        all.take(one);
    }
    println!("all {} | {:.0?}", all.balls, all.means());
    let six = all
        .sixes
        .map(|bytes| bytes as f64 / all.six_count.max(1) as f64);
    println!("six events in one frame: {six:.0?}");
    let mut parts: Vec<(&String, &usize)> = all.parts.iter().collect();
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    println!("bytes a ball as JSON, by what they are for:");
    for (name, bytes) in parts {
        println!("{:6.1} {name}", *bytes as f64 / all.balls.max(1) as f64);
    }
}

fn log() -> MatchLog {
    let match_id = MatchId::new(MATCH).unwrap();
    MatchLog::new(match_id, EPOCH.parse().unwrap(), LogBudget::unbounded())
}

/// Each event is a post of its own. The hash is not that of the state, and no shorter or longer.
fn push(log: &mut MatchLog, event: &Event) {
    let record = Record {
        events: vec![event.clone()],
        hash: StateHash::of(&event.seq.into()),
    };
    let parts = RecordParts::decode(record.encode().into()).unwrap();
    log.push(parts, event.ts).unwrap();
}

impl Sums {
    fn add(&mut self, log: &MatchLog, event: &Event) {
        self.balls += 1;
        let frame = |coding| {
            let (frame, _) = log
                .frame(coding, event.seq - 1, event.seq, Split::Never)
                .unwrap();
            frame.wire().len()
        };
        let frames = CODINGS.map(frame);
        self.add_frames(&frames);
        let document = serde_json::to_value(event).unwrap();
        let text = event_json(&document);
        self.part("head and hash", frames[0] - text.len());
        for (name, value) in document.as_object().unwrap() {
            // With its name, its colon and a comma.
            self.part(name, name.len() + 4 + value.to_string().len());
        }
        self.patch("patch", &event.patch, 3);
    }

    /// The newest events in one frame, as the second who asks gets it.
    fn add_six(&mut self, log: &MatchLog, head: u64) {
        self.six_count += 1;
        for (sum, coding) in self.sixes.iter_mut().zip(CODINGS) {
            let frame = || log.frame(coding, head - SIX, head, Split::Never).unwrap().0;
            let (_first, second) = (frame(), frame());
            *sum += second.wire().len();
        }
    }

    fn add_frames(&mut self, frames: &[usize; 4]) {
        for (sum, bytes) in self.frames.iter_mut().zip(frames) {
            *sum += bytes;
        }
    }

    /// What is below each key of a patch, down to `depth`; rows of one kind are one.
    fn patch(&mut self, above: &str, patch: &Value, depth: usize) {
        for (name, value) in patch.as_object().into_iter().flatten() {
            let is_row = name.len() > 1 && name[1..].bytes().all(|byte| byte.is_ascii_digit());
            let name = if is_row { &name[..1] } else { name.as_str() };
            let path = format!("{above}.{name}");
            self.part(&path, name.len() + 4 + value.to_string().len());
            if depth > 0 {
                self.patch(&path, value, depth - 1);
            }
        }
    }

    fn part(&mut self, name: &str, bytes: usize) {
        *self.parts.entry(name.to_owned()).or_default() += bytes;
    }

    fn take(&mut self, other: Self) {
        self.balls += other.balls;
        self.add_frames(&other.frames);
        self.six_count += other.six_count;
        for (sum, bytes) in self.sixes.iter_mut().zip(other.sixes) {
            *sum += bytes;
        }
        for (name, bytes) in other.parts {
            self.part(&name, bytes);
        }
    }

    /// Bytes a ball in each of [`CODINGS`].
    fn means(&self) -> [f64; 4] {
        self.frames
            .map(|bytes| bytes as f64 / self.balls.max(1) as f64)
    }
}
