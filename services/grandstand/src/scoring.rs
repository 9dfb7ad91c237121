//! `grandstand scoring`: the scorers' HTTP API as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use grandstand_broker::{Broker, ConnectOptions, Role};
use grandstand_scoring::{Bounds, ScoringArgs, ScoringConfig, start};
use grandstand_server::address::TrustedProxies;
use grandstand_server::keys;
use grandstand_server::serve::ServeLimits;
use grandstand_server::stop::StopSignals;
use tokio_util::sync::CancellationToken;

use crate::config::check;
use crate::config::descriptors::{self, Wanted};
use crate::process::{KEYS, Process, STOP_MAX, listen, unless_stopped, until_stopped};

/// Serves until a signal.
pub(crate) async fn run(args: ScoringArgs, mut signals: StopSignals) -> anyhow::Result<ExitCode> {
    if args.edge.check_config {
        let checked = check::role(&args.edge, 0, &args.nats_url, Role::Scoring);
        return unless_stopped(checked, &mut signals).await;
    }
    let token_key = keys::load(&args.edge.keys).context(KEYS)?;
    descriptors::reserve(Wanted {
        connections: args.edge.connections_max,
        polls: 0,
    })?;
    let quota = args.quota();
    let listener = listen("--listen", "GRANDSTAND_LISTEN", args.edge.listen)?;
    let process = Process::start(args.edge.admin_listen)?;
    let options = ConnectOptions::new(args.nats_url, &args.edge.keys, Role::Scoring);
    let broker = unless_stopped(Broker::connect(options), &mut signals).await??;
    let config = ScoringConfig {
        trusted_proxies: TrustedProxies::new(args.trusted_proxies),
        cors_origins: args.edge.cors_origins,
        limits: ServeLimits {
            connections_max: args.edge.connections_max,
            ..ServeLimits::default()
        },
        quota,
        bounds: Bounds {
            matches_max: args.matches_max,
            ..Bounds::default()
        },
        ..ScoringConfig::new(token_key)
    };
    let stop = CancellationToken::new();
    let running = start(
        config,
        listener,
        broker.clone(),
        &process.readiness,
        stop.clone(),
    );
    let address = running.address;
    let work = process.announcing("scoring", address, args.edge.json, running.ended());
    let ended = until_stopped(work, signals, stop, STOP_MAX).await?;
    ended.context("scoring ended abnormally")?;
    broker.close().await;
    process.end().await;
    Ok(ExitCode::SUCCESS)
}
