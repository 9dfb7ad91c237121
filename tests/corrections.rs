//! Corrections: a match that was scored with mistakes and put right over HTTP ends as the same match
//! scored right, for scoring and for every fan who followed through all of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

use std::collections::BTreeMap;

use harness::api::Api;
use harness::cluster::Cluster;
use harness::fan::{Fan, Wish};
use harness::matches::{self, LIMITED_OVERS};
use harness::replica::Place;
use harness::socket::Codec;
use serde_json::{Value, json};
use tokio::sync::watch;

/// How many events a post holds, where nothing goes wrong.
const POST_EVENTS: usize = 7;

#[tokio::test]
async fn a_short_match_put_right_is_the_match_scored_right() {
    put_right(LIMITED_OVERS[0]).await;
}

#[tokio::test]
async fn a_long_match_put_right_is_the_match_scored_right() {
    put_right(LIMITED_OVERS[8]).await;
}

async fn put_right(name: &str) {
    if !matches::at_hand() {
        return;
    }
    let cluster = Cluster::start(2, 2).await;
    let premium = cluster.fan_token("premium").await;
    cluster.play(&matches::file(name), name, "max").await;
    let scorers = [cluster.scorer(0).await, cluster.scorer(1).await];
    let right = scorers[0].state(name).await;
    let events = events_of(&cluster, &premium, name).await;

    let fans = fans_of(&cluster, "mended").await;
    let (say_ends, ends) = watch::channel(None);
    let following: Vec<_> = fans
        .into_iter()
        .map(|mut fan| {
            let mut ends = ends.clone();
            tokio::spawn(async move {
                fan.until_ends(&mut ends).await;
                fan
            })
        })
        .collect();
    let mut poster = Poster::new(&scorers, "mended");
    let created = &events[0]["data"];
    let mut misnamed = created.clone();
    misnamed["title"] = json!("Nobody v Nobody");
    misnamed["teams"]["a"]["players"][0]["name"] = json!("A. N. Other");
    scorers[0].create("mended", &misnamed).await;
    for step in script(&events[1..]) {
        poster.post(step).await;
    }
    poster.flush().await;
    let half_mended = scorers[0].state("mended").await;
    assert_ne!(half_mended["hash"], right["hash"], "the names are wrong");
    let names =
        json!({"id": "names", "op": "amend", "ref": "created", "type": "created", "data": created});
    poster.post(names).await;

    let mended = scorers[1].state("mended").await;
    assert_ne!(mended["seq"], right["seq"], "corrections are events too");
    assert_eq!(mended["state"], right["state"]);
    assert_eq!(mended["hash"], right["hash"]);
    let place = Place::of(&mended);
    say_ends.send_replace(Some(BTreeMap::from([("mended".to_owned(), place)])));
    for fan in following {
        let fan = fan.await.unwrap();
        assert_eq!(fan.only().state, right["state"], "{}", fan.name);
    }
    cluster.ops_well(&["verify"]).await;
}

/// Every event of a match, as a fan is told them.
async fn events_of(cluster: &Cluster, token: &str, name: &str) -> Vec<Value> {
    let end = cluster.viewer(0, Some(token)).state(name).await["seq"]
        .as_u64()
        .unwrap();
    let wish = Wish::of(&[name]).token(token).every_event();
    let mut reader = Fan::connect(&cluster.gateways[0].url(), "reader", wish).await;
    reader.until_seq(end).await;
    reader.only().events.clone()
}

async fn fans_of(cluster: &Cluster, name: &str) -> Vec<Fan> {
    let mut fans = Vec::new();
    for (gateway, tier) in ["premium", "premium", "plus", "free"]
        .into_iter()
        .enumerate()
    {
        let token = cluster.fan_token(tier).await;
        for codec in Codec::BOTH {
            let wish = Wish::of(&[name]).token(&token).codec(codec);
            let wish = if gateway == 0 {
                wish.every_event()
            } else {
                wish
            };
            let url = cluster.gateways[gateway % 2].url();
            fans.push(Fan::connect(&url, format!("{tier} {codec:?}"), wish).await);
        }
    }
    fans
}

/// Posts through one scoring instance after the other.
struct Poster<'a> {
    scorers: &'a [Api],
    match_id: &'static str,
    waiting: Vec<Value>,
    posts: usize,
}

impl<'a> Poster<'a> {
    fn new(scorers: &'a [Api], match_id: &'static str) -> Self {
        Self {
            scorers,
            match_id,
            waiting: Vec::new(),
            posts: 0,
        }
    }

    async fn post(&mut self, event: Value) {
        let correction = event.get("op").is_some();
        self.waiting.push(event);
        // A correction goes out at once, as a scorer's would.
        if correction || self.waiting.len() == POST_EVENTS {
            self.flush().await;
        }
    }

    async fn flush(&mut self) {
        let events = Value::from(std::mem::take(&mut self.waiting));
        if events == json!([]) {
            return;
        }
        self.posts += 1;
        let scorer = &self.scorers[self.posts % self.scorers.len()];
        scorer.score(self.match_id, &events).await;
    }
}

