//! Options of the scenarios that post, and of those with fans. They hold tokens, so they are never
//! shown for debugging.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, value_parser};

use crate::args::{Codec, FanSpread, Policy};
use crate::poster::Posting;

/// A match takes 18,000 events, and the first creates it.
const EVENTS_PER_MATCH_MAX: f64 = 17_000.0;

/// Where scorers post, and what.
#[derive(Clone, Args)]
pub struct LoadArgs {
    /// Where to post events
    #[arg(long, value_name = "URL", env = "GRANDSTAND_SCORING")]
    pub scoring: String,
    /// A scorer's token with the right `open`, for matches `bench-*`
    #[arg(long, env = "GRANDSTAND_TOKEN", hide_env_values = true)]
    pub token: String,
    /// How many matches; fans and events are spread over them
    #[arg(long, value_name = "MATCHES", env = "GRANDSTAND_MATCHES", default_value_t = 1, value_parser = value_parser!(u32).range(1..=10_000))]
    pub matches: u32,
    /// How long to post
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_SECONDS", default_value_t = 10, value_parser = value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// How long an event's frame is, as JSON
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_FRAME_BYTES", default_value_t = 463, value_parser = value_parser!(u32).range(250..=4_000))]
    pub frame_bytes: u32,
    /// How much a match's state holds that never changes; a T20's has 7400 at its end
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_STATE_BYTES", default_value_t = 0, value_parser = value_parser!(u32).range(0..=60_000))]
    pub state_bytes: u32,
}

/// Whose CPU time and memory are looked at, all on this machine.
#[derive(Args)]
pub struct WatchArgs {
    /// Processes of the gateways
    #[arg(
        long,
        value_name = "PID",
        env = "GRANDSTAND_GATEWAY_PID",
        value_delimiter = ','
    )]
    pub gateway_pid: Vec<i32>,
    /// Processes of the rest of the platform: scoring, NATS
    #[arg(
        long,
        value_name = "PID",
        env = "GRANDSTAND_PLATFORM_PID",
        value_delimiter = ','
    )]
    pub platform_pid: Vec<i32>,
    /// Admin ports of the gateways, for their own counts
    #[arg(
        long,
        value_name = "URL",
        env = "GRANDSTAND_ADMIN",
        value_delimiter = ','
    )]
    pub admin: Vec<String>,
    /// Answer on stdout with one JSON object
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

/// The fans.
#[derive(Args)]
pub struct CrowdArgs {
    /// Where fans connect, in turn; with https:// at a balancer that ends TLS
    #[arg(
        long,
        value_name = "URL",
        env = "GRANDSTAND_GATEWAY",
        value_delimiter = ',',
        required = true
    )]
    pub gateway: Vec<String>,
    /// Certificates that fans believe where they connect with TLS, as PEM
    #[arg(long, value_name = "FILE", env = "GRANDSTAND_CA")]
    pub ca: Option<PathBuf>,
    /// What every fan shows; without it they are anonymous
    #[arg(
        long,
        value_name = "TOKEN",
        env = "GRANDSTAND_FAN_TOKEN",
        hide_env_values = true
    )]
    pub fan_token: Option<String>,
    /// How many fans
    #[arg(long, value_name = "FANS", env = "GRANDSTAND_COUNT", default_value_t = 1_000, value_parser = value_parser!(u32).range(2..=1_000_000))]
    pub count: u32,
    /// How often fans want to hear; what their tier grants unless given
    #[arg(long, value_name = "POLICY", env = "GRANDSTAND_POLICY", value_enum)]
    pub policy: Option<Policy>,
    /// How fans read
    #[arg(
        long,
        value_name = "CODEC",
        env = "GRANDSTAND_CODEC",
        value_enum,
        default_value = "json"
    )]
    pub codec: Codec,
    /// How fans are spread over matches
    #[arg(
        long,
        value_name = "SPREAD",
        env = "GRANDSTAND_FAN_SPREAD",
        value_enum,
        default_value = "even"
    )]
    pub fan_spread: FanSpread,
    /// How many fans connect in a second
    #[arg(long, value_name = "PER_SECOND", env = "GRANDSTAND_CONNECTS_PER_S", default_value_t = 5_000, value_parser = value_parser!(u32).range(1..=100_000))]
    pub connects_per_s: u32,
}

