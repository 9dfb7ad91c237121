//! The NATS server of a `dev`: its own child, kept alive, or somebody else's.

use std::time::Duration;

use anyhow::Context;
use grandstand_broker::{
    Broker, ConnectOptions, FindOptions, Keys, ProvisionMode, ProvisionOptions, Role,
    ServerOptions, ServerProcess, find_server,
};
use tokio_util::sync::CancellationToken;

use crate::dev::data::DataFolder;

/// How long to wait before a server that died is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(500);

/// A server that is provisioned.
pub(crate) struct Served {
    url: String,
    own: Option<Own>,
}

/// A child that is started again when it dies.
struct Own {
    /// None between a death and the next start: it holds the lock of the data folder.
    process: Option<ServerProcess>,
    options: ServerOptions,
    keys: Keys,
    provision: Provision,
}

/// How streams and buckets are made.
#[derive(Clone)]
struct Provision {
    keys_dir: std::path::PathBuf,
}

impl Served {
    /// Finds and starts a server with its store in `data`, or takes the one at `url`.
    pub(crate) async fn start(
        data: &DataFolder,
        keys: Keys,
        url: Option<&str>,
        port: u16,
    ) -> anyhow::Result<Self> {
        let provision = Provision {
            keys_dir: data.keys.clone(),
        };
        if let Some(url) = url {
            provision.run(url).await?;
            return Ok(Self {
                url: url.to_owned(),
                own: None,
            });
        }
        let find = FindOptions::from_environment();
        let program = tokio::task::spawn_blocking(move || find_server(&find)).await??;
        let mut options = ServerOptions {
            program,
            data_dir: data.path.clone(),
            port,
        };
        let process = ServerProcess::start(&options, &keys).await?;
        let url = process.url();
        // Clients know this port by now; the next server takes it again.
        options.port = process.port();
        let own = Own {
            process: Some(process),
            options,
            keys,
            provision,
        };
        own.provision.run(&url).await?;
        Ok(Self {
            url,
            own: Some(own),
        })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts the child again whenever it dies, until `stop`; gives it back to be stopped.
    pub(crate) async fn watch(mut self, stop: &CancellationToken) -> Self {
        let Some(own) = &mut self.own else {
            stop.cancelled().await;
            return self;
        };
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => return self,
                ended = own.ended() => ended,
            };
            tracing::error!(?ended, "nats-server ended by itself; starting it again");
            own.restart(&self.url, stop).await;
        }
    }

    /// Stops the child, last of all.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        match self.own.and_then(|own| own.process) {
            Some(process) => process.stop().await.context("stopping nats-server"),
            None => Ok(()),
        }
    }
}

impl Own {
    async fn ended(&mut self) -> std::io::Result<std::process::ExitStatus> {
        match &mut self.process {
            Some(process) => process.ended().await,
            None => std::future::pending().await,
        }
    }

    /// A server that starts again has lost what it held in memory: buckets are made anew.
    async fn restart(&mut self, url: &str, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            // Gone first, with its lock on the data folder.
            self.process = None;
            match self.start_again(url, stop).await {
                Ok(()) => return,
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "nats-server does not start; trying again"
                ),
            }
            stop.run_until_cancelled(tokio::time::sleep(RESTART_PAUSE))
                .await;
        }
    }

    async fn start_again(&mut self, url: &str, stop: &CancellationToken) -> anyhow::Result<()> {
        self.process = Some(ServerProcess::start(&self.options, &self.keys).await?);
        let provision = self.provision.clone();
        tokio::select! {
            provisioned = provision.run(url) => provisioned,
            // It may die while it is provisioned, too.
            ended = self.ended() => anyhow::bail!("it ended by itself: {ended:?}"),
            () = stop.cancelled() => Ok(()),
        }
    }
}

impl Provision {
    async fn run(&self, url: &str) -> anyhow::Result<()> {
        let broker = Broker::connect(ConnectOptions::new(url, &self.keys_dir, Role::Ops)).await?;
        let options = ProvisionOptions {
            scores_bytes_max: None,
            replicas: None,
            mode: ProvisionMode::Apply,
        };
        let reports = broker.provision(&options).await;
        broker.close().await;
        for report in reports? {
            tracing::debug!(?report, "provisioned");
        }
        Ok(())
    }
}
