//! The strip of every live match, by the name `*`: all first, then what changed, and at `/v1/live`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use reqwest::header::{ACCEPT, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::harness::api::{Api, open_match};
use crate::harness::socket::{Codec, Socket};
use crate::harness::wait::{found, in_time, is_prompt};
use crate::stage::{Stage, subscribe};

const MARK_US: u64 = 5_000_000;

/// What a client makes of the messages.
#[derive(Default)]
struct Strips {
    by_match: BTreeMap<String, Value>,
    /// What the last message changed.
    changed: Vec<String>,
    /// How far they can be trusted; empty until that was said.
    status: String,
}

impl Strips {
    /// Reads on until the strips are as `wanted` says.
    async fn until(&mut self, socket: &mut Socket, wanted: impl Fn(&Self) -> bool) {
        let reading = async {
            loop {
                let message = socket.message().await;
                assert_eq!(message["type"], "strips", "{message}");
                self.take(&message);
                if wanted(self) {
                    return;
                }
            }
        };
        in_time("the strips", reading).await;
    }

    fn take(&mut self, message: &Value) {
        if let Some(status) = message["status"].as_str() {
            assert!(message["as_of"].as_u64().is_some(), "{message}");
            self.status = status.to_owned();
        }
        let strips = message["strips"].as_object().unwrap();
        self.changed = strips.keys().cloned().collect();
        for (name, strip) in strips {
            match strip {
                Value::Null => self.by_match.remove(name),
                strip => self.by_match.insert(name.clone(), strip.clone()),
            };
        }
    }

    fn are(&self, names: &[&str]) -> bool {
        self.by_match.keys().eq(names)
    }

    fn score(&self, name: &str) -> Option<&str> {
        self.by_match.get(name)?["score"].as_str()
    }
}

/// Two live matches, one that is private, one that is over, one to come, and one that only who
/// knows it may find.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    for name in ["a", "b"] {
        stage.scorer.create_open(name).await;
    }
    let mut private = open_match("nobody's business");
    private["visibility"] = json!("private");
    stage.scorer.create("private", &private).await;
    for status in ["ended", "scheduled"] {
        let mut body = open_match(status);
        body["state"]["strip"]["status"] = json!(status);
        stage.scorer.create(status, &body).await;
    }
    stage
}

impl Stage {
    /// Posts what makes the strip of a match another.
    async fn change(&self, name: &str, id: u64, strip: Value) -> Value {
        let event = json!({"id": format!("s{id}"), "type": "note", "patch": {"strip": strip}});
        self.scorer.score(name, &event).await
    }

