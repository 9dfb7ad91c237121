//! A platform of the bench's own: nats-server, scoring, gateways and, where it is installed, the
//! balancer, as processes on loopback with a data folder that is gone with them.

mod balancer;
mod role;

use std::path::{Path, PathBuf};

use grandstand_broker::{
    Broker, ConnectOptions, FindOptions, Keys, ProvisionOptions, Role, ServerOptions,
    ServerProcess, find_server,
};
use rustix::process::{Resource, getrlimit};
use tempfile::TempDir;
use thiserror::Error;
use tokio::process::Command;

pub(crate) use balancer::{Balancer, is_installed};

use crate::platform::role::{RoleProcess, ours};

/// What a gateway opens beside its connections, its places for polls (2,000) among them, and more.
const DESCRIPTORS_LEFT: u64 = 2_400;

/// Why there is no platform.
#[derive(Debug, Error)]
#[error("{what}: {why}")]
pub struct PlatformError {
    what: String,
    why: String,
}

/// What runs.
pub(crate) struct Platform {
    nats: ServerProcess,
    scoring: RoleProcess,
    gateways: Vec<RoleProcess>,
    /// A scorer's, who may write every match.
    pub(crate) token: String,
    /// A fan's, of the premium tier.
    pub(crate) fan_token: String,
    folder: TempDir,
}

impl Platform {
    /// Starts all of it in a new folder in `parent`, with so many gateways for so many fans each.
    pub(crate) async fn start(
        parent: &Path,
        gateways: u32,
        fans_each: u32,
        gateway_flags: &[String],
    ) -> Result<Self, PlatformError> {
        let folder = tempfile::Builder::new()
            .prefix(".grandstand-bench-")
            .tempdir_in(parent)
            .map_err(because(&parent.display().to_string()))?;
        let keys_dir = folder.path().join("keys");
        let keys_text = keys_dir.display().to_string();
        said(&["keys", "--keys", &keys_text]).await?;
        let keys = Keys::load_or_create(&keys_dir).map_err(because("keys"))?;
        let find = || find_server(&FindOptions::from_environment());
        let program = tokio::task::spawn_blocking(find).await;
        let program = program.map_err(because("nats-server"))?;
        let options = ServerOptions {
            program: program.map_err(because("nats-server"))?,
            data_dir: folder.path().to_owned(),
            port: 0,
        };
        let nats = ServerProcess::start(&options, &keys).await;
        let nats = nats.map_err(because("nats-server"))?;
        provision(&nats.url(), &keys_dir).await?;

        let fans_max = connections_max(fans_each).to_string();
        let nats_url = nats.url();
        let place = ["--nats-url", &nats_url, "--keys", &keys_text];
        // One token posts for all: as much as it can is what is measured.
        let unbounded = [&place[..], &["--token-requests-max", "0"]].concat();
        let scoring = RoleProcess::start("scoring", &unbounded, folder.path()).await?;
        let flags: Vec<&str> = gateway_flags.iter().map(String::as_str).collect();
        let args = [&place[..], &["--connections-max", &fans_max], &flags].concat();
        let mut started = Vec::new();
        for _ in 0..gateways {
            started.push(RoleProcess::start("gateway", &args, folder.path()).await?);
        }
        let scorer = ["--role", "scorer", "--matches", "*", "--rights", "open"];
        let fan = ["--role", "fan", "--tier", "premium"];
        let token = ["token", "--keys", &keys_text];
        Ok(Self {
            token: said(&[&token[..], &scorer].concat()).await?,
            fan_token: said(&[&token[..], &fan].concat()).await?,
            nats,
            scoring,
            gateways: started,
            folder,
        })
    }

    /// Where scorers post.
    pub(crate) fn scoring(&self) -> String {
        self.scoring.url.clone()
    }

    /// Where fans connect.
    pub(crate) fn gateways(&self) -> Vec<String> {
        let urls = self.gateways.iter().map(|gateway| gateway.url.clone());
        urls.collect()
    }

    /// Where the gateways tell of themselves.
    pub(crate) fn admin(&self) -> Vec<String> {
        let urls = self
            .gateways
            .iter()
            .map(|gateway| gateway.admin_url.clone());
        urls.collect()
    }

    /// The processes of the gateways.
    pub(crate) fn gateway_pids(&self) -> Vec<i32> {
        self.gateways.iter().map(|gateway| gateway.pid).collect()
    }

    /// Those of everything else.
    pub(crate) fn platform_pids(&self) -> Vec<i32> {
        vec![self.scoring.pid, self.nats.pid()]
    }

    pub(crate) fn nats_url(&self) -> String {
        self.nats.url()
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Its data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends all of it, each process by its own handle.
    pub(crate) async fn end(self) {
        for gateway in self.gateways {
            gateway.end().await;
        }
        self.scoring.end().await;
        if let Err(error) = self.nats.stop().await {
            tracing::warn!(%error, "nats-server does not end");
        }
    }
}

/// What a gateway for so many fans is to allow, as far as it has descriptors: those who are cut and come
/// back at once are there twice for a moment.
fn connections_max(fans: u32) -> u64 {
    let descriptors = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    (2 * u64::from(fans)).min(descriptors.saturating_sub(DESCRIPTORS_LEFT))
}

/// Makes the streams and buckets.
async fn provision(nats_url: &str, keys: &Path) -> Result<(), PlatformError> {
    let options = ConnectOptions::new(nats_url, keys, Role::Ops);
    let broker = Broker::connect(options).await.map_err(because("broker"))?;
    let made = broker.provision(&ProvisionOptions::default()).await;
    made.map_err(because("broker"))?;
    broker.close().await;
    Ok(())
}

/// What a command of ours prints, if it ends well.
async fn said(args: &[&str]) -> Result<String, PlatformError> {
    let what = args.first().copied().unwrap_or_default();
    output(what, ours(args)?).await
}

/// What a command prints, if it ends well.
async fn output(what: &str, mut command: Command) -> Result<String, PlatformError> {
    let output = command.kill_on_drop(true).output().await;
    let output = output.map_err(because(what))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(because(what)(String::from_utf8_lossy(&output.stderr))),
    }
}

fn because<E: ToString>(what: &str) -> impl Fn(E) -> PlatformError {
    move |why| PlatformError {
        what: what.to_owned(),
        why: why.to_string(),
    }
}
