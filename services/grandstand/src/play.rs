//! `grandstand play`: a match out of a file, and whether the platform counted it the same.

use std::process::ExitCode;

use grandstand_play::{PlayArgs, Progress};

/// Plays to the end; exits with 1 if a figure differs.
pub(crate) async fn run(args: PlayArgs) -> anyhow::Result<ExitCode> {
    let outcome = grandstand_play::run(args, Progress::Bar).await?;
    println!("{outcome}");
    Ok(match outcome.is_equal() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
