//! What every long-running role does around its work: health and metrics, the stop, the ready line.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use grandstand_server::admin;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::readiness::Readiness;
use grandstand_server::serve::{ServeLimits, serve};
use grandstand_server::stop::StopSignals;
use grandstand_server::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The place of everybody's secrets.
pub(crate) const KEYS: &str = "--keys (GRANDSTAND_KEYS)";
/// How long a role may take to stop before the process just ends, unless it has fans to take leave of.
pub(crate) const STOP_MAX: Duration = Duration::from_secs(4);

/// The admin port and what it shows.
pub(crate) struct Process {
    pub(crate) readiness: Readiness,
    pub(crate) admin_address: SocketAddr,
    admin: JoinHandle<()>,
    admin_stop: CancellationToken,
}

impl Process {
    /// Opens the admin port.
    pub(crate) fn start(admin_listen: SocketAddr) -> anyhow::Result<Self> {
        Self::start_with(admin_listen, Router::new())
    }

    /// Opens the admin port with routes of the role's own.
    pub(crate) fn start_with(admin_listen: SocketAddr, routes: Router) -> anyhow::Result<Self> {
        let metrics = Metrics::install()?;
        let listener = listen("--admin-listen", "GRANDSTAND_ADMIN_LISTEN", admin_listen)?;
        let admin_address = listener.local_address();
        let readiness = Readiness::new();
        let admin_stop = CancellationToken::new();
        let router = admin::router(readiness.clone(), metrics.clone()).merge(routes);
        let stop = admin_stop.clone();
        let limits = ServeLimits {
            connections_max: 64,
            stop_wait_max: Duration::from_millis(500),
            ..ServeLimits::default()
        };
        let admin = tokio::spawn(async move {
            tokio::join!(
                serve(listener, router, limits, stop.clone()),
                metrics.upkeep(stop)
            );
        });
        Ok(Self {
            readiness,
            admin_address,
            admin,
            admin_stop,
        })
    }

    /// Does `work`, and says once where `role` is, as soon as it is ready.
    pub(crate) async fn announcing<T>(
        &self,
        role: &str,
        address: SocketAddr,
        as_json: bool,
        work: impl Future<Output = T>,
    ) -> T {
        let (url, admin_url) = (http(address), http(self.admin_address));
        let announce = async {
            self.readiness.ready().await;
            match as_json {
                true => say(&json!({"event": "ready", "url": url, "admin_url": admin_url})),
                false => eprintln!("{role} at {url}, admin at {admin_url}"),
            }
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            ended = work => ended,
            never = announce => match never {},
        }
    }

    /// Closes the admin port, which answers until everything else has ended.
    pub(crate) async fn end(self) {
        self.admin_stop.cancel();
        if let Err(error) = self.admin.await {
            tracing::error!(%error, "the admin port ended abnormally");
        }
    }
}

/// The outcome of `work` that a signal may break off.
pub(crate) async fn unless_stopped<T>(
    work: impl Future<Output = T>,
    signals: &mut StopSignals,
) -> anyhow::Result<T> {
    tokio::select! {
        done = work => Ok(done),
        signal = signals.next() => anyhow::bail!("stopped by {signal} before it was ready"),
    }
}

/// Runs `work` until it ends or a signal cancels `stop` and it has had `stop_max` to end; a second
/// signal does not wait.
pub(crate) async fn until_stopped<T>(
    work: impl Future<Output = T>,
    mut signals: StopSignals,
    stop: CancellationToken,
    stop_max: Duration,
) -> anyhow::Result<T> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return Ok(done),
        signal = signals.next() => {
            tracing::info!(signal, "stopping");
            stop.cancel();
        }
    }
    tokio::select! {
        done = &mut work => Ok(done),
        _ = signals.next() => anyhow::bail!("stopped before everything had ended"),
        () = tokio::time::sleep(stop_max) => anyhow::bail!("not everything ended within {stop_max:?}"),
    }
}

/// Why an address can't be listened on, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{flag}: {reason}; {cure}")]
pub(crate) struct NotListening {
    flag: String,
    pub(crate) reason: String,
    pub(crate) cure: String,
}

/// Listens on the address that `flag`, or its `variable`, gives.
pub(crate) fn listen(
    flag: &str,
    variable: &str,
    address: SocketAddr,
) -> Result<Listener, NotListening> {
    Listener::bind(address, SocketOptions::default()).map_err(|error| {
        let system = error.source().and_then(|e| e.downcast_ref::<io::Error>());
        let cure = match system.map(io::Error::kind) {
            Some(io::ErrorKind::AddrInUse) => format!(
                "stop that, or choose another port with {flag} or {variable} (0: any free one)"
            ),
            Some(io::ErrorKind::PermissionDenied) => {
                format!("choose a port from 1024 on with {flag} or {variable}")
            }
            _ => format!(
                "give an address of this machine with {flag} or {variable} (0.0.0.0: all of them)"
            ),
        };
        NotListening {
            flag: flag.to_owned(),
            reason: error.to_string(),
            cure,
        }
    })
}

/// One JSON object as a line of stdout.
pub(crate) fn say(object: &Value) {
    use std::io::Write;
    // Whoever started us may have closed our stdout; that is no reason to stop serving.
    let _ = writeln!(std::io::stdout(), "{object}");
}

/// `http://` and an address.
pub(crate) fn http(address: SocketAddr) -> String {
    format!("http://{address}")
}
