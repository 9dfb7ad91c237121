//! The lists of strips over random lives of matches: what was kept up is what a look from anew
//! shows, and nothing is in it early.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use grandstand_core::event::{Event, Op};
use grandstand_core::frame::Codec;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{EventId, MatchId};
use grandstand_core::policy::DIGEST_PERIOD_US;
use grandstand_core::record::{Record, RecordParts};
use grandstand_core::strips::{StripsBoard, StripsCursor, StripsRead, StripsView};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::directory::Directory;
use crate::feeds::Reader;
use crate::strips::Strips;

const START_US: u64 = 1_790_000_000_000_000;
const VIEWS: [StripsView; 3] = [
    StripsView::Head,
    StripsView::Marks { delay_s: 0 },
    StripsView::Marks { delay_s: 30 },
];

#[derive(Debug, Clone)]
enum Step {
    Score {
        name: &'static str,
        status: &'static str,
        visibility: Visibility,
        delay_s: u32,
    },
    Forget(&'static str),
    Pass(u64),
    Look(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || prop::sample::select(vec!["a", "b", "c"]);
    let status = prop::sample::select(vec!["scheduled", "live", "live", "break", "ended"]);
    let visibility = prop::sample::select(vec![
        Visibility::Public,
        Visibility::Public,
        Visibility::Public,
        Visibility::Unlisted,
        Visibility::Private,
    ]);
    let delay_s = prop::sample::select(vec![0_u32, 0, 0, 7]);
    let score = (name(), status, visibility, delay_s);
    let one = prop_oneof![
        6 => score.prop_map(|(name, status, visibility, delay_s)| Step::Score { name, status, visibility, delay_s }),
        1 => name().prop_map(Step::Forget),
        4 => prop_oneof![1_u64..300_000, 1_000_000_u64..9_000_000, Just(4_000_000_000)].prop_map(Step::Pass),
        4 => (0..VIEWS.len()).prop_map(Step::Look),
    ];
    prop::collection::vec(one, 1..80)
}

/// A fan of one view.
#[derive(Default)]
struct Fan {
    cursor: Option<StripsCursor>,
    strips: BTreeMap<String, Value>,
}

impl Fan {
    fn read(&mut self, board: &mut StripsBoard) {
        loop {
            let (frame, cursor) = match board.read(self.cursor, Codec::Json) {
                StripsRead::Message(frame, cursor) => (frame, cursor),
                StripsRead::Nothing => return,
                // It comes anew.
                StripsRead::Forgotten => {
                    *self = Self::default();
                    continue;
                }
            };
            self.cursor = Some(cursor);
            let message: Value = serde_json::from_slice(&frame.bytes()).unwrap();
            for (name, strip) in message["strips"].as_object().unwrap() {
                match strip {
                    Value::Null => self.strips.remove(name),
                    strip => self.strips.insert(name.clone(), strip.clone()),
                };
            }
        }
    }
}

fn take(directory: &Directory, step: u64, name: &str, headers: Headers, now_us: u64) {
    let event = Event {
        seq: step,
        ts: now_us,
        id: EventId::new(format!("e{step}")).unwrap(),
        kind: "thing".to_owned(),
        data: None,
        patch: json!({}),
        op: Op::Add,
        reference: None,
        at: None,
        tags: vec![],
    };
    let record = Record {
        events: vec![event],
        hash: StateHash::of(&json!({})),
    };
    let parts = RecordParts::decode(Bytes::from(record.encode())).unwrap();
    let match_id = MatchId::new(name).unwrap();
    directory.take(&match_id, step, &headers, &parts, 1, now_us);
}

fn headers(status: &str, visibility: Visibility, delay_s: u32, now_us: u64) -> Headers {
    Headers {
        created_us: START_US,
        sport: "open".to_owned(),
        rules_version: 1,
        visibility,
        delay_s,
        scorer: "s".to_owned(),
        digests: vec!["d".to_owned()],
        warnings: vec![vec![]],
        strip: json!({"status": status, "at": now_us, "delay_s": delay_s}),
        traceparent: None,
        device: None,
    }
}

proptest! {
    #[test]
    fn a_list_that_is_kept_up_is_what_a_look_from_anew_shows(steps in steps()) {
        let directory = Arc::new(Directory::default());
        let strips = Strips::new(Arc::clone(&directory));
        let mut fans = VIEWS.map(|_| Fan::default());
        let mut now_us = START_US;
        prop_assert!(strips.look(StripsView::Head, now_us, |_| ()).is_none(), "it is not known yet");
        directory.keep_only(1);
        let end = [Step::Pass(DIGEST_PERIOD_US), Step::Look(0), Step::Look(1), Step::Look(2)];
        for (number, step) in (1_u64..).zip(steps.into_iter().chain(end)) {
            match step {
                Step::Score { name, status, visibility, delay_s } => {
                    let headers = headers(status, visibility, delay_s, now_us);
                    take(&directory, number, name, headers, now_us);
                    now_us += 1;
                }
                Step::Forget(name) => directory.forget(&MatchId::new(name).unwrap()),
                Step::Pass(us) => now_us += us,
                Step::Look(index) => {
                    let (view, fan) = (VIEWS[index], &mut fans[index]);
                    // Each is brought up to now: a window and a mark have passed.
                    now_us = (now_us / DIGEST_PERIOD_US + 1) * DIGEST_PERIOD_US;
                    strips.publish(now_us);
                    strips.look(view, now_us, |board| fan.read(board));
                    let (mut board, mut anew) = (StripsBoard::default(), Fan::default());
                    directory.show_on(&mut board, view, now_us);
                    anew.read(&mut board);
                    prop_assert_eq!(&fan.strips, &anew.strips);
                    for strip in fan.strips.values() {
                        let delay_s = match view {
                            StripsView::Head => strip["delay_s"].as_u64().unwrap(),
                            StripsView::Marks { delay_s } => u64::from(delay_s),
                        };
                        prop_assert!(strip["at"].as_u64().unwrap() + delay_s * 1_000_000 <= now_us);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn who_waits_for_the_first_list_is_told_though_another_looked_before() {
    let directory = Arc::new(Directory::default());
    let strips = Arc::new(Strips::new(Arc::clone(&directory)));
    let changed = Arc::new(Notify::new());
    let _watching = strips.watch(Reader::Task(Arc::clone(&changed)));
    let headers = headers("live", Visibility::Public, 0, START_US);
    take(&directory, 1, "a", headers, START_US);
    strips.publish(START_US);
    assert!(
        changed.notified().now_or_never().is_none(),
        "it is not known"
    );

    directory.keep_only(1);
    strips.look(StripsView::Head, START_US, |_| ());
    strips.publish(START_US);
    changed.notified().await;
}

#[test]
fn the_head_is_published_at_most_once_in_a_window() {
    let directory = Arc::new(Directory::default());
    let strips = Strips::new(Arc::clone(&directory));
    directory.keep_only(1);
    let mut fan = Fan::default();
    strips.publish(START_US);
    let mut published = 0;
    for n in 1..=100 {
        let now_us = START_US + n * 10_000;
        let headers = headers("live", Visibility::Public, 0, now_us);
        take(&directory, n, "a", headers, now_us);
        strips.publish(now_us);
        let before = fan.cursor;
        strips.look(StripsView::Head, now_us, |board| fan.read(board));
        published += usize::from(fan.cursor != before);
    }
    // The first look is told that there is none.
    assert_eq!(published, 1 + 5);
    strips.publish(START_US + 1_300_000);
    strips.look(StripsView::Head, START_US + 1_300_000, |board| {
        fan.read(board)
    });
    assert_eq!(
        fan.strips["a"]["at"],
        START_US + 1_000_000,
        "the last of all is shown"
    );
}
