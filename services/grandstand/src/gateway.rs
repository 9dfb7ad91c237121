//! `grandstand gateway`: the fans' edge as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use grandstand_broker::{Broker, ConnectOptions, Role};
use grandstand_gateway::{FreshSign, Gateway, GatewayArgs};
use grandstand_server::keys;
use grandstand_server::stop::StopSignals;
use grandstand_server::token::Verifier;
use tokio_util::sync::CancellationToken;

use crate::config::check;
use crate::config::descriptors::{self, Wanted};
use crate::process::{KEYS, Process, listen, unless_stopped, until_stopped};

/// Serves until a signal.
pub(crate) async fn run(
    mut args: GatewayArgs,
    mut signals: StopSignals,
) -> anyhow::Result<ExitCode> {
    let connections = args.edge.connections_max;
    let polls = descriptors::polls(args.admission.polls_max, connections);
    args.admission.polls_max = Some(polls);
    if args.edge.check_config {
        let checked = check::role(&args.edge, polls, &args.nats_url, Role::Gateway);
        return unless_stopped(checked, &mut signals).await;
    }
    let verifier = Verifier::new(&keys::load(&args.edge.keys).context(KEYS)?);
    descriptors::reserve(Wanted { connections, polls })?;
    let listener = listen("--listen", "GRANDSTAND_LISTEN", args.edge.listen)?;
    let sign = FreshSign::new();
    let process = Process::start_with(args.edge.admin_listen, sign.routes())?;
    let options = ConnectOptions::new(args.nats_url, &args.edge.keys, Role::Gateway);
    let buckets = unless_stopped(Broker::connect(buckets(&options)), &mut signals).await??;
    let broker = unless_stopped(Broker::connect(options), &mut signals).await??;
    let address = listener.local_address();
    let gateway = Gateway {
        broker: broker.clone(),
        buckets: buckets.clone(),
        advertised: args.place.advertised(address, process.admin_address),
        verifier,
        fans: args.fans,
        drain: args.drain,
        cors_origins: args.edge.cors_origins,
        connections_max: args.edge.connections_max,
        admission: args.admission,
        readiness: process.readiness.check("gateway"),
        peers: process.readiness.check("peers"),
        staying: process.readiness.check("staying"),
        sign,
    };
    let stop = CancellationToken::new();
    let serve = gateway.run(listener, stop.clone());
    let work = process.announcing("gateway", address, args.edge.json, serve);
    let ended = until_stopped(work, signals, stop, args.drain.stop_max()).await?;
    ended?;
    broker.close().await;
    buckets.close().await;
    process.end().await;
    Ok(ExitCode::SUCCESS)
}

/// A connection of its own for sessions and presence: a burst of them stands in no score's way.
pub(crate) fn buckets(options: &ConnectOptions) -> ConnectOptions {
    ConnectOptions {
        name: format!("{}-buckets", options.name),
        ..options.clone()
    }
}
