//! The NATS server of a role: there, knows its key, and has what Grandstand keeps in it.

use std::path::Path;
use std::time::Duration;

use grandstand_broker::{
    Broker, ConnectError, ConnectOptions, ProvisionMode, ProvisionOptions, Provisioned, ReadError,
    Role, StreamReport,
};

use super::Finding;
use crate::process::KEYS;

pub(super) const NATS_URL: &str = "--nats-url (GRANDSTAND_NATS_URL)";
/// A check is not a start: a server that is not there now is told soon.
const PATIENCE: Duration = Duration::from_secs(2);

/// Signs in as `role` and looks.
pub(super) async fn broker(nats_url: &str, keys_dir: &Path, role: Role) -> Vec<Finding> {
    let broker = match sign_in(nats_url, keys_dir, role).await {
        Ok(broker) => broker,
        Err(error) => return vec![not_signed_in(&error)],
    };
    let mut findings = vec![Finding::fine(
        NATS_URL,
        format!("a server is there and lets {} in", role.name()),
    )];
    findings.extend(provisioned(&broker, nats_url, keys_dir).await);
    broker.close().await;
    findings
}

async fn sign_in(nats_url: &str, keys_dir: &Path, role: Role) -> Result<Broker, ConnectError> {
    Broker::connect(ConnectOptions {
        patience: PATIENCE,
        ..ConnectOptions::new(nats_url, keys_dir, role)
    })
    .await
}

fn not_signed_in(error: &ConnectError) -> Finding {
    let (place, cure) = match error {
        ConnectError::Keys(_) => (KEYS, "name the folder that holds the keys of this server"),
        ConnectError::Denied { .. } => (
            KEYS,
            "name the folder of the keys that the server was started with",
        ),
        ConnectError::BadUrl(_) => (
            NATS_URL,
            "give a URL such as nats://127.0.0.1:4222, or several with commas",
        ),
        ConnectError::Unreachable { .. } => (NATS_URL, "start the server, or give its URL"),
        ConnectError::TooOld { .. } => (
            NATS_URL,
            "run the server that `grandstand nats-server --print-path` finds",
        ),
        ConnectError::NoJetStream { .. } => (NATS_URL, "start it with nats/nats-server.conf"),
    };
    Finding::wrong(place, error.to_string(), cure)
}

/// Everything, where the operators' key is at hand; else the stream that every role may ask about.
async fn provisioned(broker: &Broker, nats_url: &str, keys_dir: &Path) -> Vec<Finding> {
    let cure = format!(
        "run `grandstand ops provision --nats-url {nats_url} --keys {}`",
        keys_dir.display()
    );
    if !keys_dir.join("ops.nk").exists() {
        return vec![match broker.incarnation().await {
            Ok(_) => Finding::fine(
                NATS_URL,
                "the stream of scores is there (more is seen with the operators' key)",
            ),
            Err(ReadError::Unavailable(reason)) => Finding::wrong(
                NATS_URL,
                format!("no answer about the stream of scores: {reason}"),
                "try again; if it stays so, look into the server's log",
            ),
            Err(error) => Finding::wrong(NATS_URL, error.to_string(), cure),
        }];
    }
    match look(nats_url, keys_dir).await {
        Ok(reports) => reports_in_words(reports, &cure),
        Err(error) => vec![Finding::wrong(NATS_URL, format!("{error:#}"), cure)],
    }
}

async fn look(nats_url: &str, keys_dir: &Path) -> anyhow::Result<Vec<StreamReport>> {
    let ops = sign_in(nats_url, keys_dir, Role::Ops).await?;
    let options = ProvisionOptions {
        mode: ProvisionMode::Check,
        ..ProvisionOptions::default()
    };
    let reports = ops.provision(&options).await;
    ops.close().await;
    Ok(reports?)
}

fn reports_in_words(reports: Vec<StreamReport>, cure: &str) -> Vec<Finding> {
    let count = reports.len();
    let wrong = reports
        .into_iter()
        .filter_map(|report| match report.outcome {
            Provisioned::Drift { fields, .. } => Some(Finding::wrong(
                NATS_URL,
                format!(
                    "{} is not as it should be: {}",
                    report.stream,
                    fields.join(", ")
                ),
                cure,
            )),
            Provisioned::Created | Provisioned::Unchanged | Provisioned::Updated { .. } => None,
        });
    let wrong: Vec<Finding> = wrong.collect();
    match wrong.is_empty() {
        true => vec![Finding::fine(
            NATS_URL,
            format!("all {count} streams and buckets are as they should be"),
        )],
        false => wrong,
    }
}
