//! Writes that reach the broker long after everybody has given them up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::api::{Answer, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::wait::{found, is_prompt};

/// How late they land.
const LATE: Duration = Duration::from_secs(20);
/// A post that nobody answers is given up after so long.
const REFUSED_AFTER: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_write_that_lands_20_s_late_is_there_once_or_not_at_all() {
    let mut cluster = Cluster::start(1, 0).await;
    let network = Network::to(&cluster.nats_url()).await;
    cluster.add_scoring(&["--nats-url", &network.url]).await;
    let (sure, doomed) = (cluster.scorer(0).await, cluster.scorer(1).await);
    for name in ["beaten", "alone"] {
        sure.create_open(name).await;
        doomed.score(name, &count_event(1)).await;
    }

    network.hold();
    let began = Instant::now();
    let post = |name: &str| {
        let (doomed, path) = (doomed.clone(), format!("/v1/matches/{name}/events"));
        tokio::spawn(async move { doomed.post(&path, &count_event(2)).await })
    };
    let posts = ["beaten", "alone"].map(post);
    for subject in ["scores.beaten", "scores.alone"] {
        found("a write on its way", async || {
            network.holds(subject).then_some(())
        })
        .await;
    }
    let again = sure.score("beaten", &count_event(2)).await;
    let next = sure.score("beaten", &count_event(3)).await;
    for post in posts {
        let refused: Answer = post.await.unwrap();
        let problem = refused.problem(503);
        assert_eq!(problem["outcome"], "unknown", "{problem}");
        assert_ne!(refused.header("retry-after"), "");
    }
    is_prompt("a refusal", began, REFUSED_AFTER);
    // How late it lands is what is tested; nothing waits for this.
    tokio::time::sleep(LATE.saturating_sub(began.elapsed())).await;
    network.let_go();

    found("the broker's refusal of the late write", async || {
        network.heard("wrong last sequence").then_some(())
    })
    .await;
    found("the late write that nobody was before", async || {
        let head = sure.get("/v1/matches/alone").await.json();
        (head["seq"] == 3).then_some(())
    })
    .await;
    for scorer in [&sure, &doomed] {
        for name in ["beaten", "alone"] {
            let path = format!("/v1/matches/{name}/events");
            let repeat = found("an answer", async || {
                let answer = scorer.post(&path, &count_event(2)).await;
                (answer.status != 503).then_some(answer)
            })
            .await;
            assert_eq!(repeat.status, 200, "{name}: {}", repeat.text());
            assert_eq!(repeat.json()["events"][0]["seq"], 3, "{name}");
        }
    }
    assert_eq!((&again["seq"], &next["seq"]), (&json!(3), &json!(4)));
    assert_eq!(sure.state("beaten").await["seq"], 4);
    cluster.ops_well(&["verify"]).await;
}

/// The way from a scoring instance to its broker, on which what is sent can be held up: it arrives
/// when it is let go, even if its sender has left meanwhile.
struct Network {
    url: String,
    holding: watch::Sender<bool>,
    seen: Arc<Mutex<Seen>>,
    serving: JoinHandle<()>,
}

/// What went by, as text.
#[derive(Default)]
struct Seen {
    held: String,
    answers: String,
}

impl Network {
    async fn to(nats_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        let target = nats_url.strip_prefix("nats://").unwrap().to_owned();
        let holding = watch::Sender::new(false);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let serving = tokio::spawn(serve(listener, target, holding.clone(), Arc::clone(&seen)));
        Self {
            url,
            holding,
            seen,
            serving,
        }
    }

    fn hold(&self) {
        self.holding.send_replace(true);
    }

    fn let_go(&self) {
        self.seen.lock().unwrap().answers.clear();
        self.holding.send_replace(false);
    }

    /// Whether something with this in it is held up.
    fn holds(&self, text: &str) -> bool {
        self.seen.lock().unwrap().held.contains(text)
    }

    /// Whether the broker said this since all was let go.
    fn heard(&self, text: &str) -> bool {
        self.seen.lock().unwrap().answers.contains(text)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    target: String,
    holding: watch::Sender<bool>,
    seen: Arc<Mutex<Seen>>,
) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let Ok(broker) = TcpStream::connect(&target).await else {
            continue;
        };
        let (from_client, to_client) = client.into_split();
        let (from_broker, to_broker) = broker.into_split();
        connections.spawn(send(
            from_client,
            to_broker,
            holding.subscribe(),
            Arc::clone(&seen),
        ));
        connections.spawn(answer(from_broker, to_client, Arc::clone(&seen)));
    }
}

/// To the broker, unless it is held up; its sender may be gone before it arrives.
async fn send(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut holding: watch::Receiver<bool>,
    seen: Arc<Mutex<Seen>>,
) {
    let (mut held, mut there) = (Vec::new(), true);
    let mut bytes = vec![0; 65_536];
    loop {
        if !*holding.borrow_and_update() && !held.is_empty() {
            let _ = to.write_all(&std::mem::take(&mut held)).await;
        }
        tokio::select! {
            read = from.read(&mut bytes), if there => match read {
                Ok(0) | Err(_) => there = false,
                Ok(length) => {
                    held.extend_from_slice(&bytes[..length]);
                    if *holding.borrow() {
                        let text = String::from_utf8_lossy(&bytes[..length]);
                        seen.lock().unwrap().held.push_str(&text);
                    }
                }
            },
            changed = holding.changed() => if changed.is_err() { return },
        }
    }
}

/// To the instance, as long as it is there, and for the record in any case.
async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: Arc<Mutex<Seen>>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        seen.lock().unwrap().answers.push_str(&text);
        let _ = to.write_all(&bytes[..length]).await;
    }
}
