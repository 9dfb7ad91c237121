//! `grandstand`: every role and tool of the platform in one binary.

mod access;
mod config;
mod dev;
mod fixtures;
mod gateway;
mod health;
mod keys;
mod nats_server;
mod play;
mod process;
mod scoring;
mod token;

use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use grandstand_server::args::{LogArgs, USUAL_FILTER};
use grandstand_server::stop::StopSignals;
use grandstand_server::telemetry;

/// Live scores from the scorer's hand to every fan
#[derive(Parser)]
#[command(name = "grandstand", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything in one process, with its own nats-server
    Dev(Box<dev::DevArgs>),
    /// Run the scorers' HTTP API
    #[command(
        after_help = "Example: grandstand scoring --nats-url nats://127.0.0.1:4222 --keys data/keys --listen 127.0.0.1:7001"
    )]
    Scoring(Box<grandstand_scoring::ScoringArgs>),
    /// Run the fans' edge
    #[command(
        after_help = "Example: grandstand gateway --nats-url nats://127.0.0.1:4222 --keys data/keys --listen 127.0.0.1:7002"
    )]
    Gateway(Box<grandstand_gateway::GatewayArgs>),
    /// Look after matches and the streams that hold them
    Ops(grandstand_ops::OpsArgs),
    /// Score a Cricsheet match over HTTP, and check every figure
    Play(grandstand_play::PlayArgs),
    /// Make matches and their squads out of a list
    Fixtures(grandstand_play::FixturesArgs),
    /// Measure the platform from outside
    Bench(Box<grandstand_bench::BenchArgs>),
    /// Make a token, or say what one grants
    Token(Box<token::TokenArgs>),
    /// Make a link and a PIN with which somebody scores one match
    Access(access::AccessArgs),
    /// Make the secrets of a platform, where they are not there yet
    Keys(keys::KeysArgs),
    /// Print every option of every command
    Config(config::ConfigArgs),
    /// Ask a role whether it is ready
    Health(health::HealthArgs),
    /// Find or fetch the nats-server, and what it must be told
    NatsServer(nats_server::NatsServerArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return config::usage::refuse(&error, Cli::command()),
    };
    // Tools speak to people through their output; their log begins where something is odd.
    let quiet = matches!(
        cli.command,
        Command::Ops(_)
            | Command::Play(_)
            | Command::Fixtures(_)
            | Command::Bench(_)
            | Command::Token(_)
            | Command::Access(_)
            | Command::Keys(_)
            | Command::Config(_)
            | Command::Health(_)
            | Command::NatsServer(_)
    );
    let filter = match quiet && cli.log.log_filter == USUAL_FILTER {
        true => "warn",
        false => &cli.log.log_filter,
    };
    let done = telemetry::install_logs(cli.log.log, filter)
        .map_err(anyhow::Error::from)
        .and_then(|()| {
            config::variables::warn_of_unknown(&Cli::command());
            run(cli.command)
        });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("grandstand: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Token(args) => token::run(*args),
        Command::Access(args) => access::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Config(args) => Ok(config::run(&args, &Cli::command())),
        Command::Health(args) => health::run(&args),
        Command::NatsServer(args) => nats_server::run(args),
        Command::Dev(args) => on_worker(|signals| dev::run(*args, signals)),
        Command::Scoring(args) => on_worker(|signals| scoring::run(*args, signals)),
        Command::Gateway(args) => on_worker(|signals| gateway::run(*args, signals)),
        Command::Ops(args) => in_runtime(grandstand_ops::run(args)),
        Command::Play(args) => in_runtime(play::run(args)),
        Command::Fixtures(args) => in_runtime(fixtures::run(args)),
        Command::Bench(args) => in_runtime(async { Ok(grandstand_bench::run(*args).await?) }),
    }
}

fn in_runtime(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(work);
    // Everything that matters has an owner who waited for it; a blocked lookup is not waited for.
    runtime.shutdown_background();
    code
}

/// As [`in_runtime`], of what accepts connections: on a worker, since this thread would have to wake
/// one for each of them. It is told of the signals that ask it to stop.
fn on_worker<Work>(work: impl FnOnce(StopSignals) -> Work) -> anyhow::Result<ExitCode>
where
    Work: Future<Output = anyhow::Result<ExitCode>> + Send + 'static,
{
    let work = work(StopSignals::listen().context("signals can't be listened to")?);
    in_runtime(async move { tokio::spawn(work).await? })
}
