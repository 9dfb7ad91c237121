//! A made-up innings, ball by ball.

use serde_json::{Map, Value, json};

use super::ball::{self, Runs};
use super::dismissal;
use super::side::{Side, happens};
use grandstand_play::generate::chance::Chance;

/// What an innings is played by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) balls_per_over: u64,
    /// It is over after so many, if nothing ends it before.
    pub(crate) overs: u64,
    /// And after so many wickets; a side may be allowed more.
    pub(crate) wickets_max: usize,
    /// And with so many runs.
    pub(crate) target: Option<u64>,
    /// Balls of a hundred on which somebody is out.
    pub(crate) wicket_percent: u64,
    /// Balls of a hundred that bring no run: maidens need many.
    pub(crate) quiet_percent: u64,
}

/// An innings that was played.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) overs: Vec<Value>,
    pub(crate) miscounted: Map<String, Value>,
    pub(crate) runs: u64,
    /// Who is left, and may be said to be absent hurt.
    pub(crate) left: Vec<String>,
}

/// Plays an innings between `batting` and `fielding`.
pub(crate) fn play(
    chance: &mut Chance,
    plan: Plan,
    batting: &mut Side,
    fielding: &mut Side,
) -> Played {
    let mut order = batting.players.clone();
    for index in (1..order.len()).rev() {
        order.swap(index, chance.below(index as u64 + 1) as usize);
    }
    let pair = [order.remove(0), order.remove(0)];
    let mut play = Play {
        chance,
        plan,
        batting,
        fielding,
        order,
        pair,
        hurt: Vec::new(),
        wickets: 0,
        bowler: String::new(),
        is_over: false,
        played: Played {
            overs: Vec::new(),
            miscounted: Map::new(),
            runs: 0,
            left: Vec::new(),
        },
    };
    play.all();
    let Play {
        mut played, order, ..
    } = play;
    played.left = order;
    played
}

struct Play<'a> {
    chance: &'a mut Chance,
    plan: Plan,
    batting: &'a mut Side,
    fielding: &'a mut Side,
    /// Who comes next.
    order: Vec<String>,
    /// Striker and the other.
    pair: [String; 2],
    /// Who retired and may come back.
    hurt: Vec<String>,
    wickets: usize,
    bowler: String,
    is_over: bool,
    played: Played,
}

