//! Holds the platform's state against the file's tally, figure by figure.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::squads::Squads;
use crate::state_figures::figures_of_state;
use crate::tally::{InningsTally, Out};

/// Figures by their place, such as `i1 batting BA Stokes runs`; players by name.
pub type Figures = BTreeMap<String, String>;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many figures were compared.
    pub figures: usize,
    /// Those that are not equal.
    pub differences: Vec<Difference>,
}

/// A figure that is not equal.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub place: String,
    /// The file's; none if only the platform has it.
    pub file: Option<String>,
    /// The platform's; none if only the file has it.
    pub platform: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [file, platform] =
            [&self.file, &self.platform].map(|figure| figure.as_deref().unwrap_or("(absent)"));
        write!(f, "{}: file {file}, platform {platform}", self.place)
    }
}

/// Compares the tally of a file with the state that the platform made of its events.
pub fn compare(sums: &[InningsTally], state: &Value, squads: &Squads) -> Comparison {
    let file = figures_of_tally(sums, squads);
    let platform = figures_of_state(state, squads);
    let places = file
        .keys()
        .chain(platform.keys().filter(|place| !file.contains_key(*place)));
    let mut comparison = Comparison::default();
    for place in places {
        comparison.figures += 1;
        let (file, platform) = (file.get(place), platform.get(place));
        if file != platform {
            let (file, platform) = (file.cloned(), platform.cloned());
            comparison.differences.push(Difference {
                place: place.clone(),
                file,
                platform,
            });
        }
    }
    comparison
}

/// The figures that the file adds up to.
pub fn figures_of_tally(sums: &[InningsTally], squads: &Squads) -> Figures {
    let mut figures = Figures::new();
    for (number, sum) in (1..).zip(sums) {
        let mut put = |place: &str, figure: String| {
            figures.insert(format!("i{number} {place}"), figure);
        };
        put(
            "batting_team",
            squads
                .side(&sum.team)
                .map_or("?", |side| side.as_str())
                .to_owned(),
        );
        put("super_over", sum.super_over.to_string());
        put("overs", sum.overs.clone());
        for (place, count) in [
            ("runs", sum.runs),
            ("wickets", sum.wickets),
            ("legal_balls", sum.legal_balls),
            ("penalty_pre", sum.penalty_pre),
            ("penalty_post", sum.penalty_post),
        ] {
            put(place, count.to_string());
        }
        for (kind, runs) in &sum.extras {
            put(&format!("extras {kind}"), runs.to_string());
        }
        put("absent_hurt", sorted(sum.absent_hurt.clone()).join(", "));
        put_rows_of_tally(sum, put);
    }
    figures
}

fn put_rows_of_tally(sum: &InningsTally, mut put: impl FnMut(&str, String)) {
    for row in &sum.batting {
        let place = format!("batting {}", row.player);
        let counts = [
            ("runs", row.runs),
            ("balls", row.balls),
            ("fours", row.fours),
            ("sixes", row.sixes),
        ];
        for (name, count) in counts {
            put(&format!("{place} {name}"), count.to_string());
        }
        put(
            &format!("{place} out"),
            row.out.as_ref().map_or("not out".to_owned(), out_of_tally),
        );
    }
    for row in &sum.bowling {
        for (name, count) in [
            ("balls", row.balls),
            ("maidens", row.maidens),
            ("runs", row.runs),
            ("wickets", row.wickets),
            ("wides", row.wides),
            ("noballs", row.noballs),
            ("dots", row.dots),
        ] {
            put(&format!("bowling {} {name}", row.player), count.to_string());
        }
    }
    for (number, fall) in (1..).zip(&sum.fall_of_wickets) {
        put(&format!("wicket {number:02} player"), fall.player.clone());
        put(&format!("wicket {number:02} runs"), fall.runs.to_string());
        put(&format!("wicket {number:02} over"), fall.over.clone());
    }
    for (number, partnership) in (1..).zip(&sum.partnerships) {
        put(
            &format!("partnership {number:02} batters"),
            partnership.batters.join(", "),
        );
        put(
            &format!("partnership {number:02} runs"),
            partnership.runs.to_string(),
        );
        put(
            &format!("partnership {number:02} balls"),
            partnership.balls.to_string(),
        );
    }
    for over in &sum.per_over {
        put(
            &format!("over {:03} runs", over.over + 1),
            over.runs.to_string(),
        );
        put(
            &format!("over {:03} wickets", over.over + 1),
            over.wickets.to_string(),
        );
    }
}

fn out_of_tally(out: &Out) -> String {
    out_text(out.kind.as_str(), out.bowler.as_deref(), &out.fielders)
}

/// How a batter went, as one figure.
pub(crate) fn out_text(kind: &str, bowler: Option<&str>, fielders: &[String]) -> String {
    let bowler = bowler
        .map(|bowler| format!(", bowler {bowler}"))
        .unwrap_or_default();
    let fielders = match fielders {
        [] => String::new(),
        some => format!(", fielders {}", some.join(" and ")),
    };
    format!("{kind}{bowler}{fielders}")
}

/// Names of which the order says nothing.
pub(crate) fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
