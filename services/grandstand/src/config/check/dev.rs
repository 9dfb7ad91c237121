//! What a `dev` needs of this machine: addresses, its data folder, a nats-server.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use grandstand_broker::{FindOptions, Role, find_server};

use super::edge::{addresses, keys};
use super::{Finding, broker, conclude};

const DATA: &str = "--data (GRANDSTAND_DATA)";

/// What is checked.
pub(crate) struct DevChecked<'a> {
    /// Flag, variable and address of each listener.
    pub(crate) listeners: &'a [(&'a str, &'a str, SocketAddr)],
    /// The port of its own nats-server; 0 is any free one.
    pub(crate) nats_port: u16,
    /// Somebody else's server, which is used in its place.
    pub(crate) nats_url: Option<&'a str>,
    /// The data folder.
    pub(crate) data: &'a Path,
    /// Whether scripts read what is found.
    pub(crate) json: bool,
}

/// Checks a `dev`.
pub(crate) async fn dev(checked: DevChecked<'_>) -> ExitCode {
    let mut listeners = checked.listeners.to_vec();
    let nats = SocketAddr::from(([127, 0, 0, 1], checked.nats_port));
    if checked.nats_url.is_none() {
        listeners.push(("--nats-port", "GRANDSTAND_NATS_PORT", nats));
    }
    let mut findings = addresses(&listeners);
    findings.push(data_folder(checked.data));
    let keys_dir = checked.data.join("keys");
    if keys_dir.exists() {
        findings.extend(keys(&keys_dir, Role::Scoring));
    }
    match checked.nats_url {
        Some(nats_url) => {
            findings.extend(broker::broker(nats_url, &keys_dir, Role::Scoring).await);
        }
        None => findings.push(program().await),
    }
    conclude(findings, checked.json)
}

fn data_folder(path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => match crate::dev::check_data(path) {
            Ok(()) => Finding::fine(DATA, format!("{shown} can be used")),
            Err(error) => Finding::wrong(DATA, error.to_string(), "name another folder"),
        },
        Ok(_) => Finding::wrong(DATA, format!("{shown} is no folder"), "name another"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::fine(DATA, format!("{shown} will be made"))
        }
        Err(error) => Finding::wrong(DATA, format!("{shown}: {error}"), "name another folder"),
    }
}

/// It may be fetched for that, as at a start.
async fn program() -> Finding {
    let find = FindOptions::from_environment();
    match tokio::task::spawn_blocking(move || find_server(&find)).await {
        Ok(Ok(path)) => Finding::fine("nats-server", path.display().to_string()),
        Ok(Err(error)) => Finding::wrong(
            "nats-server",
            error.to_string(),
            "put a nats-server on the PATH, or let it be fetched",
        ),
        Err(error) => Finding::wrong("nats-server", error.to_string(), "try again"),
    }
}
