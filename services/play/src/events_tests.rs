//! What the events of a match promise to whoever takes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use grandstand_core::ids::EventId;
use grandstand_core::value::{Nulls, check};

use crate::cricsheet::Match;
use crate::event::Event;
use crate::events::events;
use crate::squads::Squads;
use crate::{create, sample, tally};

fn script(of: &Match) -> Vec<Event> {
    events(of, &Squads::of(of), &tally::tally(of))
}

fn data<'a>(events: &'a [Event], id: &str) -> &'a Value {
    &events
        .iter()
        .find(|event| event.id == id)
        .unwrap_or_else(|| panic!("no event {id}"))
        .data
}

/// The members that cricket.md's table gives to each type; a `?` marks what may be absent.
const TABLE: [(&str, &str); 12] = [
    ("lineup", "team players"),
    ("toss", "winner decision uncontested?"),
    ("innings_start", "batting super_over? target? follow_on?"),
    (
        "delivery",
        "over batter non_striker bowler runs extras? boundary? wickets? review? replacements?",
    ),
    ("over_end", "over miscounted?"),
    ("batter_returns", "player"),
    ("batter_retired", "player kind"),
    ("dismissal", "kind player_out fielders?"),
    ("penalty", "team runs when?"),
    ("powerplay", "from to kind"),
    ("overs_revised", "overs"),
    ("innings_end", "reason absent_hurt?"),
];
const RESULT: (&str, &str) = (
    "result",
    "winner? by? method? result? eliminator? bowl_out? player_of_match?",
);

fn assert_shape(event: &Event, place: &str) {
    let (_, members) = TABLE
        .iter()
        .chain([&RESULT])
        .find(|(kind, _)| *kind == event.kind)
        .expect(event.kind);
    let given = event.data.as_object().expect("an object");
    for key in given.keys() {
        assert!(
            members
                .split(' ')
                .any(|member| member.trim_end_matches('?') == key),
            "{place}: {key}"
        );
    }
    for member in members.split(' ').filter(|member| !member.ends_with('?')) {
        assert!(given.contains_key(member), "{place}: no {member}");
    }
    check(&event.data, Nulls::Refuse).unwrap_or_else(|error| panic!("{place}: {error}"));
}

/// Every player id that stands in `value`.
fn ids_in<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    const PLAYERS: [&str; 9] = [
        "batter",
        "non_striker",
        "bowler",
        "player_out",
        "player",
        "in",
        "out",
        "absent_hurt",
        "player_of_match",
    ];
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(id) if PLAYERS.contains(&key.as_str()) => {
                        found.insert(id);
                    }
                    Value::Array(items) if PLAYERS.contains(&key.as_str()) => {
                        found.extend(items.iter().filter_map(Value::as_str));
                    }
                    other => ids_in(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| ids_in(item, found)),
        _ => {}
    }
}

#[test]
fn the_events_of_every_real_match_are_what_the_table_says() {
    for (name, file, _) in sample::real_matches() {
        let squads = Squads::of(&file);
        let body = create::body(&file, &squads);
        check(&body, Nulls::Refuse).expect("a document");
        let mut listed: BTreeSet<String> = ["a", "b"]
            .iter()
            .flat_map(|side| body["teams"][side]["players"].as_array().expect("players"))
            .map(|player| player["id"].as_str().expect("an id").to_owned())
            .collect();
        let events = script(&file);
        let mut seen = BTreeSet::new();
        for event in &events {
            let place = format!("{name} {}", event.id);
            EventId::new(event.id.as_str()).expect(&place);
            assert!(seen.insert(event.id.as_str()), "{place} comes twice");
            assert_shape(event, &place);
            if event.kind == "lineup" {
                listed.extend(
                    event.data["players"]
                        .as_array()
                        .expect("players")
                        .iter()
                        .map(|player| player["id"].as_str().expect("an id").to_owned()),
                );
                continue;
            }
            let mut named = BTreeSet::new();
            ids_in(&event.data, &mut named);
            for id in named {
                assert!(listed.contains(id), "{place}: {id:?} is in no line-up");
            }
        }
        let balls: usize = file
            .innings
            .iter()
            .flat_map(|innings| &innings.overs)
            .map(|over| over.deliveries.len())
            .sum();
        assert_eq!(
            events.iter().filter(|event| event.is_ball()).count(),
            balls,
            "{name}"
        );
        assert_eq!(events, script(&file), "{name}: the same each time");
    }
}

