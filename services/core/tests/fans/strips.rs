//! Fans of all live matches, over random interleavings of what happens to matches and to them: each
//! ends with the strips that its view shows, and sees none of them early.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use grandstand_core::connection::{Connection, MatchView, Matches, Output, Settings};
use grandstand_core::frame::Codec;
use grandstand_core::ids::MatchId;
use grandstand_core::message::{ClientMessage, CloseCode, Status};
use grandstand_core::policy::{DIGEST_PERIOD_US, PolicyName};
use grandstand_core::session::SessionId;
use grandstand_core::strips::{Strip, StripsBoard, StripsView};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rights::rights;
use crate::world::START_US;

/// Matches with all strips that they ever had, and when.
struct Ground {
    now_us: u64,
    past: BTreeMap<MatchId, Vec<(u64, Arc<Strip>)>>,
    boards: RefCell<HashMap<StripsView, (StripsBoard, u64)>>,
    status: Status,
}

impl Matches for Ground {
    fn look<R>(&self, _: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        look(MatchView::Absent)
    }

    fn strips<R>(
        &self,
        view: StripsView,
        now_us: u64,
        look: impl FnOnce(&mut StripsBoard) -> R,
    ) -> Option<R> {
        let mut boards = self.boards.borrow_mut();
        let (board, mark) = boards.entry(view).or_default();
        for (match_id, past) in &self.past {
            let shown_us = shown_us(view, now_us);
            let strip = past.iter().rfind(|(time_us, _)| *time_us <= shown_us);
            board.show(
                match_id,
                strip
                    .map(|(_, strip)| strip)
                    .filter(|strip| strip.is_live()),
            );
        }
        board.trust(self.status, now_us);
        // More of them forget no more than is there.
        let marks = (now_us / DIGEST_PERIOD_US - *mark).min(20);
        *mark = now_us / DIGEST_PERIOD_US;
        (0..marks).for_each(|_| board.pass_mark());
        Some(look(board))
    }
}

impl Ground {
    fn new() -> Self {
        Self {
            now_us: START_US,
            past: BTreeMap::new(),
            boards: RefCell::new(HashMap::new()),
            status: Status::Live,
        }
    }

    fn score(&mut self, number: usize, status: &str) {
        let match_id = MatchId::new(format!("m{number}")).unwrap();
        // A long one, so that a few of them fill a message.
        let strip = json!({"status": status, "at": self.now_us, "title": "x".repeat(20_000)});
        let past = self.past.entry(match_id).or_default();
        past.push((self.now_us, Arc::new(Strip::new(strip))));
    }

    fn live_now(&self) -> BTreeMap<String, Value> {
        let newest = self.past.iter().filter_map(|(match_id, past)| {
            let (_, strip) = past.last()?;
            let shown = (match_id.as_str().to_owned(), strip.value().clone());
            strip.is_live().then_some(shown)
        });
        newest.collect()
    }
}

fn shown_us(view: StripsView, now_us: u64) -> u64 {
    match view {
        StripsView::Head => now_us,
        StripsView::Marks { delay_s } => {
            (now_us - u64::from(delay_s) * 1_000_000) / DIGEST_PERIOD_US * DIGEST_PERIOD_US
        }
    }
}

/// A client that keeps what it is told.
struct Fan {
    connection: Connection,
    codec: Codec,
    policy_max: PolicyName,
    /// When it had been told all.
    told_us: u64,
    strips: BTreeMap<String, Value>,
    /// How far it can trust them.
    status: String,
    messages: usize,
}

impl Fan {
    fn new(codec: Codec, policy_max: PolicyName, ground: &Ground) -> Self {
        let settings = Settings {
            coding: codec.into(),
            session: SessionId::new(1),
            phase: 7,
            heartbeat_s: 55,
        };
        let mut fan = Self {
            connection: Connection::new(settings, rights(policy_max), ground.now_us),
            codec,
            policy_max,
            told_us: ground.now_us,
            strips: BTreeMap::new(),
            status: "live".to_owned(),
            messages: 0,
        };
        fan.says(&json!({"type": "subscribe", "match": "*"}));
        fan
    }

    fn says(&mut self, message: &Value) {
        assert_eq!(
            self.connection.said(ClientMessage::parse(message).unwrap()),
            None
        );
    }

    /// Takes up to so many messages; whether there is nothing more.
    fn take(&mut self, ground: &Ground, messages: usize) -> bool {
        for _ in 0..messages {
            self.connection.heard(ground.now_us);
            let view = self.connection.strips_view();
            match self.connection.poll(ground, ground.now_us) {
                Output::Answer(frame) => self.read(&frame.bytes(), view, ground.now_us),
                Output::Wait(at_us) => {
                    assert!(at_us.is_none_or(|at_us| at_us > ground.now_us));
                    self.told_us = ground.now_us;
                    return true;
                }
                Output::Close(CloseCode::TooSlow, _) => {
                    let marks = (ground.now_us - self.told_us) / DIGEST_PERIOD_US;
                    assert!(marks >= 12, "it missed {marks} marks");
                    *self = Self::new(self.codec, self.policy_max, ground);
                }
                other => panic!("{other:?}"),
            }
        }
        false
    }

