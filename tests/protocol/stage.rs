//! One instance of each role, a scorer, and a fan of the best tier.

use serde_json::{Value, json};

use crate::harness::api::{Api, count_event, open_match};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::replica::Place;
use crate::harness::socket::{Codec, Socket};
use crate::harness::wait::found;

pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) scorer: Api,
    pub(crate) premium: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let cluster = Cluster::start(1, 1).await;
        let stage = Self {
            scorer: cluster.scorer(0).await,
            premium: cluster.fan_token("premium").await,
            cluster,
        };
        let mut unlisted = open_match("in no list");
        unlisted["visibility"] = json!("unlisted");
        stage.scorer.create("in-no-list", &unlisted).await;
        stage
            .cluster
            .until_live(0, "in-no-list", &stage.premium)
            .await;
        stage
    }

    /// A stage with an open match `m` that has counted to `count`.
    pub(crate) async fn with_match(count: u64) -> Self {
        let stage = Self::new().await;
        stage.scorer.create_open("m").await;
        stage.count("m", 1..=count).await;
        stage
    }

    /// Counts on, one post for each number; where the match is then.
    pub(crate) async fn count(&self, name: &str, numbers: std::ops::RangeInclusive<u64>) -> Place {
        let mut place = None;
        for n in numbers {
            place = Some(Place::of(&self.scorer.score(name, &count_event(n)).await));
        }
        match place {
            Some(place) => place,
            None => self.place(name).await,
        }
    }

    /// Where a match is, as scoring has it.
    pub(crate) async fn place(&self, name: &str) -> Place {
        Place::of(&self.scorer.state(name).await)
    }

    /// Waits until the gateway shows as much of a match to who pays: it is told of an event while
    /// the scorer is answered.
    pub(crate) async fn until_shown(&self, name: &str, place: &Place) {
        let viewer = self.viewer(Some(&self.premium));
        found("the last event at the gateway", async || {
            let state = viewer.get(&format!("/v1/matches/{name}/state")).await;
            (state.status == 200 && Place::of(&state.json()) == *place).then_some(())
        })
        .await;
    }

    pub(crate) fn gateway(&self) -> String {
        self.cluster.gateways[0].url()
    }

    /// A viewer over HTTP.
    pub(crate) fn viewer(&self, token: Option<&str>) -> Api {
        self.cluster.viewer(0, token)
    }

    /// A connected fan of the best tier.
    pub(crate) async fn fan(&self, matches: &[&str]) -> Fan {
        let wish = Wish::of(matches).token(&self.premium);
        Fan::connect(&self.gateway(), "fan", wish).await
    }

    /// A connection of the best tier that has heard its welcome.
    pub(crate) async fn socket(&self, query: &str, codec: Codec) -> Socket {
        let opened = Socket::open(&self.gateway(), query, Some(&self.premium), codec).await;
        let mut socket = opened.unwrap();
        assert_eq!(socket.message().await["type"], "welcome");
        socket
    }
}

/// A wish to follow a match, with more members.
pub(crate) fn subscribe(name: &str, more: Value) -> Value {
    let mut message = json!({"type": "subscribe", "match": name});
    let members = message.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    message
}
