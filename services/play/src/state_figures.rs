//! Reads the figures out of a platform's state.

use serde_json::{Map, Value};

use crate::compare::{Figures, out_text, sorted};
use crate::squads::Squads;

/// The figures that the platform's state holds.
pub(crate) fn figures_of_state(state: &Value, squads: &Squads) -> Figures {
    let mut reader = StateReader {
        squads,
        figures: Figures::new(),
    };
    for (key, innings) in members(state, "innings") {
        reader.innings(key, innings);
    }
    reader.figures
}

/// Reads figures out of a state, whatever is missing or odd in it.
struct StateReader<'a> {
    squads: &'a Squads,
    figures: Figures,
}

impl StateReader<'_> {
    fn innings(&mut self, key: &str, innings: &Value) {
        self.copy(
            key,
            innings,
            &["batting_team", "runs", "wickets", "legal_balls", "overs"],
        );
        // What does not apply is absent.
        for (name, otherwise) in [
            ("super_over", "false"),
            ("penalty_pre", "0"),
            ("penalty_post", "0"),
        ] {
            let figure = innings.get(name).map_or(otherwise.to_owned(), text);
            self.figures.insert(format!("{key} {name}"), figure);
        }
        for (kind, runs) in members(innings, "extras").filter(|(_, runs)| **runs != 0) {
            self.figures
                .insert(format!("{key} extras {kind}"), text(runs));
        }
        let absent = self.names(innings.get("absent_hurt"));
        self.figures
            .insert(format!("{key} absent_hurt"), sorted(absent).join(", "));
        self.rows(key, innings);
        self.course(key, innings);
    }

    fn rows(&mut self, key: &str, innings: &Value) {
        for (row_key, row) in members(innings, "batting") {
            let place = self.row_place(
                format!("{key} batting {}", self.name(row.get("player"))),
                "runs",
                row_key,
            );
            self.copy(&place, row, &["runs", "balls", "fours", "sixes"]);
            let out = row
                .get("out")
                .map_or("not out".to_owned(), |out| self.out(out));
            self.figures.insert(format!("{place} out"), out);
        }
        for (row_key, row) in members(innings, "bowling") {
            let place = self.row_place(
                format!("{key} bowling {}", self.name(row.get("player"))),
                "balls",
                row_key,
            );
            self.copy(
                &place,
                row,
                &[
                    "balls", "maidens", "runs", "wickets", "wides", "noballs", "dots",
                ],
            );
        }
    }

    /// What came one after another: wickets, partnerships, overs.
    fn course(&mut self, key: &str, innings: &Value) {
        for (number, (_, fall)) in (1..).zip(members(innings, "fall_of_wickets")) {
            let place = format!("{key} wicket {number:02}");
            self.figures
                .insert(format!("{place} player"), self.name(fall.get("player")));
            self.copy(&place, fall, &["runs", "over"]);
        }
        for (number, (_, partnership)) in (1..).zip(members(innings, "partnerships")) {
            let place = format!("{key} partnership {number:02}");
            let batters = sorted(self.names(partnership.get("batters")));
            self.figures
                .insert(format!("{place} batters"), batters.join(", "));
            self.copy(&place, partnership, &["runs", "balls"]);
        }
        for (over, figures) in members(innings, "per_over") {
            let place = format!("{key} over {}", over.trim_start_matches('o'));
            self.copy(&place, figures, &["runs", "wickets"]);
        }
    }

    fn copy(&mut self, place: &str, from: &Value, names: &[&str]) {
        for name in names {
            if let Some(figure) = from.get(name) {
                self.figures.insert(format!("{place} {name}"), text(figure));
            }
        }
    }

    /// A second row of the same player is shown as such, not over the first.
    fn row_place(&self, place: String, first_figure: &str, row_key: &str) -> String {
        if self
            .figures
            .contains_key(&format!("{place} {first_figure}"))
        {
            return format!("{place} ({row_key})");
        }
        place
    }

    fn out(&self, out: &Value) -> String {
        let bowler = out.get("bowler").map(|bowler| self.name(Some(bowler)));
        let kind = out.get("kind").map_or("?".to_owned(), text);
        out_text(&kind, bowler.as_deref(), &self.names(out.get("fielders")))
    }

    fn name(&self, id: Option<&Value>) -> String {
        let id = id.map_or("?".to_owned(), text);
        self.squads.name(&id).map(str::to_owned).unwrap_or(id)
    }

    fn names(&self, ids: Option<&Value>) -> Vec<String> {
        let ids = ids.and_then(Value::as_array).into_iter().flatten();
        ids.map(|id| self.name(Some(id))).collect()
    }
}

fn members<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    of.get(name)
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

fn text(figure: &Value) -> String {
    figure
        .as_str()
        .map_or_else(|| figure.to_string(), str::to_owned)
}
