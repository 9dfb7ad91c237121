//! Turns a match into the events that a scorer would post, in order, with ids that are the same
//! each time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ball::{Delivery, Over, Wicket};
use crate::create::innings_per_side;
use crate::cricsheet::{Innings, Match, Target};
use crate::delivery;
use crate::dismissal::Told;
use crate::ending;
use crate::event::Event;
use crate::names;
use crate::result;
use crate::squads::{Player, Side, Squads};
use crate::tally::InningsTally;

/// All events of `of` after its creation, of which `sums` is the tally.
pub fn events(of: &Match, squads: &Squads, sums: &[InningsTally]) -> Vec<Event> {
    let listed = [Side::A, Side::B]
        .into_iter()
        .flat_map(|side| squads.listed(of, side))
        .map(|(player, _)| player.id.as_str())
        .collect();
    let mut script = Script {
        of,
        squads,
        sums,
        listed,
        batting: Side::A,
        at_crease: Vec::new(),
        retired: BTreeSet::new(),
        events: Vec::new(),
    };
    script.toss();
    for index in 0..of.innings.len() {
        script.innings(index);
    }
    script.result();
    script.events
}

/// Writes a match down event by event.
struct Script<'a> {
    of: &'a Match,
    squads: &'a Squads,
    sums: &'a [InningsTally],
    /// The ids of those who are in a line-up that was posted.
    listed: BTreeSet<&'a str>,
    /// Who bats in the innings that is told.
    batting: Side,
    at_crease: Vec<&'a str>,
    /// Who left this innings and may come back.
    retired: BTreeSet<&'a str>,
    events: Vec<Event>,
}

impl<'a> Script<'a> {
    fn push(&mut self, id: String, kind: &'static str, data: Value) {
        self.events.push(Event::added(id, kind, data));
    }

    /// The key of a team that `check` has found to be one of the two.
    fn side(&self, team: &str) -> Side {
        self.squads.side(team).unwrap_or(Side::A)
    }

