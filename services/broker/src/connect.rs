//! Signing in to NATS: one connection with its role's rights, and what became of it since.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectErrorKind};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::counts::{ConnectionCounts, count, describe};
use crate::keys::{self, KeysError, Role};
use crate::names::random_suffix;

/// The oldest server that answers all that is asked of it (batched direct gets, TTL per message).
const SERVER_NEEDED: (i64, i64) = (2, 11);
/// A frozen server is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const RECONNECT_DELAY_MAX_MS: u64 = 1_000;
const CONNECT_PAUSE: Duration = Duration::from_millis(250);
const CONNECT_ATTEMPT_MAX: Duration = Duration::from_secs(5);
/// How many requests wait for the socket. Scoring would rather be told "unknown" at once than queue
/// appends whose deadline passes in the queue.
const SCORING_QUEUE_MAX: usize = 256;
const QUEUE_MAX: usize = 2_048;
/// How many messages a subscription holds that nobody has taken yet; beyond that the newest are
/// dropped and counted in [`ConnectionCounts::dropped`].
pub(crate) const SUBSCRIPTION_MESSAGES_MAX: usize = 4_096;

/// Where and as whom to sign in.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// One URL, or several with commas between them.
    pub url: String,
    /// The folder with the roles' keys.
    pub keys_dir: PathBuf,
    /// As whom.
    pub role: Role,
    /// What the server's own tools call this connection.
    pub name: String,
    /// How long to try before giving up.
    pub patience: Duration,
}

impl ConnectOptions {
    /// Options with the usual patience of 10 s.
    pub fn new(url: impl Into<String>, keys_dir: impl Into<PathBuf>, role: Role) -> Self {
        Self {
            url: url.into(),
            keys_dir: keys_dir.into(),
            role,
            name: format!("grandstand-{}", role.name()),
            patience: Duration::from_secs(10),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The role's key is not there or can't be read.
    #[error("{0}; --keys names the folder that `grandstand keys` or `grandstand dev` made")]
    Keys(KeysError),
    /// The URL is none.
    #[error("{0:?} is not the URL of a NATS server, such as nats://127.0.0.1:4222")]
    BadUrl(String),
    /// Nobody answered.
    #[error(
        "no NATS server answers at {url} ({reason}); if one should, its log says why it does not; else give its URL with --nats-url, or start one with `grandstand dev`"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// What the client said.
        reason: String,
    },
    /// The server does not know this key.
    #[error("the NATS server at {url} refuses the {role} key of {keys_dir}: it was started with other keys", role = .role.name(), keys_dir = .keys_dir.display())]
    Denied {
        /// Where.
        url: String,
        /// As whom.
        role: Role,
        /// Whose keys.
        keys_dir: PathBuf,
    },
    /// The server is older than what is asked of it.
    #[error(
        "the NATS server at {url} is {found}; {needed} or newer is needed: run the one that `grandstand nats-server --print-path` finds"
    )]
    TooOld {
        /// Where.
        url: String,
        /// Its version.
        found: String,
        /// The oldest that will do.
        needed: String,
    },
    /// The server stores nothing.
    #[error("the NATS server at {url} runs without JetStream; start it with nats/nats-server.conf")]
    NoJetStream {
        /// Where.
        url: String,
    },
}

/// A signed-in connection; clones share it.
#[derive(Debug, Clone)]
pub struct Broker {
    pub(crate) client: Client,
    role: Role,
    counts: watch::Receiver<ConnectionCounts>,
}