/// A platform, its fans, and what is posted.
#[derive(Args)]
pub struct StageArgs {
    /// The fans.
    #[command(flatten)]
    pub crowd: CrowdArgs,
    /// What is posted.
    #[command(flatten)]
    pub load: LoadArgs,
    /// Who is watched.
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// A steady rate.
#[derive(Args)]
pub struct SteadyArgs {
    /// Events a second, over all matches; 0.4 is one every 2.5 s
    #[arg(long, value_name = "PER_SECOND", env = "GRANDSTAND_RATE", default_value = "1", value_parser = parse_rate)]
    pub rate: f64,
}

/// Options of `fans`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench fans --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --count 1000 --rate 2\n\
                  Exits with 1 if a fan missed an event, got one twice or lost its connection, or a post failed."
)]
pub struct FansArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
    /// What is posted; nothing with a rate of 0.
    #[command(flatten)]
    pub steady: SteadyArgs,
    /// How long all are connected before anything is posted
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_IDLE_S", default_value_t = 5, value_parser = value_parser!(u32).range(0..=86_400))]
    pub idle_s: u32,
}

/// Options of `storm`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench storm --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --count 1000 --rate 2\n\
                  Exits with 1 if a fan missed an event or got one twice, or not all came back."
)]
pub struct StormArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
    /// What is posted.
    #[command(flatten)]
    pub steady: SteadyArgs,
}

/// Options of `pairs`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench pairs --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --gateway-pid 4711 --rate 5\n\
                  Exits with 1 if a fan missed an event, got one twice or lost its connection, or a post failed."
)]
pub struct PairsArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
    /// What is posted.
    #[command(flatten)]
    pub steady: SteadyArgs,
    /// How many pairs: an even number, as who goes first in a pair does a little worse
    #[arg(long, value_name = "PAIRS", env = "GRANDSTAND_PAIRS", default_value_t = 8, value_parser = value_parser!(u32).range(1..=1_000))]
    pub pairs: u32,
}

/// Options of `burst`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench burst --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --count 1000 --events 16\n\
                  Exits with 1 if a fan missed an event, got one twice or lost its connection, or a post failed."
)]
pub struct BurstArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
    /// What is posted.
    #[command(flatten)]
    pub steady: SteadyArgs,
    /// Events of a burst
    #[arg(long, value_name = "EVENTS", env = "GRANDSTAND_EVENTS", default_value_t = 16, value_parser = value_parser!(u32).range(2..=64))]
    pub events: u32,
    /// How many bursts
    #[arg(long, value_name = "BURSTS", env = "GRANDSTAND_BURSTS", default_value_t = 7, value_parser = value_parser!(u32).range(1..=100))]
    pub bursts: u32,
}

/// Options of `story`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench story --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --matches 100 --count 1000\n\
                  Exits with 1 if a fan missed an event, got one twice or lost its connection, or a post failed."
)]
#[command(mut_arg("fan_spread", |arg| arg.default_value("zipf")))]
pub struct StoryArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
}

/// Options of `late`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench late --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --count 1000 --events 200 --state-bytes 7400\n\
                  Exits with 1 if a fan missed an event, got one twice or lost its connection, or a post failed."
)]
pub struct LateArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
    /// What is posted.
    #[command(flatten)]
    pub steady: SteadyArgs,
    /// Events of each match before anybody comes
    #[arg(long, value_name = "EVENTS", env = "GRANDSTAND_EVENTS", default_value_t = 200, value_parser = value_parser!(u32).range(1..=10_000))]
    pub events: u32,
}

/// Options of `slow`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench slow --gateway http://127.0.0.1:7002 --scoring http://127.0.0.1:7001 --count 1000 --rate 10\n\
                  Exits with 1 if a fan missed an event, got one twice or lost its connection, or a post failed."
)]
pub struct SlowArgs {
    /// The platform and its fans.
    #[command(flatten)]
    pub stage: StageArgs,
    /// What is posted.
    #[command(flatten)]
    pub steady: SteadyArgs,
    /// How many pairs of turns, with slow fans and without
    #[arg(long, value_name = "PAIRS", env = "GRANDSTAND_PAIRS", default_value_t = 8, value_parser = value_parser!(u32).range(1..=1_000))]
    pub pairs: u32,
}

