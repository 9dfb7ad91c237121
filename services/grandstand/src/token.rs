//! `grandstand token`: makes a token with the secret of a keys folder, or says what one grants.

mod check;
mod claims;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::{Args, Subcommand};
use grandstand_server::grant::{MatchPattern, Right, Role, Tier};
use grandstand_server::keys;
use grandstand_server::token::{DEFAULT_TTL, TokenRequest, mint};

use crate::process::KEYS;

/// What the token grants.
#[derive(Args)]
#[command(
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    after_help = "Example: grandstand token --keys data/keys --role scorer --sub anna --matches final-2026 --ttl 12h"
)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    command: Option<TokenCommand>,
    /// Folder of the token secret
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS", required = true)]
    keys: Option<PathBuf>,
    /// scorer, fan or ops
    #[arg(long, env = "GRANDSTAND_ROLE", required = true)]
    role: Option<Role>,
    /// Whose it is; the role's name unless given
    #[arg(long, env = "GRANDSTAND_SUB")]
    sub: Option<String>,
    /// What a fan pays for: free, plus or premium
    #[arg(long, env = "GRANDSTAND_TIER")]
    tier: Option<Tier>,
    /// Matches it names, with commas between them; an entry may end in *
    #[arg(
        long,
        value_name = "MATCH[,MATCH]",
        env = "GRANDSTAND_MATCHES",
        value_delimiter = ','
    )]
    matches: Option<Vec<MatchPattern>>,
    /// Rights of a scorer: open, official
    #[arg(
        long,
        value_name = "RIGHT[,RIGHT]",
        env = "GRANDSTAND_RIGHTS",
        value_delimiter = ','
    )]
    rights: Vec<Right>,
    /// How far behind the head a fan is kept, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        env = "GRANDSTAND_DELAY_S",
        default_value_t = 0
    )]
    delay_s: u32,
    /// How long it lasts: seconds, or a number with s, m, h or d; 24h unless given
    #[arg(long, env = "GRANDSTAND_TTL", value_parser = parse_ttl)]
    ttl: Option<Duration>,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Say what a token grants, and why it would be refused
    Check(check::CheckArgs),
}

/// Prints the token, or what one grants.
pub(crate) fn run(args: TokenArgs) -> anyhow::Result<ExitCode> {
    if let Some(TokenCommand::Check(args)) = args.command {
        return check::run(args);
    }
    let keys_dir = args.keys.context("--keys is required")?;
    let key = keys::load(&keys_dir).context(KEYS)?;
    let role = args.role.context("--role is required")?;
    let sub = args.sub.unwrap_or_else(|| role.to_string());
    let request = TokenRequest {
        tier: args.tier,
        matches: args.matches,
        rights: args.rights,
        delay_s: args.delay_s,
        ttl: args.ttl.unwrap_or(DEFAULT_TTL),
        ..TokenRequest::new(sub, role)
    };
    println!("{}", mint(&key, &request, SystemTime::now())?);
    Ok(ExitCode::SUCCESS)
}

/// A time such as `90`, `90s`, `2h` or `7d`.
pub(crate) fn parse_ttl(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit_s = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("a time is a number with s, m, h or d".to_owned()),
    };
    let count: u64 = digits
        .parse()
        .map_err(|_| "a time is a number with s, m, h or d".to_owned())?;
    match count.checked_mul(unit_s) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("it lasts at least a second".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_seconds() {
        assert_eq!(parse_ttl("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_ttl("2h"), Ok(Duration::from_secs(7_200)));
        for bad in ["", "h", "0", "1w", "1hh", "-1", "99999999999999999999d"] {
            assert!(parse_ttl(bad).is_err(), "{bad}");
        }
    }
}
