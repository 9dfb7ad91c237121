//! How the batters of a made-up ball go.

use serde_json::{Value, json};

use super::side::{Side, happens};
use grandstand_play::generate::chance::Chance;

/// Off a fair ball, as often as it happens.
const KINDS: [&str; 16] = [
    "bowled",
    "bowled",
    "caught",
    "caught",
    "caught",
    "caught",
    "caught and bowled",
    "lbw",
    "lbw",
    "stumped",
    "hit wicket",
    "run out",
    "run out",
    "obstructing the field",
    "handled the ball",
    "hit the ball twice",
];
/// Off a wide or a no-ball; the last ones should not be, but files have been wrong.
const KINDS_UNFAIR: [&str; 9] = [
    "run out",
    "run out",
    "run out",
    "run out",
    "stumped",
    "hit wicket",
    "obstructing the field",
    "bowled",
    "caught",
];
const RETIREMENTS: [&str; 4] = [
    "retired hurt",
    "retired hurt",
    "retired not out",
    "retired out",
];

/// Whether a batter can be out so at the bowler's end.
fn may_be_at_either_end(kind: &str) -> bool {
    matches!(
        kind,
        "run out" | "obstructing the field" | "handled the ball"
    )
}

/// A wicket on a ball between `batter` and `other`, of whom some are out afterwards.
pub(crate) fn on_ball(
    chance: &mut Chance,
    is_fair: bool,
    [batter, other]: [&str; 2],
    fielding: &Side,
) -> Vec<Value> {
    let kind = match is_fair {
        true => chance.one_of(&KINDS),
        false => chance.one_of(&KINDS_UNFAIR),
    };
    let (out, stays) = match may_be_at_either_end(kind) && happens(chance, 40) {
        true => (other, batter),
        false => (batter, other),
    };
    let mut wickets = vec![wicket(chance, kind, out, fielding)];
    if happens(chance, 4) {
        let kind = chance.one_of(&["run out", "obstructing the field"]);
        wickets.push(wicket(chance, kind, stays, fielding));
    }
    wickets
}

/// A batter goes of his own will; the file tells it with the ball before.
pub(crate) fn retirement(chance: &mut Chance, batter: &str) -> Value {
    json!({"kind": chance.one_of(&RETIREMENTS), "player_out": batter})
}

/// The next batter came too late; the file tells it with the ball before.
pub(crate) fn timed_out(batter: &str) -> Value {
    json!({"kind": "timed out", "player_out": batter})
}

fn wicket(chance: &mut Chance, kind: &str, out: &str, fielding: &Side) -> Value {
    let hands = match kind {
        "caught" | "stumped" => chance.one_of(&[1, 1, 1, 1, 0, 2]),
        "run out" => chance.below(4),
        "caught and bowled" => chance.below(2),
        _ => u64::from(happens(chance, 2)),
    };
    let mut wicket = json!({"kind": kind, "player_out": out});
    let fielders: Vec<Value> = (0..hands).map(|_| fielder(chance, fielding)).collect();
    if !fielders.is_empty() || happens(chance, 3) {
        wicket["fielders"] = json!(fielders);
    }
    wicket
}

fn fielder(chance: &mut Chance, fielding: &Side) -> Value {
    match chance.below(20) {
        0 => json!({"substitute": true}),
        1 => json!({"name": "Sub O'Field", "substitute": true}),
        2 => json!({"name": "Nobody Knows"}),
        3 => json!({"name": "T".repeat(80), "substitute": true}),
        4 => json!({"name": chance.one_of(&fielding.players), "substitute": true}),
        5 => json!({"name": chance.one_of(&fielding.players), "substitute": false}),
        6 => json!({}),
        _ => json!({"name": chance.one_of(&fielding.players)}),
    }
}
