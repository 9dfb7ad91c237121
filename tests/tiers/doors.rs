//! Somebody who looks through every door there is, again and again, at every gateway that he knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use crate::harness::api::Api;
use crate::harness::fan::{Fan, Wish};
use crate::harness::listener::Listener;
use crate::harness::poller::Poller;
use crate::harness::socket::{Codec, Heard, Socket};
use crate::rule::{Door, Pace, Seen, now_us};

/// How long the prober leaves the gateways alone.
const PROBE_PAUSE: Duration = Duration::from_millis(150);
/// How many GETs show a match that has two segments.
const GETS: usize = 7;
/// How long a connection that was opened only to look is listened to at least.
const PROBE_MIN: Duration = Duration::from_millis(100);

/// A viewer, and what he may see.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) name: &'static str,
    pub(crate) token: Option<String>,
    pub(crate) urls: Vec<String>,
    pub(crate) pace: Pace,
    pub(crate) delay_s: u64,
}

impl Viewer {
    fn seen(door: Door, what: &'static str, match_id: &str, seq: u64) -> Seen {
        Seen {
            door,
            what,
            match_id: match_id.to_owned(),
            seq,
            at_us: now_us(),
        }
    }

    /// A fan of all matches from the first event on, until it has seen `last` of each.
    pub(crate) async fn follow(
        self,
        matches: Vec<String>,
        last: u64,
        by_message: bool,
    ) -> Vec<Seen> {
        let mut wish = Wish::of(&matches).every_event();
        wish.token = self.token.clone();
        // More than most tiers grant.
        wish.policy = Some("realtime");
        wish.by_message = by_message;
        let url = &self.urls[usize::from(by_message) % self.urls.len()];
        let what = if by_message { "message" } else { "query" };
        let mut fan = Fan::connect(url, self.name, wish).await;
        let mut seen = Vec::new();
        let done = |fan: &Fan| matches.iter().all(|name| fan.of(name).seq >= last);
        while !done(&fan) {
            let heard = fan.next().await;
            assert!(
                matches!(heard, Heard::Message(_)),
                "{}: {heard:?}",
                self.name
            );
            for name in &matches {
                seen.push(Self::seen(Door::Socket, what, name, fan.of(name).seq));
            }
        }
        seen
    }

    /// Connects again and again, at one gateway after the other, for a snapshot each time, until it
    /// has seen `last` of each.
    pub(crate) async fn reconnect(self, matches: Vec<String>, last: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        // What it was shown once, it is shown at each connection.
        let mut shown = BTreeMap::new();
        let query = format!(
            "match={}&snapshot=always&policy=realtime",
            matches.join(",")
        );
        let has_seen_all = |shown: &BTreeMap<String, u64>| {
            shown.len() == matches.len() && shown.values().all(|seq| *seq >= last)
        };
        for turn in 0.. {
            if has_seen_all(&shown) {
                break;
            }
            let url = &self.urls[turn % self.urls.len()];
            let opened = Socket::open(url, &query, self.token.as_deref(), Codec::Json).await;
            let mut socket = opened.unwrap();
            let mut waits_for: BTreeSet<String> = shown.keys().cloned().collect();
            let looked = tokio::time::sleep(PROBE_MIN);
            tokio::pin!(looked);
            while !(waits_for.is_empty() && looked.is_elapsed()) {
                let message = tokio::select! {
                    message = socket.message() => message,
                    () = &mut looked, if !looked.is_elapsed() => continue,
                };
                // A subscription that is said again is no other door.
                if message["type"] == "welcome" {
                    let again = json!({"type": "subscribe", "match": matches[0], "snapshot": "always", "policy": "realtime"});
                    socket.say(&again).await;
                }
                let seq = match message["type"].as_str().unwrap() {
                    "snapshot" => message["seq"].as_u64(),
                    "events" => {
                        message["events"].as_array().unwrap().last().unwrap()["seq"].as_u64()
                    }
                    // A seq in a status is the fan's own word.
                    _ => None,
                };
                if let Some(seq) = seq {
                    let name = message["match"].as_str().unwrap();
                    waits_for.remove(name);
                    let most = shown.entry(name.to_owned()).or_default();
                    *most = seq.max(*most);
                    seen.push(Self::seen(Door::Socket, "reconnect", name, seq));
                }
            }
            tokio::time::sleep(PROBE_PAUSE).await;
        }
        seen
    }