    async fn live(&self, viewer: &Api) -> Vec<String> {
        let list = viewer.get("/v1/live").await.json();
        let matches = list["matches"].as_array().unwrap().iter();
        matches
            .map(|one| one["match"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A mark, its spread, and the 3 s within which trouble is told.
const TROUBLE_TOLD_MAX: Duration = Duration::from_secs(9);

#[tokio::test]
async fn who_follows_nothing_but_the_strips_is_told_when_they_may_be_old() {
    let mut stage = stage().await;
    let free = stage.cluster.fan_token("free").await;
    let mut realtime = (
        stage.socket("match=*", Codec::Json).await,
        Strips::default(),
    );
    let url = stage.gateway();
    let marks = Socket::open(&url, "match=*", Some(&free), Codec::MessagePack).await;
    let mut marks = (marks.unwrap(), Strips::default());
    assert_eq!(marks.0.message().await["type"], "welcome");
    for (socket, strips) in [&mut realtime, &mut marks] {
        strips.until(socket, |strips| strips.are(&["a", "b"])).await;
    }

    let began = Instant::now();
    stage.cluster.kill_nats().await;
    for (socket, strips) in [&mut realtime, &mut marks] {
        strips
            .until(socket, |strips| strips.status == "stale")
            .await;
        is_prompt("stale", began, TROUBLE_TOLD_MAX);
    }
    let viewer = stage.viewer(Some(&free));
    for path in ["/v1/live", "/v1/matches"] {
        let list = viewer.get(path).await;
        assert_eq!(list.header("grandstand-status"), "stale", "{path}");
    }
    stage.cluster.start_nats().await;
    for (socket, strips) in [&mut realtime, &mut marks] {
        strips.until(socket, |strips| strips.status == "live").await;
    }
}

#[tokio::test]
async fn all_live_matches_come_first_and_then_what_changed() {
    let stage = stage().await;
    let mut id = 0;
    for codec in Codec::BOTH {
        let mut socket = stage.socket("match=*", codec).await;
        let mut strips = Strips::default();
        strips
            .until(&mut socket, |strips| strips.are(&["a", "b"]))
            .await;
        assert_eq!(strips.by_match["a"]["title"], "a");

        id += 1;
        let score = format!("{id}/0");
        stage.change("b", id, json!({"score": score})).await;
        let is_there = |strips: &Strips| strips.score("b") == Some(&score);
        strips.until(&mut socket, is_there).await;
        assert_eq!(strips.changed, ["b"], "only what changed");

        // One is created later, one has its break, one is over.
        let late = format!("late{id}");
        stage.scorer.create_open(&late).await;
        strips
            .until(&mut socket, |strips| strips.are(&["a", "b", &late]))
            .await;
        stage
            .change("b", id + 100, json!({"status": "break"}))
            .await;
        let is_break = |strips: &Strips| strips.by_match["b"]["status"] == "break";
        strips.until(&mut socket, is_break).await;
        stage.change(&late, id, json!({"status": "ended"})).await;
        strips
            .until(&mut socket, |strips| strips.are(&["a", "b"]))
            .await;
        assert_eq!(strips.changed, [late], "told as gone");

        // Who comes back is told of all again, and a match beside the strips is another message.
        let mut again = stage.socket("", codec).await;
        again.say(&subscribe("*", json!({}))).await;
        let mut anew = Strips::default();
        anew.until(&mut again, |strips| strips.are(&["a", "b"]))
            .await;
        assert_eq!(anew.by_match, strips.by_match);
        again
            .say(&json!({"type": "unsubscribe", "match": "*"}))
            .await;
        again.say(&subscribe("a", json!({}))).await;
        assert_eq!(again.message().await["type"], "snapshot");
        stage.change("b", id + 200, json!({"status": "live"})).await;
        strips
            .until(&mut socket, |strips| strips.changed == ["b"])
            .await;
        again.say(&json!({"type": "ping"})).await;
        assert_eq!(again.message().await["type"], "pong", "no strips any more");
    }
}

#[tokio::test]
async fn live_is_a_small_document_that_is_not_sent_twice() {
    let stage = stage().await;
    let viewer = stage.viewer(Some(&stage.premium));
    found("the live matches", async || {
        (stage.live(&viewer).await == ["a", "b"]).then_some(())
    })
    .await;
    let get = |accept: &str, known: &str| {
        let request = viewer.request(Method::GET, "/v1/live");
        let request = request.header(ACCEPT, accept.to_owned());
        Api::send(request.header(IF_NONE_MATCH, known.to_owned()))
    };
    let json = get("application/json", "\"x\"").await;
    let listed = viewer.get("/v1/matches").await.json();
    let listed = listed["matches"].as_array().unwrap();
    for one in json.json()["matches"].as_array().unwrap() {
        assert!(listed.contains(one), "as the list of all shows it: {one}");
    }
    let packed = get("application/msgpack", "\"x\"").await;
    assert_eq!(packed.messagepack(), json.json());
    let again = get("application/json", json.header("etag")).await;
    assert_eq!(again.status, 304);

    let anonymous = stage.viewer(None);
    found("the next mark", async || {
        (stage.live(&anonymous).await == ["a", "b"]).then_some(())
    })
    .await;
    let cached = anonymous.get("/v1/live").await;
    assert!(
        cached
            .header("cache-control")
            .starts_with("public, max-age=")
    );
}

#[tokio::test]
async fn live_is_a_stream_for_who_only_listens() {
    let stage = stage().await;
    let viewer = stage.viewer(Some(&stage.premium));
    let request = viewer.request(Method::GET, "/v1/live");
    let request = request.header(ACCEPT, "text/event-stream");
    let response = in_time("the head of a stream", request.send()).await;
    let mut response = response.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut strips, mut text) = (Strips::default(), String::new());
    let mut id = 0;
    let listening = async {
        while strips.score("b") != Some("9") {
            let bytes = response.chunk().await.unwrap().expect("it does not end");
            text.push_str(std::str::from_utf8(&bytes).unwrap());
            while let Some((block, rest)) = text.split_once("\n\n") {
                if let Some(data) = block.strip_prefix("event: strips\ndata: ") {
                    strips.take(&data.parse().unwrap());
                }
                text = rest.to_owned();
            }
            if strips.are(&["a", "b"]) && id == 0 {
                id += 1;
                stage.change("b", id, json!({"score": "9"})).await;
            }
        }
    };
    in_time("a change on the stream", listening).await;
    assert_eq!(strips.changed, ["b"], "only what changed");

    let unknown = viewer.request(Method::GET, "/v1/live?after=0");
    let unknown = Api::send(unknown.header(ACCEPT, "text/event-stream")).await;
    assert_eq!(unknown.problem(400)["field"], "after");
}

#[tokio::test]
async fn a_free_fan_sees_no_strip_early() {
    let stage = stage().await;
    let opened = Socket::open(&stage.gateway(), "match=*", None, Codec::Json).await;
    let mut free = opened.unwrap();
    assert_eq!(free.message().await["type"], "welcome");
    // More than the tier grants: it is told so, and follows as before.
    free.say(&subscribe("*", json!({"policy": "realtime"})))
        .await;
    let mut paying = stage.socket("match=*", Codec::Json).await;

    let (mut seen_by_free, mut seen_by_paying) = (Strips::default(), Strips::default());
    let mut accepted_us = BTreeMap::new();
    let (mut n, mut held_back, mut marks, mut was_told) = (0_u64, 0, 0, false);
    while marks < 3 || held_back == 0 {
        n += 1;
        let answer = stage.change("a", n, json!({"score": n.to_string()})).await;
        accepted_us.insert(n, answer["events"][0]["ts"].as_u64().unwrap());
        let newest = n.to_string();
        seen_by_paying
            .until(&mut paying, |strips| strips.score("a") == Some(&newest))
            .await;
        let pause = tokio::time::sleep(std::time::Duration::from_millis(150));
        tokio::pin!(pause);
        let heard = tokio::select! {
            heard = free.message() => Some(heard),
            () = &mut pause => None,
        };
        if let Some(message) = heard {
            match message["type"].as_str() {
                Some("strips") => {
                    seen_by_free.take(&message);
                    marks += 1;
                }
                Some("error") => {
                    assert_eq!(message["code"], "policy_not_granted");
                    was_told = true;
                }
                _ => panic!("{message}"),
            }
        }
        let by_http = stage.viewer(None).get("/v1/live").await.json();
        // The last mark by now is no earlier than the one that the gateway went by.
        let mark_us = now_us() / MARK_US * MARK_US;
        let by_http = by_http["matches"].as_array().unwrap().iter();
        let by_http = by_http.filter_map(|one| one["strip"]["score"].as_str());
        for score in by_http.chain(seen_by_free.score("a")) {
            let seen: u64 = score.parse().unwrap();
            assert!(accepted_us[&seen] <= mark_us, "{seen} was shown early");
            held_back += usize::from(seen < n);
        }
    }
    assert!(was_told, "of what the tier does not grant");
}

fn now_us() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros() as u64
}