#[test]
fn the_made_up_match_is_told_in_order() {
    let events = script(&sample::tiny());
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "toss",
            "i1.penalty-pre",
            "i1.start",
            "i1.powerplay1",
            "i1.o001.d1",
            "i1.o001.d2",
            "i1.o001.d3",
            "i1.o001.d4",
            "i1.o001.d5",
            "i1.o001.d5.out-pa4",
            "i1.o001.d6",
            "i1.o001.d7",
            "i1.o001.end",
            "i1.o002.d1.left-pa2",
            "i1.o002.d1",
            "i1.o002.d2",
            "i1.o002.d2.retired-pa3",
            "i1.o002.d3.lineup-pb3",
            "i1.o002.d3.back-pa2",
            "i1.o002.d3",
            "i1.end",
            "i1.penalty-post",
            "i2.start",
            "i2.o001.d1",
            "i2.end",
            "result",
        ]
    );
    assert_eq!(
        data(&events, "i1.o001.d1"),
        &json!({"over": 0, "batter": "pa1", "non_striker": "pa2", "bowler": "pb1", "runs": 4})
    );
    assert_eq!(data(&events, "i1.o001.d2")["boundary"], 4);
    assert_eq!(data(&events, "i1.o001.d3")["extras"], json!({"wides": 5}));
    assert_eq!(
        data(&events, "i1.o001.d4")["wickets"],
        json!([{"kind": "caught", "player_out": "pa1",
        "fielders": [{"name": "B Sub", "substitute": true}, {"substitute": true}, {"player": "pb2"}]}])
    );
    assert_eq!(
        data(&events, "i1.o001.d6")["review"],
        json!({"by": "b", "umpire": "U", "batter": "pa3", "decision": "struck_down"})
    );
    assert!(
        data(&events, "i1.o002.d2").get("wickets").is_none(),
        "a retirement is no part of the ball"
    );
    assert_eq!(
        data(&events, "i1.o002.d2.retired-pa3"),
        &json!({"player": "pa3", "kind": "retired out"})
    );
    assert_eq!(
        data(&events, "i1.o002.d1.left-pa2"),
        &json!({"player": "pa2", "kind": "retired hurt"})
    );
    assert_eq!(
        data(&events, "i1.powerplay1"),
        &json!({"from": "0.1", "to": "5.6", "kind": "mandatory"})
    );
    assert_eq!(
        data(&events, "i1.penalty-post"),
        &json!({"team": "a", "runs": 2, "when": "post"})
    );
    assert_eq!(
        data(&events, "i2.start"),
        &json!({"batting": "b", "target": {"runs": 2, "overs": 20}})
    );
    assert_eq!(
        data(&events, "result"),
        &json!({"winner": "b", "by": {"wickets": 10}, "player_of_match": ["pb1"]})
    );
}

#[test]
fn a_side_that_bats_again_at_once_follows_on() {
    let mut file = sample::tiny();
    file.info.match_type = "Test".to_owned();
    file.info.overs = None;
    file.innings.push(file.innings[1].clone());
    assert_eq!(data(&script(&file), "i3.start")["follow_on"], true);
    file.innings[2].team = "Alpha Town".to_owned();
    assert!(data(&script(&file), "i3.start").get("follow_on").is_none());
}

#[test]
fn an_over_of_another_length_is_said_to_be_miscounted() {
    let mut file = sample::tiny();
    file.innings[0].overs[0].deliveries.pop();
    // Some files have the number as text.
    for balls in [json!(5), json!("5")] {
        file.innings[0].miscounted_overs =
            serde_json::from_value(json!({"0": {"balls": balls, "umpire": "U"}}))
                .expect("miscounted overs");
        assert_eq!(
            data(&script(&file), "i1.o001.end"),
            &json!({"over": 0, "miscounted": {"balls": 5, "umpire": "U"}})
        );
    }
}
