//! Measures the platform from outside, and checks what it measures: `grandstand bench`.
//!
//! Data goes to stdout, for people or with `--json` for scripts. Whoever calls [`run`] exits with
//! what it returns.

mod args;
mod fill;
mod phase;
mod post;
mod process;
mod report;
mod sessions;
mod table;

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{BucketError, ConnectError};
use thiserror::Error;

pub use args::{BenchArgs, BenchCommand, SessionsArgs};

/// Why there is no measurement.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The broker can't be signed in to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The bucket can't be asked how large it is.
    #[error("sessions: {0}; `grandstand ops provision` makes the bucket")]
    Bucket(#[from] BucketError),
    /// Scoring does not take the first post.
    #[error("scoring at {url}: {why}")]
    Scoring {
        /// Where.
        url: String,
        /// What it said.
        why: String,
    },
    /// The process that was to be watched can't be.
    #[error("--nats-pid {pid}: {source}")]
    Process {
        /// Which.
        pid: i32,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody takes the result.
    #[error("the result can't be written: {0}")]
    Output(#[from] std::io::Error),
}

/// The exit code for a command line that makes no sense.
const USAGE: u8 = 2;

/// Measures, and prints what was found; 0 if everything was as it should be, 1 if not.
pub async fn run(args: BenchArgs) -> Result<ExitCode, BenchError> {
    match args.command {
        BenchCommand::Sessions(args) => {
            if let Err(why) = args.check() {
                eprintln!("grandstand: {why}");
                return Ok(ExitCode::from(USAGE));
            }
            let report = sessions::measure(&args).await?;
            let mut out = std::io::stdout();
            match args.json {
                true => writeln!(out, "{}", serde_json::json!(report))?,
                false => write!(out, "{}", table::Table(&report))?,
            }
            Ok(match report.wrong.is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            })
        }
    }
}
