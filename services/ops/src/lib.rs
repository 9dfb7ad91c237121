//! What operators run: `grandstand ops provision`, `tail` and `verify`.
//!
//! Data goes to stdout, for people or with `--json` for scripts; the log goes to stderr. Whoever
//! calls [`run`] exits with what it returns.

mod args;
mod line;
mod provision;
mod replicas;
#[cfg(test)]
#[path = "../tests/sample/mod.rs"]
mod sample;
mod show;
mod stop;
mod tail;
mod verdict;
mod verify;
mod verify_run;
#[cfg(test)]
mod verify_tests;

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{Broker, ConnectOptions, Role};

pub use args::{BrokerArgs, Command, OpsArgs, ProvisionArgs, TailArgs, VerifyArgs};

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
    match args.command {
        Command::Provision(args) => {
            let broker = sign_in(&args.broker).await?;
            provision::run(&broker, &args, out).await
        }
        Command::Tail(args) => {
            let broker = sign_in(&args.broker).await?;
            tail::run(&broker, &args, out, stop).await
        }
        Command::Verify(args) => {
            let broker = sign_in(&args.broker).await?;
            verify_run::run(&broker, &args, out).await
        }
    }
}

async fn sign_in(args: &BrokerArgs) -> anyhow::Result<Broker> {
    let options = ConnectOptions::new(&args.nats_url, &args.keys, Role::Ops);
    Ok(Broker::connect(options).await?)
}
