//! How a batter went, as a scorecard writes it.

use serde_json::Value;

use super::{Names, text};

/// `c Jurel b Archer`, `run out (Buttler/Archer)`, `not out`: the words of a row's `out`.
pub(super) fn how_out(names: &Names<'_>, out: Option<&Value>) -> String {
    let Some(out) = out else {
        return "not out".to_owned();
    };
    let kind = text(&out["kind"]);
    let bowler = out["bowler"].as_str().map(|id| names.player(id));
    let fielders = out["fielders"].as_array().into_iter().flatten();
    let fielders: Vec<String> = fielders.map(|id| names.player(&text(id))).collect();
    let by = bowler.as_ref().map(|name| format!("b {name}"));
    let first = fielders.first().cloned();
    let joined = |words: [Option<String>; 3]| words.into_iter().flatten().collect::<Vec<_>>();
    match kind.as_str() {
        "caught" => joined([Some("c".to_owned()), first, by]).join(" "),
        "caught and bowled" => match bowler {
            Some(name) => format!("c & b {name}"),
            None => kind,
        },
        "bowled" => by.unwrap_or(kind),
        "stumped" => joined([Some("st".to_owned()), first, by]).join(" "),
        "lbw" | "hit wicket" => joined([Some(kind), by, None]).join(" "),
        "run out" | "obstructing the field" if !fielders.is_empty() => {
            format!("{kind} ({})", fielders.join("/"))
        }
        _ => kind,
    }
}
