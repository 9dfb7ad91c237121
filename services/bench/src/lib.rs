//! Measures the platform from outside, and checks what it measures: `grandstand bench`.
//!
//! Data goes to stdout, for people or with `--json` for scripts. Whoever calls [`run`] exits with
//! what it returns.

mod args;
mod bare;
mod crowd;
mod descriptors;
mod figure;
mod fill;
mod gateway_counts;
mod histogram;
mod line_process;
mod machine;
mod phase;
mod plans;
mod platform;
mod post;
mod poster;
mod process;
mod report;
mod run;
mod scenarios;
mod scoring;
mod sessions;
mod spread;
mod stage;
mod table;
mod tables;
mod turn;
mod turn_table;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{BucketError, ConnectError, TrialError};
use serde::Serialize;
use thiserror::Error;

use crate::scenarios::{Found, burst, fans, ingest, late, pairs, slow, storm, story, tiers};

pub use args::{
    BareArgs, BenchArgs, BenchCommand, BurstArgs, Codec, CrowdArgs, FanSpread, FansArgs,
    IngestArgs, LateArgs, LoadArgs, PairsArgs, Policy, RunArgs, Scenario, SessionsArgs, SlowArgs,
    StageArgs, SteadyArgs, StormArgs, StoryArgs, WatchArgs,
};
pub use line_process::LineProcessError;
pub use platform::PlatformError;

/// Why there is no measurement.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The broker can't be signed in to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The bucket can't be asked how large it is.
    #[error("sessions: {0}; `grandstand ops provision` makes the bucket")]
    Bucket(#[from] BucketError),
    /// The broker does not take what is published to compare with.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// Scoring does not take the first post.
    #[error("scoring at {url}: {why}")]
    Scoring {
        /// Where.
        url: String,
        /// What it said.
        why: String,
    },
    /// A gateway's URL is none that fans can connect to.
    #[error("--gateway {url}: {why}")]
    Gateway {
        /// Which.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Fans are not let in, or not fast enough.
    #[error("{connected} of {fans} fans are connected (refusals and errors: {why})")]
    NotConnected {
        /// How many are.
        connected: u64,
        /// How many should be.
        fans: u32,
        /// What they were told, and how often.
        why: String,
    },
    /// An admin port does not tell its metrics.
    #[error("--admin: {url}: {source}")]
    Admin {
        /// Where.
        url: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// The process that was to be watched can't be.
    #[error("{flag} {pid}: {source}")]
    Process {
        /// How it was given.
        flag: &'static str,
        /// Which.
        pid: i32,
        /// What the system said.
        source: std::io::Error,
    },
    /// A process of ours does not do what it should.
    #[error(transparent)]
    LineProcess(#[from] LineProcessError),
    /// There is no platform of our own to measure.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// A signal came before all was measured.
    #[error("stopped before all was measured")]
    Stopped,
    /// Nobody takes the result.
    #[error("the result can't be written: {0}")]
    Output(#[from] std::io::Error),
}

/// The exit code for a command line that makes no sense.
const USAGE: u8 = 2;

/// Measures, and prints what was found; 0 if everything was as it should be, 1 if not.
pub async fn run(args: BenchArgs) -> Result<ExitCode, BenchError> {
    if let Err(why) = check(&args.command) {
        eprintln!("grandstand: {why}");
        return Ok(ExitCode::from(USAGE));
    }
    match args.command {
        BenchCommand::Run(args) => run::run(&args).await,
        BenchCommand::Sessions(args) => {
            let report = sessions::measure(&args).await?;
            match args.json {
                true => print_json(&report, &report.wrong),
                false => print_text(&table::Table(&report), &report.wrong),
            }
        }
        BenchCommand::Fans(args) => print(&fans::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Bare(args) => print(&bare::measure(&args).await?, args.json),
        BenchCommand::Pairs(args) => print(&pairs::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Storm(args) => print(&storm::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Burst(args) => print(&burst::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Story(args) => print(&story::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Tiers(mut args) => {
            print(&tiers::measure(&mut args).await?, args.stage.watch.json)
        }
        BenchCommand::Late(args) => print(&late::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Slow(args) => print(&slow::measure(&args).await?, args.stage.watch.json),
        BenchCommand::Ingest(args) => print(&ingest::measure(&args).await?, args.json),
        // Each has a process to itself and nothing to wait for but its sockets: it may block.
        BenchCommand::FanChild => done(crowd::child::run()),
        BenchCommand::BareChild => done(bare::server::run()),
    }
}

/// Whether a command line makes sense as a whole.
fn check(command: &BenchCommand) -> Result<(), String> {
    match command {
        BenchCommand::Sessions(args) => args.check(),
        BenchCommand::Fans(args) if args.steady.rate == 0.0 => Ok(()),
        BenchCommand::Fans(args) => args.stage.load.check(args.steady.rate, 1),
        BenchCommand::Pairs(args) => args.stage.load.check(args.steady.rate, args.pairs),
        BenchCommand::Storm(args) => args.stage.load.check(args.steady.rate, 3),
        BenchCommand::Burst(args) => args.stage.load.check(args.steady.rate, 1),
        BenchCommand::Tiers(args) if args.stage.crowd.policy.is_some() => {
            Err("--policy: tiers measures each policy in turn".to_owned())
        }
        BenchCommand::Story(args) | BenchCommand::Tiers(args) => {
            args.stage.load.check(story::RATE_MAX, 1)
        }
        BenchCommand::Late(args) => args.stage.load.check(args.steady.rate, 1),
        BenchCommand::Slow(args) => args.stage.load.check(args.steady.rate, 2 * args.pairs),
        BenchCommand::Bare(_)
        | BenchCommand::Ingest(_)
        | BenchCommand::Run(_)
        | BenchCommand::FanChild
        | BenchCommand::BareChild => Ok(()),
    }
}

fn done(ended: std::io::Result<()>) -> Result<ExitCode, BenchError> {
    Ok(ended.map(|()| ExitCode::SUCCESS)?)
}

fn print(report: &impl Found, as_json: bool) -> Result<ExitCode, BenchError> {
    match as_json {
        true => print_json(report, report.wrong()),
        false => print_text(&figure::WithFigures(report), report.wrong()),
    }
}

fn print_json(report: &impl Serialize, wrong: &[String]) -> Result<ExitCode, BenchError> {
    print_text(&format!("{}\n", serde_json::json!(report)), wrong)
}

fn print_text(text: &impl Display, wrong: &[String]) -> Result<ExitCode, BenchError> {
    write!(std::io::stdout(), "{text}")?;
    Ok(match wrong.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
