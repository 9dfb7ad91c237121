//! `grandstand access`: a link and a PIN with which somebody scores one match, and nothing else.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::Args;
use clap::builder::BoolishValueParser;
use grandstand_core::ids::MatchId;
use grandstand_server::access::{Access, AccessSecret, VALID_MAX, VALID_USUAL};
use grandstand_server::keys;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::process::{KEYS, say};
use crate::token::parse_ttl;

/// Who scores what, and where
#[derive(Args)]
#[command(
    after_help = "Example: grandstand access club-final-2026 --keys data/keys --scoring https://score.example --valid 2d\n\
                  Send the link and the PIN by two ways: both together score the match."
)]
pub(crate) struct AccessArgs {
    /// The match; it need not be there yet
    #[arg(value_name = "MATCH", env = "GRANDSTAND_MATCH")]
    match_id: MatchId,
    /// Folder of the token secret
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    keys: PathBuf,
    /// Where scorers reach the scoring service
    #[arg(
        long,
        value_name = "URL",
        env = "GRANDSTAND_SCORING",
        default_value = "http://127.0.0.1:7001"
    )]
    scoring: String,
    /// How long it lasts: seconds, or a number with s, m, h or d; 7d unless given, at most 30d
    #[arg(long, env = "GRANDSTAND_VALID", value_parser = parse_ttl)]
    valid: Option<Duration>,
    /// Answer on stdout with one JSON object
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Prints the link, the PIN, and when they end.
pub(crate) fn run(args: &AccessArgs) -> anyhow::Result<ExitCode> {
    let valid = args.valid.unwrap_or(VALID_USUAL);
    anyhow::ensure!(valid <= VALID_MAX, "an access lasts 30 days at most");
    let key = keys::load(&args.keys).context(KEYS)?;
    let access = AccessSecret::new(&key).make(args.match_id.as_str(), SystemTime::now(), valid)?;
    let link = link(&args.scoring, &args.match_id, &access);
    let end = i64::try_from(access.end_unix_s).context("the end of the access")?;
    let expires = OffsetDateTime::from_unix_timestamp(end)?.format(&Rfc3339)?;
    let Access { key, pin, .. } = access;
    match args.json {
        true => say(
            &json!({"match": args.match_id, "key": key, "pin": pin, "link": link,
            "expires": expires}),
        ),
        false => println!("link   {link}\nPIN    {pin}\nuntil  {expires}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The page that the link opens, where scoring is served.
pub(crate) fn link(scoring_url: &str, match_id: &MatchId, access: &Access) -> String {
    let base = scoring_url.trim_end_matches('/');
    format!("{base}{}", access.link(match_id.as_str()))
}
