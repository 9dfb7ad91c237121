//! The fans' edge: WebSocket and GET. It holds no state that matters and knows no sport: what it
//! shows it has from patches alone.
//!
//! [`follow`] writes the matches in memory, [`feeds`] holds them, [`shard`] and [`doors`] look at them
//! for who came in by which door.

mod access;
mod admission;
mod args;
mod clock;
mod directory;
mod doors;
mod drain;
mod entrance;
#[cfg(test)]
mod fallen_tests;
mod fan_session;
mod feeds;
mod follow;
mod freshness;
mod handshake;
mod live_lists;
mod peers;
mod poll_pace;
mod presence;
mod query;
mod read;
mod refuse;
mod sessions;
mod shard;
mod sign;
mod standing;
mod strips;
#[cfg(test)]
mod strips_tests;
mod telemetry;
mod trim;

// What the tests' harness knows it by.
#[cfg(test)]
extern crate self as grandstand_gateway;

use std::io;
use std::num::NonZero;
use std::sync::Arc;

use axum::Router;
use grandstand_broker::{Broker, ReadError};
use grandstand_server::address::{TrustedProxies, behind};
use grandstand_server::compress::compressed;
use grandstand_server::cors::{self, Origin};
use grandstand_server::doors::Doors;
use grandstand_server::limits::with_problem_fallbacks;
use grandstand_server::listen::Listener;
use grandstand_server::openapi;
use grandstand_server::readiness::Check;
use grandstand_server::serve::{ServeLimits, serve_counted};
use grandstand_server::token::Verifier;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use args::{AdmissionArgs, Anonymous, FanArgs, GatewayArgs, PlaceArgs, Writes};
pub use drain::DrainArgs;
pub use presence::Advertised;
pub use sign::FreshSign;

use crate::access::Access;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::doors::Streams;
use crate::drain::Drain;
use crate::entrance::Entrance;
use crate::feeds::Feeds;
use crate::follow::Follow;
use crate::live_lists::LiveLists;
use crate::peers::PeerWatch;
use crate::presence::Presence;
use crate::sessions::FanSessions;
use crate::shard::Shards;
use crate::strips::Strips;

/// What a gateway needs.
pub struct Gateway {
    /// Signed in as the gateway role.
    pub broker: Broker,
    /// A connection of its own for sessions and presence, signed in as the same role.
    pub buckets: Broker,
    /// How it is known to peers and operators.
    pub advertised: Advertised,
    /// Verifies fans' tokens.
    pub verifier: Verifier,
    /// How fans are served.
    pub fans: FanArgs,
    /// How it takes leave of them.
    pub drain: DrainArgs,
    /// Origins whose pages may sign in.
    pub cors_origins: Vec<Origin>,
    /// Lasting connections at once.
    pub connections_max: usize,
    /// Who may come in, and how fast.
    pub admission: AdmissionArgs,
    /// Told when there is a list of matches to show.
    pub readiness: Check,
    /// Told when its peers fare better.
    pub peers: Check,
    /// Told when it goes.
    pub staying: Check,
    /// Put up for its peers to see.
    pub sign: FreshSign,
}

/// What every request of this gateway shares.
struct Edge {
    access: Access,
    entrance: Arc<Entrance>,
    feeds: Arc<Feeds>,
    directory: Arc<Directory>,
    strips: Arc<Strips>,
    live_lists: LiveLists,
    sessions: Arc<FanSessions>,
    clock: Clock,
    drain: Arc<Drain>,
    shards: Shards,
    streams: Streams,
}