/// The match with mistakes, and what mends them: some at once, some overs later, some at the end.
fn script(events: &[Value]) -> Vec<Value> {
    let mistakes = Mistakes::in_match(events);
    let mut steps = Vec::new();
    let mut at_the_end = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let id = text(event, "id");
        let posted = json!({"id": id, "type": event["type"], "data": event["data"]});
        let before = || text(&events[index - 1], "id");
        let correction =
            |op: &str, r#ref: &str| json!({"id": format!("{op}-{id}"), "op": op, "ref": r#ref});
        let whole = |op: &str, r#ref: &str| {
            let mut whole = correction(op, r#ref);
            whole["type"] = event["type"].clone();
            whole["data"] = event["data"].clone();
            whole
        };
        match mistakes.of(index) {
            None => steps.push(posted),
            Some(Mistake::Forgotten) => at_the_end.push(whole("insert", &before())),
            Some(Mistake::WrongRuns) => {
                let mut wrong = posted;
                wrong["data"]["runs"] = json!(3);
                steps.push(wrong);
                at_the_end.push(whole("amend", &id));
            }
            Some(Mistake::OneTooMany) => {
                let mut twice = posted.clone();
                twice["id"] = json!(format!("twice-{id}"));
                steps.push(posted);
                steps.push(twice);
                at_the_end.push(correction("void", &format!("twice-{id}")));
            }
            Some(Mistake::Undone) => {
                let mut wrong = posted.clone();
                wrong["id"] = json!(format!("slip-{id}"));
                wrong["data"]["runs"] = json!(2);
                steps.push(wrong);
                steps.push(correction("void", &format!("slip-{id}")));
                steps.push(posted);
            }
            Some(Mistake::StruckOut) => {
                steps.push(posted);
                steps.push(correction("void", &id));
                at_the_end.push(correction("restore", &id));
            }
            Some(Mistake::NoFielder) => {
                let mut unnamed = posted;
                let wicket = unnamed["data"]["wickets"][0].as_object_mut().unwrap();
                wicket.remove("fielders").unwrap();
                steps.push(unnamed);
                at_the_end.push(whole("amend", &id));
            }
        }
        // Half of what is wrong is mended while the match is on.
        if index == events.len() / 2 {
            let now = at_the_end.len() / 2;
            steps.extend(at_the_end.drain(..now));
        }
    }
    steps.extend(at_the_end);
    steps
}

/// What a scorer does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mistake {
    /// A ball that is inserted later.
    Forgotten,
    /// A ball that is amended later.
    WrongRuns,
    /// A ball that is entered twice; the second is void later.
    OneTooMany,
    /// A ball that is entered wrong, void at once, and entered again.
    Undone,
    /// A ball that is void at once, and restored later.
    StruckOut,
    /// A wicket whose fielders are named later.
    NoFielder,
}

/// How many of each.
const OF_EACH_KIND: usize = 5;
const MISTAKES: [Mistake; 6] = [
    Mistake::Forgotten,
    Mistake::WrongRuns,
    Mistake::OneTooMany,
    Mistake::Undone,
    Mistake::StruckOut,
    Mistake::NoFielder,
];

/// Which event suffers which mistake.
struct Mistakes(BTreeMap<usize, Mistake>);

impl Mistakes {
    /// Some of each kind, spread over the match.
    fn in_match(events: &[Value]) -> Self {
        let mut chosen = BTreeMap::new();
        for (kind, mistake) in MISTAKES.into_iter().enumerate() {
            let fitting: Vec<usize> = (1..events.len())
                .filter(|index| fits(events, *index, mistake))
                .collect();
            for part in 1..=OF_EACH_KIND {
                // Different places for different kinds.
                let start = fitting.len() * part / (OF_EACH_KIND + 1) + kind;
                let free = fitting.iter().cycle().skip(start).take(fitting.len());
                let place = free.copied().find(|index| !chosen.contains_key(index));
                if let Some(place) = place {
                    chosen.insert(place, mistake);
                }
            }
        }
        for mistake in MISTAKES {
            assert!(chosen.values().any(|one| *one == mistake), "{mistake:?}");
        }
        Self(chosen)
    }

    fn of(&self, index: usize) -> Option<Mistake> {
        self.0.get(&index).copied()
    }
}

/// Any ball will do, but a wicket can't be entered twice, and other runs would contradict a boundary
/// or a wide.
fn fits(events: &[Value], index: usize, mistake: Mistake) -> bool {
    let event = &events[index];
    let data = &event["data"];
    let wicket = data.get("wickets").is_some();
    event["type"] == "delivery"
        && match mistake {
            Mistake::NoFielder => data["wickets"][0].get("fielders").is_some(),
            Mistake::WrongRuns | Mistake::Undone => {
                !wicket && data.get("boundary").is_none() && data.get("extras").is_none()
            }
            Mistake::OneTooMany => !wicket,
            Mistake::Forgotten | Mistake::StruckOut => true,
        }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}
