//! The body that creates a match: title, rules and line-ups of a Cricsheet file.

use serde_json::{Map, Value, json};

use crate::cricsheet::Match;
use crate::names;
use crate::squads::{Side, Squads};

/// What `PUT /v1/matches/{match}` is sent.
pub fn body(of: &Match, squads: &Squads) -> Value {
    let mut body = json!({
        "sport": "cricket",
        "title": title(squads),
        "visibility": "public",
        "rules": rules(of),
        "teams": {"a": team(of, squads, Side::A), "b": team(of, squads, Side::B)},
    });
    if let Some(date) = of.info.dates.first() {
        // The files tell days, not times.
        body["start"] = json!(format!("{date}T00:00:00Z"));
    }
    body
}

/// What the match is called.
pub fn title(squads: &Squads) -> String {
    names::title(&format!(
        "{} v {}",
        squads.team(Side::A),
        squads.team(Side::B)
    ))
}

/// How many innings a side may bat.
pub fn innings_per_side(of: &Match) -> usize {
    match of.info.match_type.as_str() {
        "Test" | "MDM" => 2,
        _ => 1,
    }
}

/// Wickets that end an innings.
pub const WICKETS_MAX: usize = 10;
/// Wickets that end a side's super over.
pub const SUPER_OVER_WICKETS_MAX: usize = 2;

fn rules(of: &Match) -> Value {
    let mut rules = json!({
        "balls_per_over": of.info.balls_per_over,
        "innings_per_side": innings_per_side(of),
        "wickets_max": WICKETS_MAX,
        "noball_runs": noball_runs(of),
        "wide_runs": 1,
    });
    if let Some(overs) = of.info.overs {
        rules["overs"] = json!(overs);
        // A fifth of the innings, in every limited-overs format: 4 of 20, 10 of 50.
        rules["bowler_overs_max"] = json!(overs.div_ceil(5));
        rules["super_over"] = json!({"overs": 1, "wickets_max": SUPER_OVER_WICKETS_MAX});
    }
    rules
}

/// The Hundred, which bowls fives, charges 2 for a no-ball: the file's cheapest one shows it.
fn noball_runs(of: &Match) -> u32 {
    if of.info.balls_per_over != 5 {
        return 1;
    }
    let overs = of.innings.iter().flat_map(|innings| &innings.overs);
    let noballs = overs
        .flat_map(|over| &over.deliveries)
        .map(|ball| ball.extras.noballs);
    noballs.filter(|runs| *runs > 0).min().unwrap_or(2).min(2)
}

fn team(of: &Match, squads: &Squads, side: Side) -> Value {
    let name = squads.team(side);
    let players: Vec<Value> = squads
        .listed(of, side)
        .into_iter()
        .map(|(player, name)| json!({"id": player.id, "name": names::name(name)}))
        .collect();
    let mut team = Map::from_iter([
        ("name".to_owned(), json!(names::name(name))),
        ("players".to_owned(), json!(players)),
    ]);
    // Two teams of one short name would be worse than two without.
    if short(name) != short(squads.team(side.other())) {
        team.insert("short".to_owned(), json!(short(name)));
    }
    Value::Object(team)
}

/// The initials of a name of several words, else its first three letters.
pub(crate) fn short(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let letters: String = match words.as_slice() {
        [word] => word.chars().take(3).collect(),
        words => words
            .iter()
            .filter_map(|word| word.chars().next())
            .take(4)
            .collect(),
    };
    letters.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_rules_are_those_of_the_format() {
        let mut file = sample::tiny();
        assert_eq!(rules(&file)["bowler_overs_max"], 4);
        assert_eq!(rules(&file)["noball_runs"], 1);
        file.info.balls_per_over = 5;
        assert_eq!(rules(&file)["noball_runs"], 2);
        file.info.match_type = "Test".to_owned();
        file.info.overs = None;
        let test = rules(&file);
        assert_eq!(test["innings_per_side"], 2);
        assert!(test.get("overs").is_none() && test.get("super_over").is_none());
    }

    #[test]
    fn a_short_name_is_three_letters_or_the_initials() {
        assert_eq!(short("Delhi Capitals"), "DC");
        assert_eq!(short("India"), "IND");
    }

    #[test]
    fn two_teams_never_share_a_short_name() {
        let mut file = sample::tiny();
        file.info.teams = vec!["Gujarat Titans".into(), "Ganga Tigers".into()];
        file.innings.clear();
        let body = body(&file, &Squads::of(&file));
        assert!(body["teams"]["a"].get("short").is_none());
    }
}
