//! Starting the API on a listener, and stopping it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use grandstand_broker::{Broker, run_canary};
use grandstand_server::address::{TrustedProxies, behind};
use grandstand_server::compress::compressed;
use grandstand_server::cors::Origin;
use grandstand_server::keys::TokenKey;
use grandstand_server::listen::Listener;
use grandstand_server::quota::Quota;
use grandstand_server::readiness::Readiness;
use grandstand_server::serve::{ServeLimits, serve};
use grandstand_server::token::Verifier;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Entrance;
use crate::health::{Health, watch_broker};
use crate::matches::Matches;
use crate::signed::Counter;
use crate::{routes, telemetry};

/// What an instance is made of.
pub struct ScoringConfig {
    /// Verifies tokens, and makes those that an access to a match gets.
    pub token_key: TokenKey,
    /// Proxies whose word on the addresses of clients is taken.
    pub trusted_proxies: TrustedProxies,
    /// Origins whose pages may post.
    pub cors_origins: Vec<Origin>,
    /// Bounds of the listener.
    pub limits: ServeLimits,
    /// Bounds of the work on matches.
    pub bounds: Bounds,
    /// Requests of one token; none: no limit.
    pub quota: Option<Quota>,
    /// What is served beside the API, such as the scorer's pad.
    pub pages: Router,
}

impl ScoringConfig {
    /// An instance with the usual bounds, and the pad beside the API: all of it is asked for at once,
    /// often over the network of a ground.
    pub fn new(token_key: TokenKey) -> Self {
        Self {
            token_key,
            trusted_proxies: TrustedProxies::default(),
            cors_origins: Vec::new(),
            limits: ServeLimits::default(),
            bounds: Bounds::default(),
            quota: Some(Quota::default()),
            pages: compressed(grandstand_web::pad()),
        }
    }
}

/// What bounds the work on matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From a request's body to its answer, the attempt in flight included.
    pub request_max: Duration,
    /// How long a match stays in memory when nobody asks for it.
    pub idle_max: Duration,
    /// Matches in memory at once.
    pub matches_max: usize,
    /// Requests that wait for one match.
    pub mailbox_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            request_max: Duration::from_secs(10),
            idle_max: Duration::from_secs(600),
            matches_max: 2_000,
            mailbox_max: 128,
        }
    }
}

/// An instance that serves.
#[derive(Debug)]
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Running {
    /// Waits until it has stopped, which it does when `stop` is cancelled: running requests are
    /// answered first, within their bounds. An error is a panic of ours.
    pub async fn ended(self) -> Result<(), JoinError> {
        self.task.await
    }
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) entrance: Arc<Entrance>,
    pub(crate) counter: Option<Arc<Counter>>,
    pub(crate) broker: Broker,
    pub(crate) health: Arc<Health>,
    pub(crate) matches: Arc<Matches>,
    pub(crate) request_max: Duration,
}

/// Serves the API on `listener` until `stop`; `broker` is signed in as scoring. It adds the check
/// `broker` to `readiness`. Must be called within a runtime.
pub fn start(
    config: ScoringConfig,
    listener: Listener,
    broker: Broker,
    readiness: &Readiness,
    stop: CancellationToken,
) -> Running {
    telemetry::describe();
    let address = listener.local_address();
    let (refusing, refusing_now) = watch::channel(None);
    let health = Arc::new(Health::new(refusing));
    let matches = Matches::new(broker.clone(), health.clone(), config.bounds);
    let api = Api {
        verifier: Arc::new(Verifier::new(&config.token_key)),
        entrance: Arc::new(Entrance::new(config.token_key)),
        counter: config.quota.map(|quota| Arc::new(Counter::new(quota))),
        broker: broker.clone(),
        health: health.clone(),
        matches: matches.clone(),
        request_max: config.bounds.request_max,
    };
    let router = routes::router(api, config.pages, config.cors_origins);
    let router = behind(config.trusted_proxies, router);
    // Requests that run at the stop still need the broker watched.
    let stopped = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(run_canary(broker.clone(), refusing_now, stopped.clone()));
    let check = readiness.check("broker");
    tasks.spawn(watch_broker(broker, health, check, stopped.clone()));
    tasks.close();
    let task = tokio::spawn(async move {
        // However this task ends, nothing outlives it.
        let guard = stopped.drop_guard();
        serve(listener, router, config.limits, stop).await;
        matches.close().await;
        drop(guard);
        tasks.wait().await;
    });
    Running { address, task }
}