impl Broker {
    /// Signs in, trying for as long as `options.patience` says; a refusal is final at once.
    pub async fn connect(options: ConnectOptions) -> Result<Self, ConnectError> {
        describe();
        let not_a_seed = |_| KeysError::NotASeed(options.keys_dir.clone());
        let seed = keys::load(&options.keys_dir, options.role)
            .and_then(|key| key.seed().map_err(not_a_seed))
            .map_err(ConnectError::Keys)?;
        let servers: Vec<async_nats::ServerAddr> = options
            .url
            .split(',')
            .map(|url| url.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| ConnectError::BadUrl(options.url.clone()))?;
        let give_up_at = Instant::now() + options.patience;
        loop {
            let (counted, mut counts) = watch::channel(ConnectionCounts::default());
            let attempt = client_options(&options, seed.clone(), Arc::new(counted));
            let error = match attempt.connect(servers.as_slice()).await {
                Ok(client) => {
                    check_server(&client, &options.url)?;
                    // The event comes by another task; whoever reads the counts shall find it there.
                    let told = counts.wait_for(|counts| counts.connected > 0);
                    let _late = tokio::time::timeout(CONNECT_PAUSE, told).await.is_err();
                    return Ok(Self {
                        client,
                        role: options.role,
                        counts,
                    });
                }
                Err(error) => error,
            };
            match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    return Err(ConnectError::Denied {
                        url: options.url,
                        role: options.role,
                        keys_dir: options.keys_dir,
                    });
                }
                ConnectErrorKind::ServerParse => return Err(ConnectError::BadUrl(options.url)),
                ConnectErrorKind::Dns
                | ConnectErrorKind::TimedOut
                | ConnectErrorKind::Tls
                | ConnectErrorKind::Io
                | ConnectErrorKind::MaxReconnects => {}
            }
            if Instant::now() + CONNECT_PAUSE >= give_up_at {
                return Err(ConnectError::Unreachable {
                    url: options.url,
                    reason: error.to_string(),
                });
            }
            tokio::time::sleep(CONNECT_PAUSE).await;
        }
    }

    /// As whom this connection signed in.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether the connection stands now, as far as the client knows.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// What happened to the connection; changes wake whoever waits.
    pub fn counts(&self) -> watch::Receiver<ConnectionCounts> {
        self.counts.clone()
    }

    /// Leaves the server and signs in again, at another one if several are known. For a leader that
    /// is cut off from its peers while we are still attached to it: it does not let go by itself.
    pub async fn reconnect(&self) {
        let leave = self.client.force_reconnect();
        if tokio::time::timeout(PING_INTERVAL, leave).await.is_err() {
            tracing::warn!("the NATS client took no order to reconnect");
        }
    }

    /// Sends what is still queued and closes the subscriptions; bounded, for the end of a process.
    pub async fn close(&self) {
        if tokio::time::timeout(PING_INTERVAL, self.client.drain())
            .await
            .is_err()
        {
            tracing::warn!("the NATS connection did not drain in time");
        }
    }
}

fn client_options(
    options: &ConnectOptions,
    seed: String,
    counted: Arc<watch::Sender<ConnectionCounts>>,
) -> async_nats::ConnectOptions {
    let queue_max = match options.role {
        Role::Scoring => SCORING_QUEUE_MAX,
        Role::Gateway | Role::Ops => QUEUE_MAX,
    };
    async_nats::ConnectOptions::with_nkey(seed)
        .name(&options.name)
        .custom_inbox_prefix(format!(
            "_INBOX_{}.{}",
            options.role.name(),
            random_suffix()
        ))
        .ping_interval(PING_INTERVAL)
        .connection_timeout(options.patience.min(CONNECT_ATTEMPT_MAX))
        .reconnect_delay_callback(reconnect_delay)
        .client_capacity(queue_max)
        .subscription_capacity(SUBSCRIPTION_MESSAGES_MAX)
        .event_callback(move |event| {
            count(&event, &counted);
            std::future::ready(())
        })
}

/// Grows to 1 s; half of it is random, so that gateways do not come back all at once.
fn reconnect_delay(attempt: usize) -> Duration {
    let bound_ms = (50_u64 << attempt.min(5)).min(RECONNECT_DELAY_MAX_MS);
    let random = getrandom::u64().unwrap_or_default();
    Duration::from_millis(bound_ms / 2 + random % (bound_ms / 2 + 1))
}

fn check_server(client: &Client, url: &str) -> Result<(), ConnectError> {
    let server = client.server_info();
    let (major, minor) = SERVER_NEEDED;
    if !client.is_server_compatible(major, minor, 0) {
        return Err(ConnectError::TooOld {
            url: url.to_owned(),
            found: server.version,
            needed: format!("{major}.{minor}"),
        });
    }
    if !server.jetstream {
        return Err(ConnectError::NoJetStream {
            url: url.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reconnect_never_waits_longer_than_a_second() {
        for attempt in [0, 1, 5, 63, 64, usize::MAX] {
            let delay = reconnect_delay(attempt);
            assert!(delay <= Duration::from_secs(1), "{attempt}: {delay:?}");
            assert!(delay >= Duration::from_millis(25), "{attempt}: {delay:?}");
        }
    }
}
