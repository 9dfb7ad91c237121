//! Scores a match as real scorers do: now and then something is wrong, and put right soon after.
//! At the end every figure is as if nothing had been.

use std::collections::BTreeMap;

use grandstand_core::event::Op;
use serde_json::{Value, json};

use crate::event::Event;
use crate::generate::chance::Chance;

/// Of a thousand overs, those in which the scorer slips: five in a match.
const OVERS_PERMILLE: u64 = 150;
/// At the end of an innings every scorer watches closely: a slip there could end the match.
const OVERS_WATCHED: usize = 2;
/// The most balls until a slip is seen.
const SEEN_AFTER_MAX: usize = 5;

/// What a scorer does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slip {
    /// Wrong runs, amended.
    Runs,
    /// Wrong runs, seen at once: undone, and entered again.
    Undone,
    /// Wrong runs, and a careful scorer: void, and the right ball inserted in its place.
    Replaced,
    /// A ball that was missed, inserted.
    Missed,
    /// A ball that was entered twice; one of them is void.
    Twice,
    /// A catch given to somebody else, or to nobody yet; amended.
    Fielder,
}

/// `clean` with mistakes and their corrections; the same for the same seed.
pub fn with_slips(clean: Vec<Event>, seed: u64) -> Vec<Event> {
    let mut chance = Chance::new(seed, 3);
    let mut script = Script {
        clean: &clean,
        instead: BTreeMap::new(),
        after: BTreeMap::new(),
    };
    let mut has_just_slipped = false;
    for over in overs(&clean) {
        // One at a time, each put right before the next.
        let slips = !has_just_slipped && chance.happens(OVERS_PERMILLE);
        has_just_slipped = slips && script.slip(&mut chance, &over).is_some();
    }
    let Script {
        mut instead,
        mut after,
        ..
    } = script;
    let events = clean.iter().enumerate().flat_map(|(index, event)| {
        let told = instead
            .remove(&index)
            .unwrap_or_else(|| vec![event.clone()]);
        let corrections = after.remove(&index).unwrap_or_default();
        told.into_iter().chain(corrections)
    });
    events.collect()
}

/// An over: where its balls are among all events.
struct Over {
    balls: Vec<usize>,
    /// Where the later balls of the innings are.
    later: Vec<usize>,
}

/// The overs in which a slip does no harm.
fn overs(clean: &[Event]) -> Vec<Over> {
    // Ids of balls are those of their innings and over, and a number.
    let mut innings: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (index, event) in clean.iter().enumerate().filter(|(_, one)| one.is_ball()) {
        if let Some((over, _)) = event.id.rsplit_once('.')
            && let Some((key, _)) = over.split_once('.')
        {
            let of_innings = innings.entry(key).or_default();
            of_innings.entry(over).or_default().push(index);
        }
    }
    let of_innings = innings.into_values().flat_map(|overs| {
        let overs: Vec<Vec<usize>> = overs.into_values().collect();
        let slipped = overs.len().saturating_sub(OVERS_WATCHED);
        let overs: Vec<Over> = (0..slipped)
            .map(|number| Over {
                balls: overs[number].clone(),
                later: overs[number + 1..].concat(),
            })
            .collect();
        overs
    });
    of_innings.collect()
}

/// A match as it is told.
struct Script<'a> {
    clean: &'a [Event],
    /// What is told in the place of an event.
    instead: BTreeMap<usize, Vec<Event>>,
    /// What is told after an event, and after what is told in its place.
    after: BTreeMap<usize, Vec<Event>>,
}

