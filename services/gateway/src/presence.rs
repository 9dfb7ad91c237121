//! Says again and again that this gateway is alive, where, and how busy; and knows its peers.

use std::sync::Arc;
use std::time::Duration;

use grandstand_broker::{GatewayName, Gateways};
use grandstand_core::presence::PresenceBody;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Edge;
use crate::sessions::tell_bucket;
use crate::sign::FreshSign;

/// How often it is said.
const SAY: Duration = Duration::from_secs(5);
/// The list of peers is read every so many times.
const LIST_EVERY: u64 = 2;

/// Where and by which name a gateway is known.
#[derive(Debug, Clone)]
pub struct Advertised {
    /// Its name among all gateways.
    pub name: GatewayName,
    /// Where fans reach it.
    pub url: String,
    /// Where operators and peers reach it.
    pub admin_url: String,
}

/// What says that a gateway is alive.
pub(crate) struct Presence {
    pub(crate) edge: Arc<Edge>,
    pub(crate) gateways: Gateways,
    pub(crate) advertised: Advertised,
    pub(crate) connections_max: usize,
    pub(crate) sign: FreshSign,
    /// The admin URLs of its peers.
    pub(crate) peers: watch::Sender<Vec<String>>,
}

impl Presence {
    /// Says it until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.say_again_and_again()).await;
    }

    async fn say_again_and_again(&self) {
        let started_us = self.edge.clock.now_us();
        let mut every = tokio::time::interval(SAY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for turn in 0_u64.. {
            every.tick().await;
            let body = self.body(started_us).encode();
            let said = self
                .gateways
                .write(&self.advertised.name, body.into())
                .await;
            tell_bucket("gateways", said.is_ok());
            if let Err(error) = said {
                tracing::debug!(%error, "the bucket of gateways was not told of this one");
            }
            if turn % LIST_EVERY == 0 {
                self.list().await;
            }
        }
    }

    fn body(&self, started_us: u64) -> PresenceBody {
        let hearing = self.sign.now();
        let heard_us = hearing.heard_us.unwrap_or(0);
        let mut body = PresenceBody {
            name: self.advertised.name.to_string(),
            url: self.advertised.url.clone(),
            admin_url: self.advertised.admin_url.clone(),
            started_us,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connections: (self.edge.shards.connections() + self.edge.streams.connections()) as u64,
            connections_max: self.connections_max as u64,
            fans: Default::default(),
            fans_total: 0,
            fresh: hearing.is_fresh(),
            as_of_us: match hearing.is_fresh() {
                true => self.edge.clock.now_us(),
                false => heard_us,
            },
        };
        let slots = self.edge.feeds.all();
        let fans = slots
            .iter()
            .map(|slot| (slot.match_id().clone(), slot.readers() as u64));
        body.count_fans(fans);
        body
    }

    /// Whoever can't be asked now stays on the list as it was.
    async fn list(&self) {
        let listed = match self.gateways.list().await {
            Ok(listed) => listed,
            Err(error) => {
                return tracing::debug!(%error, "the list of gateways was not read");
            }
        };
        let others = listed
            .iter()
            .filter(|(name, _)| *name != self.advertised.name);
        let urls = others.filter_map(|(name, stored)| match PresenceBody::decode(&stored.body) {
            Ok(body) => Some(body.admin_url),
            Err(error) => {
                tracing::warn!(%name, %error, "a gateway can't be read");
                None
            }
        });
        self.peers.send_replace(urls.collect());
    }
}
