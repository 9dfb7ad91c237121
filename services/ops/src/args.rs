//! What `grandstand ops` is told on the command line.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use grandstand_broker::ReplayRun;
use grandstand_core::ids::MatchId;

use crate::place::{Place, Speed};

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
    /// Say whether everything is all right, and if not, what and what to do
    Status(StatusArgs),
    /// Make streams and buckets what they should be; again changes nothing
    Provision(ProvisionArgs),
    /// List matches with where they stand
    Matches(MatchesArgs),
    /// List gateways that are alive, with their fans
    Gateways(GatewaysArgs),
    /// Say who follows which match
    Sessions(SessionsArgs),
    /// Print records as they are committed
    Tail(TailArgs),
    /// Check that logs are whole and right, by hash, by the rules and on every replica
    Verify(VerifyArgs),
    /// Play a match out of the log again: to the terminal, a file, or a subject of its own
    Replay(Box<ReplayArgs>),
    /// Bring lost matches back out of files of `replay --to-file`
    Import(ImportArgs),
    /// Print the scorecard of a match, for a spreadsheet or a printer
    Scorecard(ScorecardArgs),
    /// Wipe a match for good
    Purge(PurgeArgs),
}

impl Command {
    /// Where the broker is that it is about.
    pub fn broker(&self) -> &BrokerArgs {
        match self {
            Self::Status(args) => &args.broker,
            Self::Provision(args) => &args.broker,
            Self::Matches(args) => &args.broker,
            Self::Gateways(args) => &args.broker,
            Self::Sessions(args) => &args.broker,
            Self::Tail(args) => &args.broker,
            Self::Verify(args) => &args.broker,
            Self::Replay(args) => &args.broker,
            Self::Import(args) => &args.broker,
            Self::Scorecard(args) => &args.broker,
            Self::Purge(args) => &args.broker,
        }
    }
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
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_SCORES_BYTES_MAX", value_parser = clap::value_parser!(u64).range(1..=i64::MAX as u64))]
    pub scores_bytes_max: Option<u64>,
    /// Only say what is missing or differs
    #[arg(long, env = "GRANDSTAND_CHECK", value_parser = BoolishValueParser::new())]
    pub check: bool,
    /// Stay, and look again so often: buckets that a NATS server lost with its memory are made anew
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_EVERY", conflicts_with = "check", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub every: Option<u64>,
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

/// Options of `scorecard`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops scorecard dc-v-rr --form html --nats-url nats://127.0.0.1:4222 --keys data/keys > dc-v-rr.html"
)]
pub struct ScorecardArgs {
    /// Which match
    #[arg(value_name = "MATCH")]
    pub match_id: MatchId,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// One table of comma-separated values, or a page to print
    #[arg(long, env = "GRANDSTAND_FORM", value_enum, default_value = "csv")]
    pub form: ScorecardForm,
}

/// How a scorecard is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ScorecardForm {
    /// Comma-separated values
    Csv,
    /// A page
    Html,
}

