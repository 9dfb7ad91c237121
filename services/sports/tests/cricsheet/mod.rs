//! Real matches for tests: reads Cricsheet's JSON and scores it as a scorer would. The files are
//! not part of the project; where they are absent, tests say so and pass.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "for tests, each of which uses its part of this"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use grandstand_core::event::{Event, Posted};
use grandstand_core::headers::Warning;
use grandstand_sports::{Game, Rights, Sport};
use serde_json::{Map, Value, json};

/// The files of Cricsheet, sorted, each with its name; empty with a word about it if absent.
pub(crate) fn files() -> Vec<(String, PathBuf)> {
    let shared = std::env::var("GRANDSTAND_SHARED").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("data/cricsheet");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no real matches; set GRANDSTAND_SHARED to where data/cricsheet is");
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, PathBuf)> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                path,
            )
        })
        .collect();
    files.sort();
    files
}

pub(crate) fn read(path: &PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What scoring a match gave.
pub(crate) struct Scored {
    pub(crate) game: Game,
    pub(crate) events: Vec<Event>,
    pub(crate) warnings: Vec<(String, Warning)>,
}

/// Posts `documents` one by one.
pub(crate) fn score(documents: &[Value]) -> Scored {
    let mut game = Game::new(Sport::Cricket);
    let (mut events, mut warnings) = (Vec::new(), Vec::new());
    let rights = Rights {
        open: false,
        official: true,
    };
    for document in documents {
        let posted = Posted::parse(document.clone(), None).unwrap();
        let mut draft = game.draft();
        let ts = 1_790_000_000_000_000 + game.seq();
        let (event, odd) = draft
            .decide(&posted, rights, ts)
            .unwrap_or_else(|refusal| panic!("{document}: {refusal:?}"));
        warnings.extend(
            odd.into_iter()
                .map(|warning| (event.id.to_string(), warning)),
        );
        events.push(event);
        let drafted = draft.finish();
        game.adopt(drafted);
    }
    Scored {
        game,
        events,
        warnings,
    }
}

/// Turns a file into the documents that a scorer posts.
pub(crate) struct Converter {
    documents: Vec<Value>,
    info: Value,
    /// Who may be named so far, with his id.
    squads: BTreeMap<String, String>,
}

impl Converter {
    pub(crate) fn convert(file: &Value) -> Vec<Value> {
        let mut converter = Self {
            documents: Vec::new(),
            info: file["info"].clone(),
            squads: BTreeMap::new(),
        };
        converter.create();
        let toss = &file["info"]["toss"];
        let toss =
            json!({ "winner": converter.side(&toss["winner"]), "decision": toss["decision"] });
        converter.post("toss", toss);
        for innings in file["innings"].as_array().unwrap() {
            converter.innings(innings);
        }
        converter.result();
        converter.documents
    }

    fn post(&mut self, kind: &str, data: Value) {
        let id = match kind {
            "created" => kind.to_owned(),
            _ => format!("e{}", self.documents.len()),
        };
        self.documents
            .push(json!({ "id": id, "type": kind, "data": data }));
    }

    fn registry(&self, name: &Value) -> Option<String> {
        let id = self.info["registry"]["people"][name.as_str()?].as_str()?;
        Some(format!("p{id}"))
    }

    fn player(&self, name: &Value) -> Value {
        json!(self.registry(name).unwrap())
    }

    fn side(&self, team: &Value) -> &'static str {
        if self.info["teams"][0] == *team {
            "a"
        } else {
            "b"
        }
    }

    fn create(&mut self) {
        let info = self.info.clone();
        let teams = ["a", "b"]
            .into_iter()
            .zip(info["teams"].as_array().unwrap());
        let teams: Map<String, Value> = teams
            .map(|(side, team)| {
                let names = info["players"][team.as_str().unwrap()].as_array().unwrap();
                let players: Vec<Value> = names
                    .iter()
                    .map(|name| {
                        let id = self.registry(name).unwrap();
                        self.squads
                            .insert(name.as_str().unwrap().to_owned(), id.clone());
                        json!({ "id": id, "name": name })
                    })
                    .collect();
                (side.to_owned(), json!({ "name": team, "players": players }))
            })
            .collect();
        let mut rules = json!({ "balls_per_over": info["balls_per_over"] });
        if let Some(overs) = info["overs"].as_u64() {
            rules["overs"] = overs.into();
            rules["bowler_overs_max"] = (overs / 5).into();
        }
        let title = format!(
            "{} v {}",
            info["teams"][0].as_str().unwrap(),
            info["teams"][1].as_str().unwrap()
        );
        self.post(
            "created",
            json!({ "sport": "cricket", "title": title, "rules": rules, "teams": teams }),
        );
    }

    fn innings(&mut self, innings: &Value) {
        let side = self.side(&innings["team"]);
        let mut start = json!({ "batting": side });
        for name in ["super_over", "target"] {
            if !innings[name].is_null() {
                start[name] = innings[name].clone();
            }
        }
        self.post("innings_start", start);
        for (when, runs) in innings["penalty_runs"].as_object().into_iter().flatten() {
            if when == "pre" {
                self.post(
                    "penalty",
                    json!({ "team": side, "runs": runs, "when": when }),
                );
            }
        }
        for powerplay in innings["powerplays"].as_array().into_iter().flatten() {
            let text = |name: &str| powerplay[name].to_string();
            let data = json!({ "from": text("from"), "to": text("to"), "kind": powerplay["type"] });
            self.post("powerplay", data);
        }
        let (mut runs, mut wickets) = (0, 0);
        let mut retired = Vec::new();
        let overs = innings["overs"].as_array().cloned().unwrap_or_default();
        for (index, over) in overs.iter().enumerate() {
            let mut legal_balls = 0;
            for ball in over["deliveries"].as_array().unwrap() {
                runs += ball["runs"]["total"].as_u64().unwrap();
                wickets += ball["wickets"].as_array().map_or(0, Vec::len);
                let extras = &ball["extras"];
                legal_balls += u64::from(extras["wides"].is_null() && extras["noballs"].is_null());
                self.delivery(&over["over"], ball, &mut retired);
            }
            let mut end = json!({ "over": over["over"] });
            let miscounted = &innings["miscounted_overs"][over["over"].to_string()];
            if !miscounted.is_null() {
                end["miscounted"] = miscounted.clone();
            }
            let is_full = legal_balls >= self.info["balls_per_over"].as_u64().unwrap();
            if is_full || index + 1 < overs.len() || !miscounted.is_null() {
                self.post("over_end", end);
            }
        }
        for (when, runs) in innings["penalty_runs"].as_object().into_iter().flatten() {
            if when == "post" {
                self.post(
                    "penalty",
                    json!({ "team": side, "runs": runs, "when": when }),
                );
            }
        }
        self.end_innings(innings, runs, wickets);
    }

    fn end_innings(&mut self, innings: &Value, runs: u64, wickets: usize) {
        let absent = innings["absent_hurt"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let absent: Vec<Value> = absent.iter().map(|name| self.player(name)).collect();
        let flag = |name: &str| innings[name].as_bool().unwrap_or(false);
        let reached = innings["target"]["runs"]
            .as_u64()
            .is_some_and(|target| runs >= target);
        let wickets_max = if flag("super_over") { 2 } else { 10 };
        let reason = match (flag("declared"), flag("forfeited")) {
            (true, _) => "declared",
            (_, true) => "forfeited",
            _ if reached => "target",
            _ if wickets + absent.len() >= wickets_max => "all_out",
            _ if self.info["overs"].is_null() => "time",
            _ => "overs",
        };
        let mut end = json!({ "reason": reason });
        if !absent.is_empty() {
            end["absent_hurt"] = json!(absent);
        }
        self.post("innings_end", end);
    }

    fn delivery(&mut self, over: &Value, ball: &Value, retired: &mut Vec<Value>) {
        for name in [&ball["batter"], &ball["non_striker"]] {
            if let Some(index) = retired.iter().position(|one| one == name) {
                retired.remove(index);
                self.post("batter_returns", json!({ "player": self.player(name) }));
            }
        }
        self.newcomers(ball);
        let mut data = json!({
            "over": over,
            "batter": self.player(&ball["batter"]),
            "non_striker": self.player(&ball["non_striker"]),
            "bowler": self.player(&ball["bowler"]),
            "runs": ball["runs"]["batter"],
        });
        if !ball["extras"].is_null() {
            data["extras"] = ball["extras"].clone();
        }
        let runs = &ball["runs"];
        if (runs["batter"] == 4 || runs["batter"] == 6) && runs["non_boundary"].is_null() {
            data["boundary"] = runs["batter"].clone();
        }
        let (mut wickets, mut after) = (Vec::new(), Vec::new());
        for wicket in ball["wickets"].as_array().into_iter().flatten() {
            let kind = wicket["kind"].as_str().unwrap();
            let player = self.player(&wicket["player_out"]);
            if kind.starts_with("retired") {
                after.push(("batter_retired", json!({ "player": player, "kind": kind })));
                if kind != "retired out" {
                    retired.push(wicket["player_out"].clone());
                }
                continue;
            }
            let mut entry = json!({ "kind": kind, "player_out": player });
            let fielders = wicket["fielders"].as_array().cloned().unwrap_or_default();
            if !fielders.is_empty() {
                let fielders: Vec<Value> = fielders.iter().map(|one| self.fielder(one)).collect();
                entry["fielders"] = json!(fielders);
            }
            if kind == "timed out" {
                after.push(("dismissal", entry));
            } else {
                wickets.push(entry);
            }
        }
        if !wickets.is_empty() {
            data["wickets"] = json!(wickets);
        }
        self.post("delivery", data);
        for (kind, data) in after {
            self.post(kind, data);
        }
    }

    /// Replacements join the line-up before the ball that names them.
    fn newcomers(&mut self, ball: &Value) {
        let scopes = ball["replacements"].as_object().into_iter().flatten();
        for entry in scopes.flat_map(|(_, list)| list.as_array().unwrap()) {
            let name = entry["in"].as_str().unwrap();
            if !entry["team"].is_null() && !self.squads.contains_key(name) {
                let id = self.registry(&entry["in"]).unwrap();
                self.squads.insert(name.to_owned(), id.clone());
                let side = self.side(&entry["team"]);
                self.post(
                    "lineup",
                    json!({ "team": side, "players": [{ "id": id, "name": name }] }),
                );
            }
        }
    }

    fn fielder(&self, fielder: &Value) -> Value {
        match fielder["name"].as_str() {
            Some(name) => match self.squads.get(name) {
                Some(id) => json!({ "player": id }),
                None => json!({ "name": name, "substitute": true }),
            },
            None => json!({ "substitute": true }),
        }
    }

    fn result(&mut self) {
        let outcome = self.info["outcome"].clone();
        let mut data = Map::new();
        for name in ["winner", "eliminator"] {
            if !outcome[name].is_null() {
                data.insert(name.to_owned(), json!(self.side(&outcome[name])));
            }
        }
        for name in ["by", "result", "method"] {
            if !outcome[name].is_null() {
                data.insert(name.to_owned(), outcome[name].clone());
            }
        }
        let players = self.info["player_of_match"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let players: Vec<Value> = players.iter().map(|name| self.player(name)).collect();
        data.insert("player_of_match".to_owned(), json!(players));
        self.post("result", Value::Object(data));
    }
}
