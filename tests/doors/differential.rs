//! One match, all doors at once: who watches by a socket of any policy and codec, who listens to a
//! stream, who polls, and who reads what is there at the end.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::Value;

use crate::harness::api::{Api, count_event};
use crate::harness::fan::{Fan, Wish};
use crate::harness::listener::Listener;
use crate::harness::poller::Poller;
use crate::harness::replica::{Place, Replica, merge};
use crate::harness::socket::Codec;
use crate::stage::Stage;

/// Past two segments.
const EVENTS: u64 = 150;

/// What somebody has in the end.
struct Seen {
    how: String,
    replica: Replica,
    /// Whether it asked for every event.
    every: bool,
}

type Looking = tokio::task::JoinHandle<Seen>;

fn look(
    looking: &mut Vec<Looking>,
    how: String,
    every: bool,
    work: impl Future<Output = Replica> + Send + 'static,
) {
    looking.push(tokio::spawn(async move {
        let replica = work.await;
        Seen {
            how,
            replica,
            every,
        }
    }));
}

async fn sockets(stage: &Stage, looking: &mut Vec<Looking>) {
    let url = stage.cluster.gateways[0].url();
    for codec in Codec::BOTH {
        for policy in ["realtime", "batch", "digest"] {
            let wish = Wish::of(&["m"])
                .token(&stage.premium)
                .codec(codec)
                .policy(policy);
            for (every, wish) in [(false, wish.clone()), (true, wish.every_event())] {
                let how = format!("socket, {codec:?}, {policy}, every event: {every}");
                let mut fan = Fan::connect(&url, how.as_str(), wish).await;
                look(looking, how, every, async move {
                    fan.until_seq(EVENTS + 1).await;
                    fan.only().clone()
                });
            }
        }
    }
}

async fn streams(stage: &Stage, looking: &mut Vec<Looking>) {
    for (query, every) in [
        ("", false),
        ("policy=batch", false),
        ("policy=digest&after=0&snapshot=never", true),
        ("after=0&snapshot=never", true),
    ] {
        let mut listener = Listener::connect(stage.viewer(Some(&stage.premium)), "m", query).await;
        look(looking, format!("stream, {query}"), every, async move {
            listener.until_seq(EVENTS + 1).await;
            listener.replica
        });
        // One who is cut again and again.
        let mut listener = Listener::connect(stage.viewer(Some(&stage.premium)), "m", query).await;
        look(
            looking,
            format!("stream, {query}, cut"),
            every,
            async move {
                for seq in (10..=EVENTS).step_by(10) {
                    listener.until_seq(seq).await;
                    listener.cut();
                    listener.resume().await;
                }
                listener.until_seq(EVENTS + 1).await;
                listener.replica
            },
        );
    }
}

fn pollers(stage: &Stage, looking: &mut Vec<Looking>) {
    let free = stage.cluster.viewer(0, None);
    for (who, api) in [
        ("premium", stage.viewer(Some(&stage.premium))),
        ("anybody", free),
    ] {
        for codec in Codec::BOTH {
            for wait_s in [0, 20] {
                let poller = Poller::new(api.clone(), "m").codec(codec).wait_s(wait_s);
                for (every, mut poller) in [(false, poller.clone()), (true, poller.every_event())] {
                    let how = format!("poll, {who}, {codec:?}, {wait_s} s, every event: {every}");
                    look(looking, how, every, async move {
                        poller.until_seq(EVENTS + 1).await;
                        poller.replica
                    });
                }
            }
        }
    }
}

/// What the segments and, behind them, a poll say.
async fn read_back(api: &Api, place: &Place, codec: Codec) -> Vec<Value> {
    let accept = match codec {
        Codec::Json => "application/json",
        Codec::MessagePack => "application/msgpack",
    };
    let mut events = Vec::new();
    let segments = (0..(EVENTS + 1) / 64).map(|n| format!("log/{}/{n}", place.epoch));
    let rest = format!("events?after={}-{}&snapshot=never", place.epoch, 128);
    for path in segments.chain([rest]) {
        let request = api.request(Method::GET, &format!("/v1/matches/m/{path}"));
        let answer = Api::send(request.header(ACCEPT, accept)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let message = match codec {
            Codec::Json => answer.json(),
            Codec::MessagePack => answer.messagepack(),
        };
        events.extend(message["events"].as_array().unwrap().clone());
    }
    events
}

#[tokio::test]
async fn every_door_tells_the_same_match() {
    let stage = Stage::with_match(0).await;
    let mut looking = Vec::new();
    sockets(&stage, &mut looking).await;
    streams(&stage, &mut looking).await;
    pollers(&stage, &mut looking);

    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let mut n = 1;
    while n <= EVENTS {
        pace.tick().await;
        // One at a time, and now and then many: more than anybody who is behind is told one by one.
        let last = if n % 50 == 20 { n + 19 } else { n };
        let events: Vec<Value> = (n..=last).map(count_event).collect();
        stage.scorer.score("m", &Value::from(events)).await;
        n = last + 1;
    }
    let place = Place::of(&stage.scorer.state("m").await);
    assert_eq!(place.seq, EVENTS + 1);

    stage.until_shown("m", &place).await;
    let reference = read_back(&stage.viewer(Some(&stage.premium)), &place, Codec::Json).await;
    assert_eq!(reference.len() as u64, EVENTS + 1);
    assert_eq!(
        read_back(
            &stage.viewer(Some(&stage.premium)),
            &place,
            Codec::MessagePack
        )
        .await,
        reference
    );
    let mut state = Value::Null;
    for event in &reference {
        merge(&mut state, &event["patch"]);
    }
    let document = stage.viewer(Some(&stage.premium)).state("m").await;
    assert_eq!(document["state"], state);
    assert_eq!(Place::of(&document), place);
    for one in looking {
        let Seen {
            how,
            replica,
            every,
        } = one.await.unwrap();
        assert_eq!(replica.place().as_ref(), Some(&place), "{how}");
        assert_eq!(replica.state, state, "{how}");
        for event in &replica.events {
            let seq = event["seq"].as_u64().unwrap() as usize;
            assert_eq!(event, &reference[seq - 1], "{how}");
        }
        if every {
            assert_eq!(replica.events, reference, "{how}");
            assert!(replica.snapshots.is_empty(), "{how}");
        }
    }
}
