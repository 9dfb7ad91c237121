//! One instance of each role, and an open match that counts.

use std::ops::RangeInclusive;

use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::replica::Place;

pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) scorer: Api,
    pub(crate) premium: String,
}

impl Stage {
    /// With a match `m` that nobody waits for any more.
    pub(crate) async fn new() -> Self {
        let cluster = Cluster::start(1, 1).await;
        let stage = Self {
            scorer: cluster.scorer(0).await,
            premium: cluster.fan_token("premium").await,
            cluster,
        };
        stage.scorer.create_open("m").await;
        stage.cluster.until_live(0, "m", &stage.premium).await;
        stage
    }

    /// Counts on in `m`, one post for each number; where it is then.
    pub(crate) async fn count(&self, numbers: RangeInclusive<u64>) -> Place {
        for n in numbers {
            self.scorer.score("m", &count_event(n)).await;
        }
        Place::of(&self.scorer.state("m").await)
    }

    /// A viewer of the best tier.
    pub(crate) fn viewer(&self) -> Api {
        self.cluster.viewer(0, Some(&self.premium))
    }
}
