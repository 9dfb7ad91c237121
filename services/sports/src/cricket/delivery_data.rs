//! The data of a delivery as it is posted, made of what was read: nothing of it gets lost, so that
//! an amendment may be proposed that says the rest of the ball again.

use serde_json::{Map, Value, json};

use super::delivery::{Delivery, Fielder, Replacement, Review, Wicket};

impl Delivery {
    /// As it is posted.
    pub(crate) fn data(&self) -> Value {
        let mut data = json!({
            "over": self.over,
            "batter": self.batter.as_str(),
            "bowler": self.bowler.as_str(),
            "runs": self.runs,
        });
        let non_striker = self.non_striker.as_ref();
        put(
            &mut data,
            "non_striker",
            non_striker.map(|player| player.as_str()),
        );
        let extras = self.extras.each().into_iter();
        let extras: Map<String, Value> = extras
            .filter(|(_, _, runs)| *runs > 0)
            .map(|(name, _, runs)| (name.to_owned(), runs.into()))
            .collect();
        if !extras.is_empty() {
            data["extras"] = extras.into();
        }
        put(&mut data, "boundary", self.boundary);
        put_list(&mut data, "wickets", &self.wickets, wicket_data);
        for (name, flag) in [("free_hit", self.free_hit), ("short_run", self.short_run)] {
            put(&mut data, name, flag.then_some(true));
        }
        put(&mut data, "review", self.review.as_deref().map(review_data));
        put_list(
            &mut data,
            "replacements",
            &self.replacements,
            replacement_data,
        );
        if let Some(drawn) = &self.drawn {
            put(&mut data, "shot", drawn.shot.as_deref());
            let position = drawn.position.map(|at| json!({ "x": at.x, "y": at.y }));
            put(&mut data, "position", position);
        }
        data
    }
}

fn wicket_data(wicket: &Wicket) -> Value {
    let mut data = json!({
        "kind": wicket.kind.as_str(),
        "player_out": wicket.player_out.as_str(),
    });
    put_list(&mut data, "fielders", &wicket.fielders, fielder_data);
    data
}

fn fielder_data(fielder: &Fielder) -> Value {
    let mut data = json!({});
    let player = fielder.player.as_ref().map(|player| player.as_str());
    put(&mut data, "player", player);
    put(&mut data, "name", fielder.name.as_deref());
    put(&mut data, "substitute", fielder.substitute);
    data
}

fn review_data(review: &Review) -> Value {
    let mut data = json!({
        "by": review.by.as_str(),
        "decision": review.decision.as_str(),
    });
    put(&mut data, "umpire", review.umpire.as_deref());
    let batter = review.batter.as_ref().map(|batter| batter.as_str());
    put(&mut data, "batter", batter);
    put(&mut data, "type", review.kind.as_deref());
    put(&mut data, "umpires_call", review.umpires_call);
    data
}

fn replacement_data(replacement: &Replacement) -> Value {
    let mut data = json!({
        "scope": replacement.scope.as_str(),
        "in": replacement.player_in.as_str(),
        "reason": replacement.reason,
    });
    let player = replacement.player_out.as_ref();
    put(&mut data, "out", player.map(|player| player.as_str()));
    put(
        &mut data,
        "team",
        replacement.team.map(|team| team.as_str()),
    );
    put(&mut data, "role", replacement.role.as_deref());
    data
}

/// Puts a member that is there.
fn put(data: &mut Value, name: &str, member: Option<impl Into<Value>>) {
    if let Some(member) = member {
        data[name] = member.into();
    }
}

/// Puts a list that is not empty.
fn put_list<T>(data: &mut Value, name: &str, items: &[T], item_data: impl Fn(&T) -> Value) {
    if !items.is_empty() {
        data[name] = items.iter().map(item_data).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{Read, Strictness};

    #[test]
    fn what_was_posted_is_said_again_word_for_word() {
        let posted = json!({
            "over": 3, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": 4,
            "extras": { "noballs": 1, "byes": 2 }, "boundary": 4, "free_hit": true,
            "short_run": true, "shot": "cover drive", "position": { "x": -1000, "y": 12 },
            "wickets": [{ "kind": "run out", "player_out": "a2", "fielders": [
                { "player": "b2" }, { "name": "Somebody", "substitute": true }, {},
            ] }],
            "review": { "by": "a", "decision": "pending", "umpire": "U", "batter": "a1",
                "type": "wicket", "umpires_call": false },
            "replacements": [{ "scope": "match", "in": "b3", "out": "b4", "team": "b",
                "role": "bowler", "reason": "injury" }],
        });
        let read = Delivery::read(posted.clone(), "data", Strictness::Strict).unwrap();
        assert_eq!(read.data(), posted);
    }
}
