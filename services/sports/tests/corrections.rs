//! A match scored wrongly and corrected is the match as if it had been scored right.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cricsheet;
mod entries;

use entries::{Entry, creation, post, take};
use grandstand_core::event::{Event, Op, Posted};
use grandstand_core::patch;
use grandstand_sports::{Game, Sport};
use proptest::prelude::*;
use serde_json::{Value, json};

/// How an event was entered at first.
#[derive(Debug, Clone, Copy)]
enum Slip {
    None,
    WrongRuns,
    WrongEnds,
    Missed,
    MissedAndInsertedWrong,
    Twice,
    VoidedByMistake,
    AmendedWrong,
    WrongDismissal,
    EndedEarly,
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        10 => Just(Slip::None),
        1 => Just(Slip::WrongRuns),
        1 => Just(Slip::WrongEnds),
        1 => Just(Slip::Missed),
        1 => Just(Slip::MissedAndInsertedWrong),
        1 => Just(Slip::Twice),
        1 => Just(Slip::VoidedByMistake),
        1 => Just(Slip::AmendedWrong),
        1 => Just(Slip::WrongDismissal),
        1 => Just(Slip::EndedEarly),
    ]
}

fn slipped(slip: Slip, entry: &Entry) -> Option<Entry> {
    let (kind, mut data) = entry.clone();
    match slip {
        Slip::WrongRuns | Slip::AmendedWrong | Slip::MissedAndInsertedWrong => {
            data["runs"] = json!((data["runs"].as_u64()? + 1) % 7)
        }
        Slip::WrongEnds => {
            let batter = data["batter"].clone();
            data["batter"] = data["non_striker"].clone();
            data["non_striker"] = batter;
        }
        Slip::WrongDismissal => {
            let kind = data["wickets"][0]["kind"].as_str()?;
            let other = if kind == "bowled" { "lbw" } else { "bowled" };
            data["wickets"][0]["kind"] = json!(other);
            data["wickets"][0]["player_out"] = data["batter"].clone();
        }
        Slip::None | Slip::Missed | Slip::Twice | Slip::VoidedByMistake | Slip::EndedEarly => {}
    }
    Some((kind, data))
}

/// A match being scored, with the repairs that it still needs.
struct Scorer {
    game: Game,
    log: Vec<Event>,
    repairs: Vec<Posted>,
    last_id: String,
}

impl Scorer {
    fn new(creation: &Value) -> Self {
        let mut scorer = Self {
            game: Game::new(Sport::Cricket),
            log: Vec::new(),
            repairs: Vec::new(),
            last_id: "created".to_owned(),
        };
        assert!(scorer.take(&post(
            "created",
            "add",
            None,
            Some(&("created", creation.clone()))
        )));
        scorer
    }

    fn take(&mut self, posted: &Posted) -> bool {
        match take(&mut self.game, posted) {
            Ok(event) => {
                self.log.push(event);
                true
            }
            Err(_) => false,
        }
    }

    /// Enters an event with a slip, if the rules let it pass, and notes the repair.
    fn enter(&mut self, id: &str, entry: &Entry, slip: Slip) {
        let slip = if entry.0 == "delivery" {
            slip
        } else {
            Slip::None
        };
        let wrong = slipped(slip, entry).filter(|wrong| wrong != entry);
        let mended = post(&format!("{id}.amend"), "amend", Some(id), Some(entry));
        match (slip, &wrong) {
            (Slip::Missed, _) => {
                let insert = post(id, "insert", Some(&self.last_id), Some(entry));
                self.repairs.push(insert);
                return;
            }
            // Where the rules would refuse the wrong one, it is entered right.
            (Slip::MissedAndInsertedWrong, Some(wrong)) if entry.1["extras"].is_null() => {
                let insert = post(id, "insert", Some(&self.last_id), Some(wrong));
                self.repairs.extend([insert, mended]);
                return;
            }
            (Slip::EndedEarly, _) => {
                let end = format!("{id}.end");
                let data = json!({ "reason": "declared" });
                if self.take(&post(&end, "add", None, Some(&("innings_end", data)))) {
                    assert!(self.take(&post(&format!("{id}.void"), "void", Some(&end), None)));
                }
            }
            _ => {}
        }
        if let Some(wrong) = wrong
            && self.take(&post(id, "add", None, Some(&wrong)))
        {
            if let Slip::AmendedWrong = slip {
                // A correction that is wrong itself; it is the original that the next one names.
                let mut worse = wrong.clone();
                worse.1["runs"] = json!((worse.1["runs"].as_u64().unwrap() + 2) % 7);
                let worse = post(&format!("{id}.worse"), "amend", Some(id), Some(&worse));
                self.repairs.push(worse);
            }
            self.repairs.push(mended);
        } else {
            let posted = post(id, "add", None, Some(entry));
            let taken = take(&mut self.game, &posted);
            self.log
                .push(taken.unwrap_or_else(|refusal| panic!("{entry:?}: {refusal:?}")));
        }
        self.last_id = id.to_owned();
        match slip {
            Slip::Twice => {
                let again = format!("{id}.twice");
                if self.take(&post(&again, "add", None, Some(entry))) {
                    self.repairs
                        .push(post(&format!("{again}.void"), "void", Some(&again), None));
                }
            }
            Slip::VoidedByMistake => {
                assert!(self.take(&post(&format!("{id}.void"), "void", Some(id), None)));
                let again = ["restore", "void", "restore"].into_iter().enumerate();
                let again = again
                    .map(|(index, op)| post(&format!("{id}.again{index}"), op, Some(id), None));
                self.repairs.extend(again);
            }
            Slip::None
            | Slip::WrongRuns
            | Slip::WrongEnds
            | Slip::Missed
            | Slip::MissedAndInsertedWrong
            | Slip::AmendedWrong
            | Slip::WrongDismissal
            | Slip::EndedEarly => {}
        }
    }

