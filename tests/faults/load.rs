//! A scorer who posts without a pause, and a crowd that follows, whatever happens in between.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::deaf::shows;
use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Ends, Fan, Wish};
use crate::harness::process::Running;
use crate::harness::replica::Place;
use crate::harness::socket::{Codec, Heard};
use crate::harness::wait::{found, in_time};

/// The match that is scored.
pub(crate) const MATCH: &str = "m";
/// The answer of an instance that is frozen is not waited for.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How long an instance that failed is left alone.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// A platform with a match that is scored and followed.
pub(crate) struct Load {
    pub(crate) cluster: Cluster,
    /// How many events were answered 2xx.
    stored: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
    scorer: JoinHandle<()>,
    ends: watch::Sender<Ends>,
    fans: Vec<JoinHandle<Fan>>,
}

impl Load {
    /// Two scoring instances, two gateways, a match, and so many fans, half at each gateway.
    pub(crate) async fn start(fans: usize) -> Self {
        let cluster = Cluster::start(2, 2).await;
        cluster.scorer(0).await.create_open(MATCH).await;
        let (told, stored) = watch::channel(0);
        let (stop, stopped) = watch::channel(false);
        let (ends, know_ends) = watch::channel(None);
        let token = cluster.scorer_token().await;
        let instances = cluster.scorings.iter();
        let instances: Vec<Api> = instances
            .map(|instance| Api::new(instance.url(), Some(&token)))
            .collect();
        let mut load = Self {
            scorer: tokio::spawn(score(instances, told, stopped)),
            fans: Vec::new(),
            cluster,
            stored,
            stop,
            ends,
        };
        let premium = load.cluster.fan_token("premium").await;
        let urls: Vec<String> = load.cluster.gateways.iter().map(Running::url).collect();
        for n in 0..fans {
            let wish = Wish::of(&[MATCH])
                .token(&premium)
                .codec(Codec::BOTH[n / 2 % 2]);
            // Some want every event, some take snapshots where they are behind.
            let wish = match n % 3 {
                0 => wish.every_event(),
                _ => wish,
            };
            let mut urls = urls.clone();
            urls.rotate_left(n % 2);
            let fan = Fan::new(format!("fan {n}"), wish);
            let goes = match n / 2 % 2 {
                0 => Goes::WhenTold,
                _ => Goes::WhenClosed,
            };
            load.fans
                .push(tokio::spawn(follow(fan, urls, goes, know_ends.clone())));
        }
        load
    }

    /// Waits until the first gateway has so many fans: none of them has been anywhere else.
    pub(crate) async fn until_connected(&self, fans: usize) {
        let admin = Api::new(self.cluster.gateways[0].said("admin_url"), None);
        let wanted = format!("grandstand_connections{{transport=\"websocket\"}} {fans}");
        found("the fans of the first gateway", async || {
            shows(&admin, &wanted).await.then_some(())
        })
        .await;
    }

    /// Waits until so many more events are stored.
    pub(crate) async fn more(&mut self, events: u64) {
        let until = *self.stored.borrow() + events;
        in_time(
            "more events",
            self.stored.wait_for(|stored| *stored >= until),
        )
        .await
        .expect("the scorer goes on");
    }

    /// Ends the posting; then all that was accepted is there, once, for the platform, for every fan
    /// and for `ops verify`. Gives the fans back.
    pub(crate) async fn settle(self) -> (Cluster, Vec<Fan>) {
        let Self {
            cluster,
            stored,
            stop,
            scorer,
            ends,
            fans,
        } = self;
        stop.send_replace(true);
        in_time("the last answer", scorer).await.unwrap();
        let stored = *stored.borrow();
        let state = cluster.scorer(0).await.state(MATCH).await;
        assert_eq!(
            state["seq"],
            stored + 1,
            "what was answered 2xx, and nothing else"
        );
        assert_eq!(state["state"]["count"], stored);
        let end = Place::of(&state);
        ends.send_replace(Some(BTreeMap::from([(MATCH.to_owned(), end)])));
        let mut settled = Vec::new();
        for fan in fans {
            let fan = in_time("a fan at the end", fan).await.unwrap();
            if fan.wish.from_first {
                check_every_event(&fan, stored);
            }
            settled.push(fan);
        }
        cluster.ops_well(&["verify"]).await;
        (cluster, settled)
    }
}

/// Who asked for every event was told each once, in order.
fn check_every_event(fan: &Fan, stored: u64) {
    let told = fan
        .only()
        .events
        .iter()
        .map(|event| event["id"].as_str().unwrap());
    let told: Vec<&str> = told.collect();
    let ids = (1..=stored).map(|n| format!("e{n}"));
    let all: Vec<String> = std::iter::once("created".to_owned()).chain(ids).collect();
    assert_eq!(told, all, "{}", fan.name);
    assert!(fan.only().snapshots.is_empty(), "{}", fan.name);
}

/// Posts one event after the other, each until it is answered 2xx, at the next instance where one
/// fails. A tenth is posted twice.
async fn score(instances: Vec<Api>, stored: watch::Sender<u64>, stop: watch::Receiver<bool>) {
    let (mut n, mut at) = (0, 0);
    while !*stop.borrow() {
        n += 1;
        for _ in 0..1 + u64::from(n % 10 == 0) {
            while !post(&instances[at % instances.len()], n).await {
                at += 1;
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
        stored.send_replace(n);
    }
}

/// Whether the `n`th event was accepted; no answer and a 503 are neither yes nor no.
async fn post(instance: &Api, n: u64) -> bool {
    let request = instance.request(Method::POST, &format!("/v1/matches/{MATCH}/events"));
    let request = request.json(&count_event(n)).timeout(ANSWER_MAX);
    match Api::try_send(request).await {
        Some(answer) if answer.status.is_success() => true,
        Some(answer) if answer.status == 503 => false,
        Some(answer) => panic!("{} to e{n}: {}", answer.status, answer.text()),
        None => false,
    }
}

/// When a fan leaves a gateway that goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    WhenTold,
    WhenClosed,
}

/// Follows the match to its end, at the next gateway whenever a connection breaks.
async fn follow(
    mut fan: Fan,
    urls: Vec<String>,
    goes: Goes,
    mut ends: watch::Receiver<Ends>,
) -> Fan {
    let mut gateway = 0;
    loop {
        if !fan.is_connected() {
            in_time("a gateway", connect(&mut fan, &urls, &mut gateway)).await;
        }
        let end = ends.borrow().clone();
        if let Some(places) = end.filter(|places| fan.has_reached(places)) {
            fan.check_ends(&places);
            return fan;
        }
        tokio::select! {
            heard = fan.next() => match heard {
                Heard::Message(message) if message["type"] == "goaway" => {
                    if goes == Goes::WhenTold {
                        fan.cut();
                        gateway += 1;
                    }
                }
                Heard::Message(_) | Heard::Gone | Heard::Closed(1012, _) => {}
                Heard::Closed(code, reason) => panic!("{}: closed with {code} {reason}", fan.name),
            },
            _ = ends.changed() => {}
        }
    }
}

/// Connects at the first gateway that takes the fan.
async fn connect(fan: &mut Fan, urls: &[String], gateway: &mut usize) {
    while fan.try_resume(&urls[*gateway % urls.len()]).await.is_err() {
        *gateway += 1;
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}
