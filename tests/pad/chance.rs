//! Random events and corrections, whatever the platform takes of them: the pad shows them ahead of the
//! server as the server counts them, and refuses what the server refuses.

use grandstand_play::generate::chance::Chance;
use serde_json::{Value, json};

use crate::ahead::assert_shown_ahead;
use crate::ground::{Ground, small_match};
use crate::harness::seed::seed;
use crate::refused::{Post, assert_refused_alike, rule_of};

/// Posts of a match, most of which are accepted.
const POSTS: usize = 80;

#[tokio::test]
async fn whatever_is_corrected_is_shown_and_refused_as_the_server_will_say_it() {
    let ground = Ground::start().await;
    let seed = seed("chance");
    let matches = [
        json!({"overs": 4, "wickets_max": 4}),
        json!({"overs": 4, "pair_overs": 1, "wicket_runs": 4, "last_over_by_law": true, "wides_rebowled": false}),
        json!({"overs": 5, "balls_per_over": 5, "wickets_max": 4, "last_batter_stands": true, "retire_runs": 9}),
    ];
    for (number, rules) in matches.iter().enumerate() {
        let mut body = small_match();
        body["rules"] = rules.clone();
        let match_id = format!("chance-{number}");
        ground.scorer.create(&match_id, &body).await;
        let mut scorer = Scorer::new(Chance::new(seed, number as u64));
        let mut posts = Vec::new();
        for n in 0..POSTS {
            let at = ground.scorer.state(&match_id).await;
            let (seq, state) = (at["seq"].as_u64().unwrap(), at["state"].clone());
            let mut event = scorer.next(&state);
            event["id"] = json!(format!("n{n}"));
            let path = format!("/v1/matches/{match_id}/events");
            let answer = ground.scorer.post(&path, &event).await;
            let rule = match answer.status.as_u16() {
                201 => None,
                // What can't be is refused, and another thing is tried.
                400..500 => Some(rule_of(&answer)),
                other => panic!("{other}: {}", answer.text()),
            };
            posts.push(Post {
                seq,
                event: event.clone(),
                rule: rule.clone(),
            });
            if rule.is_none() {
                scorer.keep(event);
            }
        }
        eprintln!("{rules}");
        let log = ground.log(&match_id).await;
        assert_shown_ahead(&log, 15).await;
        assert_refused_alike(&log, &posts).await;
    }
}

/// Somebody who enters anything after anything.
struct Scorer {
    chance: Chance,
    /// What may be corrected.
    entered: Vec<Value>,
}

impl Scorer {
    fn new(chance: Chance) -> Self {
        Self {
            chance,
            entered: Vec::new(),
        }
    }

    fn keep(&mut self, event: Value) {
        if event["op"].is_null() || event["op"] == "insert" {
            self.entered.push(event);
        }
    }

    fn next(&mut self, state: &Value) -> Value {
        let is_open = state["now"].is_object();
        let mut event = match self.chance.below(100) {
            _ if !is_open && self.chance.happens(700) => self.start(),
            0..55 => self.ball(state),
            55..62 => self.over_end(state),
            62..72 => self.other(state),
            _ => self.correction(state),
        };
        if self.chance.happens(200) {
            self.slip(&mut event);
        }
        event
    }

    /// Another number or another name than was meant.
    fn slip(&mut self, event: &mut Value) {
        let everybody = [&players("a")[..], &players("b")[..], &["nobody"]].concat();
        let member = self
            .chance
            .one_of(&["over", "batter", "non_striker", "bowler", "player"]);
        let slipped = match member {
            "over" => json!(self.chance.below(6)),
            _ => json!(self.chance.one_of(&everybody)),
        };
        if let Some(meant) = event.pointer_mut(&format!("/data/{member}")) {
            *meant = slipped;
        }
    }

    fn start(&mut self) -> Value {
        let mut data = json!({"batting": self.chance.one_of(&["a", "b"])});
        if self.chance.happens(200) {
            data["super_over"] = json!(true);
        }
        json!({"type": "innings_start", "data": data})
    }