    /// The id of somebody of the side that bats.
    fn batter(&self, name: &str) -> &'a str {
        self.squads
            .player(self.batting, name)
            .map_or("", |player| player.id.as_str())
    }

    /// Adds a player to his side's line-up if he is not in it yet; `before` is the event that needs
    /// him.
    fn list(&mut self, before: &str, player: &'a Player) {
        if self.listed.insert(&player.id) {
            let name = self.squads.name(&player.id).unwrap_or(&player.id);
            let players = json!([{"id": player.id, "name": names::name(name)}]);
            let data = json!({"team": player.side.as_str(), "players": players});
            self.push(format!("{before}.lineup-{}", player.id), "lineup", data);
        }
    }

    fn toss(&mut self) {
        let toss = &self.of.info.toss;
        let (Some(winner), Some(decision)) = (&toss.winner, &toss.decision) else {
            return;
        };
        if !["bat", "field"].contains(&decision.as_str()) {
            return;
        }
        let mut data = json!({"winner": self.side(winner).as_str(), "decision": decision});
        if toss.uncontested {
            data["uncontested"] = json!(true);
        }
        self.push("toss".to_owned(), "toss", data);
    }

    fn innings(&mut self, index: usize) {
        let innings = &self.of.innings[index];
        let key = format!("i{}", index + 1);
        self.batting = self.side(&innings.team);
        // The file does not say when in the innings before, only that it counts in this one.
        self.penalty(&key, "pre", innings.penalty_runs.pre);
        self.innings_start(&key, index);
        let mut powerplays = innings.powerplays.iter().enumerate().peekable();
        for (over_index, over) in innings.overs.iter().enumerate() {
            while let Some((number, powerplay)) = powerplays.next_if(|(_, powerplay)| {
                powerplay
                    .from
                    .as_f64()
                    .is_none_or(|from| from < f64::from(over.over + 1))
            }) {
                let (from, to) = (powerplay.from.to_string(), powerplay.to.to_string());
                let data = json!({"from": from, "to": to, "kind": powerplay.kind});
                self.push(format!("{key}.powerplay{}", number + 1), "powerplay", data);
            }
            self.over(&key, innings, over_index, over);
        }
        self.innings_end(&key, index);
        self.penalty(&key, "post", innings.penalty_runs.post);
    }

    fn penalty(&mut self, key: &str, when: &str, runs: u32) {
        if runs > 0 {
            let data = json!({"team": self.batting.as_str(), "runs": runs, "when": when});
            self.push(format!("{key}.penalty-{when}"), "penalty", data);
        }
    }

    fn innings_start(&mut self, key: &str, index: usize) {
        let innings = &self.of.innings[index];
        self.at_crease.clear();
        self.retired.clear();
        if let Some(overs) = ending::shortened_to(self.of, self.sums, index) {
            self.push(
                format!("{key}.overs"),
                "overs_revised",
                json!({"overs": overs}),
            );
        }
        let mut data = json!({"batting": self.batting.as_str()});
        if innings.super_over {
            data["super_over"] = json!(true);
        }
        // The files name no target of a super over or of a Test; a scorer would.
        if let Some(runs) = ending::needed(self.of, self.sums, index).filter(|runs| *runs > 0) {
            data["target"] = json!({"runs": runs});
            if let Some(overs) = innings.target.as_ref().and_then(Target::overs_told) {
                data["target"]["overs"] = overs;
            }
        }
        if index == 2 && innings_per_side(self.of) == 2 && innings.team == self.of.innings[1].team {
            data["follow_on"] = json!(true);
        }
        self.push(format!("{key}.start"), "innings_start", data);
    }

    fn over(&mut self, key: &str, innings: &'a Innings, index: usize, over: &'a Over) {
        let balls_per_over = self.of.info.balls_per_over;
        let key = format!("{key}.o{:03}", over.over + 1);
        for (ball_index, ball) in over.deliveries.iter().enumerate() {
            self.ball(&format!("{key}.d{}", ball_index + 1), over, ball);
        }
        if !innings.is_completed(index, balls_per_over) {
            return;
        }
        let mut data = json!({"over": over.over});
        let balls = over.legal_balls();
        if balls != balls_per_over {
            data["miscounted"] = json!({"balls": balls});
            if let Some(umpire) = innings
                .miscount_of(over)
                .and_then(|miscount| miscount.umpire.as_ref())
            {
                data["miscounted"]["umpire"] = json!(names::name(umpire));
            }
        }
        self.push(format!("{key}.end"), "over_end", data);
    }

    fn ball(&mut self, key: &str, over: &Over, ball: &'a Delivery) {
        let squads = self.squads;
        for player in delivery::players(squads, self.batting, ball) {
            self.list(key, player);
        }
        self.arrivals(key, ball);
        let data = delivery::data(squads, self.batting, over.over, ball);
        self.push(key.to_owned(), "delivery", data);
        for wicket in ball.wickets_in_order() {
            self.departure(key, ball.told(wicket), wicket);
        }
    }

    /// Who left before this ball without an entry in the file, and who is back.
    fn arrivals(&mut self, key: &str, ball: &'a Delivery) {
        let pair = [ball.batter.as_str(), ball.non_striker.as_str()];
        let gone: Vec<&str> = self
            .at_crease
            .drain(..)
            .filter(|batter| !pair.contains(batter))
            .collect();
        for batter in gone {
            let player = self.batter(batter);
            let data = json!({"player": player, "kind": "retired hurt"});
            self.push(format!("{key}.left-{player}"), "batter_retired", data);
            self.retired.insert(batter);
        }
        for batter in pair {
            if self.retired.remove(batter) {
                let player = self.batter(batter);
                self.push(
                    format!("{key}.back-{player}"),
                    "batter_returns",
                    json!({"player": player}),
                );
            }
        }
        self.at_crease = pair.to_vec();
    }

    fn departure(&mut self, key: &str, told: Told, wicket: &'a Wicket) {
        let player = self.batter(&wicket.player_out);
        self.at_crease.retain(|batter| *batter != wicket.player_out);
        match told {
            Told::OnTheBall => {}
            Told::AfterTheBall => {
                let data = delivery::wicket(self.squads, self.batting, wicket);
                self.push(format!("{key}.out-{player}"), "dismissal", data);
            }
            Told::AsRetirement => {
                self.retired.insert(&wicket.player_out);
                let data = json!({"player": player, "kind": wicket.kind.as_str()});
                self.push(format!("{key}.retired-{player}"), "batter_retired", data);
            }
        }
    }

    fn innings_end(&mut self, key: &str, index: usize) {
        let innings = &self.of.innings[index];
        let id = format!("{key}.end");
        let mut data = json!({"reason": ending::reason(self.of, self.sums, index)});
        if !innings.absent_hurt.is_empty() {
            let (squads, batting) = (self.squads, self.batting);
            let absent = innings.absent_hurt.iter();
            let absent: Vec<&Player> = absent
                .filter_map(|name| squads.player(batting, name))
                .collect();
            for player in &absent {
                self.list(&id, player);
            }
            let absent: Vec<&str> = absent.iter().map(|player| player.id.as_str()).collect();
            data["absent_hurt"] = json!(absent);
        }
        self.push(id, "innings_end", data);
    }

    fn result(&mut self) {
        if let Some(data) = result::data(self.of, self.squads) {
            self.push("result".to_owned(), "result", data);
        }
    }
}
