//! What a scorer might enter, made up: a small match in which anything may follow anything.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "for tests, each of which uses its part of this"
)]

use grandstand_core::event::{Event, Op, Posted};
use grandstand_core::ids::EventId;
use grandstand_sports::{Game, Refusal, Rights};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) const RIGHTS: Rights = Rights {
    open: true,
    official: true,
};

/// The creation of a match of short overs between two teams of five.
pub(crate) fn creation() -> Value {
    let players = |side: &str| -> Vec<Value> {
        let ids = (1..=5).map(|number| format!("{side}{number}"));
        ids.map(|id| json!({ "id": id, "name": format!("Player {id}") }))
            .collect()
    };
    json!({
        "sport": "cricket", "title": "A v B",
        "rules": { "balls_per_over": 3, "overs": 5, "wickets_max": 4, "bowler_overs_max": 2 },
        "teams": {
            "a": { "name": "Alphas", "short": "A", "players": players("a") },
            "b": { "name": "Betas", "short": "B", "players": players("b") },
        },
    })
}

pub(crate) fn post(id: &str, op: &str, reference: Option<&str>, entry: Option<&Entry>) -> Posted {
    let mut document = json!({ "id": id });
    if op != "add" {
        document["op"] = op.into();
    }
    if let Some(reference) = reference {
        document["ref"] = reference.into();
    }
    if let Some((kind, data)) = entry {
        document["type"] = (*kind).into();
        document["data"] = data.clone();
    }
    Posted::parse(document, None).unwrap()
}

/// Decides one event and adopts it, as a scoring instance does.
pub(crate) fn take(game: &mut Game, posted: &Posted) -> Result<Event, Refusal> {
    let mut draft = game.draft();
    let (event, _) = draft.decide(posted, RIGHTS, 1_790_000_000_000_000 + game.seq())?;
    let drafted = draft.finish();
    game.adopt(drafted);
    Ok(event)
}

/// An event as a log might hold it, without a patch: whatever is in a log did happen.
pub(crate) fn logged(seq: u64, op: Op, reference: Option<&str>, entry: &Entry) -> Event {
    Event {
        seq,
        ts: seq,
        id: EventId::new(format!("e{seq}")).unwrap(),
        kind: entry.0.to_owned(),
        data: Some(entry.1.clone()),
        patch: json!({}),
        op,
        reference: reference.map(|id| EventId::new(id).unwrap()),
        at: None,
        tags: Vec::new(),
    }
}

/// A type and its data.
pub(crate) type Entry = (&'static str, Value);

fn side() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("b")]
}

fn player(side: &'static str) -> impl Strategy<Value = String> {
    (1..=5u32).prop_map(move |number| format!("{side}{number}"))
}

fn anybody() -> impl Strategy<Value = String> {
    prop_oneof![4 => player("a"), 4 => player("b"), 1 => Just("x".to_owned())]
}

/// Any ball whose shape is right.
pub(crate) fn ball() -> impl Strategy<Value = Entry> {
    let kinds = prop_oneof![
        Just("bowled"),
        Just("caught"),
        Just("run out"),
        Just("stumped"),
        Just("retired hurt"),
        Just("hit wicket"),
        Just("timed out"),
    ];
    let wicket = (kinds, anybody())
        .prop_map(|(kind, player)| json!([{ "kind": kind, "player_out": player }]));
    let extra = prop_oneof![
        Just("wides"),
        Just("noballs"),
        Just("byes"),
        Just("legbyes"),
        Just("penalty")
    ];
    (
        (0..4u32, side(), 0..8u32, any::<bool>()),
        prop::option::weighted(0.2, (extra, 1..6u32)),
        prop::option::weighted(0.1, wicket),
    )
        .prop_flat_map(|((over, batting, runs, boundary), extra, wicket)| {
            let fielding = if batting == "a" { "b" } else { "a" };
            (player(batting), player(batting), player(fielding)).prop_map(
                move |(batter, non_striker, bowler)| {
                    let mut data = json!({
                        "over": over, "batter": batter, "non_striker": non_striker,
                        "bowler": bowler, "runs": runs,
                    });
                    if boundary && (runs == 4 || runs == 6) {
                        data["boundary"] = runs.into();
                    }
                    if let Some((name, runs)) = extra {
                        data["extras"] = json!({ name: runs });
                    }
                    if let Some(wicket) = &wicket {
                        data["wickets"] = wicket.clone();
                    }
                    ("delivery", data)
                },
            )
        })
}

/// Anything whose shape is right.
pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    let word = |kind: &'static str, name: &'static str, words: &'static [&'static str]| {
        prop::sample::select(words).prop_map(move |word| (kind, json!({ name: word })))
    };
    prop_oneof![
        12 => ball(),
        3 => (0..4u32, prop::option::of(0..4u32)).prop_map(|(over, balls)| match balls {
            Some(balls) => ("over_end", json!({ "over": over, "miscounted": { "balls": balls } })),
            None => ("over_end", json!({ "over": over })),
        }),
        2 => (side(), any::<bool>(), prop::option::of(1..30u32)).prop_map(|(side, super_over, target)| {
            let mut data = json!({ "batting": side, "super_over": super_over });
            if let Some(runs) = target {
                data["target"] = json!({ "runs": runs, "overs": "2.1" });
            }
            ("innings_start", data)
        }),
        1 => word("innings_end", "reason", &["all_out", "overs", "declared", "target"]),
        1 => word("status", "status", &["rain", "live", "tea", "ended", "delayed"]),
        1 => word("result", "result", &["tie", "draw", "no result"]),
        1 => anybody().prop_map(|player| ("batter_in", json!({ "player": player }))),
        1 => anybody().prop_map(|player| ("batter_returns", json!({ "player": player }))),
        1 => (anybody(), prop::sample::select(&["retired hurt", "retired out", "bowled"][..]))
            .prop_map(|(player, kind)| ("batter_retired", json!({ "player": player, "kind": kind }))),
        1 => (anybody(), prop::sample::select(&["timed out", "run out", "caught"][..]))
            .prop_map(|(player, kind)| ("dismissal", json!({ "player_out": player, "kind": kind }))),
        1 => (side(), prop::option::of(prop::sample::select(&["pre", "post"][..]))).prop_map(|(side, when)| {
            let mut data = json!({ "team": side, "runs": 5 });
            if let Some(when) = when {
                data["when"] = when.into();
            }
            ("penalty", data)
        }),
        1 => (1..30u32).prop_map(|runs| ("target_revised", json!({ "runs": runs, "overs": 2, "method": "D/L" }))),
        1 => (1..5u32).prop_map(|overs| ("overs_revised", json!({ "overs": overs }))),
        1 => (side(), anybody()).prop_map(|(side, player)| {
            ("lineup", json!({ "team": side, "players": [{ "id": player, "name": "New" }] }))
        }),
        1 => Just(("comment", json!({ "text": "well bowled" }))),
    ]
}