impl Script<'_> {
    /// Slips once in `over`, if anything in it lends itself to it.
    fn slip(&mut self, chance: &mut Chance, over: &Over) -> Option<()> {
        let slip = chance.weighted([
            (Slip::Runs, 25),
            (Slip::Undone, 20),
            (Slip::Replaced, 15),
            (Slip::Missed, 15),
            (Slip::Twice, 10),
            (Slip::Fielder, 15),
        ]);
        let mut balls = over.balls.iter().copied();
        let caught = balls.find(|at| is_catch(&self.clean[*at]));
        if let Some(at) = caught
            // Few overs have one: where there is one, it is what is got wrong.
            && (slip == Slip::Fielder || chance.happens(500))
        {
            return self.fielder(chance, over, at);
        }
        let is_plain = |at: &usize| is_plain(&self.clean[*at]);
        // A ball is missed between two others of its over.
        let between = over.balls.len().checked_sub(2)?;
        let balls = over.balls.iter().copied();
        let plain: Vec<usize> = match slip {
            Slip::Missed => balls.skip(1).take(between).filter(is_plain).collect(),
            _ => balls.filter(is_plain).collect(),
        };
        let at = *plain.get(chance.index(plain.len()))?;
        match slip {
            Slip::Runs | Slip::Fielder => self.runs(chance, over, at),
            Slip::Undone => self.undone(chance, at),
            Slip::Replaced => self.replaced(chance, over, at),
            Slip::Missed => self.missed(chance, over, at),
            Slip::Twice => self.twice(chance, over, at),
        }
        Some(())
    }

    fn runs(&mut self, chance: &mut Chance, over: &Over, at: usize) {
        let right = &self.clean[at];
        let told = with_data(right, wrong_runs(chance, &right.data));
        self.instead.insert(at, vec![told]);
        let seen = seen(chance, &after(over, at));
        self.after.insert(seen, vec![amended(right)]);
    }

    fn undone(&mut self, chance: &mut Chance, at: usize) {
        let right = &self.clean[at];
        let slip = slipped(right, wrong_runs(chance, &right.data));
        let undo = voided(&slip);
        self.instead.insert(at, vec![slip, undo, right.clone()]);
    }

    fn replaced(&mut self, chance: &mut Chance, over: &Over, at: usize) {
        let right = &self.clean[at];
        let slip = slipped(right, wrong_runs(chance, &right.data));
        let mended = vec![voided(&slip), inserted(right, &slip)];
        self.instead.insert(at, vec![slip]);
        let seen = seen(chance, &after(over, at));
        self.after.insert(seen, mended);
    }

    fn missed(&mut self, chance: &mut Chance, over: &Over, at: usize) {
        self.instead.insert(at, Vec::new());
        let rest: Vec<usize> = over.balls.iter().copied().filter(|it| *it > at).collect();
        let seen = seen(chance, &rest);
        let before = &self.clean[at - 1];
        let mended = inserted(&self.clean[at], before);
        self.after.insert(seen, vec![mended]);
    }

    fn twice(&mut self, chance: &mut Chance, over: &Over, at: usize) {
        let right = &self.clean[at];
        let twin = slipped(right, right.data.clone());
        let undo = voided(&twin);
        self.instead.insert(at, vec![right.clone(), twin]);
        let seen = seen(chance, &after(over, at));
        self.after.insert(seen, vec![undo]);
    }

    fn fielder(&mut self, chance: &mut Chance, over: &Over, at: usize) -> Option<()> {
        let right = &self.clean[at];
        let mut data = right.data.clone();
        let wicket = data.pointer_mut("/wickets/0")?.as_object_mut()?;
        let others = self.bowlers(over, &right.data["bowler"], wicket.get("fielders")?);
        match others.get(chance.index(others.len())) {
            Some(other) if chance.happens(600) => {
                wicket.insert("fielders".to_owned(), json!([{"player": other}]));
            }
            _ => {
                wicket.remove("fielders");
            }
        }
        self.instead.insert(at, vec![with_data(right, data)]);
        let seen = seen(chance, &after(over, at));
        self.after.insert(seen, vec![amended(right)]);
        Some(())
    }

    /// Those of the side that fields who bowl later on, but for the bowler and the catcher.
    fn bowlers(&self, over: &Over, bowler: &Value, fielders: &Value) -> Vec<Value> {
        let bowlers = over.later.iter().map(|at| &self.clean[*at].data["bowler"]);
        let others = bowlers.filter(|other| *other != bowler && fielders[0]["player"] != **other);
        others.cloned().collect()
    }
}

/// The balls of the innings after the one at `at`.
fn after(over: &Over, at: usize) -> Vec<usize> {
    let rest = over.balls.iter().filter(|it| **it > at);
    rest.chain(&over.later).copied().collect()
}

/// After which of `balls` a slip is seen.
fn seen(chance: &mut Chance, balls: &[usize]) -> usize {
    let shown = balls.len().min(SEEN_AFTER_MAX);
    balls[chance.index(shown)]
}

fn is_catch(ball: &Event) -> bool {
    let wicket = ball.data.pointer("/wickets/0");
    wicket.is_some_and(|wicket| wicket["kind"] == "caught" && wicket.get("fielders").is_some())
}

/// Nothing but runs off the bat, if any.
fn is_plain(ball: &Event) -> bool {
    let members = ["extras", "wickets", "review", "replacements"];
    members.iter().all(|name| ball.data.get(name).is_none())
}

fn wrong_runs(chance: &mut Chance, right: &Value) -> Value {
    let mut data = right.clone();
    let wrong = match (right["runs"].as_u64(), right.get("boundary").is_some()) {
        (Some(4), true) => 6,
        (Some(6), true) => 4,
        (Some(1), _) => chance.weighted([(0, 1), (2, 2)]),
        (Some(2), _) => chance.weighted([(1, 2), (3, 1)]),
        (Some(3), _) => 2,
        _ => 1,
    };
    data["runs"] = json!(wrong);
    if data.get("boundary").is_some() {
        data["boundary"] = json!(wrong);
    }
    data
}

/// `right` as it is told first.
fn with_data(right: &Event, data: Value) -> Event {
    Event {
        data,
        ..right.clone()
    }
}

/// A ball that should not be there.
fn slipped(right: &Event, data: Value) -> Event {
    Event::added(format!("{}.slip", right.id), right.kind, data)
}

fn amended(right: &Event) -> Event {
    Event {
        id: format!("{}.amend", right.id),
        op: Op::Amend,
        reference: Some(right.id.clone()),
        ..right.clone()
    }
}

fn voided(slip: &Event) -> Event {
    Event {
        id: format!("{}.void", slip.id),
        op: Op::Void,
        reference: Some(slip.id.clone()),
        kind: "",
        data: Value::Null,
    }
}

fn inserted(right: &Event, after: &Event) -> Event {
    Event {
        op: Op::Insert,
        reference: Some(after.id.clone()),
        ..right.clone()
    }
}
