//! The facts of one ball, as a `delivery` carries them.
//!
//! Cricsheet tells no shots, no positions, no free hits and no short runs, so they are never there.

use serde_json::{Map, Value, json};

use crate::ball::{Delivery, Replacement, Review, Wicket};
use crate::dismissal::Told;
use crate::squads::{Side, Squads};

/// Everybody who must be in a line-up before `ball`.
pub(crate) fn players(ball: &Delivery) -> impl Iterator<Item = &str> {
    let replacements = ball
        .replacements
        .of_match
        .iter()
        .chain(&ball.replacements.role);
    let replaced = replacements.flat_map(|replacement| {
        std::iter::once(&replacement.incoming).chain(&replacement.outgoing)
    });
    let out = ball.wickets.iter().flat_map(|wicket| {
        let fielders = wicket
            .fielders
            .iter()
            .filter_map(|fielder| fielder.name.as_ref());
        std::iter::once(&wicket.player_out).chain(fielders)
    });
    let at_play = [&ball.batter, &ball.non_striker, &ball.bowler];
    // A fielder who is in no squad is passed over by who asks: he is told by his name.
    at_play
        .into_iter()
        .chain(replaced)
        .chain(out)
        .map(String::as_str)
}

/// The `data` of the `delivery` of `ball`.
pub(crate) fn data(squads: &Squads, batting: Side, over: u32, ball: &Delivery) -> Value {
    let mut data = json!({
        "over": over,
        "batter": player(squads, &ball.batter),
        "non_striker": player(squads, &ball.non_striker),
        "bowler": player(squads, &ball.bowler),
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
        .filter(|wicket| wicket.kind.told() == Told::OnTheBall);
    let wickets: Vec<Value> = on_the_ball.map(|one| wicket(squads, one)).collect();
    if !wickets.is_empty() {
        data["wickets"] = json!(wickets);
    }
    if let Some(review) = ball.review.as_ref().and_then(|one| review(squads, one)) {
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
pub(crate) fn wicket(squads: &Squads, wicket: &Wicket) -> Value {
    let mut data =
        json!({"kind": wicket.kind.as_str(), "player_out": player(squads, &wicket.player_out)});
    let fielders: Vec<Value> = wicket
        .fielders
        .iter()
        .map(|fielder| {
            let mut data = match &fielder.name {
                Some(name) => match squads.player(name) {
                    Some(player) => json!({"player": player.id}),
                    None => json!({"name": name}),
                },
                None => json!({}),
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

/// A review, if it is one that the platform has words for.
fn review(squads: &Squads, review: &Review) -> Option<Value> {
    let decision = match review.decision.as_deref()? {
        "upheld" => "upheld",
        "struck down" => "struck_down",
        // It changes no figure, so an unknown word is no reason to refuse a match.
        _ => return None,
    };
    let mut data = json!({"by": squads.side(&review.by)?.as_str(), "decision": decision});
    if let Some(umpire) = &review.umpire {
        data["umpire"] = json!(umpire);
    }
    if let Some(batter) = review.batter.as_ref().and_then(|name| squads.player(name)) {
        data["batter"] = json!(batter.id);
    }
    if let Some(kind) = &review.kind {
        data["type"] = json!(kind);
    }
    if review.umpires_call {
        data["umpires_call"] = json!(true);
    }
    Some(data)
}

fn replacement(squads: &Squads, batting: Side, scope: &str, replacement: &Replacement) -> Value {
    let mut data = json!({
        "scope": scope,
        "in": player(squads, &replacement.incoming),
        "team": squads.side_of_replacement(replacement, batting).as_str(),
        "reason": replacement.reason,
    });
    if let Some(outgoing) = &replacement.outgoing {
        data["out"] = json!(player(squads, outgoing));
    }
    if let Some(role) = &replacement.role {
        data["role"] = json!(role);
    }
    data
}

/// The id of somebody at play, of whom [`Squads::of`] knows every one.
fn player<'a>(squads: &'a Squads, name: &str) -> &'a str {
    squads.player(name).map_or("", |player| player.id.as_str())
}
