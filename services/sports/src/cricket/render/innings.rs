//! One innings of the state.

use serde_json::{Map, Value, json};

use crate::cricket::book::{BatterRow, Innings, Partnership, Squads};
use crate::cricket::facts::Target;
use crate::cricket::words::Overs;

/// The innings as the state holds it.
pub(super) fn render(innings: &Innings, squads: &Squads) -> Value {
    let mut value = Map::new();
    let mut put = |name: &str, member: Value| {
        value.insert(name.to_owned(), member);
    };
    put("batting_team", innings.batting.as_str().into());
    put("runs", innings.runs.into());
    put("wickets", innings.wickets.into());
    put("legal_balls", innings.legal_balls.into());
    put("overs", overs_text(innings.overs_bowled()).into());
    put("extras", render_extras(innings));
    let batting = innings.batters.iter().map(|row| render_batter(row, squads));
    put("batting", rows('b', 2, batting));
    put("bowling", rows('w', 2, bowling(innings, squads)));
    let falls = innings.falls.iter().map(
        |fall| json!({ "player": fall.player.as_str(), "runs": fall.runs, "over": fall.over }),
    );
    put("fall_of_wickets", rows('f', 2, falls));
    let partnerships = innings.partnerships.iter().map(render_partnership);
    put("partnerships", rows('p', 2, partnerships));
    put("per_over", render_overs(innings));
    let miscounted = render_miscounted(innings);
    if !miscounted.is_empty() {
        put("miscounted", miscounted.into());
    }
    if let Some(target) = &innings.target {
        put("target", render_target(target));
    }
    if let Some(overs) = innings.overs_max {
        put("overs_max", overs.value());
    }
    for (name, runs) in [
        ("penalty_pre", innings.penalty_pre),
        ("penalty_post", innings.penalty_post),
    ] {
        if runs > 0 {
            put(name, runs.into());
        }
    }
    if innings.wicket_cost > 0 {
        put("wicket_cost", innings.wicket_cost.into());
    }
    if !innings.absent_hurt.is_empty() {
        let absent = innings.absent_hurt.iter().map(|id| id.as_str().into());
        put("absent_hurt", Value::Array(absent.collect()));
    }
    for (name, flag) in [
        ("super_over", innings.super_over),
        ("follow_on", innings.follow_on),
    ] {
        if flag {
            put(name, true.into());
        }
    }
    if let Some(end) = innings.end {
        put("end", end.as_str().into());
    }
    Value::Object(value)
}

/// Overs as text: `20`, `19.4`.
pub(super) fn overs_text(overs: Overs) -> String {
    match overs.balls {
        0 => overs.overs.to_string(),
        balls => format!("{}.{balls}", overs.overs),
    }
}

/// Rows keyed in order of appearance by a letter and a number of fixed width.
fn rows(letter: char, width: usize, rows: impl Iterator<Item = Value>) -> Value {
    let keyed = rows
        .enumerate()
        .map(|(index, row)| (format!("{letter}{:0width$}", index + 1), row));
    Value::Object(keyed.collect())
}

fn render_extras(innings: &Innings) -> Value {
    let there = innings.extras.each().into_iter();
    let there = there
        .filter(|(_, _, runs)| *runs > 0)
        .map(|(name, _, runs)| (name.to_owned(), runs.into()));
    Value::Object(there.collect())
}

fn render_batter(row: &BatterRow, squads: &Squads) -> Value {
    let mut value = json!({
        "player": row.player.as_str(),
        "name": squads.name(&row.player),
        "runs": row.runs,
        "balls": row.balls,
        "fours": row.fours,
        "sixes": row.sixes,
    });
    if row.outs > 0 {
        value["outs"] = row.outs.into();
    }
    if let Some(out) = &row.out {
        let mut member = json!({ "kind": out.kind.as_str() });
        if let Some(bowler) = &out.bowler {
            member["bowler"] = bowler.as_str().into();
        }
        if !out.fielders.is_empty() {
            member["fielders"] = json!(out.fielders);
        }
        value["out"] = member;
    }
    value
}

fn bowling(innings: &Innings, squads: &Squads) -> impl Iterator<Item = Value> {
    innings.bowlers.iter().enumerate().map(|(index, row)| {
        json!({
            "player": row.player.as_str(),
            "name": squads.name(&row.player),
            "balls": row.balls,
            "maidens": innings.maidens(index),
            "runs": row.runs,
            "wickets": row.wickets,
            "wides": row.wides,
            "noballs": row.noballs,
            "dots": row.dots,
        })
    })
}

fn render_partnership(partnership: &Partnership) -> Value {
    let batters = partnership.batters.iter().map(|id| id.as_str().into());
    json!({
        "batters": Value::Array(batters.collect()),
        "runs": partnership.runs,
        "balls": partnership.balls,
    })
}

fn over_key(number: u32) -> String {
    format!("o{:03}", number + 1)
}

fn render_overs(innings: &Innings) -> Value {
    let overs = innings.overs.iter().map(|(number, over)| {
        let value = json!({ "runs": over.runs, "wickets": over.wickets, "balls": over.balls });
        (over_key(*number), value)
    });
    Value::Object(overs.collect())
}

fn render_miscounted(innings: &Innings) -> Map<String, Value> {
    let overs = innings.overs.iter();
    overs
        .filter_map(|(number, over)| Some((over_key(*number), over.miscounted?.into())))
        .collect()
}

fn render_target(target: &Target) -> Value {
    let mut value = json!({ "runs": target.runs });
    if let Some(overs) = target.overs {
        value["overs"] = overs.value();
    }
    if let Some(method) = &target.method {
        value["method"] = method.as_str().into();
    }
    if let Some(par) = target.par {
        value["par"] = par.into();
    }
    value
}