    fn repair(&mut self) {
        for posted in std::mem::take(&mut self.repairs) {
            let event = take(&mut self.game, &posted);
            self.log
                .push(event.unwrap_or_else(|refusal| panic!("{posted:?}: {refusal:?}")));
        }
    }
}

/// The state of a match scored right, and the entries that the rules took.
fn score_right(creation: &Value, entries: &[Entry]) -> (Value, Vec<Entry>) {
    let mut scorer = Scorer::new(creation);
    let mut taken = Vec::new();
    for entry in entries {
        if scorer.take(&post(
            &format!("e{}", taken.len()),
            "add",
            None,
            Some(entry),
        )) {
            taken.push(entry.clone());
        }
    }
    (scorer.game.state().clone(), taken)
}

/// Scores with slips, repairs after every event that `pauses` names, and at the end. The lines of
/// what may follow a slip are drawn by the rules: where they would refuse the right event after a
/// wrong one, the wrong one is repaired first, as a scorer would.
fn score_with_slips(
    creation: &Value,
    entries: &[Entry],
    slips: &[Slip],
    pauses: &[bool],
) -> Scorer {
    let mut scorer = Scorer::new(creation);
    for (index, entry) in entries.iter().enumerate() {
        let pause = pauses[index % pauses.len()];
        let blocked = {
            let posted = post(&format!("e{index}"), "add", None, Some(entry));
            let mut draft = scorer.game.draft();
            draft.decide(&posted, entries::RIGHTS, 1).is_err()
        };
        if pause || blocked {
            scorer.repair();
        }
        scorer.enter(&format!("e{index}"), entry, slips[index % slips.len()]);
    }
    scorer.repair();
    scorer
}

fn check_log(scorer: &Scorer) {
    let mut replayed = json!({});
    let mut game = Game::new(Sport::Cricket);
    for event in &scorer.log {
        patch::apply(&mut replayed, &event.patch);
        game.apply(event);
    }
    assert_eq!(&replayed, scorer.game.state());
    assert_eq!(game.state(), scorer.game.state());
    assert_eq!(&game.refold(), scorer.game.state());
}

/// A few overs of a match that begins as matches do.
fn innings() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(entries::entry(), 1..120).prop_map(|mut entries| {
        entries.insert(0, ("innings_start", json!({ "batting": "a" })));
        entries
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_made_up_match_corrected_is_as_if_scored_right(
        entries in innings(),
        slips in prop::collection::vec(slip(), 1..40),
        pauses in prop::collection::vec(prop::bool::weighted(0.1), 1..40),
    ) {
        let creation = creation();
        let (right, entries) = score_right(&creation, &entries);

        let scorer = score_with_slips(&creation, &entries, &slips, &pauses);

        prop_assert_eq!(scorer.game.state(), &right);
        check_log(&scorer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1,
        // A smaller list of slips would take as long again, a hundred times.
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_real_match_corrected_is_as_if_scored_right(
        slips in prop::collection::vec(slip(), 40..100),
        pauses in prop::collection::vec(prop::bool::weighted(0.02), 1..100),
    ) {
        for (name, path) in cricsheet::files() {
            let file = cricsheet::read(&path);
            // A correction folds the whole match: the longer it is, the fewer.
            let between = match file["info"]["overs"].as_u64() {
                Some(20) => 9,
                Some(_) => 39,
                None => 399,
            };
            let slips: Vec<Slip> = slips
                .iter()
                .flat_map(|slip| std::iter::once(*slip).chain(std::iter::repeat_n(Slip::None, between)))
                .collect();
            let documents = cricsheet::Converter::convert(&file);
            let creation = documents[0]["data"].clone();
            let entries: Vec<Entry> = documents[1..].iter().map(|document| {
                let kind = document["type"].as_str().unwrap().to_owned();
                (&*kind.leak(), document["data"].clone())
            }).collect();
            let (right, entries) = score_right(&creation, &entries);
            prop_assert_eq!(entries.len(), documents.len() - 1);

            let scorer = score_with_slips(&creation, &entries, &slips, &pauses);

            let repairs = scorer.log.iter().filter(|event| event.op != Op::Add).count();
            println!("{name}: {repairs} corrections");
            prop_assert_eq!(scorer.game.state(), &right, "{}", name);
            check_log(&scorer);
        }
    }
}
