//! What `grandstand bench` is told on the command line.

mod crowd;
mod run;
mod sessions;

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub use crowd::{
    BareArgs, BurstArgs, CrowdArgs, FansArgs, IngestArgs, LateArgs, LoadArgs, PairsArgs, SlowArgs,
    StageArgs, SteadyArgs, StormArgs, StoryArgs, WatchArgs,
};
pub use run::{RunArgs, Scenario};
pub use sessions::SessionsArgs;

/// Measure the platform from outside
#[derive(Args)]
#[command(
    after_help = "Example: grandstand bench sessions --nats-url nats://127.0.0.1:4222 --keys data/keys --scoring http://127.0.0.1:7001"
)]
pub struct BenchArgs {
    /// What to measure.
    #[command(subcommand)]
    pub command: BenchCommand,
}

/// What can be measured.
#[derive(Subcommand)]
pub enum BenchCommand {
    /// Everything with one command and no platform at hand: scenario after scenario, and which targets hold
    Run(RunArgs),
    /// Write, refresh, read and let expire many sessions, and what that does to a scorer's post
    Sessions(SessionsArgs),
    /// Connect many fans, post events, and check and time what each of them gets
    Fans(FansArgs),
    /// Write to as many sockets with nothing around it: the limit that a gateway is measured against
    Bare(BareArgs),
    /// A gateway and the bare loop in turn, and the ratios of what they take
    Pairs(PairsArgs),
    /// Half of the fans are cut and come back at once, then all without knowing anything
    Storm(StormArgs),
    /// Many events of one match at once, after a quiet while
    Burst(BurstArgs),
    /// Many matches and a crowd that prefers some: ordinary overs, a boundary and a wicket everywhere
    Story(StoryArgs),
    /// The same as `story` for a crowd in realtime, in batches and in digests, and what these save
    Tiers(StoryArgs),
    /// Fans who come when much has happened already
    Late(LateArgs),
    /// One fan in a hundred never reads: what the others notice, and what it costs
    Slow(SlowArgs),
    /// Post as fast as scoring takes it, one by one and in arrays
    Ingest(IngestArgs),
    /// Hold fans, as the line on stdin says
    #[command(hide = true)]
    FanChild,
    /// Be the bare loop, as the lines on stdin say
    #[command(hide = true)]
    BareChild,
}

/// A fan's subprotocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// `grandstand.v1.json`.
    Json,
    /// `grandstand.v1.msgpack`.
    Msgpack,
}

/// How fans are spread over matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FanSpread {
    /// As many at each.
    Even,
    /// The second match has half of the first's, the third a third, and so on.
    Zipf,
}

/// How often a fan wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// At once.
    Realtime,
    /// At once, then together what follows within 200 ms.
    Batch,
    /// Every 5 s.
    Digest,
}

impl Policy {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Realtime => "realtime",
            Self::Batch => "batch",
            Self::Digest => "digest",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        bench: BenchArgs,
    }

    #[test]
    fn every_flag_has_a_variable_of_its_name_and_every_command_an_example() {
        Program::command().debug_assert();
        for command in Program::command().get_subcommands() {
            if command.is_hide_set() {
                assert_eq!(command.get_arguments().count(), 0);
                continue;
            }
            let help = command.get_after_help().unwrap().to_string();
            assert!(help.starts_with("Example: grandstand bench "), "{help}");
            for arg in command.get_arguments().filter(|arg| !arg.is_positional()) {
                let flag = arg.get_long().unwrap();
                let variable = format!("GRANDSTAND_{}", flag.to_uppercase().replace('-', "_"));
                assert_eq!(arg.get_env().unwrap(), variable.as_str());
            }
        }
    }
}
