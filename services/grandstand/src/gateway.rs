//! `grandstand gateway`: the fans' edge as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use grandstand_broker::{Broker, ConnectOptions, Role};
use grandstand_gateway::{Gateway, GatewayArgs};
use grandstand_server::keys;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::token::Verifier;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::process::{Process, http, say, until_stopped};

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
    let (url, admin_url) = (http(listener.local_address()), http(process.admin_address));
    let gateway = Gateway {
        broker: broker.clone(),
        verifier,
        fans: args.fans,
        cors_origins: args.edge.cors_origins,
        connections_max: args.edge.connections_max,
        readiness: process.readiness.check("gateway"),
    };
    let stop = CancellationToken::new();
    let ready = process.readiness.clone();
    let work = async {
        let serve = gateway.run(listener, stop.clone());
        let announce = async {
            ready.ready().await;
            match args.edge.json {
                true => say(&json!({"event": "ready", "url": url, "admin_url": admin_url})),
                false => eprintln!("gateway at {url}, admin at {admin_url}"),
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = serve => ended.context("the stream of scores can't be followed"),
            () = announce => Ok(()),
        }
    };
    until_stopped(work, stop.clone()).await??;
    broker.close().await;
    process.end().await;
    Ok(ExitCode::SUCCESS)
}
