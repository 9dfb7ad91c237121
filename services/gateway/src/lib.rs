//! The fans' edge: WebSocket and GET. It holds no state that matters and knows no sport: what it
//! shows it has from patches alone.
//!
//! [`follow`] writes the matches in memory, [`feeds`] holds them, [`socket`] and [`gets`] are the
//! doors that look at them.

mod access;
mod args;
mod clock;
mod directory;
mod feeds;
mod follow;
mod freshness;
mod gets;
mod handshake;
mod query;
mod read;
mod refuse;
mod socket;
mod telemetry;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use grandstand_broker::{Broker, ReadError};
use grandstand_server::cors::{self, Origin};
use grandstand_server::limits::with_problem_fallbacks;
use grandstand_server::listen::Listener;
use grandstand_server::readiness::Check;
use grandstand_server::serve::{ServeLimits, serve};
use grandstand_server::token::Verifier;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use args::{Anonymous, FanArgs, GatewayArgs};

use crate::access::Access;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::feeds::Feeds;
use crate::follow::Follow;

/// What a gateway needs.
pub struct Gateway {
    /// Signed in as the gateway role.
    pub broker: Broker,
    /// Verifies fans' tokens.
    pub verifier: Verifier,
    /// How fans are served.
    pub fans: FanArgs,
    /// Origins whose pages may sign in.
    pub cors_origins: Vec<Origin>,
    /// Connections at once.
    pub connections_max: usize,
    /// Told when there is a list of matches to show.
    pub readiness: Check,
}

/// What every request of this gateway shares.
struct Edge {
    access: Access,
    feeds: Arc<Feeds>,
    directory: Arc<Directory>,
    clock: Clock,
    fans: TaskTracker,
    stop: CancellationToken,
}

impl Gateway {
    /// Serves fans on `listener` until `stop`, and ends when the last of them is told.
    pub async fn run(self, listener: Listener, stop: CancellationToken) -> Result<(), ReadError> {
        telemetry::describe();
        // Before anything is read, so that nothing falls between reading and listening.
        let live = self.broker.live_feed().await?;
        let edge = Arc::new(Edge {
            access: Access::new(self.verifier, self.fans),
            feeds: Arc::new(Feeds::default()),
            directory: Arc::new(Directory::default()),
            clock: Clock::start(),
            fans: TaskTracker::new(),
            stop: stop.clone(),
        });
        let feeds = Arc::clone(&edge.feeds);
        let follow = Follow::new(
            self.broker,
            feeds,
            Arc::clone(&edge.directory),
            edge.clock,
            self.readiness,
        );
        // The follower outlives the doors: the last answers still look at what it holds.
        let follow_stop = CancellationToken::new();
        let following = tokio::spawn(follow.run(live, follow_stop.clone()));

        let limits = ServeLimits {
            connections_max: self.connections_max,
            ..ServeLimits::default()
        };
        serve(
            listener,
            router(Arc::clone(&edge), self.cors_origins),
            limits,
            stop,
        )
        .await;
        edge.fans.close();
        edge.fans.wait().await;
        follow_stop.cancel();
        if let Err(error) = following.await {
            tracing::error!(%error, "the follower ended abnormally");
        }
        Ok(())
    }
}

/// Every door.
fn router(edge: Arc<Edge>, origins: Vec<Origin>) -> Router {
    let doors = Router::new()
        .route("/v1/ws", get(handshake::websocket))
        .route("/v1/matches", get(gets::directory))
        .route("/v1/matches/{match}", get(gets::head))
        .route("/v1/matches/{match}/state", get(gets::state))
        .route("/v1/matches/{match}/log/{epoch}/{n}", get(gets::segment))
        .with_state(edge);
    with_problem_fallbacks(doors.merge(grandstand_web::fan_page())).layer(cors::layer(origins))
}
