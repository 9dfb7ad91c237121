//! Asks other gateways whether they fare better, and lets the load balancer know.

use std::time::Duration;

use grandstand_broker::Broker;
use grandstand_server::readiness::Check;
use reqwest::{Client, redirect};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::access::random_u128;
use crate::clock::Clock;
use crate::sign::{Fresh, FreshSign};
use crate::standing::{self, Peers, Standing, Step};

/// How many peers are asked at once.
const ASKED_MAX: usize = 3;
/// A peer that takes longer does not fare well.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// No answer to `/fresh` is longer.
const ANSWER_BYTES_MAX: usize = 1024;

/// What looks after this gateway's standing among its peers.
pub(crate) struct PeerWatch {
    /// Signed in to the server that may be left.
    pub(crate) broker: Broker,
    pub(crate) clock: Clock,
    pub(crate) sign: FreshSign,
    /// The admin URLs of other gateways, as last read.
    pub(crate) peers: watch::Receiver<Vec<String>>,
    pub(crate) readiness: Check,
}

impl PeerWatch {
    /// Watches until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let client = Client::builder()
            .timeout(ANSWER_MAX)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build();
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "peers can't be asked");
                self.readiness.ready();
                return stop.cancelled().await;
            }
        };
        let watching = self.watch(&client);
        stop.run_until_cancelled(watching).await;
    }

    async fn watch(&self, client: &Client) {
        let mut standing = Standing::default();
        let mut hearing = self.sign.watch();
        loop {
            standing.hears(!hearing.borrow_and_update().stale);
            self.judge(&standing);
            match standing.next(self.clock.now_us()) {
                Step::Ask => {
                    let peers = self.ask(client).await;
                    standing.hears(!hearing.borrow_and_update().stale);
                    if standing.answered(peers, self.clock.now_us()) == standing::Broker::Leave {
                        self.judge(&standing);
                        self.broker.reconnect().await;
                    }
                }
                Step::Wait(until_us) => {
                    let until = async {
                        match until_us {
                            Some(at_us) => {
                                tokio::time::sleep_until(self.clock.instant(at_us)).await;
                            }
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        changed = hearing.changed() => if changed.is_err() {
                            return;
                        },
                        () = until => {}
                    }
                }
            }
        }
    }

    fn judge(&self, standing: &Standing) {
        match standing.is_worse_than_peers() {
            true => self
                .readiness
                .not_ready("nothing comes from the broker, and other gateways hear from it"),
            false => self.readiness.ready(),
        }
    }

    /// Asks some of the peers, others each time.
    async fn ask(&self, client: &Client) -> Peers {
        let mut urls = self.peers.borrow().clone();
        let mut asked = JoinSet::new();
        while asked.len() < ASKED_MAX && !urls.is_empty() {
            let url = urls.swap_remove(random_u128() as usize % urls.len());
            asked.spawn(is_fresh(client.clone(), url));
        }
        while let Some(answer) = asked.join_next().await {
            if answer.unwrap_or(false) {
                return Peers::Fresh;
            }
        }
        Peers::NoneFresh
    }
}

async fn is_fresh(client: Client, admin_url: String) -> bool {
    let answer = async {
        let mut response = client.get(format!("{admin_url}/fresh")).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES_MAX {
                break;
            }
        }
        Ok::<_, reqwest::Error>(body)
    };
    match answer.await {
        Ok(body) => serde_json::from_slice(&body).is_ok_and(|sign: Fresh| sign.fresh),
        Err(error) => {
            tracing::debug!(%error, "a peer does not answer");
            false
        }
    }
}
