//! The state that a fan holds, made from the book: cricket.md, "State". What does not apply is
//! absent; counts in a row are always there.

mod innings;
mod line;
mod now;
mod strip;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Book;
use super::book::Squad;
use super::facts::MatchResult;
use super::words::Side;

impl Book {
    /// The state.
    pub(crate) fn render(&self) -> Value {
        self.render_with(|_| true)
    }

    /// The state without the innings that are the same in `other`, of which most events have all
    /// but one.
    pub(crate) fn render_beside(&self, other: &Self) -> Value {
        let same_names = Arc::ptr_eq(&self.squads, &other.squads);
        self.render_with(|index| {
            let (mine, theirs) = (self.innings.get(index), other.innings.get(index));
            let same = mine.zip(theirs).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
            !(same_names && same)
        })
    }

    fn render_with(&self, is_wanted: impl Fn(usize) -> bool) -> Value {
        let mut state = Map::new();
        state.insert("sport".to_owned(), "cricket".into());
        state.insert("strip".to_owned(), strip::render(self));
        state.insert("rules".to_owned(), self.rules.render());
        state.insert("teams".to_owned(), self.render_teams());
        if let Some(toss) = self.toss {
            let mut value = json!({
                "winner": toss.winner.as_str(),
                "decision": toss.decision.as_str(),
            });
            if toss.uncontested {
                value["uncontested"] = true.into();
            }
            state.insert("toss".to_owned(), value);
        }
        if !self.innings.is_empty() {
            let wanted = self.innings.iter().enumerate();
            let wanted = wanted.filter(|(index, _)| is_wanted(*index));
            let all = wanted.map(|(index, one)| {
                (
                    format!("i{}", index + 1),
                    innings::render(one, &self.squads),
                )
            });
            state.insert("innings".to_owned(), Value::Object(all.collect()));
        }
        if let Some(now) = now::render(self) {
            state.insert("now".to_owned(), now);
        }
        state.insert("status".to_owned(), self.render_status());
        if !self.powerplays.is_empty() {
            state.insert("powerplays".to_owned(), self.render_powerplays());
        }
        if let Some(result) = &self.result {
            state.insert("result".to_owned(), render_result(result));
            if !result.player_of_match.is_empty() {
                let players = result.player_of_match.iter().map(|id| id.as_str().into());
                state.insert(
                    "player_of_match".to_owned(),
                    Value::Array(players.collect()),
                );
            }
        }
        if self.locked {
            state.insert("locked".to_owned(), true.into());
        }
        Value::Object(state)
    }

    fn render_teams(&self) -> Value {
        json!({
            "a": render_squad(self.squads.squad(Side::A)),
            "b": render_squad(self.squads.squad(Side::B)),
        })
    }

    fn render_status(&self) -> Value {
        let mut status = json!({ "status": self.status.as_str() });
        if let Some(note) = &self.status_note {
            status["note"] = note.as_str().into();
        }
        status
    }

    fn render_powerplays(&self) -> Value {
        let all = self
            .powerplays
            .iter()
            .enumerate()
            .map(|(index, powerplay)| {
                let value = json!({
                    "from": powerplay.from, "to": powerplay.to, "kind": powerplay.kind,
                });
                (format!("q{:02}", index + 1), value)
            });
        Value::Object(all.collect())
    }
}

fn render_squad(squad: &Squad) -> Value {
    let players = squad.players.iter();
    let players: Map<String, Value> = players
        .map(|player| (player.id.to_string(), player.name.as_str().into()))
        .collect();
    let mut value = json!({ "name": squad.name, "players": players });
    if let Some(short) = &squad.short {
        value["short"] = short.as_str().into();
    }
    value
}

fn render_result(result: &MatchResult) -> Value {
    let mut value = Map::new();
    let mut put = |name: &str, member: Option<Value>| {
        if let Some(member) = member {
            value.insert(name.to_owned(), member);
        }
    };
    let side = |side: Option<Side>| side.map(|side| side.as_str().into());
    put("winner", side(result.winner));
    put("eliminator", side(result.eliminator));
    put("bowl_out", side(result.bowl_out));
    put("result", result.result.map(|word| word.as_str().into()));
    put("method", result.method.as_deref().map(Value::from));
    put("awarded", result.awarded.then(|| true.into()));
    if let Some(by) = result.by {
        let members = [
            ("runs", by.runs),
            ("wickets", by.wickets),
            ("innings", by.innings),
        ];
        let members = members
            .into_iter()
            .filter_map(|(name, count)| Some((name.to_owned(), count?.into())));
        put("by", Some(Value::Object(members.collect())));
    }
    Value::Object(value)
}
