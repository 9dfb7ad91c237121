//! What is proposed, held against what was entered in real matches.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cricsheet;

use cricsheet::Converter;
use grandstand_core::event::Posted;
use grandstand_sports::{Game, Rights, Sport};
use serde_json::{Map, Value};

/// Where the files say otherwise than the proposals, and why they may.
const EXCEPTIONS: [(&str, &str, &str); 9] = [
    (
        "1144530",
        "result",
        "decided by boundaries after a second tie",
    ),
    (
        "1323162",
        "innings_start",
        "target and overs revised in the break (D/L)",
    ),
    ("1323162", "result", "D/L par, which the file does not have"),
    ("1389401", "innings_end", "declared"),
    ("1406076", "innings_end", "declared"),
    (
        "1473469",
        "innings_end",
        "the target of a super over is not in the file",
    ),
    (
        "1477012",
        "innings_end",
        "cut to 32 overs, which the file says only of the chase",
    ),
    (
        "573012",
        "innings_end",
        "two absent hurt, who are entered with it",
    ),
    ("1477012", "innings_start", "cut to 32 overs"),
];

/// Until then who is in on a catch was at the end to which he had crossed (Law 18.11 of 2022).
const CROSSED_ON_A_CATCH: [&str; 4] = ["1144530", "1323162", "501263", "573012"];

/// A deliveries' ends: how often they were proposed, and how often otherwise than entered.
#[derive(Debug, Default)]
struct Ends {
    deliveries: u32,
    pairs: u32,
    pairs_wrong: u32,
    single: u32,
    single_wrong: u32,
}

#[test]
fn what_is_proposed_is_what_was_entered() {
    let mut ends = Ends::default();
    for (name, path) in cricsheet::files() {
        let documents = Converter::convert(&cricsheet::read(&path));
        let mut others = Vec::new();
        let mut after_catch = false;
        follow(&documents, |kind, data, proposals| {
            match kind {
                "delivery" => {
                    let old_law = after_catch && CROSSED_ON_A_CATCH.contains(&&*name);
                    ends.count(data, proposals, old_law);
                    assert_eq!(proposals["over"], data["over"], "{name} {data}");
                    assert!(!proposals.contains_key("innings_end"), "{name} {data}");
                    assert!(!proposals.contains_key("over_end"), "{name} {data}");
                    after_catch = data["wickets"][0]["kind"] == "caught";
                }
                "over_end" => assert_eq!(&proposals["over_end"], data, "{name}"),
                "innings_start" | "innings_end" | "result" if !agree(kind, data, proposals) => {
                    others.push((kind.to_owned(), proposals.clone(), data.clone()));
                }
                _ => {}
            };
        });
        others.retain(|(kind, ..)| {
            !EXCEPTIONS
                .iter()
                .any(|(file, event, _)| *file == name && event == kind)
        });
        assert!(others.is_empty(), "{name}: {others:#?}");
    }
    println!("{ends:?}");
    if ends.deliveries > 0 {
        let share = |wrong: u32, of: u32| 100.0 - 100.0 * f64::from(wrong) / f64::from(of);
        println!(
            "pairs as entered {:.2} %, the one that is left {:.2} %",
            share(ends.pairs_wrong, ends.pairs),
            share(ends.single_wrong, ends.single)
        );
        assert!(ends.pairs_wrong * 1000 <= ends.pairs);
        assert_eq!(ends.single_wrong, 0);
        // Nothing is proposed only at the beginning of an innings and after a run out.
        assert!((ends.pairs + ends.single) * 100 >= ends.deliveries * 98);
    }
}

impl Ends {
    fn count(&mut self, data: &Value, proposals: &Map<String, Value>, old_law: bool) {
        self.deliveries += 1;
        let known = [("striker", "batter"), ("non_striker", "non_striker")]
            .into_iter()
            .filter_map(|(proposed, entered)| Some((proposals.get(proposed)?, &data[entered])));
        let known: Vec<_> = known.collect();
        let is_wrong = known.iter().any(|(proposed, entered)| proposed != entered);
        match known.len() {
            2 => {
                self.pairs += 1;
                self.pairs_wrong += u32::from(is_wrong);
            }
            1 if !old_law => {
                self.single += 1;
                self.single_wrong += u32::from(is_wrong);
            }
            _ => {}
        }
    }
}

/// Gives each event with what was proposed before it.
fn follow(documents: &[Value], mut look: impl FnMut(&str, &Value, &Map<String, Value>)) {
    let mut game = Game::new(Sport::Cricket);
    let rights = Rights {
        open: false,
        official: true,
    };
    for document in documents {
        let kind = document["type"].as_str().unwrap();
        look(kind, &document["data"], &game.proposals());
        let posted = Posted::parse(document.clone(), None).unwrap();
        let mut draft = game.draft();
        draft.decide(&posted, rights, 1).unwrap();
        let drafted = draft.finish();
        game.adopt(drafted);
    }
}

/// Whether what is proposed is what was entered, as far as the files go: they know no target of a
/// Test or of a super over, and the platform names no player of the match.
fn agree(kind: &str, entered: &Value, proposals: &Map<String, Value>) -> bool {
    let Some(mut proposed) = proposals.get(kind).cloned() else {
        return false;
    };
    let mut entered = entered.clone();
    entered.as_object_mut().unwrap().remove("player_of_match");
    entered.as_object_mut().unwrap().remove("absent_hurt");
    let members = proposed.as_object_mut().unwrap();
    members.remove("follow_on_possible");
    if entered["target"].is_null() {
        members.remove("target");
        entered.as_object_mut().unwrap().remove("target");
    }
    proposed == entered
}
