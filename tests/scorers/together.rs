//! Two scorers of one match who do not wait for each other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::api::{Answer, Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::replica::{Replica, merge};

const EVENTS: &str = "/v1/matches/m/events";

/// A scorer's device: what it knows of the match, and how it goes on when others were quicker.
struct Device {
    api: Api,
    known: Replica,
}

impl Device {
    async fn open(api: Api) -> Self {
        let mut device = Self {
            api,
            known: Replica::default(),
        };
        device.read().await;
        device
    }

    /// Reads the match as a whole.
    async fn read(&mut self) {
        let state = self.api.state("m").await;
        self.known.epoch = Some(state["epoch"].as_str().unwrap().to_owned());
        self.known.seq = state["seq"].as_u64().unwrap();
        self.known.state = state["state"].clone();
    }

    async fn post(&self, events: &Value) -> Answer {
        let head = format!("\"{}\"", self.known.cursor().unwrap());
        let post = self.api.request(Method::POST, EVENTS);
        Api::send(post.header("if-match", head).json(events)).await
    }

    /// Takes what it missed out of a refusal; if that does not join, the match as a whole. What it
    /// still has to post is what is not in the log by now.
    async fn rebase(&mut self, refused: &Answer, pending: &[Value]) -> Vec<Value> {
        let problem = refused.problem(409);
        let missed = problem["events"].as_array().unwrap();
        let joins = problem["epoch"].as_str() == self.known.epoch.as_deref()
            && missed
                .first()
                .is_some_and(|event| event["seq"] == self.known.seq + 1);
        if joins {
            for event in missed {
                merge(&mut self.known.state, &event["patch"]);
                self.known.seq = event["seq"].as_u64().unwrap();
            }
            assert_eq!(problem["seq"], self.known.seq, "all up to the head");
        } else {
            self.read().await;
        }
        let is_stored = |event: &&Value| missed.iter().any(|one| one["id"] == event["id"]);
        let left = pending.iter().filter(|event| !is_stored(event));
        left.cloned().collect()
    }

    /// What it knows is what the platform has.
    async fn is_right(&self) {
        let state = self.api.state("m").await;
        assert_eq!(state["seq"], self.known.seq);
        assert_eq!(state["state"], self.known.state);
    }
}

#[tokio::test]
async fn who_was_slower_learns_what_he_missed_and_goes_on_from_there() {
    let cluster = Cluster::start(2, 0).await;
    cluster.scorer(0).await.create_open("m").await;
    let mut phone = Device::open(cluster.scorer(0).await).await;
    let mut tablet = Device::open(cluster.scorer(1).await).await;

    // Each enters two at once, and knows nothing of the other's.
    let by_phone = json!([count_event(1), count_event(2)]);
    let by_tablet = [count_event(11), count_event(12)];
    assert_eq!(phone.post(&by_phone).await.status, 201);
    let refused = tablet.post(&json!(by_tablet)).await;
    let left = tablet.rebase(&refused, &by_tablet).await;
    assert_eq!(left, by_tablet, "nothing of it is stored yet");
    tablet.is_right().await;
    assert_eq!(tablet.post(&json!(left)).await.status, 201);

    // The phone never heard what became of its post, and sends more with it.
    let pending = [count_event(1), count_event(2), count_event(3)];
    let refused = phone.post(&json!(pending)).await;
    let left = phone.rebase(&refused, &pending).await;
    phone.is_right().await;
    assert_eq!(
        left,
        [count_event(3)],
        "of the others it is told that they are stored"
    );
    let all = phone.post(&json!(pending)).await;
    assert_eq!(
        all.status,
        201,
        "to send all again is as good: {}",
        all.text()
    );
    let seqs = all.json()["events"].as_array().unwrap().clone();
    let seqs: Vec<_> = seqs
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [2, 3, 6]);

    // A repeat is no race: it is answered, however much went on.
    assert_eq!(tablet.post(&json!(by_tablet)).await.status, 200);
    cluster.ops_well(&["verify"]).await;
}

#[tokio::test]
async fn who_missed_too_much_to_be_told_reads_the_match_anew() {
    let cluster = Cluster::start(1, 0).await;
    let other = cluster.scorer(0).await;
    other.create_open("m").await;
    let mut phone = Device::open(cluster.scorer(0).await).await;
    for first in [1, 61] {
        let many: Vec<Value> = (first..first + 60).map(count_event).collect();
        other.score("m", &json!(many)).await;
    }

    let refused = phone.post(&count_event(200)).await;
    let missed = refused.problem(409)["events"].as_array().unwrap().clone();
    assert_eq!(missed.len(), 100, "the newest");
    assert_eq!(missed[0]["seq"], 22);
    assert_eq!(missed[99]["seq"], 121);
    let left = phone.rebase(&refused, &[count_event(200)]).await;
    phone.is_right().await;
    assert_eq!(phone.post(&json!(left)).await.status, 201);
}

#[tokio::test]
async fn who_takes_over_knows_what_the_other_device_still_holds() {
    let cluster = Cluster::start(2, 0).await;
    let [here, there] = [cluster.scorer(0).await, cluster.scorer(1).await];
    here.create_open("m").await;
    let post_as = async |scorer: &Api, device: &str, pending: &str, event: &Value| {
        let post = scorer.request(Method::POST, EVENTS);
        let named = post
            .header("grandstand-device", device)
            .header("grandstand-pending", pending);
        Api::send(named.json(event)).await
    };
    let devices = async |scorer: &Api| {
        let answer = scorer.get("/v1/matches/m/devices").await.json();
        let rows = answer["devices"].as_array().unwrap().clone();
        let row = |row: &Value| {
            (
                row["device"].as_str().unwrap().to_owned(),
                row["pending"].clone(),
            )
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };

    post_as(&here, "phone", "2", &count_event(1)).await;
    assert_eq!(devices(&there).await, [("phone".to_owned(), json!(2))]);
    post_as(&there, "tablet", "0", &count_event(11)).await;
    post_as(
        &here,
        "phone",
        "0",
        &json!([count_event(2), count_event(3)]),
    )
    .await;

    let expected = [
        ("phone".to_owned(), json!(0)),
        ("tablet".to_owned(), json!(0)),
    ];
    assert_eq!(devices(&there).await, expected, "all is there");
    let unreadable = post_as(&here, "a phone", "0", &count_event(4)).await;
    assert_eq!(unreadable.problem(400)["field"], "Grandstand-Device");
    cluster.ops_well(&["verify"]).await;
}
