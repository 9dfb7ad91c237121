//! What a made-up ball brings in runs, reviews and replacements.

use serde_json::{Map, Value, json};

use super::side::{Side, happens};
use grandstand_play::generate::chance::Chance;

/// Runs off the bat, as often as they are made.
const RUNS: [u64; 24] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 4, 4, 6, 6, 5,
];

/// Reasons for which the files let somebody come for somebody.
const REASONS: [&str; 9] = [
    "concussion_substitute",
    "covid_replacement",
    "impact_player",
    "x_factor",
    "supersub",
    "tactical_substitute",
    "national_callup",
    "injury_substitute",
    "unknown",
];

/// A ball's runs and extras.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) batter: u64,
    pub(crate) extras: Map<String, Value>,
}

impl Runs {
    /// Of a hundred balls `quiet_percent` bring nothing whatever.
    pub(crate) fn make(chance: &mut Chance, quiet_percent: u64) -> Self {
        let mut runs = Self::default();
        if happens(chance, quiet_percent) {
            return runs;
        }
        match chance.below(100) {
            0..=5 => runs.extra("wides", chance.one_of(&[1, 1, 1, 1, 2, 3, 5])),
            6..=9 => {
                runs.extra("noballs", chance.one_of(&[1, 1, 1, 2]));
                match chance.below(4) {
                    0 => runs.batter = chance.one_of(&[1, 2, 4, 6]),
                    1 => runs.extra("byes", chance.one_of(&[1, 2, 4])),
                    2 => runs.extra("legbyes", chance.one_of(&[1, 4])),
                    _ => {}
                }
            }
            10..=12 => runs.extra("byes", chance.one_of(&[1, 2, 3, 4])),
            13..=15 => runs.extra("legbyes", chance.one_of(&[1, 1, 2, 4])),
            16 => {
                // As some scorers write a wide that was run.
                runs.extra("wides", 1);
                runs.extra("byes", chance.one_of(&[1, 4]));
            }
            17 => runs.batter = chance.one_of(&[5, 6, 7, 8]),
            18 => {
                runs.batter = 1;
                runs.extra("legbyes", 4);
            }
            _ => runs.batter = chance.one_of(&RUNS),
        }
        if happens(chance, 1) {
            runs.extra("penalty", chance.one_of(&[5, 5, 10]));
        }
        runs
    }

    fn extra(&mut self, kind: &str, runs: u64) {
        self.extras.insert(kind.to_owned(), runs.into());
    }

    fn of(&self, kind: &str) -> u64 {
        self.extras.get(kind).and_then(Value::as_u64).unwrap_or(0)
    }

    pub(crate) fn is_wide(&self) -> bool {
        self.of("wides") > 0
    }

    pub(crate) fn is_noball(&self) -> bool {
        self.of("noballs") > 0
    }

    pub(crate) fn total(&self) -> u64 {
        let extras: u64 = self.extras.values().filter_map(Value::as_u64).sum();
        self.batter + extras
    }

    /// How often the batters ran, as far as it matters who is on strike.
    pub(crate) fn run(&self) -> u64 {
        self.batter + self.of("byes") + self.of("legbyes")
    }

    /// The ball's members that tell of runs.
    pub(crate) fn put(&self, ball: &mut Value, chance: &mut Chance) {
        let total = self.total();
        ball["runs"] =
            json!({"batter": self.batter, "extras": total - self.batter, "total": total});
        if matches!(self.batter, 4 | 6) && happens(chance, 8) {
            ball["runs"]["non_boundary"] = json!(true);
        }
        if !self.extras.is_empty() {
            ball["extras"] = json!(self.extras);
        }
    }
}

/// A decision that somebody wanted to see again.
pub(crate) fn review(chance: &mut Chance, ball: &mut Value, sides: [&Side; 2]) {
    let by = chance.one_of(&sides).team.clone();
    ball["review"] = json!({
        "by": by, "umpire": "M Erasmus", "batter": ball["batter"],
        "decision": chance.one_of(&["upheld", "struck down"]),
    });
    match chance.below(5) {
        0 => ball["review"]["umpires_call"] = json!(true),
        1 => ball["review"]["type"] = json!("wide"),
        2 => ball["review"]["batter"] = json!("Somebody Else"),
        3 => ball["review"]["decision"] = json!("unknown"),
        _ => {}
    }
}

/// Somebody comes for somebody, for the match; who comes may play from now on.
pub(crate) fn replacement_of_match(chance: &mut Chance, ball: &mut Value, side: &mut Side) {
    let incoming = side.stranger(chance);
    let outgoing = chance.one_of(&side.players);
    side.players.push(incoming.clone());
    let mut replacement = json!({"in": incoming, "out": outgoing, "team": side.team, "reason": chance.one_of(&REASONS)});
    let members = replacement.as_object_mut().expect("an object");
    match chance.below(6) {
        0 => members.remove("reason"),
        1 => members.remove("team"),
        2 => members.remove("out"),
        _ => None,
    };
    ball["replacements"] = json!({"match": [replacement]});
}

/// Somebody goes on with what another did.
pub(crate) fn replacement_of_role(ball: &mut Value, role: &str, incoming: &str, out: Option<&str>) {
    let mut replacement = json!({"in": incoming, "role": role, "reason": "injury"});
    if let Some(out) = out {
        replacement["out"] = json!(out);
    }
    ball["replacements"] = json!({"role": [replacement]});
}
