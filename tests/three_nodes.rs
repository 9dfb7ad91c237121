//! Three NATS servers: whichever dies, scores go on, fans are told the truth meanwhile, and a match
//! is brought back whole.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;

use harness::api::{Api, count_event};
use harness::fan::{Fan, Wish};
use harness::process::{Running, grandstand, run, run_well};
use harness::replica::Place;
use harness::wait::{found, in_time, is_prompt};

const NODES: usize = 3;
const EVENTS: u64 = 400;
/// A post without a leader is given up after so long.
const ANSWERED_AFTER: Duration = Duration::from_secs(10);

struct Ground {
    nodes: Vec<Option<Child>>,
    ports: Vec<u16>,
    routes: Vec<u16>,
    data: TempDir,
}

impl Ground {
    async fn ready() -> Self {
        let mut free = free_ports(2 * NODES);
        let mut ground = Self {
            nodes: (0..NODES).map(|_| None).collect(),
            routes: free.split_off(NODES),
            ports: free,
            data: tempfile::tempdir().unwrap(),
        };
        run_well(&["keys", "--keys", &ground.keys()]).await;
        for index in 0..NODES {
            ground.start(index);
        }
        found("three servers with streams", async || {
            let made = ground.ops(&["provision", "--replicas", "3"]).await;
            made.status.success().then_some(())
        })
        .await;
        ground
    }

    fn start(&mut self, index: usize) {
        let route = |port: &u16| format!("nats://127.0.0.1:{port}");
        let routes: Vec<String> = self.routes.iter().map(route).collect();
        let conf = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nats/nats-server.conf");
        let (keys, port) = (self.keys(), self.ports[index].to_string());
        let (name, store) = (format!("n{index}"), self.path(&format!("store-{index}")));
        let server = ["nats-server", "--run", &keys, "--", "-c", conf, "-n", &name];
        let place = ["-p", &port, "-sd", &store, "--cluster_name", "grandstand"];
        let peers = ["--cluster", &routes[index], "--routes", &routes.join(",")];
        let mut command = grandstand(&[&server[..], &place, &peers].concat());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.nodes[index] = Some(child.unwrap());
    }

    /// `kill -9` of whoever leads the stream of scores.
    async fn kill_leader(&mut self) -> usize {
        let scores = |status: &Value| {
            let streams = status["streams"].as_array()?.iter();
            let mut scores = streams.filter(|stream| stream["stream"] == "SCORES");
            scores.next()?["leader"]
                .as_str()?
                .strip_prefix('n')?
                .parse()
                .ok()
        };
        let leader: usize = found("a leader", async || scores(&self.status().await)).await;
        let mut node = self.nodes[leader].take().unwrap();
        in_time("its end", node.kill()).await.unwrap();
        leader
    }

    async fn ops(&self, words: &[&str]) -> Output {
        let (nats_url, keys) = (self.nats_url(), self.keys());
        let place = ["--nats-url", &nats_url, "--keys", &keys, "--json"];
        run(&[&["ops"], words, &place].concat()).await
    }

    async fn status(&self) -> Value {
        let output = self.ops(&["status"]).await;
        serde_json::from_slice(&output.stdout).unwrap()
    }

    async fn until_all_right(&self) {
        found("all right", async || {
            (self.status().await["ok"] == true).then_some(())
        })
        .await;
    }

    async fn role(&self, role: &str) -> Running {
        let (nats_url, keys) = (self.nats_url(), self.keys());
        let words = [role, "--json", "--nats-url", &nats_url, "--keys", &keys];
        let listen = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        Running::start(role, &[&words[..], &listen].concat(), self.data.path()).await
    }

    async fn token(&self, words: &[&str]) -> String {
        let keys = self.keys();
        let token = run_well(&[&["token", "--keys", &keys], words].concat()).await;
        token.trim().to_owned()
    }

    fn nats_url(&self) -> String {
        let url = |port: &u16| format!("nats://127.0.0.1:{port}");
        self.ports.iter().map(url).collect::<Vec<_>>().join(",")
    }

    fn keys(&self) -> String {
        self.path("keys")
    }

    fn path(&self, name: &str) -> String {
        self.data.path().join(name).display().to_string()
    }
}

fn free_ports(count: usize) -> Vec<u16> {
    let free: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    free.iter()
        .map(|one| one.local_addr().unwrap().port())
        .collect()
}

