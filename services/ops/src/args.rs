//! What `grandstand ops` is told on the command line.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use grandstand_core::ids::MatchId;

/// Look after matches and the streams that hold them
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops verify --nats-url nats://127.0.0.1:4222 --keys data/keys"
)]
pub struct OpsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What an operator can do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Make streams and buckets what they should be; again changes nothing
    Provision(ProvisionArgs),
    /// Print records as they are committed
    Tail(TailArgs),
    /// Check that logs are whole and right, by hash, by the rules and on every replica
    Verify(VerifyArgs),
}

/// Where the broker is, and how to answer.
#[derive(Debug, Clone, Args)]
pub struct BrokerArgs {
    /// The running NATS server, or several with commas between them
    #[arg(long, value_name = "URL", env = "GRANDSTAND_NATS_URL")]
    pub nats_url: String,
    /// Folder of the broker keys
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    pub keys: PathBuf,
    /// Answer on stdout with one JSON object a line
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

/// Options of `provision`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops provision --replicas 3 --nats-url nats://127.0.0.1:4222 --keys data/keys\n\
                  Exits with 1 if anything is not as it should be in the end."
)]
pub struct ProvisionArgs {
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// How many servers hold each stream, 1 or 3; unless given it stays as it is, new ones have 1
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_REPLICAS", value_parser = parse_replicas)]
    pub replicas: Option<u8>,
    /// How many bytes all matches may take together; unless given it stays as it is, or is 1 GiB
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_SCORES_BYTES_MAX")]
    pub scores_bytes_max: Option<u64>,
    /// Only say what is missing or differs
    #[arg(long, env = "GRANDSTAND_CHECK", value_parser = BoolishValueParser::new())]
    pub check: bool,
}

/// Options of `tail`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops tail dc-v-rr --from 1 --nats-url nats://127.0.0.1:4222 --keys data/keys"
)]
pub struct TailArgs {
    /// Matches to follow, there or not yet; all unless given
    #[arg(value_name = "MATCH")]
    pub matches: Vec<MatchId>,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// First print what each match has from this seq on, then go on live
    #[arg(long, value_name = "SEQ", env = "GRANDSTAND_FROM")]
    pub from: Option<u64>,
    /// End after so many records
    #[arg(long, value_name = "RECORDS", env = "GRANDSTAND_COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// Options of `verify`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops verify dc-v-rr --nats-url nats://127.0.0.1:4222 --keys data/keys\n\
                  Exits with 1 if any match is not as it should be."
)]
pub struct VerifyArgs {
    /// Matches to check; all unless given
    #[arg(value_name = "MATCH")]
    pub matches: Vec<MatchId>,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

fn parse_replicas(text: &str) -> Result<u8, &'static str> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("a stream has 1 or 3 replicas"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        ops: OpsArgs,
    }

    const PLACE: [&str; 4] = ["--nats-url", "nats://h", "--keys", "k"];

    fn parse(words: &[&str]) -> Result<Command, clap::Error> {
        let words = ["ops"].iter().chain(words).chain(&PLACE);
        Program::try_parse_from(words).map(|program| program.ops.command)
    }

    #[test]
    fn every_flag_has_a_variable_of_its_name_and_every_command_an_example() {
        Program::command().debug_assert();
        for command in Program::command().get_subcommands() {
            let help = command.get_after_help().unwrap().to_string();
            assert!(help.starts_with("Example: grandstand ops "), "{help}");
            for arg in command.get_arguments().filter(|arg| !arg.is_positional()) {
                let flag = arg.get_long().unwrap();
                let variable = format!("GRANDSTAND_{}", flag.to_uppercase().replace('-', "_"));
                assert_eq!(arg.get_env().unwrap(), variable.as_str());
            }
        }
    }

    #[test]
    fn matches_are_named_and_nonsense_is_refused() {
        let Ok(Command::Tail(tail)) = parse(&["tail", "a", "b-1", "--from", "7"]) else {
            panic!("valid");
        };
        assert_eq!(
            (tail.matches.len(), tail.from, tail.count),
            (2, Some(7), None)
        );
        assert!(parse(&["tail", "A"]).is_err());
        assert!(parse(&["tail", "--count", "0"]).is_err());
        assert!(parse(&["provision", "--replicas", "2"]).is_err());
        assert!(parse(&["provision", "--replicas", "3", "--check"]).is_ok());
    }
}