impl Play<'_> {
    fn all(&mut self) {
        let mut number = u64::from(happens(self.chance, 2));
        let mut bowled = 0;
        while bowled < self.plan.overs && !self.is_over {
            self.over(number);
            bowled += 1;
            // An over that the file lacks.
            number += 1 + u64::from(happens(self.chance, 1));
            if happens(self.chance, 1) {
                return;
            }
        }
    }

    fn over(&mut self, number: u64) {
        self.next_bowler();
        let due = self.plan.balls_per_over;
        let length = match self.chance.below(30) {
            0 => due - 1,
            1 => due + 1,
            2 => due.saturating_sub(2).max(1),
            3 => due + 2,
            _ => due,
        };
        let mut balls = Vec::new();
        let mut legal = 0;
        while legal < length && !self.is_over && balls.len() < 30 {
            let (ball, is_legal) = self.ball();
            legal += u64::from(is_legal);
            balls.push(ball);
        }
        if legal == length && length != due && !happens(self.chance, 10) {
            let mut miscounted = json!({"balls": length});
            if happens(self.chance, 70) {
                miscounted["umpire"] = json!("B Bowden");
            }
            self.played
                .miscounted
                .insert(number.to_string(), miscounted);
        }
        self.pair.swap(0, 1);
        self.played
            .overs
            .push(json!({"over": number, "deliveries": balls}));
    }

    fn next_bowler(&mut self) {
        if happens(self.chance, 3) {
            return self.bowler_if_there_is_none();
        }
        if happens(self.chance, 1) {
            self.bowler = self.fielding.stranger(self.chance);
            return;
        }
        let last = self.bowler.clone();
        let others = self.fielding.players.iter().take(7);
        let others: Vec<String> = others.filter(|name| **name != last).cloned().collect();
        self.bowler = self.chance.one_of(&others);
    }

    fn bowler_if_there_is_none(&mut self) {
        if self.bowler.is_empty() {
            self.bowler = self.fielding.players[0].clone();
        }
    }

    /// One ball, and whether it counts in the over.
    fn ball(&mut self) -> (Value, bool) {
        let mut ball = json!({});
        self.change_people(&mut ball);
        let runs = Runs::make(self.chance, self.plan.quiet_percent);
        ball["batter"] = json!(self.pair[0]);
        ball["non_striker"] = json!(self.pair[1]);
        ball["bowler"] = json!(self.bowler);
        runs.put(&mut ball, self.chance);
        self.played.runs += runs.total();
        if happens(self.chance, 2) {
            ball::review(self.chance, &mut ball, [self.batting, self.fielding]);
        }
        let is_legal = !runs.is_wide() && !runs.is_noball();
        let wickets = self.departures(is_legal);
        if !wickets.is_empty() {
            ball["wickets"] = json!(wickets);
        }
        if runs.run() % 2 == 1 {
            self.pair.swap(0, 1);
        }
        let target = self.plan.target;
        self.is_over |= target.is_some_and(|target| self.played.runs >= target);
        (ball, is_legal)
    }

    /// What happens before a ball: somebody else bowls, bats, or goes without a word.
    fn change_people(&mut self, ball: &mut Value) {
        match self.chance.below(250) {
            0 => {
                let side = match happens(self.chance, 50) {
                    true => &mut *self.batting,
                    false => &mut *self.fielding,
                };
                ball::replacement_of_match(self.chance, ball, side);
            }
            1 => {
                let out = self.bowler.clone();
                let players = self.fielding.players.iter();
                let others: Vec<String> = players.filter(|name| **name != out).cloned().collect();
                self.bowler = self.chance.one_of(&others);
                let out = happens(self.chance, 60).then_some(out.as_str());
                ball::replacement_of_role(ball, "bowler", &self.bowler, out);
            }
            2 if !self.order.is_empty() => {
                let incoming = self.order.remove(0);
                let out = std::mem::replace(&mut self.pair[1], incoming);
                ball::replacement_of_role(ball, "batter", &self.pair[1], Some(&out));
                self.hurt.push(out);
            }
            3 if !self.order.is_empty() => {
                let incoming = self.order.remove(0);
                let out = std::mem::replace(&mut self.pair[0], incoming);
                self.hurt.push(out);
            }
            // Rotation as no textbook has it.
            4..=6 => self.pair.swap(0, 1),
            _ => {}
        }
    }

    fn departures(&mut self, is_fair: bool) -> Vec<Value> {
        let mut wickets = Vec::new();
        if happens(self.chance, self.plan.wicket_percent) {
            let pair = [self.pair[0].as_str(), self.pair[1].as_str()];
            wickets = dismissal::on_ball(self.chance, is_fair, pair, self.fielding);
        }
        if wickets.len() < 2 && happens(self.chance, 1) {
            let stays = self
                .pair
                .iter()
                .find(|name| wickets.iter().all(|wicket| wicket["player_out"] != **name));
            let retirement = stays.map(|name| dismissal::retirement(self.chance, name));
            wickets.extend(retirement);
        }
        for wicket in &wickets {
            let kind = wicket["kind"].as_str().expect("a kind");
            let gone = wicket["player_out"].as_str().expect("a name").to_owned();
            self.wickets += usize::from(!matches!(kind, "retired hurt" | "retired not out"));
            let end = usize::from(self.pair[1] == gone);
            if kind.starts_with("retired") && (kind != "retired out" || happens(self.chance, 10)) {
                self.hurt.push(gone);
            }
            self.comes_in(end);
        }
        if !wickets.is_empty() && !self.is_over && !self.order.is_empty() && happens(self.chance, 2)
        {
            wickets.push(dismissal::timed_out(&self.order.remove(0)));
            self.wickets += 1;
        }
        self.is_over |= self.wickets >= self.plan.wickets_max;
        if happens(self.chance, 30) {
            wickets.reverse();
        }
        wickets
    }

    /// Somebody takes the empty end, if there is anybody.
    fn comes_in(&mut self, end: usize) {
        let comes_back =
            !self.hurt.is_empty() && (self.order.is_empty() || happens(self.chance, 25));
        let next = if comes_back {
            let index = self.chance.below(self.hurt.len() as u64) as usize;
            Some(self.hurt.remove(index))
        } else if happens(self.chance, 2) {
            Some(self.batting.stranger(self.chance))
        } else if self.order.is_empty() {
            None
        } else {
            Some(self.order.remove(0))
        };
        match next {
            Some(next) => self.pair[end] = next,
            None => self.is_over = true,
        }
    }
}