/// Options of `bare`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench bare --count 10000 --bytes 463 --rate 2\n\
                  Exits with 1 if a write did not go out at once or a fan missed it."
)]
pub struct BareArgs {
    /// How many sockets
    #[arg(long, value_name = "FANS", env = "GRANDSTAND_COUNT", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,
    /// How long a frame is, without its head
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_BYTES", default_value_t = 463, value_parser = value_parser!(u32).range(150..=60_000))]
    pub bytes: u32,
    /// Rounds over all sockets in a second
    #[arg(long, value_name = "PER_SECOND", env = "GRANDSTAND_RATE", default_value = "1", value_parser = parse_rate)]
    pub rate: f64,
    /// How long to write
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_SECONDS", default_value_t = 10, value_parser = value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// How many fans connect in a second
    #[arg(long, value_name = "PER_SECOND", env = "GRANDSTAND_CONNECTS_PER_S", default_value_t = 5_000, value_parser = value_parser!(u32).range(1..=100_000))]
    pub connects_per_s: u32,
    /// Answer on stdout with one JSON object
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

/// Options of `ingest`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench ingest --scoring http://127.0.0.1:7001 --matches 50 --seconds 10\n\
                  Exits with 1 if a post failed."
)]
pub struct IngestArgs {
    /// What is posted.
    #[command(flatten)]
    pub load: LoadArgs,
    /// How many events a second are posted one by one, at first, to see how long a post takes
    #[arg(long, value_name = "PER_SECOND", env = "GRANDSTAND_PACED_RATE", default_value = "200", value_parser = parse_rate)]
    pub paced_rate: f64,
    /// Over how many matches of their own
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_PACED_MATCHES", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=20_000))]
    pub paced_matches: u32,
    /// How many posts wait for their answers at once
    #[arg(long, value_name = "POSTS", env = "GRANDSTAND_IN_FLIGHT", default_value_t = 64, value_parser = value_parser!(u32).range(1..=1_000))]
    pub in_flight: u32,
    /// Events of an array
    #[arg(long, value_name = "EVENTS", env = "GRANDSTAND_ARRAY", default_value_t = 50, value_parser = value_parser!(u32).range(2..=100))]
    pub array: u32,
    /// The running NATS server, to publish to it with nothing around
    #[arg(long, value_name = "URL", env = "GRANDSTAND_NATS_URL")]
    pub nats_url: Option<String>,
    /// Folder of the broker keys, that of the operators among them
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    pub keys: Option<PathBuf>,
    /// Answer on stdout with one JSON object
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

impl LoadArgs {
    /// How long to post.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// So many events a second, one by one, for that time.
    pub(crate) fn steadily(&self, rate: f64) -> Posting {
        Posting {
            rate,
            array: 1,
            duration: self.duration(),
        }
    }

    /// Whether something is posted, and the matches take it in so many turns.
    pub(crate) fn check(&self, rate: f64, turns: u32) -> Result<(), String> {
        if rate == 0.0 {
            return Err("with --rate 0 nothing is measured here".to_owned());
        }
        let posted = rate * f64::from(self.seconds) * f64::from(turns) / f64::from(self.matches);
        if posted <= EVENTS_PER_MATCH_MAX {
            return Ok(());
        }
        Err(format!(
            "that is {posted:.0} events a match, and one takes {EVENTS_PER_MATCH_MAX}: more --matches, or less --rate or --seconds"
        ))
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate == 0.0 || (0.001..=100_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is 0, or 0.001 to 100000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_not_below_nothing() {
        assert_eq!(parse_rate("0.4"), Ok(0.4));
        assert_eq!(parse_rate("0"), Ok(0.0));
        for bad in ["0.0001", "-1", "NaN", "inf", "fast", "100001"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn more_events_than_matches_take_are_refused() {
        let load = LoadArgs {
            scoring: String::new(),
            token: String::new(),
            matches: 2,
            seconds: 100,
            frame_bytes: 463,
            state_bytes: 0,
        };
        assert!(load.check(340.0, 1).is_ok());
        assert!(load.check(340.0, 2).is_err());
    }
}