    /// A ball to whoever is there, else to whoever comes.
    fn ball(&mut self, state: &Value) -> Value {
        let now = &state["now"];
        let [batting, fielding] = sides(state);
        let mut there = |end: &str| match &now[end] {
            Value::Null => json!(self.chance.one_of(&players(batting))),
            player => player.clone(),
        };
        let (striker, non_striker) = (there("striker"), there("non_striker"));
        let bowler = match &now["bowler"] {
            Value::Null => json!(self.chance.one_of(&players(fielding))),
            bowler => bowler.clone(),
        };
        let over = last_over(state) + i64::from(now["bowler"].is_null());
        let mut data = json!({"over": over.max(0), "batter": striker, "non_striker": non_striker, "bowler": bowler, "runs": 0});
        match self.chance.below(12) {
            0 => data["extras"] = json!({"wides": 1 + self.chance.below(3)}),
            1 => data["extras"] = json!({"noballs": 1, "byes": self.chance.below(3)}),
            2 => data["wickets"] = json!([{"kind": "run out", "player_out": non_striker}]),
            3 => data["wickets"] = json!([{"kind": "bowled", "player_out": striker}]),
            _ => data["runs"] = json!(self.chance.below(5)),
        }
        json!({"type": "delivery", "data": data})
    }

    fn over_end(&mut self, state: &Value) -> Value {
        let mut data = json!({"over": last_over(state).max(0)});
        if self.chance.happens(200) {
            data["miscounted"] = json!({"balls": 4 + self.chance.below(4)});
        }
        json!({"type": "over_end", "data": data})
    }

    fn other(&mut self, state: &Value) -> Value {
        let [batting, _] = sides(state);
        let player = self.chance.one_of(&players(batting));
        let team = self.chance.one_of(&["a", "b"]);
        let few = 1 + self.chance.below(5);
        let events = [
            ("batter_in", json!({"player": player})),
            ("batter_returns", json!({"player": player})),
            (
                "batter_retired",
                json!({"player": player, "kind": "retired hurt"}),
            ),
            (
                "dismissal",
                json!({"player_out": player, "kind": "timed out"}),
            ),
            ("penalty", json!({"team": team, "runs": 5})),
            ("penalty", json!({"team": team, "runs": 5, "when": "pre"})),
            ("target_revised", json!({"runs": 10 * few, "overs": few})),
            ("overs_revised", json!({"overs": few})),
            ("status", json!({"status": "rain", "note": "wet"})),
            ("innings_end", json!({"reason": "declared"})),
            (
                "lineup",
                json!({"team": "a", "players": [{"id": "ann", "name": format!("Ann {few}")}]}),
            ),
            (
                "result",
                json!({"result": "tie", "player_of_match": [player]}),
            ),
            ("result", json!({"winner": team})),
        ];
        let (kind, data) = self.chance.one_of(&events);
        json!({"type": kind, "data": data})
    }

    fn correction(&mut self, state: &Value) -> Value {
        if self.entered.is_empty() {
            return self.start();
        }
        let about = self.chance.one_of(&self.entered);
        let reference = &about["id"];
        match self.chance.below(4) {
            0 => json!({"op": "void", "ref": reference}),
            1 => json!({"op": "restore", "ref": reference}),
            2 => {
                let mut inserted = if self.chance.happens(600) {
                    self.ball(state)
                } else {
                    self.other(state)
                };
                inserted["op"] = json!("insert");
                inserted["ref"] = reference.clone();
                inserted
            }
            _ => {
                let mut data = about["data"].clone();
                if about["type"] == "delivery" {
                    data["runs"] = json!(self.chance.below(4));
                    data["over"] = json!(data["over"].as_u64().unwrap() + self.chance.below(6) / 5);
                }
                json!({"op": "amend", "ref": reference, "type": about["type"], "data": data})
            }
        }
    }
}

/// The side that bats, and the other.
fn sides(state: &Value) -> [&'static str; 2] {
    let key = state["now"]["innings"].as_str().unwrap_or_default();
    match state["innings"][key]["batting_team"].as_str() {
        Some("b") => ["b", "a"],
        _ => ["a", "b"],
    }
}

fn players(side: &str) -> [&'static str; 5] {
    match side {
        "a" => ["ann", "bea", "dot", "fay", "gia"],
        _ => ["cat", "eve", "hil", "ida", "joy"],
    }
}

/// The number of the last over of the open innings; -1 before its first ball.
fn last_over(state: &Value) -> i64 {
    let key = state["now"]["innings"].as_str().unwrap_or_default();
    let overs = state["innings"][key]["per_over"].as_object();
    let numbers = overs.into_iter().flat_map(|overs| overs.keys());
    numbers
        .filter_map(|key| key.trim_start_matches('o').parse::<i64>().ok())
        .max()
        .unwrap_or(0)
        - 1
}
