//! Gateways with three matches, and what they and the buckets know.

use grandstand_broker::{Broker, ConnectOptions, Role};
use serde_json::{Value, json};

use crate::harness::api::{Api, count_event, open_match};
use crate::harness::cluster::Cluster;
use crate::harness::socket::{Codec, Socket};
use crate::harness::wait::found;

/// More sessions than any test makes.
const SESSIONS_MAX: usize = 10_000;

pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) scorer: Api,
    ops: Broker,
}

impl Stage {
    /// So many gateways; the public matches `a`, `b`, and `secret`, a private one.
    pub(crate) async fn new(gateways: usize) -> Self {
        let cluster = Cluster::start(1, gateways).await;
        let scorer = cluster.scorer(0).await;
        scorer.create_open("a").await;
        scorer.create_open("b").await;
        let mut secret = open_match("secret");
        secret["visibility"] = json!("private");
        scorer.create("secret", &secret).await;
        let options = ConnectOptions::new(cluster.nats_url(), cluster.keys_dir(), Role::Ops);
        let ops = Broker::connect(options).await.unwrap();
        Self {
            cluster,
            scorer,
            ops,
        }
    }

    pub(crate) fn url(&self, gateway: usize) -> String {
        self.cluster.gateways[gateway].url()
    }

    /// A fan's token of a tier for `sub`, with more arguments.
    pub(crate) async fn token(&self, sub: &str, tier: &str, more: &[&str]) -> String {
        let args = ["--role", "fan", "--sub", sub, "--tier", tier];
        self.cluster.token(&[&args, more].concat()).await
    }

    /// A connection with its first welcome's session.
    pub(crate) async fn socket(&self, gateway: usize, token: Option<&str>) -> (Socket, String) {
        let opened = Socket::open(&self.url(gateway), "", token, Codec::Json).await;
        let mut socket = opened.unwrap();
        let session = session_of(&socket.message().await);
        (socket, session)
    }

    /// A connection that has named a session, and what it was told of it: asked again where the
    /// bucket did not answer within a second, as on a machine that stands still.
    pub(crate) async fn named(
        &self,
        gateway: usize,
        token: Option<&str>,
        session: &str,
    ) -> (Socket, Value) {
        found("an answer about a session", async || {
            let (mut socket, own) = self.socket(gateway, token).await;
            assert_ne!(own, session);
            socket.say(&hello(session)).await;
            let told = socket.message().await;
            (told["code"] != "session_unavailable").then_some((socket, told))
        })
        .await
    }

    /// What the bucket has, by the matches that are followed and what is wished.
    pub(crate) async fn stored(&self) -> Vec<Value> {
        let listed = self.ops.sessions().list(SESSIONS_MAX).await;
        let bodies = listed.into_iter().flatten();
        let bodies = bodies.map(|(_, stored)| serde_json::from_slice(&stored.body).unwrap());
        bodies.collect()
    }

    /// Waits until the bucket has so many sessions that `fit`.
    pub(crate) async fn until_stored(&self, count: usize, fit: impl Fn(&Value) -> bool) {
        found("sessions in the bucket", async || {
            let stored = self.stored().await;
            let fitting = stored.iter().filter(|body| fit(body)).count();
            (fitting == count).then_some(())
        })
        .await;
    }

    /// The gateways that the bucket knows.
    pub(crate) async fn present(&self) -> Vec<Value> {
        let listed = self.ops.gateways().list().await.unwrap();
        let bodies = listed
            .iter()
            .map(|(_, stored)| serde_json::from_slice(&stored.body).unwrap());
        bodies.collect()
    }

    /// An admin port.
    pub(crate) fn admin(&self, gateway: usize) -> Api {
        Api::new(self.cluster.gateways[gateway].said("admin_url"), None)
    }

    /// A metric of a gateway, with its labels; 0 where it is not there.
    pub(crate) async fn metric(&self, gateway: usize, name: &str) -> f64 {
        let text = self.admin(gateway).get("/metrics").await.text();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a metric of a gateway is what it should be.
    pub(crate) async fn until_metric(&self, gateway: usize, name: &str, value: f64) {
        found(name, async || {
            (self.metric(gateway, name).await == value).then_some(())
        })
        .await;
    }

    /// Posts the `n`th event of each public match.
    pub(crate) async fn score(&self, n: u64) {
        for name in ["a", "b"] {
            self.scorer.score(name, &count_event(n)).await;
        }
    }
}

/// The session that a welcome names.
pub(crate) fn session_of(welcome: &Value) -> String {
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    welcome["session"].as_str().unwrap().to_owned()
}

/// `hello` with a session alone.
pub(crate) fn hello(session: &str) -> Value {
    json!({"type": "hello", "session": session})
}

/// A wish to follow a match by a policy.
pub(crate) fn subscribe(name: &str, policy: &str) -> Value {
    json!({"type": "subscribe", "match": name, "policy": policy})
}
