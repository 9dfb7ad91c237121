//! Options of `bench run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};
use serde::Serialize;

/// Options of `run`.
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench run fans storm --count 1000 --seconds 5\n\
                  Needs no platform: each scenario gets its own, on free ports of loopback, and ends it. All with \
                  the usual numbers take 15 minutes and 3 GB.\n\
                  Exits with 1 if anything was lost, repeated or otherwise not as it should be; a target that is \
                  missed is said, and no such thing."
)]
pub struct RunArgs {
    /// What to measure, in this order; all unless given
    #[arg(value_name = "SCENARIO", value_enum)]
    pub scenarios: Vec<Scenario>,
    /// How many fans, in all scenarios but `many` and `tls`
    #[arg(long, value_name = "FANS", env = "GRANDSTAND_COUNT", default_value_t = 10_000, value_parser = value_parser!(u32).range(100..=18_000))]
    pub count: u32,
    /// How many fans in `many`: more than one gateway has descriptors for
    #[arg(long, value_name = "FANS", env = "GRANDSTAND_MANY", default_value_t = 100_000, value_parser = value_parser!(u32).range(100..=1_000_000))]
    pub many: u32,
    /// How long each turn posts
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_SECONDS", default_value_t = 10, value_parser = value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// How many pairs of turns, where two things are compared: an even number, as who goes first in
    /// a pair does a little worse
    #[arg(long, value_name = "PAIRS", env = "GRANDSTAND_PAIRS", default_value_t = 8, value_parser = value_parser!(u32).range(1..=100))]
    pub pairs: u32,
    /// What every gateway is told besides, as on its own command line
    #[arg(
        long,
        value_name = "FLAGS",
        env = "GRANDSTAND_GATEWAY_FLAGS",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub gateway_flags: String,
    /// Folder for the data of the platforms, which are gone afterwards: on the disk that is to be measured
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_DATA", default_value = ".")]
    pub data: PathBuf,
    /// File that gets everything that was measured, as one JSON object
    #[arg(long, value_name = "FILE", env = "GRANDSTAND_JSON_TO")]
    pub json_to: Option<PathBuf>,
    /// How long all of it may take; what is not done by then is not measured
    #[arg(long, value_name = "MINUTES", env = "GRANDSTAND_MINUTES_MAX", default_value_t = 60, value_parser = value_parser!(u32).range(1..=1_440))]
    pub minutes_max: u32,
}

/// What can be measured with a platform of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Connects, idle fans, a steady rate
    Fans,
    /// The gateway and the bare loop in turn
    Pairs,
    /// Half of the fans come back at once, then all without knowing anything
    Storm,
    /// Many events of one match at once
    Burst,
    /// Many matches, up to a wicket everywhere
    Story,
    /// The same for premium, plus and free
    Tiers,
    /// One fan in a hundred never reads
    Slow,
    /// Fans who come when much has happened already
    Late,
    /// What scoring takes, and the broker without it
    Ingest,
    /// Connects and a steady rate through HAProxy with TLS
    Tls,
    /// As `pairs`, with more fans than one gateway can hold
    Many,
}