/// Options of `status`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops status --nats-url nats://127.0.0.1:4222 --keys data/keys\n\
                  Exits with 1 if anything is wrong."
)]
pub struct StatusArgs {
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Options of `matches`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops matches --live --nats-url nats://127.0.0.1:4222 --keys data/keys"
)]
pub struct MatchesArgs {
    /// Only those that are going on
    #[arg(long, env = "GRANDSTAND_LIVE", value_parser = BoolishValueParser::new())]
    pub live: bool,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Options of `gateways`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops gateways --nats-url nats://127.0.0.1:4222 --keys data/keys"
)]
pub struct GatewaysArgs {
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Options of `sessions`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops sessions --match dc-v-rr --nats-url nats://127.0.0.1:4222 --keys data/keys"
)]
pub struct SessionsArgs {
    /// List the sessions that follow this match; without it, how many follow each
    #[arg(long = "match", value_name = "MATCH", env = "GRANDSTAND_MATCH")]
    pub match_id: Option<MatchId>,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Options of `replay`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops replay dc-v-rr --to-file dc-v-rr.ndjson --nats-url nats://127.0.0.1:4222 --keys data/keys\n\
                  A place is a seq, a time such as 2026-11-24T19:00:00Z, Unix microseconds, or how long ago, such as -10m.\n\
                  A file and a subject get whole records; a file that begins with seq 1 can be imported."
)]
pub struct ReplayArgs {
    /// Which match
    #[arg(value_name = "MATCH")]
    pub match_id: MatchId,
    /// Where to begin; with the first event unless given
    #[arg(
        long,
        value_name = "PLACE",
        env = "GRANDSTAND_FROM",
        allow_hyphen_values = true
    )]
    pub from: Option<Place>,
    /// Where to end, that included; with the last event unless given
    #[arg(
        long,
        value_name = "PLACE",
        env = "GRANDSTAND_TO",
        allow_hyphen_values = true
    )]
    pub to: Option<Place>,
    /// How fast: original, max, or how many times as fast as it happened
    #[arg(
        long,
        value_name = "SPEED",
        env = "GRANDSTAND_SPEED",
        default_value = "max"
    )]
    pub speed: Speed,
    /// Write NDJSON to this file, which must not be there; it is whole or does not come to be
    #[arg(
        long,
        value_name = "FILE",
        env = "GRANDSTAND_TO_FILE",
        conflicts_with = "to_subject"
    )]
    pub to_file: Option<PathBuf>,
    /// Write to the NATS subject replay.RUN.MATCH, which must be empty and is kept for seven days
    #[arg(long, value_name = "RUN", env = "GRANDSTAND_TO_SUBJECT")]
    pub to_subject: Option<ReplayRun>,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Options of `import`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops import dc-v-rr.ndjson --nats-url nats://127.0.0.1:4222 --keys data/keys\n\
                  Everything is checked before anything is written. Have the match's scorers pause meanwhile."
)]
pub struct ImportArgs {
    /// Files of records, a match each; - is stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Bring it back under this id instead of the file's own; with one file only
    #[arg(long = "match", value_name = "MATCH", env = "GRANDSTAND_MATCH")]
    pub match_id: Option<MatchId>,
    /// Only check the files, and that nothing is in their way
    #[arg(long, env = "GRANDSTAND_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub dry_run: bool,
    /// Go on with an import of this file that was cut off
    #[arg(long, env = "GRANDSTAND_RESUME", value_parser = BoolishValueParser::new())]
    pub resume: bool,
    /// Where the broker is, and how to answer.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Options of `purge`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: grandstand ops purge a-mistake --yes --nats-url nats://127.0.0.1:4222 --keys data/keys\n\
                  Without --yes it says what it would delete, and exits with 2."
)]
pub struct PurgeArgs {
    /// Which match
    #[arg(value_name = "MATCH")]
    pub match_id: MatchId,
    /// Delete every record of it, for good
    #[arg(long, env = "GRANDSTAND_YES", value_parser = BoolishValueParser::new())]
    pub yes: bool,
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
        assert!(parse(&["provision", "--every", "0"]).is_err());
        assert!(parse(&["provision", "--every", "5", "--check"]).is_err());
        // To NATS that is no bound at all.
        assert!(parse(&["provision", "--scores-bytes-max", "0"]).is_err());
        assert!(parse(&["import"]).is_err());
    }

    #[test]
    fn a_replay_goes_to_one_place_from_any_time() {
        let Ok(Command::Replay(replay)) = parse(&["replay", "m", "--from", "-10m", "--to", "9"])
        else {
            panic!("valid");
        };
        assert!(matches!(replay.from, Some(Place::Time(_))));
        assert_eq!((replay.to, replay.speed), (Some(Place::Seq(9)), Speed::Max));
        assert!(parse(&["replay", "m", "--to-file", "f", "--to-subject", "r"]).is_err());
        assert!(parse(&["replay", "m", "--to-subject", "a.b"]).is_err());
        assert!(parse(&["replay", "m", "--speed", "0"]).is_err());
    }
}
