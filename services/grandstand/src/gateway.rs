//! `grandstand gateway`: the fans' edge as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use grandstand_broker::{Broker, ConnectOptions, Role};
use grandstand_gateway::{Gateway, GatewayArgs};
use grandstand_server::keys;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::token::Verifier;
use tokio_util::sync::CancellationToken;

use crate::process::{Process, until_stopped};

/// Serves until a signal.
pub(crate) async fn run(args: GatewayArgs) -> anyhow::Result<ExitCode> {
    let verifier = Verifier::new(&keys::load(&args.edge.keys)?);
    let listener =
        Listener::bind(args.edge.listen, SocketOptions::default()).context("--listen")?;
    let process = Process::start(args.edge.admin_listen)?;
    let broker = Broker::connect(ConnectOptions::new(
        args.nats_url,
        &args.edge.keys,
        Role::Gateway,
    ))
    .await?;
    let address = listener.local_address();
    let gateway = Gateway {
        broker: broker.clone(),
        verifier,
        fans: args.fans,
        cors_origins: args.edge.cors_origins,
        connections_max: args.edge.connections_max,
        readiness: process.readiness.check("gateway"),
    };
    let stop = CancellationToken::new();
    let serve = gateway.run(listener, stop.clone());
    let work = process.announcing("gateway", address, args.edge.json, serve);
    let ended = until_stopped(work, stop).await?;
    ended.context("the stream of scores can't be followed")?;
    broker.close().await;
    process.end().await;
    Ok(ExitCode::SUCCESS)
}
