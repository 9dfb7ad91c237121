//! Flags that every role has.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{BoolishValueParser, RangedU64ValueParser};

use crate::cors::Origin;
use crate::telemetry::LogFormat;

/// Where a role listens and what it needs from this machine. A role flattens it, and gives
/// `listen` and `admin_listen` usual ports of its own with `mut_arg`.
#[derive(Debug, Clone, Args)]
pub struct EdgeArgs {
    /// Address and port to serve on; port 0 is any free one
    #[arg(
        long,
        value_name = "ADDR",
        env = "GRANDSTAND_LISTEN",
        default_value = "127.0.0.1:0"
    )]
    pub listen: SocketAddr,
    /// Address and port of /livez, /readyz and /metrics
    #[arg(
        long,
        value_name = "ADDR",
        env = "GRANDSTAND_ADMIN_LISTEN",
        default_value = "127.0.0.1:0"
    )]
    pub admin_listen: SocketAddr,
    /// Folder of the token secret and the broker keys
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    pub keys: PathBuf,
    /// Connections at once, 1 to 1000000; more are answered 503. Each takes a file descriptor
    #[arg(
        long,
        value_name = "COUNT",
        env = "GRANDSTAND_CONNECTIONS_MAX",
        default_value_t = 10_000,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000)
    )]
    pub connections_max: usize,
    /// Origins whose pages may sign in and post, separated by commas; any may GET what is public
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "GRANDSTAND_CORS_ORIGINS",
        value_delimiter = ','
    )]
    pub cors_origins: Vec<Origin>,
    /// Say on stdout, as one JSON object a line, when it is ready and where
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
    /// Check everything that can be checked without starting, say it, and exit: 0 fine, 1 not
    #[arg(long, env = "GRANDSTAND_CHECK_CONFIG", value_parser = BoolishValueParser::new())]
    pub check_config: bool,
}

/// What a role logs unless told otherwise: the client library's own news are told by us too.
pub const USUAL_FILTER: &str = "info,async_nats=warn";

/// What the process logs; flattened once, for all roles.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// How the log on stderr looks
    #[arg(
        long,
        value_name = "FORMAT",
        env = "GRANDSTAND_LOG",
        default_value = "text"
    )]
    pub log: LogFormat,
    /// What the log holds: a level, or levels by module such as info,hyper=debug
    #[arg(
        long,
        value_name = "FILTER",
        env = "GRANDSTAND_LOG_FILTER",
        default_value = USUAL_FILTER
    )]
    pub log_filter: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    #[command(mut_arg("listen", |arg| arg.default_value("127.0.0.1:8080")))]
    struct Role {
        #[command(flatten)]
        edge: EdgeArgs,
        #[command(flatten)]
        log: LogArgs,
    }

    #[test]
    fn a_role_listens_on_loopback_unless_told_otherwise() {
        Role::command().debug_assert();
        let edge = Role::parse_from(["role", "--keys", "keys"]).edge;
        assert_eq!(edge.listen, "127.0.0.1:8080".parse().unwrap());
        assert!(edge.admin_listen.ip().is_loopback());
        assert!(!edge.json && edge.cors_origins.is_empty());
    }

    #[test]
    fn a_log_is_text_at_level_info_unless_told_otherwise() {
        let log = Role::parse_from(["role", "--keys", "keys"]).log;
        assert_eq!(
            (log.log, log.log_filter.as_str()),
            (LogFormat::Text, USUAL_FILTER)
        );
    }

    #[test]
    fn every_flag_has_a_variable_of_its_name() {
        for arg in Role::command().get_arguments() {
            let flag = arg.get_long().unwrap();
            let variable = format!("GRANDSTAND_{}", flag.to_uppercase().replace('-', "_"));
            assert_eq!(arg.get_env().unwrap(), variable.as_str());
        }
    }

    #[test]
    fn connections_are_bounded_both_ways() {
        let parse = |count: &str| {
            let words = ["role", "--keys", "keys", "--connections-max", count];
            Role::try_parse_from(words).map(|role| role.edge.connections_max)
        };
        assert!(matches!(parse("1"), Ok(1)) && matches!(parse("1000000"), Ok(1_000_000)));
        assert!(parse("0").is_err() && parse("1000001").is_err());
    }

    #[test]
    fn origins_are_separated_by_commas_and_checked() {
        let parse = |origins: &str| {
            Role::try_parse_from(["role", "--keys", "keys", "--cors-origins", origins])
        };
        let edge =
            parse("https://a.example,http://localhost:3000").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(edge.edge.cors_origins.len(), 2);
        assert!(parse("a.example").is_err());
    }
}