/// Posts an event until it is stored, as a scorer does who was told that it may be: each post is
/// answered in time, and what was not stored says when to come again.
async fn score(scorer: &Api, n: u64) {
    found("a stored event", async || {
        let began = Instant::now();
        let answer = scorer.post("/v1/matches/m/events", &count_event(n)).await;
        is_prompt(&format!("the answer to {n}"), began, ANSWERED_AFTER);
        if answer.status.is_success() {
            let seq = answer.json()["events"][0]["seq"].clone();
            assert_eq!(seq, n + 1, "once, and in its place");
            return Some(());
        }
        answer.problem(503);
        let pause_s: u64 = answer.header("retry-after").parse().unwrap();
        assert!(
            (1..=10).contains(&pause_s),
            "{n}: come again in {pause_s} s"
        );
        None
    })
    .await;
}

async fn score_all(scorer: &Api, numbers: RangeInclusive<u64>) {
    for n in numbers {
        score(scorer, n).await;
    }
}

#[tokio::test]
async fn whoever_dies_nothing_is_lost_and_a_match_is_brought_back() {
    let mut ground = Ground::ready().await;
    let (scoring, gateway) = (ground.role("scoring").await, ground.role("gateway").await);
    let rights = ["--role", "scorer", "--matches", "*", "--rights", "open"];
    let scorer = Api::new(scoring.url(), Some(&ground.token(&rights).await));
    scorer.create_open("m").await;
    ground.until_all_right().await;
    let premium = ground.token(&["--role", "fan", "--tier", "premium"]).await;
    let wish = Wish::of(&["m"]).token(&premium);
    let mut fan = Fan::connect(&gateway.url(), "fan", wish).await;
    fan.beside(score_all(&scorer, 1..=EVENTS / 2)).await;

    let dead = ground.kill_leader().await;
    fan.until("word that scores do not come", |fan| {
        fan.only()
            .statuses
            .last()
            .is_some_and(|word| word == "stale")
    })
    .await;
    fan.beside(score_all(&scorer, EVENTS / 2 + 1..=EVENTS))
        .await;

    let before = scorer.state("m").await;
    assert_eq!(before["seq"], json!(EVENTS + 1));
    let end = Place::of(&before);
    fan.until("the end", |fan| fan.only().place().as_ref() == Some(&end))
        .await;
    let named = format!("the NATS server n{dead} is ");
    let only_trouble = found("the dead server as the only trouble", async || {
        let troubles = ground.status().await["troubles"].clone();
        let is_named = troubles[0]["what"].as_str()?.starts_with(&named);
        (is_named && troubles.as_array()?.len() == 1).then_some(())
    });
    fan.beside(only_trouble).await;
    ground.start(dead);
    fan.beside(ground.until_all_right()).await;

    bring_back_through_a_death(&mut ground, &scorer, &mut fan).await;

    let after = scorer.state("m").await;
    assert_eq!(
        (&after["seq"], &after["hash"]),
        (&before["seq"], &before["hash"])
    );
    let end = Place::of(&after);
    fan.until("the same end", |fan| {
        fan.only().place().as_ref() == Some(&end)
    })
    .await;
    let verified = ground.ops(&["verify"]).await;
    assert!(verified.status.success(), "{verified:?}");
}

/// Saves, wipes and imports the match, whose stream's leader dies in the middle of that.
async fn bring_back_through_a_death(ground: &mut Ground, scorer: &Api, fan: &mut Fan) {
    let file = ground.path("m.ndjson");
    for words in [
        &["replay", "m", "--to-file", &file][..],
        &["purge", "m", "--yes"],
    ] {
        assert!(ground.ops(words).await.status.success(), "{words:?}");
    }
    fan.until("word that it is gone", |fan| {
        fan.only()
            .statuses
            .last()
            .is_some_and(|word| word == "stale")
    })
    .await;
    let (nats_url, keys) = (ground.nats_url(), ground.keys());
    let words = [
        "ops",
        "import",
        &file,
        "--nats-url",
        &nats_url,
        "--keys",
        &keys,
    ];
    let mut command = grandstand(&words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let import = command.spawn().unwrap();
    let begun = found("the beginning of the match", async || {
        let head = scorer.get("/v1/matches/m").await;
        (head.status == 200).then_some(())
    });
    fan.beside(begun).await;

    fan.beside(ground.kill_leader()).await;

    let imported = fan.beside(in_time("the import", import.wait_with_output()));
    let imported = imported.await.unwrap();
    assert!(imported.status.success(), "{imported:?}");
}