/// Why a gateway ends before it is told to.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// It can't listen to the live feed.
    #[error("the stream of scores can't be followed")]
    Follow(#[from] ReadError),
    /// The system has no room for its event loops.
    #[error("the event loops for fans can't be started")]
    Shards(#[from] io::Error),
    /// A fault of ours.
    #[error("an event loop for fans fell, and with it the gateway; its fans go on at others")]
    ShardFell,
}

impl Gateway {
    /// Serves fans on `listener` until `stop`, and ends when the last of them has left.
    pub async fn run(
        self,
        listener: Listener,
        stop: CancellationToken,
    ) -> Result<(), GatewayError> {
        let fallen = CancellationToken::new();
        self.run_until_fallen(listener, stop, fallen).await
    }

    /// The same; `fallen` is cancelled by an event loop that panics.
    async fn run_until_fallen(
        self,
        listener: Listener,
        stop: CancellationToken,
        fallen: CancellationToken,
    ) -> Result<(), GatewayError> {
        telemetry::describe();
        // Before anything is read, so that nothing falls between reading and listening.
        let live = self.broker.live_feed().await?;
        let clock = Clock::start();
        let name = self.advertised.name.to_string();
        let directory = Arc::new(Directory::default());
        let feeds = Arc::new(Feeds::new(Arc::clone(&directory), self.fans.log_bytes_max));
        let sessions = Arc::new(FanSessions::new(&self.buckets, name, clock));
        let (count, writes) = (self.fans.shards(), self.fans.writes);
        let streams = Streams::new(usize::from(self.fans.sse_max));
        let strips = Arc::new(Strips::new(Arc::clone(&directory)));
        let drain = Arc::new(Drain::default());
        let (ground, errands) = shard::ground(clock, &feeds, &strips, &sessions, &drain);
        let (shards, threads) = shard::start(count, writes, ground, &fallen)?;
        let bounds = self.admission.bounds(self.connections_max);
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let entrance = Arc::new(Entrance::new(bounds, self.admission.polls_max(), cores));
        let edge = Arc::new(Edge {
            access: Access::new(self.verifier, self.fans),
            entrance: Arc::clone(&entrance),
            feeds,
            directory,
            strips,
            live_lists: LiveLists::default(),
            sessions,
            clock,
            drain,
            shards,
            streams,
        });
        let follow = Follow::new(
            self.broker.clone(),
            Arc::clone(&edge.feeds),
            Arc::clone(&edge.directory),
            Arc::clone(&edge.strips),
            clock,
            self.readiness,
            self.sign.clone(),
        );
        let (peers_told, peers) = watch::channel(Vec::new());
        let presence = Presence {
            edge: Arc::clone(&edge),
            gateways: self.buckets.gateways(),
            advertised: self.advertised,
            connections_max: self.connections_max,
            sign: self.sign.clone(),
            peers: peers_told,
        };
        let peer_watch = PeerWatch {
            broker: self.broker,
            clock,
            sign: self.sign,
            peers,
            readiness: self.peers,
        };
        // They outlive the doors: the last answers still look at what the follower holds, and the
        // last fans still have a session.
        let tasks_stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(follow.run(live, tasks_stop.clone()));
        tasks.spawn(Arc::clone(&edge.sessions).run(tasks_stop.clone()));
        tasks.spawn(presence.run(tasks_stop.clone()));
        tasks.spawn(peer_watch.run(tasks_stop.clone()));
        tasks.spawn(Arc::clone(&entrance).run(tasks_stop.clone()));
        tasks.spawn(errands.run(Arc::clone(&edge)));
        tasks.spawn(trim::after_bursts(Arc::clone(&edge), tasks_stop.clone()));

        let limits = ServeLimits {
            connections_max: self.admission.polls_max(),
            accepts_per_s: self.admission.accept_rate,
            accept_burst: self.admission.accept_burst,
            stop_wait_max: self.drain.requests_max(),
            ..ServeLimits::default()
        };
        let proxies = TrustedProxies::new(self.admission.trusted_proxies);
        let router = behind(proxies, router(Arc::clone(&edge), self.cors_origins));
        let cost = entrance.cost.clone();
        self.staying.ready();
        let accept_stop = CancellationToken::new();
        let leaving = async {
            if fallen.run_until_cancelled(stop.cancelled()).await.is_some() {
                self.staying.not_ready("it was told to stop");
                let delay = tokio::time::sleep(self.drain.delay());
                fallen.run_until_cancelled(delay).await;
            }
            // Where an event loop fell, whatever runs beside the gateway ends with it.
            stop.cancel();
            edge.drain.begin(self.drain, clock);
            edge.shards.drain();
            accept_stop.cancel();
        };
        let served = serve_counted(listener, router, limits, cost, accept_stop.clone());
        tokio::join!(served, leaving);
        edge.shards.end();
        threads.ended().await;
        tasks_stop.cancel();
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the gateway ended abnormally");
            }
        }
        match fallen.is_cancelled() {
            true => Err(GatewayError::ShardFell),
            false => Ok(()),
        }
    }
}

/// Every door.
fn router(edge: Arc<Edge>, origins: Vec<Origin>) -> Router {
    let (doors, document) = described();
    let all = doors
        .with_state(edge)
        .merge(openapi::routes(&document))
        .merge(grandstand_web::docs())
        .merge(grandstand_web::fan_page());
    compressed(with_problem_fallbacks(all)).layer(cors::layer(origins))
}

/// The doors as a router and as a document.
fn described() -> (Router<Arc<Edge>>, Value) {
    let websocket = doors::operations::websocket();
    let doors = Doors::default().get("/v1/ws", handshake::websocket, websocket);
    let (router, paths) = doors::add_to(doors).into_parts();
    let document = openapi::document(doors::operations::ABOUT, paths, doors::operations::SCHEMAS);
    (router, document)
}

/// The OpenAPI document of the fans' doors.
pub fn openapi_document() -> Value {
    described().1
}
