//! `grandstand fixtures`: matches out of a list, a line for each.

use std::io::Write;
use std::process::ExitCode;

use grandstand_play::{Fate, FixturesArgs, FixturesError, make_fixtures};

/// What the command line alone could have said.
const USAGE: u8 = 2;

/// Makes what the list holds; exits with 1 if a match is not as its line says.
pub(crate) async fn run(args: FixturesArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    let tell = |fate: &Fate| {
        let line = match args.json {
            true => serde_json::to_string(fate).unwrap_or_default(),
            false => fate.to_string(),
        };
        // Nobody may read it any more, and the matches are made all the same.
        let _ = writeln!(out, "{line}");
    };
    match make_fixtures(&args, tell).await {
        Ok(fates) => Ok(match fates.iter().all(Fate::is_right) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }),
        Err(error @ FixturesError::List { .. }) => {
            eprintln!("grandstand: {error}");
            Ok(ExitCode::from(USAGE))
        }
        Err(error) => Err(error.into()),
    }
}
