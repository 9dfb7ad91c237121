//! A wrong count of runs whose later strikers were entered as the proposals said: corrected with
//! what is proposed to follow, the match is as if it had been scored right.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cricsheet;
mod entries;
mod started;

use cricsheet::{Converter, Scored};
use entries::{RIGHTS, post, take};
use grandstand_core::event::Posted;
use grandstand_sports::{Cascade, Game, Sport};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use started::{add, ball, next, started};

/// The ends as they would be entered by who trusts the proposals, if the batters are the two of
/// `ball` and nothing that people saw says otherwise.
fn ends_as_proposed(ball: &Value, proposals: &Map<String, Value>) -> Option<Value> {
    let pair = [&ball["batter"], &ball["non_striker"]];
    let kinds = ball["wickets"].as_array().cloned().unwrap_or_default();
    let is_seen = |wicket: &Value| {
        let either = ["run out", "obstructing the field", "handled the ball"];
        !either.contains(&wicket["kind"].as_str().unwrap())
    };
    if kinds.iter().any(is_seen) {
        return None;
    }
    let known = [proposals.get("striker"), proposals.get("non_striker")];
    let is_there = |player: &Value| pair.contains(&player);
    if known.iter().flatten().any(|player| !is_there(player)) {
        return None;
    }
    let striker = match known {
        [Some(striker), _] => striker,
        [None, Some(other)] if other == pair[0] => pair[1],
        [None, Some(_)] => pair[0],
        [None, None] => return None,
    };
    let mut ends = ball.clone();
    let other = if striker == pair[0] { pair[1] } else { pair[0] };
    ends["batter"] = striker.clone();
    ends["non_striker"] = other.clone();
    Some(ends)
}

/// What was proposed before each event of a match, and whether its ball was entered so.
fn as_proposed(documents: &[Value], scored: &Scored) -> Vec<bool> {
    let mut game = Game::new(Sport::Cricket);
    let events = documents.iter().zip(&scored.events);
    events
        .map(|(document, event)| {
            let ball = &document["data"];
            let is_so = document["type"] == "delivery"
                && ends_as_proposed(ball, &game.proposals()).as_ref() == Some(ball);
            game.apply(event);
            is_so
        })
        .collect()
}

/// The same match with one run more or less on the ball at `wrong`.
fn score_wrong(
    documents: &[Value],
    scored: &Scored,
    as_proposed: &[bool],
    wrong: usize,
) -> (Game, usize) {
    let mut game = Game::new(Sport::Cricket);
    scored.events[..wrong]
        .iter()
        .for_each(|event| game.apply(event));
    let mut swapped = 0;
    for (index, document) in documents.iter().enumerate().skip(wrong) {
        let mut document = document.clone();
        if index == wrong {
            let runs = document["data"]["runs"].as_u64().unwrap();
            document["data"]["runs"] = json!(runs ^ 1);
        } else if as_proposed[index]
            && let Some(ends) = ends_as_proposed(&document["data"], &game.proposals())
        {
            swapped += usize::from(document["data"] != ends);
            document["data"] = ends;
        }
        let posted = Posted::parse(document.clone(), None).unwrap();
        take(&mut game, &posted).unwrap_or_else(|refusal| panic!("{document}: {refusal:?}"));
    }
    (game, swapped)
}