    /// Asks at every GET, over and over, until each has shown `last` of each match.
    pub(crate) async fn poll(self, matches: Vec<String>, last: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        let apis: Vec<Api> = self
            .urls
            .iter()
            .map(|url| Api::new(url, self.token.as_deref()))
            .collect();
        for turn in 0.. {
            let before = seen.len();
            let api = &apis[turn % apis.len()];
            for (path, what) in [("/v1/matches", "list"), ("/v1/live", "live")] {
                let list = api.get(path).await.json();
                for entry in list["matches"].as_array().unwrap() {
                    let (name, seq) = (entry["match"].as_str().unwrap(), entry["seq"].as_u64());
                    // The strip counts as the state does.
                    assert_eq!(
                        entry["strip"]["score"],
                        (seq.unwrap() - 1).to_string(),
                        "{entry}"
                    );
                    seen.push(Self::seen(Door::Get, what, name, seq.unwrap()));
                }
            }
            for name in &matches {
                self.poll_match(api, name, &mut seen).await;
            }
            let all = seen[before..]
                .iter()
                .filter(|one| one.seq >= last || one.what == "segment");
            if all.count() == GETS * matches.len() {
                break;
            }
        }
        seen
    }

    /// Waits at the polls of one match, for every event, until it has seen `last`.
    pub(crate) async fn long_poll(self, match_id: String, last: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        let api = |turn: usize| Api::new(&self.urls[turn % self.urls.len()], self.token.as_deref());
        let mut poller = Poller::new(api(0), &match_id).every_event().wait_s(3);
        for turn in 0.. {
            poller.api = api(turn);
            poller.ask().await;
            let seq = poller.replica.seq;
            seen.push(Self::seen(Door::Get, "long poll", &match_id, seq));
            if seq >= last {
                break;
            }
        }
        seen
    }

    /// Listens to the stream of one match from the first event on, until it has seen `last`.
    pub(crate) async fn listen(self, match_id: String, last: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        let api = Api::new(&self.urls[0], self.token.as_deref());
        let query = "after=0&snapshot=never&policy=realtime";
        let mut listener = Listener::connect(api, &match_id, query).await;
        while listener.replica.seq < last {
            let heard = listener.next().await;
            assert!(heard.is_some(), "{}: {:?}", self.name, listener.other);
            let seq = listener.replica.seq;
            seen.push(Self::seen(Door::Socket, "stream", &match_id, seq));
        }
        seen
    }

    /// Follows the strips of all live matches until it has seen `last` of each.
    pub(crate) async fn strips(self, matches: Vec<String>, last: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        let query = "match=*&policy=realtime";
        let opened = Socket::open(&self.urls[0], query, self.token.as_deref(), Codec::Json).await;
        let mut socket = opened.unwrap();
        let mut waits_for = matches;
        while !waits_for.is_empty() {
            let message = socket.message().await;
            for (name, strip) in message["strips"].as_object().into_iter().flatten() {
                let score = strip["score"].as_str().expect("both are live to the end");
                let seq = score.parse::<u64>().unwrap() + 1;
                // Its marks are those of GETs.
                seen.push(Self::seen(Door::Get, "strips", name, seq));
                waits_for.retain(|other| other != name || seq < last);
            }
        }
        seen
    }

    async fn poll_match(&self, api: &Api, name: &str, seen: &mut Vec<Seen>) {
        let state = api.get(&format!("/v1/matches/{name}/state")).await;
        if state.status == 404 {
            return;
        }
        let state = state.json();
        let seq = state["seq"].as_u64().unwrap();
        assert_eq!(state["state"]["count"], seq - 1, "{state}");
        seen.push(Self::seen(Door::Get, "state", name, seq));
        let poll = api.get(&format!("/v1/matches/{name}/events")).await.json();
        let seq = poll["seq"].as_u64().unwrap();
        assert_eq!(poll["state"]["count"], seq - 1, "{poll}");
        seen.push(Self::seen(Door::Get, "poll", name, seq));
        let head = api.get(&format!("/v1/matches/{name}")).await.json();
        let seq = head["seq"].as_u64().unwrap();
        assert_eq!(head["strip"]["score"], (seq - 1).to_string(), "{head}");
        seen.push(Self::seen(Door::Get, "head", name, seq));
        let epoch = state["epoch"].as_str().unwrap();
        for n in 0..2 {
            let path = format!("/v1/matches/{name}/log/{epoch}/{n}");
            if api.get(&path).await.status == 200 {
                seen.push(Self::seen(Door::Get, "segment", name, 64 * (n + 1)));
            }
        }
    }
}
