//! The facts of one ball, as a `delivery` carries them.
//!
//! Cricsheet tells no shots, no positions, no free hits and no short runs, so they are never there.

use serde_json::{Map, Value, json};

use crate::ball::{Delivery, Fielder, Replacement, Review, Wicket};
use crate::dismissal::Told;
use crate::names;
use crate::squads::{Player, Side, Squads};

/// Everybody who must be in a line-up before `ball`. A fielder who is in no squad is not among
/// them: he is told by his name.
pub(crate) fn players<'a>(
    squads: &'a Squads,
    batting: Side,
    ball: &'a Delivery,
) -> impl Iterator<Item = &'a Player> {
    let gone = ball.wickets.iter().map(|wicket| &wicket.player_out);
    let batters = [&ball.batter, &ball.non_striker].into_iter().chain(gone);
    let batters = batters.filter_map(move |name| squads.player(batting, name));
    let bowler = squads.player(batting.other(), &ball.bowler);
    let fielders = ball.wickets.iter().flat_map(|wicket| &wicket.fielders);
    let fielders = fielders.filter_map(move |fielder| of_field(squads, batting, fielder));
    let reviewed = ball
        .review
        .as_ref()
        .and_then(|review| squads.of_either(review.batter.as_ref()?, batting));
    let replacements = &ball.replacements;
    let replacements = replacements.of_match.iter().chain(&replacements.role);
    let replaced = replacements.flat_map(move |replacement| {
        let side = squads.side_of_replacement(replacement, batting);
        let names = std::iter::once(&replacement.incoming).chain(&replacement.outgoing);
        names.filter_map(move |name| squads.player(side, name))
    });
    batters
        .chain(bowler)
        .chain(replaced)
        .chain(fielders)
        .chain(reviewed)
}

/// The `data` of the `delivery` of `ball`.
pub(crate) fn data(squads: &Squads, batting: Side, over: u32, ball: &Delivery) -> Value {
    let mut data = json!({
        "over": over,
        "batter": id_of(squads, batting, &ball.batter),
        "non_striker": id_of(squads, batting, &ball.non_striker),
        "bowler": id_of(squads, batting.other(), &ball.bowler),
        "runs": ball.runs.batter,
    });
    let extras = ball
        .extras
        .by_kind()
        .into_iter()
        .filter(|(_, runs)| *runs > 0);
    let extras: Map<String, Value> = extras
        .map(|(kind, runs)| (kind.to_owned(), json!(runs)))
        .collect();
    if !extras.is_empty() {
        data["extras"] = Value::Object(extras);
    }
    if let Some(boundary) = ball.boundary() {
        data["boundary"] = json!(boundary);
    }
    let on_the_ball = ball
        .wickets
        .iter()
        .filter(|wicket| ball.told(wicket) == Told::OnTheBall);
    let wickets: Vec<Value> = on_the_ball
        .map(|one| wicket(squads, batting, one))
        .collect();
    if !wickets.is_empty() {
        data["wickets"] = json!(wickets);
    }
    if let Some(review) = ball
        .review
        .as_ref()
        .and_then(|one| review(squads, batting, one))
    {
        data["review"] = review;
    }
    let replacements = &ball.replacements;
    let of_match = replacements
        .of_match
        .iter()
        .map(|one| replacement(squads, batting, "match", one));
    let role = replacements
        .role
        .iter()
        .map(|one| replacement(squads, batting, "role", one));
    let replacements: Vec<Value> = of_match.chain(role).collect();
    if !replacements.is_empty() {
        data["replacements"] = json!(replacements);
    }
    data
}

/// A dismissal, in a delivery or by itself.
pub(crate) fn wicket(squads: &Squads, batting: Side, wicket: &Wicket) -> Value {
    let player_out = id_of(squads, batting, &wicket.player_out);
    let mut data = json!({"kind": wicket.kind.as_str(), "player_out": player_out});
    let fielders: Vec<Value> = wicket
        .fielders
        .iter()
        .map(|fielder| {
            let mut data = match (of_field(squads, batting, fielder), &fielder.name) {
                (Some(player), _) => json!({"player": player.id}),
                (None, Some(name)) => json!({"name": name}),
                (None, None) => json!({}),
            };
            // Nobody's name says no more than that it was a substitute.
            if fielder.substitute || fielder.name.is_none() {
                data["substitute"] = json!(true);
            }
            data
        })
        .collect();
    if !fielders.is_empty() {
        data["fielders"] = json!(fielders);
    }
    data
}

/// A fielder who is in a squad; a side's own men have fielded for the others.
fn of_field<'a>(squads: &'a Squads, batting: Side, fielder: &Fielder) -> Option<&'a Player> {
    squads.of_either(fielder.name.as_ref()?, batting.other())
}

/// A review, if it is one that the platform has words for.
fn review(squads: &Squads, batting: Side, review: &Review) -> Option<Value> {
    let decision = match review.decision.as_deref()? {
        "upheld" => "upheld",
        "struck down" => "struck_down",
        // It changes no figure, so an unknown word is no reason to refuse a match.
        _ => return None,
    };
    let mut data = json!({"by": squads.side(review.by.as_ref()?)?.as_str(), "decision": decision});
    if let Some(umpire) = &review.umpire {
        data["umpire"] = json!(names::name(umpire));
    }
    let batter = review.batter.as_ref();
    if let Some(batter) = batter.and_then(|name| squads.of_either(name, batting)) {
        data["batter"] = json!(batter.id);
    }
    if let Some(kind) = &review.kind {
        data["type"] = json!(names::name(kind));
    }
    if review.umpires_call {
        data["umpires_call"] = json!(true);
    }
    Some(data)
}

fn replacement(squads: &Squads, batting: Side, scope: &str, replacement: &Replacement) -> Value {
    let side = squads.side_of_replacement(replacement, batting);
    let reason = replacement.reason.as_deref().unwrap_or("unknown");
    let mut data = json!({
        "scope": scope,
        "in": id_of(squads, side, &replacement.incoming),
        "team": side.as_str(),
        "reason": names::name(reason),
    });
    if let Some(outgoing) = &replacement.outgoing {
        data["out"] = json!(id_of(squads, side, outgoing));
    }
    if let Some(role) = &replacement.role {
        data["role"] = json!(names::name(role));
    }
    data
}

/// The id of somebody at play, of whom [`Squads::of`] knows every one.
fn id_of<'a>(squads: &'a Squads, side: Side, name: &str) -> &'a str {
    squads
        .player(side, name)
        .map_or("", |player| player.id.as_str())
}
