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
mod keep;
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
mod scorecard;
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
use std::time::Duration;

use grandstand_broker::{Broker, ConnectError, ConnectOptions, Role};

pub use args::{
    BrokerArgs, Command, GatewaysArgs, ImportArgs, MatchesArgs, OpsArgs, ProvisionArgs, PurgeArgs,
    ReplayArgs, ScorecardArgs, ScorecardForm, SessionsArgs, StatusArgs, TailArgs, VerifyArgs,
};
pub use place::{Place, PlaceError, Speed, SpeedError};

/// How long a NATS server is looked for.
const PATIENCE: Duration = Duration::from_secs(10);
const STATUS_PATIENCE: Duration = Duration::from_secs(3);

/// Runs a command on stdout, until it is done, Ctrl-C, or nobody reads what it says any more.
pub async fn run(args: OpsArgs) -> anyhow::Result<ExitCode> {
    let signalled = stop::signalled()?;
    // What an import does is not only for whoever reads of it.
    let for_its_reader = !matches!(args.command, Command::Import(_));
    let mut reader_left = false;
    let stop = async {
        tokio::select! {
            () = signalled => {}
            () = stop::reader_leaves(), if for_its_reader => reader_left = true,
        }
    };
    match run_to(args, &mut std::io::stdout(), stop).await {
        Err(error) if reader_left || stop::reader_left(&error) => Ok(ExitCode::SUCCESS),
        done => done,
    }
}

/// Runs a command that writes to `out`; `stop` ends it early.
///
/// 0 is done and right, 1 is that something was found wrong; what could not be done is an error.
pub async fn run_to(
    args: OpsArgs,
    out: &mut (impl Write + Send),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    tokio::pin!(stop);
    let patience = match &args.command {
        // Its answer is worth most where nobody answers, to somebody who is in a hurry.
        Command::Status(_) => STATUS_PATIENCE,
        _ => PATIENCE,
    };
    let signed_in = unless(&mut stop, sign_in(args.command.broker(), patience)).await?;
    // The one command that has something to say where nobody answers.
    if let Command::Status(args) = &args.command {
        return unless(&mut stop, status::run(signed_in, args, out)).await?;
    }
    let (broker, stop) = (&signed_in?, &mut stop);
    match &args.command {
        Command::Status(args) => status::run(Ok(broker.clone()), args, out).await,
        Command::Provision(args) => match args.every.map(Duration::from_secs) {
            Some(every) => keep::run(broker, args, every, out, stop).await,
            None => unless(stop, provision::run(broker, args, out)).await?,
        },
        Command::Matches(args) => unless(stop, matches::run(broker, args, out)).await?,
        Command::Gateways(args) => unless(stop, gateways::run(broker, args, out)).await?,
        Command::Sessions(args) => unless(stop, sessions::run(broker, args, out)).await?,
        Command::Verify(args) => unless(stop, verify_run::run(broker, args, out)).await?,
        Command::Scorecard(args) => unless(stop, scorecard::run(broker, args, out)).await?,
        Command::Purge(args) => unless(stop, purge::run(broker, args, out)).await?,
        Command::Tail(args) => tail::run(broker, args, out, stop).await,
        Command::Replay(args) => replay::run(broker, args, out, stop).await,
        Command::Import(args) => import::run(broker, args, out, stop).await,
    }
}

/// What `work` gives, unless `stop` comes before.
async fn unless<T>(
    stop: &mut (impl Future<Output = ()> + Unpin),
    work: impl Future<Output = T>,
) -> anyhow::Result<T> {
    tokio::select! {
        done = work => Ok(done),
        () = stop => anyhow::bail!("stopped"),
    }
}

async fn sign_in(args: &BrokerArgs, patience: Duration) -> Result<Broker, ConnectError> {
    let options = ConnectOptions::new(&args.nats_url, &args.keys, Role::Ops);
    Broker::connect(ConnectOptions {
        patience,
        ..options
    })
    .await
}
