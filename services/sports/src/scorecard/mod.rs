//! A match's scorecard as tables that are ready to print, read off its state.

mod csv;
mod how_out;
mod innings;
mod page;

use serde::Serialize;
use serde_json::Value;

pub use innings::InningsCard;

/// The scorecard of a match of cricket. What does not apply is absent or empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecard {
    /// Of the match.
    pub title: String,
    /// How it stands or ended, in a few words.
    pub line: String,
    /// Who chose what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toss: Option<String>,
    /// Names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub player_of_match: Vec<String>,
    /// In the order in which they were played, super overs among them.
    pub innings: Vec<InningsCard>,
}

impl Scorecard {
    /// The scorecard of a state; none if its sport has none.
    pub fn of(state: &Value) -> Option<Self> {
        if state["sport"] != "cricket" {
            return None;
        }
        let names = Names { state };
        let chosen = state["player_of_match"].as_array().into_iter().flatten();
        Some(Self {
            title: text(&state["strip"]["title"]),
            line: text(&state["strip"]["line"]),
            toss: toss(&names),
            player_of_match: chosen.map(|id| names.player(&text(id))).collect(),
            innings: rows(&state["innings"])
                .map(|(_, innings)| InningsCard::of(&names, innings))
                .collect(),
        })
    }
}

fn toss(names: &Names<'_>) -> Option<String> {
    let toss = names.state.get("toss")?;
    let team = names.team(&text(&toss["winner"]));
    Some(match text(&toss["decision"]).as_str() {
        "bat" => format!("{team} chose to bat"),
        _ => format!("{team} chose to field"),
    })
}

/// Names of teams and players.
struct Names<'a> {
    state: &'a Value,
}

impl Names<'_> {
    fn team(&self, side: &str) -> String {
        text(&self.state["teams"][side]["name"])
    }

    /// The name of a player; who is none is called what he is referred to by.
    fn player(&self, id: &str) -> String {
        let named = ["a", "b"].into_iter().find_map(|side| {
            let name = self.state["teams"][side]["players"].get(id)?;
            name.as_str()
        });
        named.unwrap_or(id).to_owned()
    }
}

/// A state's list: an object whose keys stand in its order.
fn rows(list: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let mut rows: Vec<_> = list.as_object().into_iter().flatten().collect();
    // `i10` comes after `i9`.
    rows.sort_by_key(|(key, _)| (key.len(), *key));
    rows.into_iter()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// `part` by `whole` with two decimals, none by nothing.
fn rate(part: u64, whole: u64) -> Option<String> {
    let hundredths = (200 * part + whole).checked_div(2 * whole)?;
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