/// Posts the correction and what follows from it.
fn correct(game: &mut Game, correction: &Posted) -> Cascade {
    let cascade = {
        let mut draft = game.draft();
        draft.decide(correction, RIGHTS, 1).unwrap();
        draft.cascade()
    };
    take(game, correction).unwrap();
    for (number, amend) in cascade.amends.iter().enumerate() {
        let mut document = amend.clone();
        document["id"] = json!(format!("follow-{number}"));
        take(game, &Posted::parse(document, None).unwrap()).unwrap();
    }
    cascade
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn a_wrong_count_corrected_with_what_follows_is_as_if_scored_right(
        which in prop::collection::vec(any::<prop::sample::Index>(), 13),
    ) {
        for ((name, path), which) in cricsheet::files().into_iter().zip(which) {
            let documents = Converter::convert(&cricsheet::read(&path));
            let scored = cricsheet::score(&documents);
            let as_proposed = as_proposed(&documents, &scored);
            let is_plain = |document: &Value| {
                document["type"] == "delivery"
                    && document["data"]["extras"].is_null()
                    && document["data"]["boundary"].is_null()
                    && document["data"]["wickets"].is_null()
            };
            let balls: Vec<usize> = (0..documents.len())
                .filter(|index| is_plain(&documents[*index]))
                .collect();
            let wrong = *which.get(&balls);

            let (mut game, swapped) = score_wrong(&documents, &scored, &as_proposed, wrong);
            let right = &documents[wrong];
            let id = right["id"].as_str().unwrap();
            let entry = ("delivery", right["data"].clone());
            let cascade = correct(&mut game, &post("mended", "amend", Some(id), Some(&entry)));

            println!("{name}: {id} wrong, {swapped} later balls with it");
            prop_assert_eq!(cascade.amends.len(), swapped, "{} {}", name, id);
            prop_assert_eq!(game.state(), scored.game.state(), "{} {}", name, id);
            prop_assert_eq!(&cascade.state, game.state(), "{} {}", name, id);
        }
    }
}

#[test]
fn a_ball_that_was_not_entered_as_proposed_stands() {
    let mut game = started();
    add(&mut game, "d4", "delivery", next(json!({})));
    let other_way = json!({ "batter": "a1", "non_striker": "a2" });
    add(&mut game, "d5", "delivery", next(other_way));
    let mut single = ball();
    single["runs"] = json!(1);
    let single = ("delivery", single);

    let cascade = correct(&mut game, &post("m", "amend", Some("d3"), Some(&single)));

    let ids: Vec<&str> = cascade
        .amends
        .iter()
        .map(|one| one["ref"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["d4"]);
    assert_eq!(cascade.amends[0]["op"], "amend");
    assert_eq!(cascade.amends[0]["type"], "delivery");
    assert_eq!(cascade.amends[0]["data"]["batter"], "a1");
    assert_eq!(cascade.warnings, []);
}

#[test]
fn who_was_seen_to_be_out_is_out_whatever_was_expected() {
    let mut game = started();
    let bowled = json!({ "wickets": [{ "kind": "bowled", "player_out": "a2" }] });
    add(&mut game, "d4", "delivery", next(bowled));
    let mut single = ball();
    single["runs"] = json!(1);
    let single = ("delivery", single);

    let cascade = correct(&mut game, &post("m", "amend", Some("d3"), Some(&single)));

    assert_eq!(cascade.amends, [] as [Value; 0]);
    assert_eq!(cascade.warnings[0].rule, "striker");
    assert!(cascade.warnings[0].detail.contains("d4"));
}

#[test]
fn a_missed_single_turns_the_ends_of_what_came_after_it() {
    let mut game = started();
    add(&mut game, "d4", "delivery", next(json!({})));
    let mut missed = ball();
    missed["runs"] = json!(1);
    let missed = ("delivery", missed);

    let cascade = correct(&mut game, &post("m", "insert", Some("d1"), Some(&missed)));

    let ids: Vec<&str> = cascade
        .amends
        .iter()
        .map(|one| one["ref"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["d2", "d3", "d4"]);
    assert_eq!(&cascade.state, game.state());
}

#[test]
fn nothing_follows_from_what_is_only_added() {
    let game = started();
    let mut draft = game.draft();
    let posted = post("d4", "add", None, Some(&("delivery", next(json!({})))));
    draft.decide(&posted, RIGHTS, 1).unwrap();

    let cascade = draft.cascade();

    assert_eq!(cascade.amends, [] as [Value; 0]);
    assert_eq!(&cascade.state, draft.state());
}
