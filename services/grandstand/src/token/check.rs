//! `grandstand token check`: what a token grants, and why it would be refused.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::BoolishValueParser;
use clap::{Args, Parser};
use grandstand_gateway::FanArgs;
use grandstand_play::Token;
use grandstand_server::keys;
use time::{OffsetDateTime, UtcOffset};

use crate::process::{KEYS, say};
use crate::token::claims::judge;
use crate::token::words::Told;

/// What is read of stdin.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

/// Which token, and how to answer
#[derive(Args)]
#[command(
    after_help = "Example: grandstand token check - --keys data/keys < token.txt\n\
                  Exits with 0 if it would be let in, else says why not and exits with 1. Without \
                  --keys its signature is not checked."
)]
pub(crate) struct CheckArgs {
    /// The token, or - to read it from stdin, where no list of processes shows it
    #[arg(
        value_name = "TOKEN|-",
        env = "GRANDSTAND_TOKEN",
        hide_env_values = true
    )]
    token: Token,
    /// Folder of the token secret, to check the signature with
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    keys: Option<PathBuf>,
    /// Answer on stdout with one JSON object
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// A gateway's tiers as this environment configures them.
#[derive(Parser)]
struct Tiers {
    #[command(flatten)]
    fans: FanArgs,
}

/// Says what the token is worth; exits with 1 if nothing.
pub(crate) fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let token = match args.token.reveal() {
        "-" => from_stdin()?,
        token => token.to_owned(),
    };
    // What was pasted may have come with its header's words.
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
    anyhow::ensure!(!token.is_empty(), "there is no token to check");
    let key = args.keys.map(|dir| keys::load(&dir)).transpose();
    let key = key.context(KEYS)?;
    let fans = Tiers::try_parse_from(["tiers"])
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .fans;
    let now = OffsetDateTime::now_utc();
    let told = Told {
        judged: judge(token, key.as_ref()),
        fans: &fans,
        now,
        // None where the system has no time zone to tell.
        local: UtcOffset::local_offset_at(now).ok(),
    };
    match args.json {
        true => say(&told.json()),
        false => print!("{}", told.text()),
    }
    Ok(match told.judged.refusals.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .context("reading the token from stdin")?;
    Ok(text)
}
