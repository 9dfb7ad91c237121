//! The state that a faultless platform would hold for a tally.

use serde_json::{Map, Value, json};

use crate::squads::Squads;
use crate::tally::{InningsTally, Out};

/// The state, as far as it holds figures.
pub(crate) fn state_of(sums: &[InningsTally], squads: &Squads) -> Value {
    let innings = sums.iter().map(|sum| innings_of(sum, squads));
    json!({"sport": "cricket", "innings": keyed('i', 0, innings)})
}

fn keyed(letter: char, width: usize, rows: impl Iterator<Item = Value>) -> Map<String, Value> {
    (1..)
        .zip(rows)
        .map(|(number, row)| (format!("{letter}{number:0width$}"), row))
        .collect()
}

fn innings_of(sum: &InningsTally, squads: &Squads) -> Value {
    let batting = squads.side(&sum.team).expect("one of the two");
    let id = |name: &String| {
        let player = squads.of_either(name, batting);
        player.map_or(name.clone(), |player| player.id.clone())
    };
    let ids = |names: &[String]| names.iter().map(id).collect::<Vec<_>>();
    let batting = sum.batting.iter().map(|row| {
        let mut data = json!({"player": id(&row.player), "name": row.player, "runs": row.runs, "balls": row.balls,
            "fours": row.fours, "sixes": row.sixes});
        if let Some(Out { kind, bowler, fielders }) = &row.out {
            data["out"] = json!({"kind": kind.as_str()});
            if let Some(bowler) = bowler {
                data["out"]["bowler"] = json!(id(bowler));
            }
            if !fielders.is_empty() {
                data["out"]["fielders"] = json!(ids(fielders));
            }
        }
        data
    });
    let bowling = sum.bowling.iter().map(|row| {
        json!({"player": id(&row.player), "name": row.player, "balls": row.balls, "maidens": row.maidens, "runs": row.runs,
            "wickets": row.wickets, "wides": row.wides, "noballs": row.noballs, "dots": row.dots})
    });
    let falls = sum
        .fall_of_wickets
        .iter()
        .map(|fall| json!({"player": id(&fall.player), "runs": fall.runs, "over": fall.over}));
    let partnerships = sum.partnerships.iter().map(|partnership| {
        json!({"batters": ids(&partnership.batters), "runs": partnership.runs, "balls": partnership.balls})
    });
    let per_over = sum
        .per_over
        .iter()
        .map(|over| json!({"runs": over.runs, "wickets": over.wickets, "balls": ""}));
    let mut innings = json!({
        "batting_team": squads.side(&sum.team).expect("one of the two").as_str(),
        "runs": sum.runs, "wickets": sum.wickets, "legal_balls": sum.legal_balls, "overs": sum.overs, "extras": sum.extras,
        "batting": keyed('b', 2, batting), "bowling": keyed('w', 2, bowling), "fall_of_wickets": keyed('f', 2, falls),
        "partnerships": keyed('p', 2, partnerships), "per_over": keyed('o', 3, per_over),
    });
    if sum.super_over {
        innings["super_over"] = json!(true);
    }
    for (name, runs) in [
        ("penalty_pre", sum.penalty_pre),
        ("penalty_post", sum.penalty_post),
    ] {
        if runs > 0 {
            innings[name] = json!(runs);
        }
    }
    if !sum.absent_hurt.is_empty() {
        innings["absent_hurt"] = json!(ids(&sum.absent_hurt));
    }
    innings
}
