//! What operators run: `grandstand ops` and its commands.
//!
//! Data goes to stdout, for people or with `--json` for scripts; the log goes to stderr. Whoever
//! calls [`run`] exits with what it returns.

mod args;
mod clock;
mod gateways;
mod import;
mod import_check;
mod import_lines;
mod line;
mod matches;
mod place;
mod progress;
mod provision;
mod purge;
mod read;
mod replay;
mod replay_to;
mod replicas;
#[cfg(test)]
#[path = "../tests/sample/mod.rs"]
mod sample;
mod sessions;
mod show;
mod status;
mod status_judge;
mod status_show;
mod stop;
mod tail;
mod verdict;
mod verify;
mod verify_run;
#[cfg(test)]
mod verify_tests;

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{Broker, ConnectError, ConnectOptions, Role};

pub use args::{
    BrokerArgs, Command, GatewaysArgs, ImportArgs, MatchesArgs, OpsArgs, ProvisionArgs, PurgeArgs,
    ReplayArgs, SessionsArgs, StatusArgs, TailArgs, VerifyArgs,
};
pub use place::{Place, PlaceError, Speed, SpeedError};

/// Runs a command on stdout, until it is done, Ctrl-C, or nobody reads what it says any more.
pub async fn run(args: OpsArgs) -> anyhow::Result<ExitCode> {
    run_to(args, &mut std::io::stdout(), stop::interrupted()).await
}

/// Runs a command that writes to `out`; `stop` ends a command that follows what happens.
///
/// 0 is done and right, 1 is that something was found wrong; what could not be done is an error.
pub async fn run_to(
    args: OpsArgs,
    out: &mut (impl Write + Send),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    // The one command that has something to say where nobody answers.
    if let Command::Status(args) = &args.command {
        return status::run(sign_in(&args.broker).await, args, out).await;
    }
    let broker = sign_in(args.command.broker()).await?;
    match &args.command {
        Command::Status(args) => status::run(Ok(broker), args, out).await,
        Command::Provision(args) => provision::run(&broker, args, out).await,
        Command::Matches(args) => matches::run(&broker, args, out).await,
        Command::Gateways(args) => gateways::run(&broker, args, out).await,
        Command::Sessions(args) => sessions::run(&broker, args, out).await,
        Command::Tail(args) => tail::run(&broker, args, out, stop).await,
        Command::Verify(args) => verify_run::run(&broker, args, out).await,
        Command::Replay(args) => replay::run(&broker, args, out, stop).await,
        Command::Import(args) => import::run(&broker, args, out, stop).await,
        Command::Purge(args) => purge::run(&broker, args, out).await,
    }
}

async fn sign_in(args: &BrokerArgs) -> Result<Broker, ConnectError> {
    Broker::connect(ConnectOptions::new(&args.nats_url, &args.keys, Role::Ops)).await
}
