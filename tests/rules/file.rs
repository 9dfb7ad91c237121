//! A made-up file, from the format of its match to the last super over.

use serde_json::{Value, json};

use super::innings::{self, Plan};
use super::outcome;
use super::side::{Side, happens};
use grandstand_play::generate::chance::Chance;

/// Type, overs and balls of an over, as they are played.
const FORMATS: [(&str, u64, u64); 8] = [
    ("T20", 20, 6),
    ("IT20", 20, 6),
    ("T20", 20, 5),
    ("T20", 10, 6),
    ("ODI", 50, 6),
    ("ODM", 40, 6),
    ("T20", 5, 6),
    ("ODM", 2, 6),
];
const TEAMS: [&str; 6] = [
    "Alpha Town",
    "Côte d'Ivoire",
    "St Kitts & Nevis Patriots",
    "Ábaco Tigers",
    "Royal Challengers Bengaluru of the Long Name of Many Words and More of Them",
    "Ü",
];

/// A file.
pub(crate) fn make(chance: &mut Chance) -> Value {
    let (match_type, overs, balls_per_over) = chance.one_of(&FORMATS);
    let first = chance.below(TEAMS.len() as u64) as usize;
    let second = (first + 1 + chance.below(TEAMS.len() as u64 - 1) as usize) % TEAMS.len();
    let mut sides = [
        Side::make(chance, TEAMS[first], 'A'),
        Side::make(chance, TEAMS[second], 'B'),
    ];
    if happens(chance, 4) {
        // One name, and so one id, in both lists.
        let both = sides[0].players[0].clone();
        sides[1].players[1] = both;
    }
    let format = Format {
        overs,
        balls_per_over,
    };
    let all = format.innings(chance, &mut sides);
    let mut file = json!({
        "meta": {"data_version": chance.one_of(&["1.0.0", "1.1.0", "1.2.0"]), "created": "2020-01-01", "revision": 1},
        "info": outcome::info(chance, &sides),
    });
    file["info"]["match_type"] = json!(match_type);
    file["info"]["overs"] = json!(overs);
    file["info"]["balls_per_over"] = json!(balls_per_over);
    if !all.is_empty() || happens(chance, 50) {
        file["innings"] = json!(all);
    }
    file
}

struct Format {
    overs: u64,
    balls_per_over: u64,
}

impl Format {
    fn innings(&self, chance: &mut Chance, sides: &mut [Side; 2]) -> Vec<Value> {
        let mut all = Vec::new();
        let first = chance.below(2) as usize;
        let proper = chance.one_of(&[2, 2, 2, 2, 2, 2, 2, 2, 1, 0]);
        let mut target = None;
        for number in 0..proper {
            let (innings, runs) = self.proper(chance, sides, (first + number) % 2, target);
            target = Some(runs + 1);
            all.push(innings);
        }
        if proper == 2 && happens(chance, 10) {
            let pairs = chance.one_of(&[1, 1, 2, 3]);
            for number in 0..2 * pairs {
                all.push(self.super_over(chance, sides, (first + number) % 2));
            }
        }
        all
    }

    /// An innings of the match proper, and its runs.
    fn proper(
        &self,
        chance: &mut Chance,
        sides: &mut [Side; 2],
        batting: usize,
        target: Option<u64>,
    ) -> (Value, u64) {
        // Most stop early, as if it had begun to rain: oddities need no length.
        let planned = match chance.below(10) {
            0 => self.overs,
            1 => 1,
            _ => 1 + chance.below(self.overs.min(9)),
        };
        let penalties = [0, 1].map(|_| u64::from(happens(chance, 3)) * 5);
        let target = target.map(|target| revised(chance, target));
        let plan = Plan {
            balls_per_over: self.balls_per_over,
            overs: planned + u64::from(happens(chance, 3)),
            wickets_max: if happens(chance, 20) { 15 } else { 10 },
            target: target.map(|target| target.saturating_sub(penalties[0])),
            wicket_percent: chance.one_of(&[6, 6, 6, 30]),
            quiet_percent: chance.one_of(&[0, 0, 0, 90]),
        };
        let (mine, theirs) = pair(sides, batting);
        let mut innings = json!({"team": mine.team});
        if happens(chance, 2) {
            match chance.below(3) {
                0 => innings["overs"] = json!([]),
                1 => innings["overs"] = json!([{"over": 0, "deliveries": []}]),
                _ => innings["forfeited"] = json!(true),
            }
            return (innings, 0);
        }
        let played = innings::play(chance, plan, mine, theirs);
        innings["overs"] = json!(played.overs);
        if !played.miscounted.is_empty() {
            innings["miscounted_overs"] = json!(played.miscounted);
        }
        for (when, runs) in ["pre", "post"].into_iter().zip(penalties) {
            if runs > 0 {
                innings["penalty_runs"][when] = json!(runs);
            }
        }
        if !played.left.is_empty() && happens(chance, 5) {
            let absent = played.left.iter().take(1 + chance.below(3) as usize);
            innings["absent_hurt"] = json!(absent.collect::<Vec<_>>());
        }
        if let Some(target) = target {
            self.put_target(chance, &mut innings, target, planned);
        }
        put_powerplays(chance, &mut innings);
        let runs = played.runs + penalties.iter().sum::<u64>();
        (innings, runs)
    }

    fn put_target(&self, chance: &mut Chance, innings: &mut Value, runs: u64, planned: u64) {
        innings["target"] = match chance.below(10) {
            0 => return,
            1 => json!({"runs": runs, "overs": planned}),
            2 => json!({"runs": runs, "overs": planned as f64 + 0.3}),
            3 => json!({"runs": runs}),
            4 => json!({"overs": planned}),
            _ => json!({"runs": runs, "overs": self.overs}),
        };
    }

    fn super_over(&self, chance: &mut Chance, sides: &mut [Side; 2], batting: usize) -> Value {
        let plan = Plan {
            balls_per_over: self.balls_per_over,
            overs: 1,
            wickets_max: 2,
            target: None,
            wicket_percent: 10,
            quiet_percent: 0,
        };
        let (mine, theirs) = pair(sides, batting);
        let played = innings::play(chance, plan, mine, theirs);
        json!({"team": mine.team, "overs": played.overs, "super_over": true})
    }
}

/// A target as a scorer or a rain rule sets it.
fn revised(chance: &mut Chance, target: u64) -> u64 {
    match chance.below(8) {
        0 => target + chance.below(20),
        1 => (target / 2).max(1),
        _ => target,
    }
}

fn pair(sides: &mut [Side; 2], batting: usize) -> (&mut Side, &mut Side) {
    let [a, b] = sides;
    if batting == 0 { (a, b) } else { (b, a) }
}

fn put_powerplays(chance: &mut Chance, innings: &mut Value) {
    let all = [
        json!({"from": 0.1, "to": 5.6, "type": "mandatory"}),
        json!({"from": 6, "to": 8.6, "type": "batting"}),
        json!({"from": 35.1, "to": 39.6, "type": "fielding"}),
    ];
    match chance.below(4) {
        0 => {}
        1 => innings["powerplays"] = json!(all),
        _ => innings["powerplays"] = json!(all[..1]),
    }
}
