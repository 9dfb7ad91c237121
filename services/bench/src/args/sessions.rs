//! Options of `bench sessions`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, value_parser};

/// Options of `sessions`. They hold a token, so they are never shown for debugging.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench sessions --nats-url nats://127.0.0.1:4222 --keys data/keys --scoring http://127.0.0.1:7001\n\
                  Exits with 1 if a write or a post failed, a session was read wrong, or one did not expire."
)]
pub struct SessionsArgs {
    /// The running NATS server, or several with commas between them
    #[arg(long, value_name = "URL", env = "GRANDSTAND_NATS_URL")]
    pub nats_url: String,
    /// Folder of the broker keys
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    pub keys: PathBuf,
    /// Where to post events meanwhile
    #[arg(long, value_name = "URL", env = "GRANDSTAND_SCORING")]
    pub scoring: String,
    /// A scorer's token with the right `open`, for matches `bench-*`
    #[arg(long, env = "GRANDSTAND_TOKEN", hide_env_values = true)]
    pub token: String,
    /// How many sessions
    #[arg(long, value_name = "SESSIONS", env = "GRANDSTAND_COUNT", default_value_t = 100_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,
    /// At most so many writes a second; unless given, as fast as the broker takes them
    #[arg(long, value_name = "PER_SECOND", env = "GRANDSTAND_RATE", value_parser = value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
    /// How long a session lives after its last write; longer than all of them take to write
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_TTL_S", default_value_t = 30, value_parser = value_parser!(u32).range(1..=86_400))]
    pub ttl_s: u32,
    /// How large a session's body is
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_BODY_BYTES", default_value_t = 256, value_parser = value_parser!(u32).range(64..=16_000))]
    pub body_bytes: u32,
    /// How long to watch posts before anything is written
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_BEFORE_S", default_value_t = 5, value_parser = value_parser!(u32).range(1..=600))]
    pub before_s: u32,
    /// Process of a NATS server on this machine, whose CPU time is shown
    #[arg(long, value_name = "PID", env = "GRANDSTAND_NATS_PID")]
    pub nats_pid: Option<i32>,
    /// Answer on stdout with one JSON object
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

impl SessionsArgs {
    /// How long a session lives after its last write.
    pub(crate) fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_s.into())
    }

    /// At this rate no session may expire before its refresh: that would be no failure of the broker.
    pub(crate) fn check(&self) -> Result<(), String> {
        let takes_s = self.rate.map_or(0, |rate| self.count.div_ceil(rate));
        if takes_s < self.ttl_s {
            return Ok(());
        }
        Err(format!(
            "{} sessions take {takes_s} s at this --rate, so --ttl-s must be more than that",
            self.count
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        args: SessionsArgs,
    }

    fn parse(more: &[&str]) -> SessionsArgs {
        let place = [
            "sessions",
            "--nats-url",
            "nats://h",
            "--keys",
            "k",
            "--scoring",
            "http://h",
            "--token",
            "t",
        ];
        let program = Program::try_parse_from(place.iter().chain(more));
        program.unwrap_or_else(|e| panic!("{e}")).args
    }

    #[test]
    fn a_rate_at_which_sessions_expire_unrefreshed_is_refused() {
        assert!(parse(&[]).check().is_ok());
        let slow = ["--count", "3000", "--rate", "100"];
        let refused = parse(&slow).check();
        assert!(matches!(refused, Err(why) if why.contains("30 s")));
        assert!(
            parse(&[&slow[..], &["--ttl-s", "31"]].concat())
                .check()
                .is_ok()
        );
    }
}
