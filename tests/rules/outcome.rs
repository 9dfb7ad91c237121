//! What a made-up file says about its match beside the balls.

use serde_json::{Map, Value, json};

use super::side::{Side, happens};
use grandstand_play::generate::chance::Chance;

/// How it ended, whatever the runs say: results are entered.
pub(crate) fn outcome(chance: &mut Chance, sides: &[Side; 2]) -> Value {
    let [a, b] = [&sides[0].team, &sides[1].team];
    let winner = chance.one_of(&[a, b]);
    match chance.below(14) {
        0 => json!({"result": "no result"}),
        1 => json!({"result": "tie"}),
        2 => json!({"result": "tie", "eliminator": winner}),
        3 => json!({"result": "tie", "bowl_out": winner}),
        4 => json!({"bowl_out": winner}),
        5 => json!({"winner": winner, "by": {"runs": 12}, "method": "D/L"}),
        6 => json!({"winner": winner, "by": {"wickets": 3}, "method": "VJD"}),
        7 => json!({"winner": winner, "method": "Awarded"}),
        8 => json!({"winner": winner, "method": "Lost fewer wickets"}),
        9 => json!({"winner": winner, "by": {"innings": 1, "runs": 7}}),
        10 => json!({"result": "draw"}),
        11 => json!({"result": "no result", "method": "D/L"}),
        12 => json!({"winner": winner, "by": {"runs": 1}}),
        _ => json!({"winner": winner, "by": {"wickets": 10}}),
    }
}

/// The toss; older files have had none.
fn toss(chance: &mut Chance, sides: &[Side; 2]) -> Value {
    let mut toss =
        json!({"winner": chance.one_of(sides).team, "decision": chance.one_of(&["bat", "field"])});
    if happens(chance, 5) {
        toss["uncontested"] = json!(true);
    }
    toss
}

/// Everybody's id; two people have had one, and some have none.
fn registry(chance: &mut Chance, names: &[&String]) -> Value {
    let mut people = Map::new();
    for (index, name) in names.iter().enumerate() {
        let id = match chance.below(60) {
            0 => continue,
            1 => 7,
            _ => index + 100,
        };
        people.insert((*name).clone(), format!("{:08x}", id * 0x0101_0101).into());
    }
    people.insert("Sub O'Field".to_owned(), "5ab5ab00".into());
    people.insert("M Erasmus".to_owned(), "00000e00".into());
    if happens(chance, 3) {
        people.clear();
    }
    json!({"people": people})
}

/// All of `info` but what the format says.
pub(crate) fn info(chance: &mut Chance, sides: &[Side; 2]) -> Value {
    let listed = |side: &Side| {
        let unlisted = &side.unlisted;
        let listed = side.players.iter().filter(|name| !unlisted.contains(name));
        listed.cloned().collect::<Vec<String>>()
    };
    let everybody: Vec<&String> = sides
        .iter()
        .flat_map(|side| side.players.iter().chain(&side.unlisted))
        .collect();
    let mut info = json!({
        "dates": chance.one_of(&[json!(["2003-06-13"]), json!(["2019-07-09", "2019-07-10"])]),
        "gender": chance.one_of(&["male", "female"]),
        "season": chance.one_of(&[json!(2012), json!("2007/08")]),
        "outcome": outcome(chance, sides),
        "players": {&sides[0].team: listed(&sides[0]), &sides[1].team: listed(&sides[1])},
        "registry": registry(chance, &everybody),
        "teams": [sides[0].team, sides[1].team],
        "toss": toss(chance, sides),
        "venue": "Somewhere",
    });
    put_rare(chance, &mut info, sides);
    info
}

fn put_rare(chance: &mut Chance, info: &mut Value, sides: &[Side; 2]) {
    if happens(chance, 60) {
        info["event"] = json!({"name": "Cup", "match_number": 3});
    }
    if happens(chance, 60) {
        info["officials"] = json!({"umpires": ["M Erasmus", "B Bowden"]});
    }
    if happens(chance, 70) {
        let mut best = vec![chance.one_of(&sides[0].players)];
        if happens(chance, 20) {
            best.push(chance.one_of(&sides[1].players));
        }
        if happens(chance, 3) {
            best.push("A Spectator".to_owned());
        }
        info["player_of_match"] = json!(best);
    }
    if happens(chance, 5) {
        info["supersubs"] = json!({&sides[0].team: chance.one_of(&sides[0].players)});
    }
    if happens(chance, 5) {
        info["bowl_out"] = json!([{"bowler": chance.one_of(&sides[1].players), "outcome": "hit"}]);
    }
    if happens(chance, 5) {
        info["missing"] = json!(["player_of_match", {"powerplays": {"1": ["1"]}}]);
    }
}