    fn read(&mut self, bytes: &[u8], view: Option<StripsView>, now_us: u64) {
        assert!(bytes.len() <= 64 * 1024);
        let message: Value = match self.codec {
            Codec::Json => serde_json::from_slice(bytes).unwrap(),
            Codec::MessagePack => rmp_serde::from_slice(bytes).unwrap(),
        };
        if message["type"] != "strips" {
            return;
        }
        self.messages += 1;
        if let Some(status) = message["status"].as_str() {
            assert_ne!(self.status, status, "it is said where it changed");
            self.status = status.to_owned();
        }
        for (match_id, strip) in message["strips"].as_object().unwrap() {
            if strip.is_null() {
                self.strips.remove(match_id);
                continue;
            }
            let view = view.expect("strips are followed");
            assert!(
                strip["at"].as_u64().unwrap() <= shown_us(view, now_us),
                "shown early"
            );
            self.strips.insert(match_id.clone(), strip.clone());
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Score {
        number: usize,
        status: &'static str,
    },
    Pass {
        us: u64,
    },
    Trust {
        status: Status,
    },
    Take {
        fan: usize,
        messages: usize,
    },
    Subscribe {
        fan: usize,
        policy: PolicyName,
        delay_s: u32,
    },
    Refresh {
        fan: usize,
        policy_max: PolicyName,
    },
    LeaveAndCome {
        fan: usize,
    },
    Cut {
        fan: usize,
        policy_max: PolicyName,
    },
}

fn policy() -> impl Strategy<Value = PolicyName> {
    prop_oneof![
        Just(PolicyName::Realtime),
        Just(PolicyName::Batch),
        Just(PolicyName::Digest)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let fan = 0_usize..4;
    let status = prop_oneof![
        1 => Just("scheduled"),
        4 => Just("live"),
        1 => Just("break"),
        2 => Just("ended"),
    ];
    let delay_s = prop_oneof![3 => Just(0_u32), 1 => Just(7_u32), 1 => Just(30_u32)];
    prop_oneof![
        8 => (0_usize..8, status).prop_map(|(number, status)| Step::Score { number, status }),
        1 => prop_oneof![Just(Status::Live), Just(Status::Stale)]
            .prop_map(|status| Step::Trust { status }),
        4 => prop_oneof![1_u64..1_000, 50_000_u64..400_000, 1_000_000_u64..9_000_000]
            .prop_map(|us| Step::Pass { us }),
        6 => (fan.clone(), 1_usize..4).prop_map(|(fan, messages)| Step::Take { fan, messages }),
        2 => (fan.clone(), policy(), delay_s)
            .prop_map(|(fan, policy, delay_s)| Step::Subscribe { fan, policy, delay_s }),
        1 => (fan.clone(), policy()).prop_map(|(fan, policy_max)| Step::Refresh { fan, policy_max }),
        1 => fan.clone().prop_map(|fan| Step::LeaveAndCome { fan }),
        1 => (fan, policy()).prop_map(|(fan, policy_max)| Step::Cut { fan, policy_max }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_fan_ends_with_the_live_matches_and_sees_none_early(
        fans in prop::collection::vec((any::<bool>(), policy()), 4),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut ground = Ground::new();
        let mut fans: Vec<Fan> = fans.into_iter().map(|(json, policy_max)| {
            let codec = if json { Codec::Json } else { Codec::MessagePack };
            Fan::new(codec, policy_max, &ground)
        }).collect();
        for step in steps {
            match step {
                Step::Score { number, status } => {
                    ground.now_us += 1;
                    ground.score(number, status);
                }
                Step::Pass { us } => ground.now_us += us,
                Step::Trust { status } => ground.status = status,
                Step::Take { fan, messages } => { fans[fan].take(&ground, messages); }
                Step::Subscribe { fan, policy, delay_s } => fans[fan].says(
                    &json!({"type": "subscribe", "match": "*", "policy": policy, "delay_s": delay_s}),
                ),
                Step::Refresh { fan, policy_max } => {
                    fans[fan].policy_max = policy_max;
                    fans[fan].connection.refreshed(rights(policy_max));
                }
                Step::LeaveAndCome { fan } => {
                    fans[fan].says(&json!({"type": "unsubscribe", "match": "*"}));
                    fans[fan].take(&ground, 1_000);
                    fans[fan].strips.clear();
                    fans[fan].status = "live".to_owned();
                    fans[fan].says(&json!({"type": "subscribe", "match": "*"}));
                }
                Step::Cut { fan, policy_max } => fans[fan] = Fan::new(fans[fan].codec, policy_max, &ground),
            }
        }
        ground.now_us += 40_000_000;
        let live = ground.live_now();
        for fan in &mut fans {
            prop_assert!(fan.take(&ground, 1_000), "there is an end to what a fan is told");
            prop_assert!(fan.messages > 0, "even that there is none is told");
            prop_assert_eq!(&fan.strips, &live);
            prop_assert_eq!(&fan.status, ground.status.as_str());
        }
    }
}

#[test]
fn strips_have_their_turn_beside_matches() {
    let mut ground = Ground::new();
    (0..8).for_each(|number| ground.score(number, "live"));
    let mut fan = Fan::new(Codec::Json, PolicyName::Realtime, &ground);
    fan.says(&json!({"type": "subscribe", "match": "m"}));
    assert!(fan.take(&ground, 10));
    assert_eq!((fan.strips.len(), fan.messages), (8, 3));
    ground.now_us += 1;
    ground.score(3, "ended");
    ground.score(4, "live");
    assert!(fan.take(&ground, 2));
    assert_eq!(
        (fan.strips.len(), fan.messages),
        (7, 4),
        "only what changed"
    );
}
